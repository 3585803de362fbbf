"""`ittools template lint`: slips, leaks, duplicates; on data fields that are not there and empty renders."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from workbench import Cli, write_jsonl

HEAD = """
task_type: mine
about: a test
language: en
fields: [text, label]
options: [bad, good]
answer: label
templates:
"""
GOOD = "  - {name: good, input: 'How is this? {text}', target: '{answer}'}\n"
ROWS = [{"text": f"Film {n}.", "label": n % 2} for n in range(6)]


def found(
    cli: Cli, folder: Path, templates: str, rows: list[dict[str, Any]] | None = None, *more: str
) -> tuple[int, list[tuple[str, str, str]]]:
    """(exit code, [(template, severity, kind)])."""
    file = folder / "mine.yaml"
    file.write_text(HEAD + templates, encoding="utf-8")
    inputs = [] if rows is None else [write_jsonl(folder / "rows.jsonl", rows)]
    ran = cli("template", "lint", *inputs, "--templates", file, "--json", *more)
    return ran.code, [(one["template"], one["severity"], one["kind"]) for one in json.loads(ran.out)]


def test_nothing_is_said_of_what_is_right(tmp_path: Path, cli: Cli) -> None:
    assert found(cli, tmp_path, GOOD, ROWS) == (0, [])


@pytest.mark.parametrize(
    ("input", "kind"),
    [
        ('"{text}n\\nIs it good?"', "stray-n"),
        ("'{text}\\nIs it good?'", "spelt-escape"),
        ("'Is it  good? {text}'", "two-spaces"),
        ("'Is it is it it good? {text}'", "word-twice"),
        ("'Is it good ? {text}'", "space-before-sign"),
        ("'It is {answer}. {text}'", "leak"),
    ],
)
def test_slips_are_warnings(tmp_path: Path, cli: Cli, input: str, kind: str) -> None:
    templates = f"  - {{name: slip, input: {input}, target: '{{answer}}'}}\n"
    code, said = found(cli, tmp_path, templates)
    assert (code, ("slip", "warning", kind) in said) == (0, True), said
    assert found(cli, tmp_path, templates, None, "--strict")[0] == 1


def test_the_same_template_twice_is_told(tmp_path: Path, cli: Cli) -> None:
    twice = GOOD + GOOD.replace("name: good", "name: again").replace("How is", "how  IS")
    assert ("again", "warning", "duplicate") in found(cli, tmp_path, twice)[1]


P3 = """
dataset: films
templates:
  a: !Template
    jinja: '{{txt}} Good? ||| {{ ["no", "yes"][label] }}'
    name: misspelt
  b: !Template
    jinja: '{{ cycler.__init__ }} ||| x'
    name: escapes
  c: !Template
    jinja: '{% if label == 7 %}{{text}} ||| seven{% endif %}'
    name: never
  d: !Template
    jinja: '{{text}} Good? ||| {{ ["no", "yes"][label] }}'
    name: right
"""


def p3(folder: Path, content: str) -> Path:
    path = folder / "templates.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_templates_of_strangers_are_refused_without_any_data(tmp_path: Path, cli: Cli) -> None:
    ran = cli("template", "lint", "--style", "p3", "--templates", p3(tmp_path, P3))
    assert ran.code == 1
    assert "escapes: error: refused: line 1: the attribute '__init__' is not allowed" in ran.out
    assert ran.out.splitlines()[-1].startswith("4 templates, 1 errors")


LEAKS = """
dataset: films
templates:
  a: !Template
    jinja: '{% set said = label | lower %}{% set told = said %}{{text}} Is it {{told}}? ||| {{label}}'
    name: under-another-name
  b: !Template
    jinja: '{% set first = label.split(" ")[0] %}{{text}} Is it {{first}}? ||| {{label}}'
    name: a-part-of-it
  c: !Template
    jinja: '{% set x = label %}{% set x = text %}Is it {{x}}? ||| {{label}}'
    name: set-twice
  d: !Template
    jinja: '{% set x = y %}{% set y = x %}Is it {{x}}? ||| {{label}}'
    name: a-circle
"""


def test_a_leak_under_another_name_is_one(tmp_path: Path, cli: Cli) -> None:
    ran = cli("template", "lint", "--style", "p3", "--templates", p3(tmp_path, LEAKS), "--json")
    said = {(one["template"], one["kind"], one["what"]) for one in json.loads(ran.out)}
    assert said == {("under-another-name", "leak", "the prompt shows what is asked for: label")}


CUTS = """
task_type: mine
about: a test
language: en
fields: [premise, hypothesis]
cut: [{field: both, at: "####", into: [premise, hypothesis]}]
templates:
  - {name: parts, input: 'Take it: {premise} What follows?', target: '{hypothesis}'}
  - {name: told, input: '{premise} What follows? {hypothesis}', target: '{hypothesis}'}
"""


@pytest.mark.parametrize("data", [True, False])
def test_two_parts_of_one_column_are_no_leak_and_a_part_on_both_sides_is(
    tmp_path: Path, cli: Cli, data: bool
) -> None:
    (tmp_path / "mine.yaml").write_text(CUTS, encoding="utf-8")
    rows = write_jsonl(tmp_path / "rows.jsonl", [{"both": "It rains.#### It is wet."}])
    ran = cli("template", "lint", *([rows] * data), "--templates", tmp_path / "mine.yaml", "--json")
    said = [(one["template"], one["kind"], one["what"]) for one in json.loads(ran.out)]
    assert said == [("told", "leak", "the prompt shows what is asked for: hypothesis")]


def test_french_has_a_space_before_its_signs(tmp_path: Path, cli: Cli) -> None:
    templates = "  - {name: slip, input: 'Est-ce bon ? {text}', target: '{answer}'}\n"
    file = tmp_path / "mine.yaml"
    file.write_text(HEAD.replace("language: en", "language: fr") + templates, encoding="utf-8")
    ran = cli("template", "lint", "--templates", file, "--json")
    assert json.loads(ran.out) == []


def test_on_data_fields_are_known_and_templates_must_render(tmp_path: Path, cli: Cli) -> None:
    rows = write_jsonl(tmp_path / "films.jsonl", [row | {"year": 1999} for row in ROWS])
    templates = p3(tmp_path, P3.replace("cycler.__init__", "text"))
    ran = cli("template", "lint", rows, "--style", "p3", "--templates", templates, "--json")
    said = {(one["template"], one["severity"], one["kind"]) for one in json.loads(ran.out)}
    assert ran.code == 1
    assert ("misspelt", "error", "unknown-field") in said
    assert ("never", "error", "never-renders") in said
    assert ("year", "warning", "unused-field") in said
    assert not {kind for name, _, kind in said if name == "right"}


def test_our_own_templates_are_without_errors(tmp_path: Path, cli: Cli) -> None:
    from ittools.template.flan.library import task_types

    ran = cli("template", "lint", "--templates", ",".join(f"{kind}.en" for kind in task_types()), "--json")
    assert ran.code == 0, ran.out
    kinds = {one["kind"] for one in json.loads(ran.out)}
    assert not kinds & {"stray-n", "spelt-escape", "two-spaces", "word-twice", "duplicate"}, ran.out


def test_a_pipe_is_read_once(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(HEAD + GOOD, encoding="utf-8")
    piped = io.BytesIO(json.dumps({"text": "a", "label": 9}).encode() + b"\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(piped, encoding="utf-8"))
    ran = cli("template", "lint", "-", "--templates", file)
    assert (ran.code, "cannot-render: stdin:1: label is 9" in ran.out) == (1, True), ran.out
