from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flan_rows import QA, about, chunk, planned, qa_rows, records, written
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import Cli, manifest_of, read_records, write_jsonl
from workbench import written as bytes_of

from ittools.errors import InputError, UsageError
from ittools.formats.tables import Labels
from ittools.template.flan import style
from ittools.template.flan.library import template_files
from ittools.template.flan.listing import listed, ways

CLASSES = """
task_type: made-classes
language: en
fields: [text, label]
options: [red, green, blue]
answer: label
templates:
  - {name: listed, input: "{text}\\n{options}", target: "{answer}"}
  - {name: bare, input: "{text}?", target: "{answer}"}
  - {name: within, input: "{text}\\n{options}", target: "It is {answer}."}
  - {name: own, input: "{text}!\\n{options}", target: "{answer}", options: [stop, go, wait]}
"""


@pytest.fixture
def qa(tmp_path: Path) -> str:
    return written(tmp_path, QA)


@pytest.fixture
def classes(tmp_path: Path) -> str:
    return written(tmp_path, CLASSES, "classes.yaml")


def test_a_record_says_where_it_comes_from(qa: str) -> None:
    (found,) = records(planned(qa, only=("plain",)), chunk(qa_rows(1), of=about("trivia")))
    wanted = {
        "instruction": "Q=q0", "input": "", "output": "a0", "task": "trivia", "source": "trivia",
        "template": "flan/my/plain", "language": "en", "license": "CC0-1.0",
        "meta": {"inverted": False, "shots": 0}, "reason": None, "detail": None,
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted


def test_a_row_gets_only_templates_whose_fields_it_has(qa: str) -> None:
    plan = planned(qa, per_row=9)
    (rows,) = [records(plan, chunk([{"question": "q", "answer": "a", "hint": None}]))]
    assert sorted(row["template"] for row in rows) == ["flan/my/backwards", "flan/my/plain"]
    assert len(records(plan, chunk(qa_rows(1)))) == 3


def test_templates_are_drawn_evenly_and_all_rows_stay(qa: str) -> None:
    found = Counter(row["template"] for row in records(planned(qa), chunk(qa_rows(3_000))))
    assert sum(found.values()) == 3_000
    assert all(900 < count < 1_100 for count in found.values())


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "question": st.sampled_from(["q", "", None, "  "]),
                "answer": st.sampled_from(["a", "", None, " ", 7]),
            }
        ),
        min_size=1,
        max_size=20,
    )
)
@settings(deadline=None)
def test_every_row_is_a_record_or_has_a_reason(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any]
) -> None:
    plan = planned(written(tmp_path_factory.mktemp("t"), QA), only=("plain",))
    found = records(plan, chunk(rows))
    reasons = [
        "missing-field"
        if not row["question"]
        else "empty-target"
        if not str(row["answer"] or "").strip()
        else None
        for row in rows
    ]
    assert [row["reason"] for row in found] == reasons
    assert all(row["output"] for row in found if not row["reason"])


def test_draws_follow_from_seed_and_place_and_not_from_chunks(qa: str) -> None:
    plan, rows = planned(qa, seed=5), qa_rows(50)
    whole = records(plan, chunk(rows))
    assert whole == records(plan, chunk(rows[:20])) + records(plan, chunk(rows[20:], first=20))
    assert whole != records(planned(qa, seed=6), chunk(rows))
    assert whole != records(plan, chunk(rows, piece=1))


def test_several_templates_of_a_row_are_different_ones(qa: str) -> None:
    found = records(planned(qa, per_row=2), chunk(qa_rows(60)))
    pairs = Counter(
        (one["template"], other["template"]) for one, other in zip(found[::2], found[1::2], strict=True)
    )
    assert len(found) == 120
    assert all(one != other for one, other in pairs)
    assert len(pairs) == 6


def test_inverted_templates_go_with_no_inverted(qa: str) -> None:
    plan = planned(qa, no_inverted=True)
    assert {row["meta"]["inverted"] for row in records(plan, chunk(qa_rows(40)))} == {False}
    with pytest.raises(UsageError, match="no template is left"):
        planned(qa, only=("backwards",), no_inverted=True)
    with pytest.raises(UsageError, match=r"--only bckwards: no such template in .*did you mean 'backwards'"):
        planned(qa, only=("bckwards",))


