"""MetaICL's records: demonstrations of the same task, never the record itself, within their lengths."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workbench import Cli, read_records, write_jsonl, written

from ittools.errors import UsageError
from ittools.formats import tables
from ittools.formats.tables import About, Chunk, Labels
from ittools.template import icl
from ittools.template.ablate import Outputs, alike, outputs_of
from ittools.template.options import TemplateOptions

Row = dict[str, Any]
BREAK = "\n\n\n"


def rows_of(task: str, count: int, *, labels: tuple[str, ...] = ("good", "bad")) -> list[Row]:
    return [
        {
            "task": task,
            "input": f"{task} text {n}",
            "output": labels[n % len(labels)],
            "options": list(labels),
        }
        for n in range(count)
    ]


def rendered(rows: list[Row], about: About | None = None, **options: Any) -> list[Row]:
    """Records with `reason` and `detail`, as the command makes them of one file."""
    plan = icl.plan(TemplateOptions(inputs=("rows",), style="icl", **options), ("rows",))  # type: ignore[arg-type]
    about = about or About("rows", "rows", "MIT")
    chunk = Chunk(about, 0, 0, [(f"rows.jsonl:{n}", row) for n, row in enumerate(rows, 1)], "rows.jsonl")
    shown: dict[str, list[tuple[str, Row]]] = {}
    for number, row in enumerate(chunk.rows):
        group = icl.group(plan, row, about)
        if group is not None:
            shown.setdefault(group, []).append((chunk.key(number), row))
    found = icl.render(plan, chunk, shown)
    records: list[Row] = found.batch.to_pylist()
    for record, reason, detail in zip(
        records, found.reasons.to_pylist(), found.details.to_pylist(), strict=True
    ):
        record |= {"reason": reason, "detail": detail, "meta": json.loads(record["meta"])}
    return records


def told(prompt: str) -> tuple[list[tuple[str, str]], str]:
    """(demonstrations, what is asked) of a prompt whose texts have no line breaks."""
    *shown, asked = prompt.split(BREAK)
    pairs = [tuple(one.split("\n")) for one in shown]
    assert all(len(pair) == 2 for pair in pairs)
    return [(first, second) for first, second in pairs], asked


def test_demonstrations_come_first_then_the_record() -> None:
    rows = rows_of("mood", 3)
    first = rendered(rows, shots="2")[0]
    shown, asked = told(first["instruction"])
    assert sorted(shown) == [("mood text 1", "bad"), ("mood text 2", "good")]
    assert (asked, first["input"], first["output"]) == ("mood text 0", "", "good")
    assert (first["task"], first["template"]) == ("mood", "icl/mood/direct")
    assert (first["license"], first["source"]) == ("MIT", "rows")
    assert first["meta"] == {"options": ["good", "bad"], "shots": 2}


def test_channel_writes_the_input_from_the_output() -> None:
    first = rendered(rows_of("mood", 3), shots="2", channel=True)[0]
    shown, asked = told(first["instruction"])
    assert sorted(shown) == [("bad", "mood text 1"), ("good", "mood text 2")]
    assert (asked, first["output"], first["template"]) == ("good", "mood text 0", "icl/mood/channel")


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=40),
    st.integers(0, 6),
    st.integers(0, 9),
    st.booleans(),
)
def test_a_record_is_shown_others_of_its_task_and_each_once(
    kinds: list[tuple[str, str]], shots: int, seed: int, channel: bool
) -> None:
    rows = [{"task": task, "input": f"{task}{n}", "output": label} for n, (task, label) in enumerate(kinds)]
    records = rendered(rows, shots=str(shots), seed=seed, channel=channel)
    assert rendered(rows, shots=str(shots), seed=seed, channel=channel) == records
    assert len(records) == len(rows)
    sizes = Counter(task for task, _ in kinds)
    for row, record in zip(rows, records, strict=True):
        x, y = (row["output"], row["input"]) if channel else (row["input"], row["output"])
        others = {
            (r["output"], r["input"]) if channel else (r["input"], r["output"])
            for r in rows
            if r["task"] == row["task"] and r is not row
        }
        shown, asked = told(record["instruction"])
        assert (asked, record["output"], record["task"]) == (x, y, row["task"])
        assert len(shown) == record["meta"]["shots"] == min(shots, sizes[row["task"]] - 1)
        assert len(set(shown)) == len(shown)
        assert set(shown) <= others
        assert record["reason"] == ("no-demonstration" if shots and sizes[row["task"]] == 1 else None)


def test_a_row_that_says_the_same_is_no_demonstration() -> None:
    rows = [{"input": "Same  text", "output": "Yes."}, {"input": "same text", "output": "yes"}]
    assert [r["reason"] for r in rendered(rows, shots="2")] == ["no-demonstration"] * 2
    rows.append({"input": "same text", "output": "no"})
    first = rendered(rows, shots="2")[0]
    assert told(first["instruction"]) == ([("same text", "no")], "Same  text")


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=2, max_size=12),
    st.integers(1, 1200),
    st.booleans(),
)
def test_lengths_are_kept(sizes: list[tuple[int, int]], most: int, channel: bool) -> None:
    rows = [
        {"input": f"i{n} " + "w " * long, "output": f"o{n} " + "v " * wide}
        for n, (long, wide) in enumerate(sizes)
    ]
    for record in rendered(rows, shots="4", max_length=most, channel=channel):
        if record["reason"] is None:
            shown, _ = told(record["instruction"])
            whole = f"{record['instruction']}\n{record['output']}"
            assert len(whole.split()) <= most
            assert all(len(f"{x} {y}".split()) <= 254 for x, y in shown)
            assert len(f"{told(record['instruction'])[1]} {record['output']}".split()) <= 254
        else:
            assert record["reason"] in ("too-long", "no-demonstration")
            assert record["detail"]


def test_an_input_is_cut_for_its_output_which_never_is() -> None:
    rows = [{"input": "w " * 300, "output": "v " * 100}, {"input": "a", "output": "b"}]
    long, short = rendered(rows, shots="1")
    assert long["meta"]["cut"] is True
    assert long["instruction"] == "a\nb" + BREAK + ("w " * 154).strip()
    assert long["output"] == "v " * 100
    assert short["instruction"] == ("w " * 154).strip() + "\n" + "v " * 100 + BREAK + "a"
    (endless, _) = rendered([{"input": "a", "output": "v " * 300}, {"input": "a", "output": "b"}], shots="1")
    assert endless["reason"] == "too-long"
    assert endless["detail"] == "beside its output there is no room for an input within 256"


def test_what_does_not_fit_is_left_out_from_the_front() -> None:
    rows = [{"input": f"w{n} " + "w " * 97, "output": "v"} for n in range(6)]
    whole, cut = (rendered(rows, shots="5", max_length=most)[0] for most in (1000, 350))
    assert (whole["meta"]["shots"], cut["meta"]["shots"]) == (5, 2)
    assert told(whole["instruction"])[0][-2:] == told(cut["instruction"])[0]


def test_a_tokenizer_counts_the_pieces(tmp_path: Path) -> None:
    from ittools.train.tiny import tiny_tokenizer

    tokenizer = tiny_tokenizer()
    tokenizer.save_pretrained(tmp_path / "bytes")
    rows = [{"input": f"{n} é" * 30, "output": "oui" if n % 2 else "non"} for n in range(20)]
    for record in rendered(rows, shots="16", max_length=700, tokenizer=str(tmp_path / "bytes")):
        whole = f"{record['instruction']}\n{record['output']}"
        assert record["reason"] is None
        assert 700 - 150 < len(tokenizer(whole)["input_ids"]) <= 700


def test_without_an_input_the_break_is_shorter() -> None:
    rows = [{"input": "", "output": f"line {n}"} for n in range(3)]
    first = rendered(rows, shots="2")[0]
    assert first["instruction"] in {f"\nline {a}\n\n\nline {b}\n\n" for a, b in ((1, 2), (2, 1))}
    assert {r["reason"] for r in rendered(rows, shots="0")} == {"empty-input"}
    assert {r["reason"] for r in rendered(rows, shots="2", channel=True)} == {"empty-input"}


def test_a_row_without_an_output_is_no_demonstration_and_no_record() -> None:
    rows: list[Row] = [
        {"input": "a", "output": "b"},
        {"input": "c", "output": None},
        {"input": "d", "output": "e"},
    ]
    records = rendered(rows, shots="4")
    assert [r["reason"] for r in records] == [None, "empty-output", None]
    assert [r["meta"]["shots"] for r in records] == [1, 0, 1]


def test_classes_are_named_by_what_the_dataset_says() -> None:
    rows = [{"text": f"t{n}", "label": n % 2} for n in range(4)]
    about = About(
        "news", "news", "MIT", rename=(("input", "text"), ("output", "label")),
        labels=(Labels("label", ("World", "Sports")),),
    )  # fmt: skip
    records = rendered(rows, about, shots="1")
    assert [r["output"] for r in records] == ["World", "Sports"] * 2
    assert records[0]["meta"]["options"] == ["World", "Sports"]
    assert records[0]["task"] == "news"
    counted = About(
        "news", "news", "MIT", rename=(("input", "text"), ("output", "label")),
        labels=(Labels("label", ("World", "Sports"), first=1, given=True),),
    )  # fmt: skip
    rows = [{"text": f"t{n}", "label": str(n % 2 + 1)} for n in range(4)]
    assert [r["output"] for r in rendered(rows, counted, shots="1")] == ["World", "Sports"] * 2


def test_an_instruction_stands_before_its_input() -> None:
    rows = [{"instruction": "Add.", "input": f"{n} + 1", "output": str(n + 1)} for n in range(2)]
    assert rendered(rows, shots="1")[0]["instruction"] == "Add.\n1 + 1\n2" + BREAK + "Add.\n0 + 1"


def test_shots_are_drawn_and_sixteen_unless_said() -> None:
    rows = rows_of("mood", 40)
    assert {r["meta"]["shots"] for r in rendered(rows)} == {16}
    assert {r["meta"]["shots"] for r in rendered(rows, shots="0,3")} == {0, 3}


def test_only_some_tasks_are_rendered() -> None:
    records = rendered([*rows_of("one", 3), *rows_of("two", 4)], shots="1", only=("t*",))
    assert Counter(record["task"] for record in records) == {"two": 4}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shots": "many"}, "--shots many: expected numbers"),
        ({"max_length": 0}, "--max-length 0: at least 1"),
        ({"ablate": "delusive", "shots": "0"}, "--shots must be more than 0"),
    ],
)
def test_options_that_say_nothing_are_refused(options: Row, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        rendered(rows_of("mood", 2), **options)


def test_columns_are_named_and_tasks_of_several_inputs_told(tmp_path: Path, cli: Cli) -> None:
    plain = write_jsonl(tmp_path / "a.jsonl", [{"input": "a", "output": "b"}] * 3)
    other = write_jsonl(tmp_path / "b.jsonl", [{"text": "a", "label": "b"}] * 3)
    ran = cli("template", other, "--style", "icl", "-o", tmp_path / "out")
    assert ran.code == 1
    assert "no input and no output among text, label; name them: --map input=text,output=label" in ran.err
    third = write_jsonl(tmp_path / "c.jsonl", [{"input": f"c{n}", "output": "d"} for n in range(3)])
    ran = cli("template", plain, third, "--style", "icl", "-o", tmp_path / "out")
    assert ran.code == 0, ran.err
    records = read_records(tmp_path / "out")
    assert [record["task"] for record in records] == ["c"] * 3  # those of a all say the same
    assert all("a" not in record["instruction"] for record in records)


def test_the_same_bytes_with_any_workers(tmp_path: Path, cli: Cli) -> None:
    for name in ("one", "two"):
        write_jsonl(tmp_path / "in" / f"{name}.jsonl", [*rows_of(name, 60), *rows_of("both", 20)])
    for workers in (1, 2):
        engine = ("--engine", "processes", "--workers", workers)
        out = tmp_path / f"out{workers}" / "icl"
        ran = cli("template", tmp_path / "in", "--style", "icl", "--shots", "0,4", *engine, "-o", out)
        assert ran.code == 0, ran.err
    assert written(tmp_path / "out1") == written(tmp_path / "out2")
    records = read_records(tmp_path / "out1" / "icl")
    assert Counter(r["task"] for r in records) == {"one": 60, "two": 60, "both": 40}
    for record in records:
        shown, asked = told(record["instruction"])
        assert all(x.startswith(f"{record['task']} ") and x != asked for x, _ in shown)


def labels_shown(record: Row) -> list[tuple[str, str]]:
    return told(record["instruction"])[0]


@given(st.lists(st.sampled_from(["yes", "no", "maybe"]), min_size=2, max_size=30), st.integers(0, 5))
def test_delusive_demonstrations_are_never_right(kinds: list[str], seed: int) -> None:
    rows = [{"task": "t", "input": f"x{n}", "output": label} for n, label in enumerate(kinds)]
    right = {row["input"]: row["output"] for row in rows}
    for row, record in zip(rows, rendered(rows, shots="4", ablate="delusive", seed=seed), strict=True):
        shown, asked = told(record["instruction"])
        assert (asked, record["output"]) == (row["input"], row["output"])
        assert all(alike(y) != alike(right[x]) for x, y in shown)
        assert record["reason"] == (None if len(set(kinds)) > 1 else "no-wrong-output")
        assert record["template"] == "icl/t/direct+delusive"


def test_simplified_says_the_output_space_first() -> None:
    rows = rows_of("mood", 12)
    records = rendered(rows, shots="0,2", ablate="simplified")
    for record in records:
        assert record["instruction"].startswith('Answer with one of: "bad", "good".' + BREAK)
        assert record["instruction"].endswith(BREAK + record["instruction"].split(BREAK)[-1])
        assert len(record["instruction"].split(BREAK)) == record["meta"]["shots"] + 2
    texts = [{"input": f"x{n}", "output": f"a text {n}"} for n in range(9)]
    assert rendered(texts, shots="1", ablate="simplified")[0]["instruction"].startswith("Write the output.")


def test_simplified_names_every_output_of_the_task_not_of_the_pool_alone(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "RANGE", 9_000)
    outputs = ["often", "usual"] * 590 + [f"rare {n}" for n in range(20)]
    rows = [{"input": f"text {n}", "output": output} for n, output in enumerate(outputs)]
    rows += [{"task": "free", "input": f"t {n}", "output": f"o {n}"} for n in range(65)] * 8
    source, made = write_jsonl(tmp_path / "mood.jsonl", rows), []
    for workers in (1, 2):
        out = tmp_path / f"out{workers}" / "icl"
        how = ("--shots", "0,1", "--ablate", "simplified", "--engine", "processes", "--workers", workers)
        ran = cli("template", source, "--style", "icl", *how, "-o", out)
        assert ran.code == 0, ran.err
        made.append(written(out))
    assert made[0] == made[1]
    labels = ", ".join(f'"{one}"' for one in sorted(set(outputs)))
    fronts = Counter((r["task"], r["instruction"].split(BREAK)[0]) for r in read_records(out))
    assert set(fronts) == {("mood", f"Answer with one of: {labels}."), ("free", "Write the output.")}


def test_simplified_names_what_the_row_or_the_dataset_says_may_be_answered() -> None:
    rows: list[Row] = [
        {"input": "a", "output": "x", "options": ["x", "y"]},
        {"input": "b", "output": "z", "options": ["z", "w"]},
        {"input": "c", "output": "other", "options": ["x", "y"]},
    ]
    fronts = [r["instruction"].split(BREAK)[0] for r in rendered(rows, shots="1", ablate="simplified")]
    assert fronts == ['Answer with one of: "x", "y".', 'Answer with one of: "w", "z".', "Write the output."]
    about = About("news", "news", "MIT", labels=(Labels("output", ("Sports", "World", "Law")),))
    rows = [{"input": f"t{n}", "output": n % 2} for n in range(4)]
    for record in rendered(rows, about, shots="1", ablate="simplified"):
        assert record["instruction"].startswith('Answer with one of: "Law", "Sports", "World".' + BREAK)


def test_the_output_space_counts_against_the_length() -> None:
    rows = [{"input": f"w{n} " + "w " * 9, "output": "x", "options": ["x", "y " * 90]} for n in range(3)]
    (record, *_) = rendered(rows, shots="0", ablate="simplified", max_length=99)
    assert (record["reason"], record["detail"]) == ("too-long", "11 without a demonstration, of at most 4")
    assert rendered(rows, shots="0", ablate="simplified", max_length=106)[0]["reason"] is None


@given(st.lists(st.lists(st.sampled_from([*map(str, range(70)), "long " * 20]), max_size=90), max_size=5))
def test_outputs_of_pieces_add_up_in_any_order(pieces: list[list[str]]) -> None:
    whole = outputs_of([text for some in pieces for text in some])
    assert sum(map(outputs_of, pieces), Outputs()) == whole
    assert sum(map(outputs_of, reversed(pieces)), Outputs()) == whole


def test_rows_of_no_task_show_rows_of_their_dataset() -> None:
    plan = icl.plan(TemplateOptions(inputs=("a", "b"), style="icl", shots="1"), ("a", "b"))  # type: ignore[arg-type]
    rows: list[Row] = [{"input": f"x{n}", "output": f"y{n}"} for n in range(2)]
    about = About("news", "news", "MIT")
    assert icl.group(plan, rows[0], about) == "news"
    chunk = Chunk(about, 0, 0, [(f"news:{n}", row) for n, row in enumerate(rows)], "news")
    others = {"input": "other", "output": "other"}
    found = icl.render(plan, chunk, {"news": [("0:0", rows[0]), ("0:1", rows[1])], "b": [("1:0", others)]})
    assert found.batch.column("instruction").to_pylist() == ["x1\ny1" + BREAK + "x0", "x0\ny0" + BREAK + "x1"]
    assert found.batch.column("task").to_pylist() == ["news", "news"]
