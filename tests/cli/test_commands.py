"""Every command: its help, its examples, what it imports."""

from __future__ import annotations

import dataclasses
import importlib
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ittools import __version__
from ittools.cli.app import HELP_WIDTH, TABLE, help_text, load, main
from ittools.cli.command import Manners, parse
from ittools.cli.docs import commands_page
from ittools.options import flag_name
from ittools.recipes import COMMANDS

EXAMPLES = [(name, example) for name in TABLE for example in load(name).examples]
HEAVY = ("torch", "openai", "datasets", "transformers", "rouge_score", "datasketch", "peft", "matplotlib")


def _modules_after(*words: str) -> set[str]:
    """Top-level names in sys.modules once the command line has run in a fresh interpreter."""
    script = (
        "import sys; from ittools.cli.app import main; code = main(sys.argv[1:]);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_the_overview_imports_nothing_heavy() -> None:
    assert not _modules_after("--help") & {*HEAVY, "typer", "rich", "pyarrow", "numpy"}


@pytest.mark.parametrize("name", TABLE)
def test_a_commands_help_imports_nothing_heavy(name: str) -> None:
    assert not _modules_after(name, "--help") & set(HEAVY)


def test_looking_at_records_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"instruction": "a", "output": "b"}\n')
    assert not _modules_after("head", str(tmp_path / "rows.jsonl")) & set(HEAVY)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_the_overview_names_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    shown = capsys.readouterr()
    assert shown.out == help_text() + "\n"
    assert shown.err == ""
    for name, entry in TABLE.items():
        assert f"  {name:<{HELP_WIDTH}}{entry.about}\n" in shown.out


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([flag]) == 0
    assert capsys.readouterr().out == f"ittools {__version__}\n"


@pytest.mark.parametrize("name", TABLE)
def test_help_shows_every_option_and_ends_in_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    command = load(name)
    assert command.about.split()[0] in shown
    for f in [*dataclasses.fields(command.options), *dataclasses.fields(Manners)]:
        if not f.metadata.get("argument"):
            assert (f.metadata.get("flags") or (flag_name(f.name),))[-1] in shown
            assert f.metadata["help"]
    tail = shown[shown.index("Examples:") :]
    assert command.examples
    assert all(example in " ".join(tail.split()) for example in command.examples)
    assert max(map(len, shown.splitlines())) <= 100


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_every_example_is_a_command_line_that_parses(name: str, example: str) -> None:
    segment = next(part for part in example.split(" | ") if part.startswith("ittools "))
    words, named = shlex.split(segment), name.split()
    assert words[: 1 + len(named)] == ["ittools", *named]
    parsed = parse(load(name), name, words[1 + len(named) :])
    assert parsed is not None
    assert isinstance(parsed[0], load(name).options)


def test_the_overviews_own_examples_parse() -> None:
    lines = [line.strip() for line in help_text().partition("Examples:")[2].splitlines() if line.strip()]
    for line in lines:
        words = shlex.split(line)
        assert parse(load(words[1]), words[1], words[2:]) is not None


def test_the_documentation_is_in_step_with_the_commands() -> None:
    page = Path(__file__).parents[2] / "docs/commands.md"
    assert page.read_text(encoding="utf-8") == commands_page()


def test_what_a_recipe_can_run_is_what_the_command_line_runs() -> None:
    for name, (module, options, function) in COMMANDS.items():
        command = load(name)
        assert command.options.__name__ == options
        run = getattr(importlib.import_module(module), function)
        # a command may import what it runs only when it runs
        assert command.run is run or command.run.__name__ == f"_{run.__name__}"


def test_no_option_is_spelled_twice_in_a_command() -> None:
    for name in TABLE:
        fields = [*dataclasses.fields(load(name).options), *dataclasses.fields(Manners)]
        flags = [flag for f in fields if not f.metadata.get("argument")
                 for flag in (f.metadata.get("flags") or (flag_name(f.name),))]  # fmt: skip
        assert len(flags) == len(set(flags)), name
