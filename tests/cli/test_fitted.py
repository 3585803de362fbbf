"""Lines that a terminal is too narrow for, and lines that go elsewhere."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from workbench import read_all

from ittools.cli.fitted import fitted
from ittools.cli.screen import print_outcome
from ittools.store.outcome import Outcome

WORDS = "The old man walked down to the harbour and looked at the boats."


def test_what_goes_on_stands_under_the_text() -> None:
    assert fitted(f"   output  {WORDS}", indent=11, width=41) == [
        "   output  The old man walked down to the",
        "           harbour and looked at the",
        "           boats.",
    ]


def test_a_line_that_fits_and_a_terminal_without_room_change_nothing() -> None:
    assert fitted(f"  {WORDS}", indent=2, width=2 + len(WORDS)) == [f"  {WORDS}"]
    assert fitted(f"  {WORDS}", indent=2, width=21) == [f"  {WORDS}"]


def test_letters_without_spaces_are_cut_where_the_line_ends() -> None:
    """A Chinese letter is two columns wide."""
    assert fitted("名 " + "字" * 30, indent=2, width=24) == [
        "名 " + "字" * 10,
        "   " + "字" * 10,
        "   " + "字" * 10,
    ]


LINE = st.lists(st.sampled_from(["word", "字字字", "  ", " ", "a-very-long-word-without-end", "é"])).map(
    "".join
)


@given(LINE, st.integers(22, 60))
def test_no_piece_is_too_wide_and_nothing_but_blanks_is_lost(text: str, width: int) -> None:
    lines = fitted("> " + text, indent=2, width=width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(f"> {text}".split())


def shown_on(columns: int, words: list[str]) -> list[str]:
    """What a command says on a terminal of this width, on both streams."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    environment |= {"NO_COLOR": "1", "TERM": "xterm"}
    command = [sys.executable, "-m", "ittools", *words]
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    shown = read_all(leader).decode()
    assert process.wait() == 0
    return shown.replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("columns", [100, 80, 50])
def test_records_fit_the_terminal_and_stand_whole_in_a_pipe(tmp_path: Path, columns: int) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        json.dumps({"instruction": "Tell me a story.", "output": f"{WORDS} {WORDS}\nEnd."}) + "\n"
    )
    lines = shown_on(columns, ["head", str(rows)])
    assert max(map(len, lines)) <= columns
    output = lines[lines.index(" instruction  Tell me a story.") + 1 :]
    assert output[0].startswith("      output  The old man walked down")
    assert all(line.startswith(" " * 14) for line in output[1:])
    assert " ".join(" ".join(output).split()) == f"output {WORDS} {WORDS} End."
    piped = subprocess.run(
        [sys.executable, "-m", "ittools", "head", str(rows)], capture_output=True, text=True
    )
    assert f"      output  {WORDS} {WORDS}\n              End.\n" in piped.stdout


FACTS = {
    "repaired": "3 inputs",
    "a-set-of-a-long-name": " ".join(["2,395 of 2,396 records met"] * 4),
    "名字": "2",
}


def test_facts_stand_under_each_other_and_a_log_has_each_on_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = Outcome(Path("out"), {"funnel": {"in": 3, "dropped": {"echo": 1}, "out": 2}}, facts=FACTS)
    print_outcome(result, command="filter", quiet=False)
    assert capsys.readouterr().err.splitlines() == [
        "in               3",
        "  dropped: echo  1",
        "out              2",
        "repaired              3 inputs",
        f"a-set-of-a-long-name  {FACTS['a-set-of-a-long-name']}",
        "名字                  2",
        "filter: wrote out",
    ]


def test_facts_fit_the_terminal(tmp_path: Path) -> None:
    for name in ("train", "a set of a name that is rather long"):
        rows = [{"instruction": f"Say the {n} words", "output": f"{n} {WORDS}"} for n in range(3)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = [
        str(tmp_path / "train.jsonl"),
        "--against",
        str(tmp_path / "a set of a name that is rather long.jsonl"),
    ]
    lines = shown_on(60, ["decontaminate", *words, "--out", str(tmp_path / "out")])
    at = next(i for i, line in enumerate(lines) if line.startswith("a set of a name"))
    assert lines[at : at + 2] == [
        "a set of a name that is rather long  3 of 3 records met",
        "                                     (100.0%), 3 dropped",
    ]