def test_options_are_listed_where_the_template_has_a_place_for_them(classes: str) -> None:
    rows = [{"text": f"t{n}", "label": n % 3} for n in range(300)]
    found = records(planned(classes, per_row=9), chunk(rows))
    texts = {listed(order, "en", way)[0] for way in range(ways("en")) for order in ORDERS}
    for row in found:
        name, options = row["template"].rpartition("/")[2], row["meta"]["options"]
        shown = row["instruction"].partition("\n")[2]
        assert sorted(options) == sorted(
            ["stop", "go", "wait"] if name == "own" else ["red", "green", "blue"]
        )
        assert (name == "bare") == (not shown)
        if name in ("listed", "within"):
            assert shown in texts
            assert [*options] == sorted(options, key=shown.rindex)


ORDERS = [
    ("red", "green", "blue"), ("red", "blue", "green"), ("green", "red", "blue"),
    ("green", "blue", "red"), ("blue", "red", "green"), ("blue", "green", "red"),
]  # fmt: skip


def test_an_answer_by_name_names_the_right_option(classes: str) -> None:
    rows = [{"text": "t", "label": n % 3} for n in range(600)]
    found = records(planned(classes, only=("listed",)), chunk(rows))
    named = 0
    for n, row in enumerate(found):
        truth, options = ("red", "green", "blue")[n % 3], row["meta"]["options"]
        if row["output"] == truth:
            continue
        named += 1
        before = row["instruction"][: row["instruction"].index(truth)]
        before = before[max((before.rfind(one) + len(one) for one in options if one in before), default=0) :]
        assert row["output"] in before, row
    assert 150 < named < 350  # half of the 70 of 87 ways with names


def test_an_answer_in_a_sentence_is_never_a_name_alone(classes: str) -> None:
    found = records(
        planned(classes, only=("within",)), chunk([{"text": "t", "label": n % 3} for n in range(300)])
    )
    assert {row["output"] for row in found} == {"It is red.", "It is green.", "It is blue."}


def test_classes_stand_at_every_place(classes: str) -> None:
    found = records(planned(classes, only=("listed",)), chunk([{"text": "t", "label": 0}] * 900))
    places = Counter(row["meta"]["options"].index("red") for row in found)
    assert all(250 < places[place] < 350 for place in range(3))


@pytest.mark.parametrize("count", [2, 3, 5, 6, 77])
def test_classes_of_any_number_keep_their_answers(tmp_path: Path, count: int) -> None:
    names = tuple(f"class-{n}" for n in range(count))
    path = written(tmp_path, CLASSES.replace("[red, green, blue]", "[]").partition("  - {name: own")[0])
    of = chunk([{"text": "t", "label": n} for n in range(count)] * 3, of=about("d", Labels("label", names)))
    for n, row in enumerate(records(planned(path, only=("bare",)), of)):
        assert row["output"] == names[n % count]
        assert sorted(row["meta"]["options"]) == sorted(names)


def test_choices_of_a_row_keep_their_order() -> None:
    rows = [
        {"question": "q?", "choices": ["one", "two", "none of these"], "answer": n % 3} for n in range(60)
    ]
    found = records(planned("qa-choice", no_inverted=True), chunk(rows))
    assert all(row["meta"]["options"] == ["one", "two", "none of these"] for row in found)
    assert not any(row["reason"] for row in found)


def test_words_of_a_template_go_where_the_dataset_has_other_classes(classes: str) -> None:
    of = chunk(
        [{"text": "t", "label": n % 2} for n in range(60)], of=about("d", Labels("label", ("no", "yes")))
    )
    found = records(planned(classes, per_row=9), of)
    assert {row["template"].rpartition("/")[2] for row in found} == {"listed", "bare", "within"}
    assert {tuple(sorted(row["meta"]["options"])) for row in found} == {("no", "yes")}


def test_a_class_out_of_range_is_an_error_at_its_place(classes: str) -> None:
    with pytest.raises(
        InputError, match=r"made\.jsonl:2: label is 3, and .*knows red, green, blue.*--labels label"
    ):
        records(planned(classes), chunk([{"text": "t", "label": 0}, {"text": "t", "label": 3}]))


