"""Fields that rows may have: what stands before an input, and what every input of such a row shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flan_rows import chunk, demonstrations, file_of, planned, records, written

from ittools.errors import InputError
from ittools.template.flan import style
from ittools.template.flan.library import FOLDER, read_template_file

BEFORE = """
task_type: made-before
language: en
fields: [question, answer, "text?", "kind?"]
answer: answer
before: text
templates:
  - {name: plain, input: "Q={question}", target: "{answer}"}
  - {name: shows, input: "T={text} Q={question}", target: "{answer}"}
  - {name: other, input: "K={kind} Q={question}", target: "{answer}"}
  - {name: backwards, input: "A={answer}", target: "{question}", inverted: true}
  - {name: asks-for-it, input: "Q={question} A={answer}", target: "{text}", inverted: true}
"""
SHOWN = BEFORE.replace("before: text", "shown: [kind]")
ROW = {"question": "q", "answer": "a", "text": " t. "}


def prompts(plan: Any, rows: list[dict[str, Any]]) -> dict[str, str]:
    found = records(plan, chunk(rows))
    assert not any(row["reason"] for row in found)
    return {row["template"].rpartition("/")[2]: row["instruction"] for row in found}


def test_a_text_stands_before_inputs_that_do_not_show_it(tmp_path: Path) -> None:
    plan = planned(written(tmp_path, BEFORE), per_row=9)
    assert prompts(plan, [ROW]) == {
        "plain": "t.\n\nQ=q",
        "shows": "T= t.  Q=q",
        "backwards": "A=a",
        "asks-for-it": "Q=q A=a",
    }
    assert prompts(plan, [ROW | {"text": None}]) == {"plain": "Q=q", "backwards": "A=a"}


def test_a_demonstration_has_its_own_text_before_it(tmp_path: Path) -> None:
    rows = [{"question": f"q{n}", "answer": f"a{n}", "text": f"t{n}"} for n in range(9)]
    plan, of = planned(written(tmp_path, BEFORE), shots="2", only=("plain",)), chunk(rows)
    for record in records(plan, of, demonstrations(plan, of)):
        *shown, last = record["instruction"].split("\n\n\n")
        own = record["output"].removeprefix("a")
        assert last == f"t{own}\n\nQ=q{own}"
        assert len(shown) == 2
        for one in shown:
            number = one.rpartition("a")[2]
            assert one == f"t{number}\n\nQ=q{number}\n\na{number}"


def test_a_row_gets_only_templates_that_show_what_they_must(tmp_path: Path) -> None:
    plan = planned(written(tmp_path, SHOWN), per_row=9)
    assert prompts(plan, [ROW | {"kind": "k"}]).keys() == {"other", "backwards", "asks-for-it"}
    assert prompts(plan, [ROW]).keys() == {"plain", "shows", "backwards", "asks-for-it"}


def test_a_row_whose_templates_are_left_out_says_which_field_they_would_have_shown(tmp_path: Path) -> None:
    plan = planned(written(tmp_path, SHOWN), only=("plain", "shows"))
    bare, kind = records(plan, chunk([ROW, ROW | {"kind": "k"}]))
    assert bare["reason"] is None
    assert (kind["reason"], kind["detail"]) == (
        "field-not-shown",
        "the row has kind, and no template that is left shows it",
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("before: text", "before: txet"), "`before`: txet is no field of the file"),
        (("before: text", "before: question"), "`before`: question is no field that rows may be without"),
        (("before: text", "before: [text]"), "`before` is ['text'], no text"),
        (("before: text", "shown: [knid]"), "`shown`: knid is no field of the file"),
        (("before: text", "shown: [answer]"), "`shown`: answer is no field that rows may be without"),
        (("before: text", "shown: kind"), "`shown`: no list of words"),
        (("before: text", "lowest: none"), "`lowest` is 'none', no number"),
        (("before: text", "lowest: true"), "`lowest` is True, no number"),
        (("before: text", "languages: [tongue]"), "`languages`: tongue is no field of the file"),
    ],
)
def test_what_is_wrong_with_such_a_field_is_told(change: tuple[str, str], told: str) -> None:
    with pytest.raises(InputError, match=r"^my\.yaml: ") as caught:
        file_of(BEFORE.replace(*change))
    assert told in str(caught.value)


def test_a_field_that_no_template_shows_cannot_be_one_that_all_must_show() -> None:
    with pytest.raises(InputError, match=r"`shown`: no template shows \{kind\}"):
        file_of(SHOWN.replace("K={kind}", "K="))


def test_a_file_in_another_language_is_like_the_english_one_where_it_can_be() -> None:
    assert all(read_template_file(path).before == "context" for path in FOLDER.glob("qa-choice.*.yaml"))
    german = "task_type: entities\nlanguage: de\nfields: [text, entities, kind?]\nanswer: entities\n"
    plain = german + "templates: [{name: n, input: '{text}', target: '{answer}'}]"
    assert file_of(plain).shown == ()
    assert file_of(plain.replace("'{text}'", "'{text} {kind}'")).shown == ("kind",)
    assert file_of("shown: []\n" + plain.replace("'{text}'", "'{text} {kind}'")).shown == ()


def test_lint_is_told_of_the_text_where_the_data_has_it(tmp_path: Path) -> None:
    plan = planned(written(tmp_path, BEFORE))
    without, there = (
        {one.name: one.prompt_fields for one in style.faces(plan, columns)}
        for columns in (frozenset({"question", "answer"}), frozenset({"question", "answer", "text"}))
    )
    assert (without["plain"], there["plain"]) == ({"question"}, {"question", "text"})
    assert (without["asks-for-it"], there["asks-for-it"]) == ({"question", "answer"},) * 2


RACE = {"article": "Ann has a dog.", "question": "Who?", "options": ["Ann", "Bo"], "answer": "A"}
FEVER = {"claim": "Ann has a cat.", "label": "NOT ENOUGH INFO", "evidence": "Ann has a dog."}


@pytest.mark.parametrize("language", ["ar", "de", "en", "es", "fr", "hi", "it", "ja", "ko", "nl", "pl", "pt",
                                      "ru", "tr", "zh"])  # fmt: skip
def test_every_prompt_about_a_passage_shows_the_passage(language: str) -> None:
    plan = planned(f"qa-choice.{language}", no_inverted=True, per_row=99)
    found = prompts(plan, [RACE])
    assert len(found) >= 10
    assert all("Ann has a dog." in prompt and "Bo" in prompt for prompt in found.values())


def test_every_prompt_about_a_claim_shows_its_evidence() -> None:
    found = prompts(planned("fact-check", no_inverted=True, per_row=99), [FEVER])
    assert len(found) == 10
    assert all(prompt.count("Ann has a dog.") == 1 for prompt in found.values())


@pytest.mark.parametrize(
    ("templates", "row", "field"),
    [
        ("entities", {"text": "Ann is in Rome.", "entities": ["Ann"]}, "kind"),
        ("code", {"description": "Add two numbers.", "code": "a + b"}, "programming_language"),
    ],
)
def test_what_the_target_hangs_on_stands_in_every_prompt(
    templates: str, row: dict[str, Any], field: str
) -> None:
    plan = planned(templates, no_inverted=True, per_row=99)
    found = prompts(plan, [row | {field: "<this>"}])
    assert len(found) >= 3
    assert all("<this>" in prompt for prompt in found.values())
    assert len(prompts(plan, [row])) >= 7
