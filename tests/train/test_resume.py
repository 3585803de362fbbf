"""A killed training run goes on from its last whole checkpoint and ends in the same bits."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from training_inputs import options, write_eight

from ittools.progress import Silent
from ittools.store.files import sha256_file
from ittools.train import save
from ittools.train.checkpoints import SEAL, is_whole, latest, seal
from ittools.train.finetune import finetune

STEPS, EVERY = 20, 5


def _bits(out: Path) -> dict[str, str]:
    """What must not depend on where the run was stopped."""
    names = ("adapter/adapter_model.safetensors", "model/model.safetensors", "loss.json", "loss.png")
    return {name: sha256_file(out / name) for name in names}


class Notes(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_eight(tmp_path_factory.mktemp("records") / "eight.jsonl")


@pytest.fixture(scope="module")
def whole(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that nothing stopped."""
    out = tmp_path_factory.mktemp("whole") / "out"
    finetune(options(records, out, max_steps=STEPS, save_steps=EVERY, batch_size=3), Silent())
    return out


def _stopped(records: Path, out: Path, monkeypatch: pytest.MonkeyPatch, **others: Any) -> None:
    """A run that ends after its last step, before anything is saved."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    given = options(records, out, save_steps=EVERY, batch_size=3, **others)
    with monkeypatch.context() as patch:
        patch.setattr(save, "save_all", stop)
        with pytest.raises(KeyboardInterrupt):
            finetune(given, Silent())


def test_killed_between_steps_it_ends_in_the_same_bits(records: Path, whole: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ittools", "finetune", str(records), "--out", "out", "--max-steps",
               str(STEPS), "--save-steps", str(EVERY), "--batch-size", "3"]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE)
    while not (tmp_path / "out/checkpoints" / f"checkpoint-{EVERY}" / SEAL).exists():
        try:
            process.wait(0.01)
            pytest.fail("it ended before it could be killed")
        except subprocess.TimeoutExpired:
            continue
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "out/manifest.json").exists()
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "going on from" in again.stderr
    assert _bits(tmp_path / "out") == _bits(whole)


def test_stopped_after_the_last_checkpoint_it_trains_no_step_more(
    records: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stopped(records, tmp_path / "out", monkeypatch, max_steps=STEPS)
    notes = Notes()
    finetune(options(records, tmp_path / "out", max_steps=STEPS, save_steps=EVERY, batch_size=3), notes)
    assert notes.notes == [f"going on from {tmp_path}/out/checkpoints/checkpoint-{STEPS}"]
    assert _bits(tmp_path / "out") == _bits(whole)


@pytest.mark.parametrize("harm", ["missing", "truncated", "flipped"])
@pytest.mark.parametrize("name", ["optimizer.pt", "trainer_state.json", "adapter_model.safetensors", SEAL])
def test_a_damaged_checkpoint_is_not_resumed_from(tmp_path: Path, name: str, harm: str) -> None:
    for number in (5, 10):
        folder = tmp_path / f"checkpoint-{number}"
        folder.mkdir()
        for file in ("optimizer.pt", "trainer_state.json", "adapter_model.safetensors"):
            (folder / file).write_bytes(bytes(range(256)))
        seal(folder, "this run")
    assert latest(tmp_path, "this run") == tmp_path / "checkpoint-10"
    _harm(tmp_path / "checkpoint-10" / name, harm)
    assert not is_whole(tmp_path / "checkpoint-10", "this run")
    assert latest(tmp_path, "this run") == tmp_path / "checkpoint-5"
    assert not (tmp_path / "checkpoint-10").exists()


def _harm(path: Path, harm: str) -> None:
    content = path.read_bytes()
    if harm == "missing":
        path.unlink()
    elif harm == "truncated":
        path.write_bytes(content[:-1] if path.name != SEAL else content[: len(content) // 2])
    else:
        # in the seal, the digit of a hash: it still is JSON
        at = content.rindex(b'"') - 3 if path.name == SEAL else len(content) // 2
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])


def test_checkpoints_of_another_run_are_removed_not_resumed_from(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-5").mkdir()
    seal(tmp_path / "checkpoint-5", "another run")
    assert latest(tmp_path, "this run") is None
    assert list(tmp_path.iterdir()) == []


def test_no_checkpoint_is_a_fresh_start(tmp_path: Path) -> None:
    assert latest(tmp_path / "nothing", "this run") is None


@pytest.mark.parametrize("change", ["records", "options"])
def test_another_mixture_or_option_starts_afresh(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    mine = Path(shutil.copy(records, tmp_path / "mine.jsonl"))
    _stopped(mine, tmp_path / "out", monkeypatch, max_steps=EVERY)
    if change == "records":
        with open(mine, "a", encoding="utf-8") as handle:
            handle.write('{"instruction": "Say i.", "output": "india"}\n')
    rank = 8 if change == "options" else 16
    given = options(mine, tmp_path / "out", max_steps=EVERY, save_steps=EVERY, batch_size=3, lora_rank=rank)
    notes = Notes()
    finetune(given, notes)
    assert notes.notes == []
