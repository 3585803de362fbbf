# ruff: noqa: E501 - a template is read best in one line
"""`--style p3` from rows and a file of templates to records with their reasons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import Cli

from ittools.errors import InputError, UsageError
from ittools.formats.table_inputs import open_tables
from ittools.formats.tables import About, Chunk, chunks, pieces
from ittools.template.options import StyleOptions
from ittools.template.p3 import records, style
from ittools.template.p3.apply import Source, apply_all, rendered_parts
from ittools.template.p3.kernels import Columns, filled
from ittools.template.p3.pattern import SPACE, Pick, fixed_text, pattern_of
from ittools.template.sandbox.filters import shortened
from ittools.template.style import Rendered

FIELDS = dict[str, Any]


def template_file(
    folder: Path, *templates: FIELDS, dataset: str = "mine", name: str = "templates.yaml"
) -> Path:
    """A file as promptsource writes it; JSON's texts are YAML's."""
    lines = [f"dataset: {dataset}", "templates:"]
    for number, fields in enumerate(templates):
        metadata = json.dumps(fields.get("metadata", {"original_task": True, "languages": ["en"]}))
        lines += [f"  id{number}: !Template", f"    metadata: !TemplateMetadata {metadata}"]
        lines += [f"    {key}: {json.dumps(value)}" for key, value in fields.items() if key != "metadata"]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rendered(folder: Path, rows: list[FIELDS], *templates: FIELDS, **options: Any) -> Rendered:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    spec = str(template_file(folder, *templates))
    opened = StyleOptions(inputs=(str(path),), templates=options.pop("templates", spec), **options)
    tables = open_tables(opened)
    plan = style.plan(opened, tables)
    (piece,) = pieces(tables, folder)
    (chunk,) = chunks(piece, 0)
    return style.render(plan, chunk, {})


def pairs(made: Rendered) -> list[tuple[str, str, str | None]]:
    columns = [made.batch.column(name).to_pylist() for name in ("instruction", "output")]
    return list(zip(*columns, made.reasons.to_pylist(), strict=True))


def test_records_stand_by_row_and_then_by_template(tmp_path: Path) -> None:
    made = rendered(
        tmp_path,
        [{"text": "Good.", "label": 1}, {"text": "Bad.", "label": 0}],
        {
            "name": "plain",
            "jinja": "{{text}} Good? ||| {{answer_choices[label]}}",
            "answer_choices": "no ||| yes",
        },
        {"name": "if", "jinja": "{% if label %}{{text}}|||positive{% else %}{{text}}|||negative{% endif %}"},
    )
    assert pairs(made) == [
        ("Good. Good?", "yes", None), ("Good.", "positive", None),
        ("Bad. Good?", "no", None), ("Bad.", "negative", None),
    ]  # fmt: skip
    first = made.batch.slice(0, 1).to_pylist()[0]
    assert first["template"] == "p3/mine/plain"
    assert first["task"] == "mine"
    assert first["language"] == "en"
    assert first["source"] == "rows"
    assert first["meta"] == '{"answer_choices":["no","yes"],"original_task":true}'
    assert made.batch.column("meta").to_pylist()[1] == '{"original_task":true}'


@pytest.mark.parametrize(
    ("jinja", "reason", "detail"),
    [
        ("{{text}}", "no-target", "renders no |||"),
        ("{% if label == 7 %}{{text}} ||| x{% endif %}", "empty-render", None),
        ("{{text}} ||| {% if label == 7 %}x{% endif %}", "empty-target", None),
        ("{% if label == 7 %}x{% endif %} ||| {{text}}", "empty-prompt", None),
        ("{{blank}} ||| {{text}}", "empty-prompt", None),
        ("{{text}} ||| {{blank}}", "empty-target", None),
        ("{{text}} ||| a ||| b", "more-than-two-parts", "3 parts"),
        ("{{text}} ||| {{listed}}", None, None),
        ("{{text}} ||| {{listed | join('|||')}}", "more-than-two-parts", "3 parts"),
        ("{{text}} ||| {% if nowhere %}a{% else %}b{% endif %}", None, None),
        ("{{text}} ||| {{text.split('x')[5].upper()}}", "template-error", "UndefinedError: "),
        ("{{text}} ||| {{text + 1}}", "template-error", "TypeError: can only concatenate"),
    ],
)
def test_what_gives_no_record_says_why(
    jinja: str, reason: str | None, detail: str | None, tmp_path: Path
) -> None:
    row = {"text": "hello", "label": 1, "blank": " \u2003", "listed": ["a", "b"]}
    made = rendered(tmp_path, [row], {"name": "one", "jinja": jinja}, no_truncate=True)
    assert made.reasons.to_pylist() == [reason]
    told = made.details.to_pylist()[0]
    assert (told is None) == (reason is None)
    if reason is not None:
        place = f"{tmp_path / 'rows.jsonl'}:1"
        assert told.startswith(f"{place}: {detail}" if detail else place)


def test_choices_that_follow_the_row_stand_in_its_meta(tmp_path: Path) -> None:
    made = rendered(
        tmp_path,
        [{"a": "x", "b": "y", "label": 0}, {"a": "u|||v", "b": "w", "label": 1}],
        {"name": "c", "jinja": "{{a}}? ||| {{answer_choices[label]}}", "answer_choices": "{{a}} ||| {{b}}"},
    )
    assert pairs(made) == [("x?", "x", None), ("u|||v?", "w", None)]
    metas = [json.loads(meta)["answer_choices"] for meta in made.batch.column("meta").to_pylist()]
    assert metas == [["x", "y"], ["u|||v", "w"]]


def test_a_template_that_changes_the_row_changes_a_copy(tmp_path: Path) -> None:
    changing = "{{ turns.pop() }} ||| {{ turns | join(' ') }}"
    made = rendered(
        tmp_path,
        [{"turns": ["a", "b", "c"]}],
        {"name": "1", "jinja": changing},
        {"name": "2", "jinja": changing},
    )
    assert pairs(made) == [("c", "a b", None)] * 2


def test_what_is_drawn_follows_from_the_seed_and_the_row_alone(tmp_path: Path) -> None:
    rows = [{"text": str(number)} for number in range(64)]
    drawing = {
        "name": "d",
        "jinja": "{{text}} ||| {{ ['a', 'b', 'c', 'd'] | choice }}{{ range(10) | random }}",
    }
    first = pairs(rendered(tmp_path, rows, drawing))
    assert first == pairs(rendered(tmp_path, rows, {"name": "other", "jinja": "x|||y"}, drawing))[1::2]
    assert len({target for _, target, _ in first}) > 10  # a folded constant would be one
    assert first != pairs(rendered(tmp_path, rows, drawing, seed=1))


def test_per_row_draws_templates_for_each_row(tmp_path: Path) -> None:
    rows = [{"text": str(number)} for number in range(200)]
    some = [{"name": f"t{n}", "jinja": f"{{{{text}}}} ||| {n}"} for n in range(3)]
    some.append({"name": "t3", "jinja": "{% if text %}{{text}} ||| 3{% endif %}"})
    found = pairs(rendered(tmp_path, rows, *some, per_row=2))
    by_row: dict[str, list[str]] = {}
    for text, target, reason in found:
        assert reason is None
        by_row.setdefault(text, []).append(target)
    assert list(by_row) == [row["text"] for row in rows]
    assert all(len(set(targets)) == 2 and targets == sorted(targets) for targets in by_row.values())
    assert {target for targets in by_row.values() for target in targets} == {"0", "1", "2", "3"}


def test_long_values_are_cut_as_promptsource_cuts_them(tmp_path: Path) -> None:
    long, jinja = "word " * 600, {"name": "t", "jinja": "{{text}} ||| {{label}}"}
    (cut, _, _), (short, _, _) = pairs(
        rendered(tmp_path, [{"text": long, "label": 1}, {"text": "a", "label": 2}], jinja)
    )
    assert cut == long[:2045].rsplit(" ", 1)[0] + "..."
    assert short == "a"
    ((whole, _, _),) = pairs(rendered(tmp_path, [{"text": long, "label": 1}], jinja, no_truncate=True))
    assert whole == long.strip()


def test_several_sets_need_a_name_or_a_choice(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    for name in ("rows", "other"):
        template_file(
            folder,
            {"name": name, "jinja": "{{text}} ||| " + name},
            dataset=name,
            name=f"{name}/templates.yaml",
        )
    spec = str(folder)
    assert pairs(rendered(tmp_path, [{"text": "x"}], templates=spec)) == [("x", "rows", None)]
    assert pairs(rendered(tmp_path, [{"text": "x"}], templates=spec, only=("oth*",))) == [
        ("x", "other", None)
    ]
    with pytest.raises(UsageError, match=r"--only othr: .* has no such template; did you mean 'other'\?"):
        rendered(tmp_path, [{"text": "x"}], templates=spec, only=("othr",))
    (folder / "rows" / "templates.yaml").rename(folder / "templates.yaml")
    text = (folder / "templates.yaml").read_text(encoding="utf-8").replace("dataset: rows", "dataset: third")
    (folder / "templates.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"templates of 2 datasets \(other, third\), none for 'rows'; choose with"
    ):
        rendered(tmp_path, [{"text": "x"}], templates=spec)


def test_wrong_options_and_columns_are_told(tmp_path: Path) -> None:
    one = {"name": "t", "jinja": "{% if 1 %}{{text}} ||| x{% endif %}"}
    with pytest.raises(UsageError, match="name a file or folder with --templates"):
        rendered(tmp_path, [{"text": "x"}], one, templates=None)
    with pytest.raises(UsageError, match="--per-row 0: at least 1"):
        rendered(tmp_path, [{"text": "x"}], one, per_row=0)
    with pytest.raises(
        InputError, match=r"rows.jsonl:1: a column 'answer_choices'.*--map choices=answer_choices"
    ):
        rendered(tmp_path, [{"text": "x", "answer_choices": "y"}], one)
    made = rendered(
        tmp_path, [{"my-text": "x"}], {"name": "t", "jinja": "{% if 1 %}{{my_text}} ||| x{% endif %}"}
    )
    assert pairs(made) == [("x", "x", None)]


def test_columns_that_no_template_fits_are_told_before_anything_is_rendered(tmp_path: Path) -> None:
    need = [{"name": name, "jinja": f"{{{{{name}}}}} {{{{label}}}} ||| x"} for name in ("text", "title")]
    with pytest.raises(UsageError, match=r"every template needs a column that .*rows.jsonl has not; they name "
                       r"label, text, title; there are news; name them alike: --map label="):  # fmt: skip
        rendered(tmp_path, [{"news": "x"}], *need)
    made = rendered(tmp_path, [{"text": "x", "label": 1}], *need)
    assert pairs(made) == [("x 1", "x", None), ("", "", "missing-field")]
    options = StyleOptions(inputs=(str(tmp_path / "rows.jsonl"),), templates=str(tmp_path / "templates.yaml"))
    facts = style.plan(options, open_tables(options)).facts["templates"]
    assert facts == {"used": 2, "by_arrow": 2, "drawing": [], "lacking": {"mine/title": ["title"]}}


def test_labels_that_are_text_are_told_before_every_target_is_empty(tmp_path: Path) -> None:
    picks = {"name": "t", "jinja": "{{text}} ||| {{answer_choices[label]}}", "answer_choices": "no ||| yes"}
    row = {"text": "x", "label": "1"}
    with pytest.raises(
        UsageError, match=r"rows.jsonl:1: label is the text '1', .* --labels label=name,name, or"
    ):
        rendered(tmp_path, [row], picks)
    assert pairs(rendered(tmp_path, [row], picks, labels=("label=no,yes",))) == [("x", "yes", None)]
    shows = {"name": "s", "jinja": "{{text}} ||| {{label}}"}
    with pytest.raises(UsageError, match=r"1 of 2 templates take it for a number \(mine/t\); .*--only"):
        rendered(tmp_path, [row], picks, shows)
    assert pairs(rendered(tmp_path, [row], shows)) == [("x", "1", None)]


def test_lone_surrogates_are_mended(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    made = rendered(tmp_path, [{"text": "a\ud800"}], {"name": "t", "jinja": "{{text}} ||| x"})
    assert pairs(made) == [("a\ufffd", "x", None)]


VALUES = st.text(st.sampled_from("ab |\n\u2003\xa0\x1c é漢"), max_size=8) | st.integers(-3, 3)
LITERALS = st.sampled_from(["", " ", "|", " a", "b\n", "\u3000", "}}", "||| ", "|||", "c ||| d"])
FILLERS = st.sampled_from(
    [
        "{{x}}",
        "{{ y }}",
        "{{answer_choices[y]}}",
        "{{answer_choices[1]}}",
        "{{answer_choices|join('-')}}",
        "{{'k'}}",
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(LITERALS, FILLERS), min_size=1, max_size=5),
    st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4),
    st.booleans(),
)
def test_arrow_fills_a_pattern_as_the_sandbox_renders_it(
    written: list[tuple[str, str]], values: list[tuple[Any, Any]], parquet: bool
) -> None:
    jinja = "".join(literal + filler for literal, filler in written)
    rows = [{"x": x, "y": y} for x, y in values]
    for source in (jinja, jinja.replace("}}", " | string | truncate(2048) }}")):
        try:
            pattern = pattern_of(source, ("no", " yes".strip()))
        except Exception:
            continue
        if pattern is None:
            continue
        given: Any = [(f"r:{n}", row) for n, row in enumerate(rows)]
        if parquet and len({type(value) for pair in values for value in pair}) == 1:
            given = pa.RecordBatch.from_pylist(rows)
        found = filled(pattern, Columns(Chunk(About("r", "r", "MIT"), 0, 0, given, "r")))
        if found is None:
            continue
        whole = Source("s/t", source, "no ||| yes")
        for n, row in enumerate(rows):
            parts, _ = rendered_parts(whole, row, "0:0")
            assert [column[n].as_py() for column in found] == parts


def test_patterns_are_seen_and_others_are_not() -> None:
    found = pattern_of("{{a}} is {{answer_choices[l]}} ||| {{b}}", ("x", "y"))
    assert found is not None
    assert found.columns == {"a", "b", "l"}
    assert Pick("l", ("x", "y")) in found.prompt
    for other in ("{{a}}", "{{a}} ||| {{b}} ||| {{c}}", "{% if a %}{{a}}{% endif %} ||| b", "{{a|upper}} ||| b",
                  "{{a.b}} ||| c", "{{answer_choices}} ||| {{a}}", "{{a}}|||| {{b}}"):  # fmt: skip
        assert pattern_of(other, ("x", "y")) is None, other
    assert fixed_text("no ||| yes") == "no ||| yes"
    assert fixed_text("{{a}} ||| yes") is None


def test_the_space_that_is_trimmed_is_pythons() -> None:
    assert set(SPACE) == {chr(code) for code in range(0x110000) if chr(code).isspace()}


@given(st.text(st.sampled_from("ab é"), min_size=2040, max_size=2070))
def test_truncation_is_jinjas(text: str) -> None:
    from jinja2 import Environment

    assert shortened(text) == Environment().from_string("{{x|truncate(2048)}}").render(x=text)


def test_long_rows_are_rendered_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"text": f"{n} " + "x" * (300 * (n % 3)), "b": n % 2} for n in range(50)]
    some = [
        {"name": "a", "jinja": "{% if b %}{{text}} ||| {{answer_choices[b]}}{% endif %}", "answer_choices": "{{text}} ||| {{b}}"},
        {"name": "b", "jinja": "{{text|upper}} ||| {{ [1, 2, 3] | choice }}"},
    ]  # fmt: skip
    whole = rendered(tmp_path, rows, *some, per_row=1)
    monkeypatch.setattr(records, "SPAN", 1_000)
    spans = list(records._spans(rows))
    assert len(spans) > 9
    assert [n for first, stop in spans for n in range(first, stop)] == list(range(50))
    apart = rendered(tmp_path, rows, *some, per_row=1)
    assert apart.batch.equals(whole.batch)
    assert apart.details.equals(whole.details)
    monkeypatch.setattr(records, "WHOLE", 500)
    smaller = rendered(tmp_path, rows, *some, per_row=1)
    assert smaller.batch.equals(whole.batch)
    assert (smaller.reasons.equals(whole.reasons), smaller.details.equals(whole.details)) == (True, True)
    assert whole.reasons.null_count < 50


def test_singly_and_together_are_the_same() -> None:
    source = Source("s/t", "{{x}} ||| {{ ['a', 'b'] | choice }}", None, frozenset({"x"}), draws=True)
    rows, keys = [{"x": str(n)} for n in range(9)], [f"0:{n}" for n in range(9)]
    (whole,) = apply_all([source], rows, keys, [None])
    (some,) = apply_all([source], rows, keys, [[8, 2]])
    assert [whole.targets[n] for n in (8, 2)] == some.targets


def test_the_bytes_are_the_same_for_any_number_of_workers(tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    for number in range(3):
        rows = [{"text": f"text {number} {n}", "label": n % 2} for n in range(300)]
        pq.write_table(pa.Table.from_pylist(rows), folder / f"train-{number}.parquet", row_group_size=100)
    spec = template_file(
        tmp_path,
        {"name": "p", "jinja": "{{text}} ||| {{answer_choices[label]}}", "answer_choices": "no ||| yes"},
        {"name": "d", "jinja": "{{text}} ||| {{ ['a', 'b', 'c'] | choice }}"},
    )
    for workers in (1, 2):
        ran = cli("template", folder, "--style", "p3", "--templates", spec, "--per-row", 1,
                  "-o", tmp_path / f"out{workers}", "--workers", workers, "-q")  # fmt: skip
        assert ran.code == 0, ran.err
    one, two = (sorted((tmp_path / f"out{n}" / "data").iterdir()) for n in (1, 2))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]
    assert sum(pq.read_metadata(file).num_rows for file in one) == 900
