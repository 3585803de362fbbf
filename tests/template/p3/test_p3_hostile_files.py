"""What a `templates.yaml` of a stranger may do before the sandbox is there, and around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbench import Cli, write_jsonl

HEAD = "dataset: a\ntemplates:\n  x: !Template\n    name: attack\n    jinja: '{}'\n"


@pytest.mark.parametrize(
    "more",
    [
        "x: " + "[" * 100_000,
        "x:\n  a0: &a0 {k: v}\n" + "".join(
            f"  a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 9)
        ),
        "x: " + ":".join(["1"] * 100_000),
        "x: " + ":".join(["1"] * 300) + ".5",
        'x: {"\\0line": abc}',
    ],
    ids=["deep", "merge keys", "base 60", "base 60 float", "our own key"],
)  # fmt: skip
def test_yaml_that_no_reader_should_choke_on(tmp_path: Path, cli: Cli, more: str) -> None:
    path = tmp_path / "templates.yaml"
    path.write_text(HEAD.format("{{text}} ||| b") + more + "\n", encoding="utf-8")
    rows = write_jsonl(tmp_path / "a.jsonl", [{"text": "one"}])
    ran = cli("template", rows, "--style", "p3", "--templates", path, "--out", tmp_path / "out")
    assert ran.code in (0, 1)
    assert "Traceback" not in ran.err
    assert ran.code == 0 or "templates.yaml" in ran.err


def test_warnings_of_the_compiler_do_not_fill_a_pipe_that_nobody_reads(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "templates.yaml"
    source = "{% if 1[0:1] %}{% endif %}" * 2_500 + " {{text}} ||| x"
    path.write_text(HEAD.format(source), encoding="utf-8")
    rows = write_jsonl(tmp_path / "a.jsonl", [{"text": "one"}])
    ran = cli("template", rows, "--style", "p3", "--templates", path, "--out", tmp_path / "out")
    assert ran.code in (0, 1)


def test_text_beyond_all_bounds_is_stopped_by_name(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "templates.yaml"
    path.write_text(HEAD.format("{{text}}" * 1_000 + " ||| x"), encoding="utf-8")
    rows = write_jsonl(tmp_path / "a.jsonl", [{"text": "y" * 2_000}] * 200)
    ran = cli("template", rows, "--style", "p3", "--templates", path, "--out", tmp_path / "out")
    assert (ran.code, "template 'attack'" in ran.err) == (1, True), ran.err[:500]


def test_a_surrogate_among_answer_choices_is_mended(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "templates.yaml"
    head = HEAD.format("{{text}} ||| {{answer_choices[0]}}")
    path.write_text(head + "    answer_choices: '{{text}} ||| b'\n", encoding="utf-8")
    rows = tmp_path / "a.jsonl"
    rows.write_text('{"text": "\\ud800"}\n')
    ran = cli("template", rows, "--style", "p3", "--templates", path, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
