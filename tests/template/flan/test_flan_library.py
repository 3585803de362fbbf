"""Every English template of ours: it renders, it shows all fields, it stands once, it gives nothing away."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flan_rows import chunk, planned, records

from ittools.template.flan import style
from ittools.template.flan.files import TemplateFile
from ittools.template.flan.library import FOLDER as LIBRARY
from ittools.template.flan.library import read_template_file, task_types
from ittools.template.lint import SLIPS

FILES = {kind: read_template_file(LIBRARY / f"{kind}.en.yaml") for kind in task_types("en")}
EACH = pytest.mark.parametrize("kind", FILES)


def made_up(file: TemplateFile, number: int = 0) -> dict[str, Any]:
    """A row in which every field has a value that is found again in the prompt."""
    row: dict[str, Any] = {name: f"<{name} {number}>" for name in (*file.needed, *file.optional)}
    if file.labelled:
        row[str(file.answer)] = number % len(file.options) if file.options else f"<class {number}>"
    if file.choices:
        row[file.choices] = ["<first choice>", "<second choice>", "<third choice>"]
        row[str(file.answer)] = number % 3
    return row


def test_there_are_25_types_of_10_templates_at_least() -> None:
    assert len(FILES) >= 25
    assert all(len(file.templates) >= 10 for file in FILES.values())
    assert all(sum(one.inverted for one in file.templates) >= 1 for file in FILES.values())
    assert all(sum(not one.inverted for one in file.templates) >= 8 for file in FILES.values())
    assert all(
        file.about and file.language == "en" and file.task_type == kind for kind, file in FILES.items()
    )


def test_the_docs_count_and_name_them() -> None:
    text = (Path(__file__).parents[3] / "docs" / "template" / "flan.md").read_text(encoding="utf-8")
    every = [one for file in FILES.values() for one in file.templates]
    inverted = sum(one.inverted for one in every)
    told = " ".join(text.split())
    assert (
        f"{len(FILES)} types of 12 to 14 templates, {len(every)} in all, {inverted} of them inverted" in told
    )
    assert [kind for kind in FILES if f"`{kind}`" not in text] == []


@EACH
def test_every_template_renders(kind: str) -> None:
    file = FILES[kind]
    plan = planned(f"{kind}.en", per_row=99)
    rows = [made_up(file, n) for n in range(3)]
    without = [{name: row[name] for name in row if name not in file.shown} for row in rows]
    names = Counter[str]()
    for some, rest in ((rows, file.shown), (without, ())):
        found = records(plan, chunk(some))
        names.update({row["template"].rpartition("/")[2] for row in found})
        assert all(row["template"].rpartition("/")[2] in _showing(file, rest) for row in found)
        assert not any(row["reason"] for row in found)
        assert all(row["output"] and row["instruction"] for row in found)
        assert not any("{" in row["instruction"].replace("{1}", "") and "_" in row["output"] for row in found)
    usable = {one.name for one in file.templates if file.options or not one.lists_options or file.choices}
    assert names.keys() == usable


def _showing(file: TemplateFile, fields: tuple[str, ...]) -> set[str]:
    """Templates whose prompts show these fields, and inverted ones."""
    return {
        one.name for one in file.templates if one.inverted or all(f"{{{f}}}" in one.source[0] for f in fields)
    }


def by_hand(file: TemplateFile, row: dict[str, Any], own: tuple[str, ...]) -> dict[str, Any]:
    """Independent of the engine: what stands at each place, but for listed options."""
    if file.choices:
        answer = row[file.choices][row[str(file.answer)]]
    elif file.labelled and file.options:
        answer = (own or file.options)[row[str(file.answer)]]
    else:
        answer = row[str(file.answer)]
    return row | {str(file.answer): answer, "answer": answer}


@EACH
def test_prompts_are_what_str_format_makes_of_them(kind: str) -> None:
    file, row = FILES[kind], made_up(FILES[kind], 1)
    templates = {one.name: one for one in file.templates}
    for record in records(planned(f"{kind}.en", per_row=99), chunk([row])):
        one = templates[record["template"].rpartition("/")[2]]
        values = by_hand(file, row, one.options)
        written = one.source[0]
        if file.before and not one.inverted and f"{{{file.before}}}" not in written:
            written = f"{{{file.before}}}\n\n{written}"
        before, place, after = written.partition("{options}")
        assert record["instruction"].startswith(before.format(**values).lstrip())
        assert record["instruction"].endswith(after.format(**values).rstrip())
        target = one.source[1].format(**values).strip()
        if place:
            assert target == record["output"] or len(record["output"]) < 4
        else:
            assert (written.format(**values).strip(), target) == (
                record["instruction"],
                record["output"],
            )


@EACH
def test_all_fields_are_shown_by_some_template(kind: str) -> None:
    file = FILES[kind]
    shown = frozenset[str]().union(
        *(file.fields_of(side) for one in file.templates for side in (one.input, one.target))
    )
    assert shown == {*file.needed, *file.optional}


@EACH
def test_no_prompt_shows_what_is_asked_for(kind: str) -> None:
    file = FILES[kind]
    for one in file.templates:
        shown, asked = file.fields_of(one.input), file.fields_of(one.target)
        assert asked, one.name
        assert not shown & asked, one.name


@EACH
def test_inverted_templates_ask_for_what_others_give(kind: str) -> None:
    file = FILES[kind]
    straight = {side for one in file.templates if not one.inverted for side in file.fields_of(one.target)}
    for one in file.templates:
        assert one.inverted == bool(file.fields_of(one.target) - straight) or file.cot, one.name


def test_no_template_stands_twice() -> None:
    sides = Counter(
        " ".join(f"{one.source[0]} ||| {one.source[1]} ||| {one.options}".casefold().split())
        for file in FILES.values()
        for one in file.templates
    )
    assert [side for side, count in sides.items() if count > 1] == []


@EACH
def test_wordings_of_a_type_differ_in_more_than_signs(kind: str) -> None:
    """Without the fields no two prompts of a type are the same words, unless they show other fields."""
    words = Counter(
        (frozenset(one.input.names), frozenset(one.target.names), one.options,
         tuple(re.findall(r"\w+", one.input.format.replace("%s", " ").casefold())))
        for one in FILES[kind].templates
    )  # fmt: skip
    assert max(words.values()) == 1


@EACH
def test_no_slip_of_the_pen(kind: str) -> None:
    for one in FILES[kind].templates:
        for side in one.source:
            assert not [kind for pattern, kind, _ in SLIPS if pattern.search(side)], one.name


def test_options_of_a_template_follow_the_order_of_the_classes() -> None:
    """Polarity, by hand: the first class of these is the negative one."""
    for kind in ("paraphrase", "qa-yes-no", "grammar", "offensive"):
        for one in FILES[kind].templates:
            if {*one.options} == {"yes", "no"}:
                asks_for_the_fault = one.name == "teacher-marks"
                assert one.options == (("yes", "no") if asks_for_the_fault else ("no", "yes")), (
                    kind,
                    one.name,
                )


def test_lint_finds_no_fault_in_our_files() -> None:
    from ittools.template.lint import _looked

    for kind in FILES:
        found = [one for one in _looked(style.faces(planned(f"{kind}.en"))) if one.kind != "leak"]
        assert found == []


@EACH
def test_a_chain_of_thought_ends_before_the_answer_begins(kind: str) -> None:
    """Whether it ends in a full stop or not."""
    assert [one.name for one in FILES[kind].templates if "{rationale} " in " ".join(one.source)] == []


@EACH
def test_no_sign_is_doubled_after_an_answer_that_is_a_sentence(kind: str) -> None:
    """Of rows that bring their answers, which may end in a full stop."""
    if FILES[kind].choices:
        for one in FILES[kind].templates:
            assert not [side for side in one.source if re.search(r"\{answer\}\W?\.", side)], one.name
