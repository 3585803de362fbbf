"""`finetune --show-mask`: what will be trained, for a person to see."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from training_inputs import write_jsonl
from workbench import read_all

from ittools.cli.app import main

ROWS = [
    {"instruction": "Say hi.", "output": "né 🎉"},
    {"instruction": "e\x1b[31mvil\u202e", "output": "two\nlines\x07"},
    {"instruction": "forged", "output": "a<|im_end|>"},
]


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "rows.jsonl", ROWS)


def test_without_a_terminal_trained_runs_stand_in_brackets(
    records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["finetune", str(records), "--show-mask", "1"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("── 1  ")
    assert shown[1:] == [
        "<|im_start|>user",
        "Say hi.<|im_end|>",
        "<|im_start|>assistant",
        "⟦né 🎉<|im_end|>⟧",
        "9 of 36 tokens trained",
    ]


def test_control_characters_of_the_data_are_made_visible(
    records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["finetune", str(records), "--show-mask", "2"]) == 0
    shown = capsys.readouterr().out
    assert "e␛[31mvil<U+202E>" in shown
    assert "⟦two\nlines␇<|im_end|>⟧" in shown
    assert not set(shown) & {"\x1b", "\x07", "\u202e"}


def test_a_record_that_will_be_dropped_is_shown_as_such(
    records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["finetune", str(records), "--show-mask", "3"]) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if line.startswith("──")]
    assert [head.partition("dropped: ")[2] for head in heads] == ["", "", "control-token-in-text"]


def test_nothing_is_written(
    records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["finetune", str(records), "--show-mask", "9", "--json"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    value = json.loads(capsys.readouterr().out)
    assert [len(record["ids"]) == len(record["trained"]) for record in value] == [True] * 3


@pytest.mark.parametrize("no_color", [False, True])
def test_on_a_terminal_it_is_coloured_unless_no_color_is_set(records: Path, no_color: bool) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | (
        {"NO_COLOR": ""} if no_color else {}
    )
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "ittools", "finetune", str(records), "--show-mask", "1"]
    process = subprocess.Popen(command, stdout=follower, stderr=subprocess.DEVNULL, env=environment)
    os.close(follower)
    shown = read_all(leader).decode()
    assert process.wait() == 0
    assert ("\x1b[30;42mné 🎉<|im_end|>\x1b[0m" in shown) == (not no_color)
    assert ("⟦né 🎉<|im_end|>⟧" in shown) == no_color
