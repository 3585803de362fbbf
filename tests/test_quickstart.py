"""The whole quickstart, smaller: the same bytes in any folder, run twice, and through kills."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SMALLER = ("generate.num=24", "finetune.max-steps=4", "finetune.save-steps=2", "evaluate.limit=3",
           "evaluate.max-new-tokens=8")  # fmt: skip
# when to kill: as soon as this is there, and a little later
MOMENTS = (
    "generate/ledger/ledger.sqlite",
    "filter/.lock",
    "dedup/manifest.json",
    "mix/.lock",
    "finetune/checkpoints/checkpoint-2/sealed.json",
    "evaluate/.lock",
)


def _command(runs: Path) -> list[str]:
    settings = [word for setting in SMALLER for word in ("--set", setting)]
    return [sys.executable, "-m", "ittools", "run", "quickstart", "--runs", str(runs), *settings]


def _run(runs: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(_command(runs), cwd=runs.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def _results(runs: Path) -> dict[str, str]:
    """Every file that holds results. Manifests tell times, cards of models tell paths."""
    endings = (".parquet", ".safetensors", ".png", "loss.json", "metrics.json")
    return {
        path.relative_to(runs).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(runs.rglob("*"))
        if path.name.endswith(endings) and "checkpoints" not in path.parts
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("whole") / "runs"
    _run(runs)
    return runs


def test_two_folders_hold_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    _run(tmp_path / "other")
    results = _results(whole)
    assert _results(tmp_path / "other") == results
    assert {name.split("/")[1] for name in results} >= {"generate", "filter", "dedup", "mix", "evaluate"}
    page = "quickstart/report/index.html"
    assert (tmp_path / "other" / page).read_bytes() == (whole / page).read_bytes()


def test_run_again_every_step_is_reused_and_no_file_changes(whole: Path) -> None:
    def state() -> dict[str, tuple[int, int]]:
        files = (path for path in whole.rglob("*") if path.is_file() and path.name != ".lock")
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}

    before = state()
    assert _run(whole).stderr.count("reused (same inputs and options)") == 7
    assert state() == before


def test_every_finished_directory_verifies(whole: Path) -> None:
    folders = sorted(str(path) for path in (whole / "quickstart").iterdir())
    words = [sys.executable, "-m", "ittools", "verify", *folders]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "".join(f"{folder}: ok\n" for folder in folders))


def test_killed_six_times_and_repeated_it_holds_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    runs, chance = tmp_path / "runs", random.Random(7)
    kills = sum(_killed_at(runs, moment, chance.randrange(12)) for moment in MOMENTS)
    assert kills == len(MOMENTS)
    assert not (runs / "quickstart/report/manifest.json").exists()
    _run(runs)
    assert _results(runs) == _results(whole)


def _killed_at(runs: Path, moment: str, later: int) -> bool:
    """Kill the run once `moment` is there and `later` more looks have passed."""
    process = subprocess.Popen(
        _command(runs), cwd=runs.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    while later >= 0:
        later -= (runs / "quickstart" / moment).exists()
        try:
            process.wait(0.005)
        except subprocess.TimeoutExpired:
            continue
        return False
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True