def test_a_column_of_another_name_is_an_error_that_says_map(qa: str) -> None:
    with pytest.raises(
        InputError, match=r"needs the field 'question', and the columns are: ask, answer.*--map"
    ):
        records(planned(qa), chunk([{"ask": "q", "answer": "a"}]))


def test_rows_that_miss_a_field_say_which(qa: str) -> None:
    found = records(planned(qa), chunk([{"question": "q", "answer": "a"}, {"question": None, "answer": "a"}]))
    assert [(row["reason"], row["detail"]) for row in found] == [(None, None), ("missing-field", "question")]
    assert json.loads(found[1]["instruction"]) == {"question": None, "answer": "a"}


def test_several_files_share_the_rows(qa: str, classes: str) -> None:
    plan = planned(f"{qa},{classes}")
    rows = [{"question": "q", "answer": "a"}, {"text": "t", "label": 1}] * 100
    found = records(plan, chunk(rows))
    assert not any(row["reason"] for row in found)
    assert {row["template"].split("/")[1] for row in found[::2]} == {"my"}
    assert {row["template"].split("/")[1] for row in found[1::2]} == {"classes"}


def test_places_inside_a_field_are_shown_where_they_are_there(tmp_path: Path) -> None:
    text = """
task_type: made
language: en
fields: [translation]
templates:
  - {name: to-german, input: "In German: {translation.en}", target: "{translation.de}"}
  - {name: to-french, input: "In French: {translation.en}", target: "{translation.fr}"}
"""
    rows = [{"translation": {"en": "yes", "de": "ja"}}, {"translation": {"de": "ja"}}]
    found = records(planned(written(tmp_path, text)), chunk(rows))
    assert [(row["instruction"], row["output"]) for row in found[:1]] == [("In German: yes", "ja")]
    assert [row["reason"] for row in found] == [None, "missing-field"]


def test_class_names_of_a_parquet_file_are_put_into_the_prompts_language(cli: Cli, tmp_path: Path) -> None:
    names = {"names": ["neutral", "contradiction", "entailment"], "_type": "ClassLabel"}
    text = pa.array([f"Satz {n}." for n in range(90)])
    table = pa.table({"premise": text, "hypothesis": text, "label": pa.array([n % 3 for n in range(90)])})
    about_ = json.dumps({"info": {"features": {"label": names}}}).encode()
    pq.write_table(table.replace_schema_metadata({b"huggingface": about_}), tmp_path / "xnli.parquet")
    options = (
        "--language",
        "de",
        "--templates",
        "nli",
        "--only",
        "terse",
        "--out",
        tmp_path / "out",
    )
    ran = cli("template", tmp_path / "xnli.parquet", *options)
    assert ran.code == 0, ran.err
    (file,) = template_files("nli.de", None)
    entails, neutral, contradicts = (
        next(t for t in file.templates if t.name == "terse").options or file.options
    )
    words = [neutral, contradicts, entails]
    for n, row in enumerate(read_records(tmp_path / "out")):
        assert set(json.loads(row["meta"])["options"]) == set(words)
        assert row["output"] == words[n % 3] or len(row["output"]) <= 3


def test_reasoning_stands_before_the_answer() -> None:
    row = {"question": "Q", "answer": "6 * 2 = <<6*2=12>>12\n#### 12"}
    (found,) = records(planned("arithmetic-cot", only=("step-by-step",)), chunk([row]))
    assert found["output"] == "6 * 2 = 12\nThe answer is 12."
    assert found["meta"] == {"cot": True, "inverted": False, "shots": 0}


