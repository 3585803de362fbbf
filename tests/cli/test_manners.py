"""How every command behaves: streams, exit codes, signals, pipes, colours."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from workbench import read_all

from ittools.cli.app import main
from ittools.cli.screen import Screen
from ittools.errors import (
    InputError,
    IttoolsError,
    RecipeError,
    Stopped,
    StoreError,
    TeacherError,
    TrainError,
    UsageError,
)

COMMAND = [sys.executable, "-m", "ittools"]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    records = [{"instruction": f"Say the word {i}.", "output": f"the word {i}\u009b31m"} for i in range(30)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["dedupe"], "ittools dedupe: no such command; did you mean 'dedup'?; see ittools --help\n"),
        (["\x1b[2Jx"], "ittools ␛[2Jx: no such command; see ittools --help\n"),
        (["head"], "ittools head: Missing argument 'INPUT'. See ittools head --help.\n"),
        (["head", "x", "-n", "three"], "ittools head: Invalid value for '-n' / '--num': 'three' is not"),
        (["mix", "x", "--by", "sauce"], "ittools mix: Invalid value for '--by': 'sauce' is not one of"),
        (
            ["filter", "x", "--keep-dropt"],
            "ittools filter: No such option: --keep-dropt (Poss",
        ),
        (["verify"], "ittools verify: Missing argument"),
        (
            ["run", "quickstrat"],
            "ittools run: quickstrat: no such file, nor a recipe of ittools; did",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(line)
    assert shown.err.count("\n") == 1


def test_each_error_has_its_exit_code() -> None:
    failures = (IttoolsError, InputError, StoreError, TeacherError, TrainError)
    assert {kind.exit_code for kind in failures} == {1}
    assert (UsageError.exit_code, RecipeError.exit_code, Stopped.exit_code) == (2, 2, 3)


def test_a_missing_input_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", str(tmp_path / "no.jsonl")]) == 1
    assert capsys.readouterr().err.startswith(f"ittools stats: {tmp_path}/no.jsonl: no such file")


def test_a_spent_budget_is_exit_code_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    words = ["generate", "--max-cost", "0", "--structured", "off", "--out", str(tmp_path / "out")]
    assert main([*words, "--base-url", "http://127.0.0.1:9/v1", "--price", "1,1"]) == 3
    shown = capsys.readouterr().err
    assert "sk-secret" not in shown
    assert not (tmp_path / "out/manifest.json").exists()


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "interrupted; go on with: ittools head 'a b' -n 3"),
        (MemoryError(), 1, "out of memory; try --workers 1 or a machine with more of it"),
        (OSError(28, "No space left on device", "/x/y"), 1,
         "/x/y: No space left on device; nothing was half written"),
        (Stopped("the budget\x1b is\nspent"), 3, "the budget␛ is␊spent"),
    ],
)  # fmt: skip
def test_what_ends_a_command_is_one_line(
    error: BaseException,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr("ittools.cli.app._dispatch", fail)
    assert main(["head", "a b", "-n", "3"]) == code
    assert capsys.readouterr().err == f"ittools head: {line}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_resumable_with_the_command_to_go_on(tmp_path: Path, number: signal.Signals) -> None:
    words = ["generate", "--teacher", "offline", "--num", "100000", "--out", "a run"]
    process = subprocess.Popen([*COMMAND, *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "a run/ledger/ledger.sqlite").exists():
        try:
            process.wait(0.01)
            pytest.fail("it ended before the signal")
        except subprocess.TimeoutExpired:
            continue
    process.send_signal(number)
    _, shown = process.communicate()
    assert process.returncode == 130
    assert shown.splitlines()[-1] == (
        "ittools generate: interrupted; go on with: "
        "ittools generate --teacher offline --num 100000 --out 'a run'"
    )
    assert not (tmp_path / "a run/manifest.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["head", "ROWS"], ["stats", "ROWS"], ["filter", "ROWS", "--out", "OUT"],
        ["mix", "ROWS", "--out", "OUT"], ["export", "ROWS", "--out", "OUT.jsonl"],
    ],
)  # fmt: skip
def test_json_is_all_there_is_on_stdout(
    words: list[str], rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"ROWS": str(rows), "OUT": str(tmp_path / "out"), "OUT.jsonl": str(tmp_path / "out.jsonl")}
    assert main([*(places.get(word, word) for word in words), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_json_on_stdout_holds_no_control_character_and_the_same_text(
    rows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["head", str(rows), "-n", "1", "--json"]) == 0
    shown = capsys.readouterr().out
    assert "\x9b" not in shown
    assert json.loads(shown)[0]["output"] == "the word 0\x9b31m"


def test_exported_records_are_all_there_is_on_stdout_also_with_json(rows: Path) -> None:
    words = [*COMMAND, "export", str(rows), "--to", "messages", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert [list(json.loads(line)) for line in done.stdout.splitlines()] == [["messages"]] * 30


def test_quiet_leaves_only_errors(rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["filter", str(rows), "--out", str(tmp_path / "out"), "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_finished_command_says_where_it_is_and_what_to_type_next(
    rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / ("a long name " * 9)
    assert main(["filter", str(rows), "--out", str(out)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].split() == ["in", "30"]
    assert f"filter: wrote {out}" in lines
    assert lines[-1].startswith("next: ittools dedup ")


@pytest.mark.parametrize("command", ["head ROWS", "export ROWS --to messages", "stats ROWS", "--help"])
def test_a_reader_that_has_enough_is_no_error(command: str, rows: Path) -> None:
    words = " ".join([*COMMAND, command.replace("ROWS", str(rows))])
    for reader in ("head -1", "true"):
        script = f"set -o pipefail; {words} | {reader}"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
        assert done.returncode == 0, (reader, done.stderr)
        assert "Traceback" not in done.stderr
        assert "BrokenPipe" not in done.stderr


def test_whoever_stops_watching_does_not_stop_the_work(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def write(self, _: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stderr", Gone())
    Screen(quiet=False, verbose=False, command="x").note("hello")
    assert main(["filter", str(rows), "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out/manifest.json").exists()


def test_a_stream_that_knows_no_unicode_is_no_error(rows: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "head", str(rows)], capture_output=True, env=environment)
    assert done.returncode == 0
    assert done.stdout.isascii()


@pytest.mark.parametrize("no_color", [False, True])
def test_colours_are_for_terminals_and_no_color_turns_them_off(
    rows: Path, tmp_path: Path, no_color: bool
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment |= {"TERM": "xterm-256color"} | ({"NO_COLOR": "1"} if no_color else {})
    leader, follower = pty.openpty()
    words = [*COMMAND, "filter", str(rows), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=follower, env=environment)
    os.close(follower)
    shown = read_all(leader)
    assert process.wait() == 0
    assert (b"\x1b[32m" in shown) == (not no_color)
    assert b"filter: wrote" in shown


def test_away_from_a_terminal_there_is_no_colour_and_no_progress_line(rows: Path, tmp_path: Path) -> None:
    words = [*COMMAND, "filter", str(rows), "--out", str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True)
    assert done.stdout == b""
    assert not {b"\x1b", b"\r"} & {bytes([byte]) for byte in done.stderr}