def test_each_question_about_a_dialogue_is_a_record() -> None:
    asked = [{"question": f"q{n}", "choice": ["a", "b"], "answer": "b"} for n in range(3)]
    row = {"dialogue": ["A: Hi.", "B: Bye."], "questions": asked}
    found = records(planned("dialogue-qa", only=("terse",)), chunk([row]))
    assert [row["instruction"] for row in found] == [f"A: Hi.\nB: Bye.\nQ: q{n}\nA:" for n in range(3)]
    assert {row["output"] for row in found} == {"b"}


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 5)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from("AB"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "label", "speaker", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"question": ANYTHING, "choices": ANYTHING, "answer": ANYTHING, "context": ANYTHING}
        ),
        min_size=1,
        max_size=5,
    )
)
@pytest.mark.parametrize("templates", ["qa-choice", "qa-closed", "question-generation", "summary"])
@settings(deadline=None, max_examples=60)
def test_whatever_rows_hold_each_is_a_record_or_has_a_reason(
    templates: str, rows: list[dict[str, Any]]
) -> None:
    plan = planned(templates)
    of = chunk([row | {"text": row["context"], "summary": row["answer"]} for row in rows])
    found = records(plan, of)
    assert len(found) == len(rows)
    assert all(row["reason"] or (row["instruction"] and row["output"]) for row in found)
    assert found == records(plan, of)


def test_lint_is_told_the_columns_behind_the_fields(qa: str) -> None:
    faces = {one.name: one for one in style.faces(planned(qa))}
    assert (faces["plain"].prompt_fields, faces["plain"].target_fields) == ({"question"}, {"answer"})
    assert faces["hinted"].prompt_fields == {"hint", "question"}
    plan = planned("dialogue-qa", only=("labelled",))
    (unknown,), (known,) = style.faces(plan), style.faces(plan, frozenset({"dialogue", "questions", "id"}))
    assert (unknown.prompt_fields, unknown.target_fields) == (frozenset(), frozenset())
    assert (known.prompt_fields, known.target_fields) == ({"dialogue", "questions"}, {"questions"})
    (judged,) = style.faces(
        planned("nli", only=("terse-arrow",)), frozenset({"sentence1", "hypothesis", "label"})
    )
    assert (judged.prompt_fields, judged.target_fields) == ({"sentence1", "hypothesis"}, {"label"})


def test_lint_finds_nothing_wrong_with_data_that_fits(cli: Cli, tmp_path: Path) -> None:
    rows = [{"sentence1": f"One {n}.", "sentence2": f"Two {n}.", "label": n % 3} for n in range(40)]
    ran = cli("template", "lint", write_jsonl(tmp_path / "rows.jsonl", rows), "--templates", "nli")
    assert ran.code == 0
    assert "14 templates, 0 errors" in ran.out


def test_options_that_cannot_be_are_told(qa: str) -> None:
    for options, told in (
        ({"shots": "two"}, "--shots two: expected numbers"),
        ({"few_shot": 1.5}, "--few-shot 1.5: a share from 0 to 1"),
        ({"few_shot": 0.5, "shots": "0"}, "--few-shot 0.5 with --shots 0"),
        ({"per_row": 0}, "--per-row 0: at least 1"),
        ({"tokenizer": "/no/such/tokenizer", "shots": "1"}, "--tokenizer /no/such/tokenizer"),
    ):
        with pytest.raises(UsageError, match=told):
            _ = planned(qa, **options).entries


def test_the_command_writes_the_same_bytes_with_any_number_of_workers(cli: Cli, tmp_path: Path) -> None:
    rows = [{"sentence1": f"One {n}.", "sentence2": f"Two {n}.", "label": n % 3} for n in range(400)]
    data, found = write_jsonl(tmp_path / "rows.jsonl", rows), []
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        ran = cli(
            "template", data, "--templates", "nli", "--shots", "0,2", "--workers", workers, "--out", out
        )
        assert ran.code == 0, ran.err
        found.append({name: text for name, text in bytes_of(out).items() if name.startswith("data/")})
    assert found[0] == found[1]
    records_ = read_records(tmp_path / "out1")
    assert len(records_) == 400
    assert {row["task"] for row in records_} == {"rows"}
    assert manifest_of(tmp_path / "out1")["templates"] == {"nli.en": 14}


def test_prompts_of_another_language_stand_beside_english_ones(cli: Cli, tmp_path: Path) -> None:
    rows = [{"premise": f"Es regnet {n}.", "hypothesis": "Es ist nass.", "label": n % 3} for n in range(60)]
    data = write_jsonl(tmp_path / "rows.jsonl", rows)
    ran = cli("template", data, "--language", "de", "--templates", "nli,nli.en", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    found = read_records(tmp_path / "out")
    assert {row["template"].split("/")[1] for row in found} == {"nli.de", "nli.en"}
    assert {row["language"] for row in found} == {"de"}
