"""kill -9 at any point of a command leaves the old output, nothing or the new one; never a part."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from workbench import numbered, write_jsonl, written

from ittools.errors import InputError, StoreError
from ittools.formats.source import ReadOptions, open_inputs
from ittools.store.verify import verify

DIE_AT = Path(__file__).with_name("die_at.py")
KILLS = 6  # spread evenly over all changes of the file system, the last one among them


def die_at(change: int, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DIE_AT), str(change), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def kill_points(*words: object) -> list[int]:
    lived = die_at(0, *words)
    assert lived.returncode == 0, lived.stderr
    changes = int(lived.stdout.splitlines()[-1])
    assert changes > 5
    return sorted({round(1 + number * (changes - 1) / (KILLS - 1)) for number in range(KILLS)})


def state(directory: Path, old: dict[str, bytes] | None, new: dict[str, bytes]) -> str:
    """`old`, `nothing` or `new`; anything else fails."""
    try:
        problems = verify(directory)
    except StoreError:  # no manifest: no reader takes it for finished
        if directory.is_dir():
            with pytest.raises(InputError, match=r"unfinished|neither a dataset directory"):
                open_inputs(ReadOptions(inputs=(str(directory),)))
        return "nothing"
    assert problems == []
    aside = (".staging", ".work", ".replacing")
    content = {name: b for name, b in written(directory).items() if not name.startswith(aside)}
    assert content in (old, new)
    return "new" if content == new else "old"


@pytest.mark.parametrize("command", ["filter", "dedup", "mix"])
def test_a_killed_command_leaves_old_nothing_or_new(tmp_path: Path, command: str) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(60))
    other = write_jsonl(tmp_path / "other.jsonl", numbered(9))
    out, old_out = tmp_path / "new" / "out", tmp_path / "old" / "out"
    points = kill_points(command, source, "--out", out)
    new = written(out)
    assert die_at(0, command, other, "--out", old_out).returncode == 0
    old = written(old_out)
    seen = set()
    for point in points:
        fresh = tmp_path / f"fresh{point}" / "out"
        assert die_at(point, command, source, "--out", fresh).returncode == -signal.SIGKILL
        assert state(fresh, None, new) != "old"
        assert die_at(point, command, source, "--out", old_out, "--force").returncode == -signal.SIGKILL
        seen.add(state(old_out, old, new))
        if point % 2:  # a killed run is followed by the same command, without --force where it may
            again = die_at(0, command, source, "--out", fresh)
            assert (again.returncode, written(fresh)) == (0, new)
    assert seen <= {"old", "nothing", "new"}
    assert die_at(0, command, source, "--out", old_out, "--force").returncode == 0
    assert (state(old_out, old, new), verify(old_out)) == ("new", [])
    assert not (old_out / ".staging").exists()
    assert not (old_out / ".work").exists()


def test_a_killed_export_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(60))
    out = tmp_path / "out.json"
    points = kill_points("export", source, "--to", "alpaca", "--out", out)
    new = out.read_bytes()
    for point in points:
        out.unlink(missing_ok=True)
        ended = die_at(point, "export", source, "--to", "alpaca", "--out", out)
        assert ended.returncode == -signal.SIGKILL
        assert not out.exists() or out.read_bytes() == new
        out.write_bytes(b"old")
        die_at(point, "export", source, "--to", "alpaca", "--out", out, "--force")
        assert out.read_bytes() in (b"old", new)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are watched through /proc")
def test_a_run_killed_among_its_workers_can_be_repeated_at_once(tmp_path: Path) -> None:
    """The lock is free, no worker goes on writing, and the bytes are those of a quiet run."""
    source = write_jsonl(tmp_path / "in.jsonl", numbered(17_000))
    options = ("--engine", "processes", "--workers", "2")
    out = tmp_path / "killed" / "out"
    command = [sys.executable, "-m", "ittools", "filter", str(source), "--out", str(out), *options]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not list(out.glob(".work/*.arrow")):  # a worker has begun to write
        assert run.poll() is None
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert state(out, None, {}) == "nothing"
    again = subprocess.run(command, capture_output=True, text=True)
    assert (again.returncode, verify(out)) == (0, [])
    assert all(_is_gone(int(child)) for child in children)
    quiet = tmp_path / "quiet" / "out"
    subprocess.run([*command[:5], "--out", str(quiet), "--engine", "inline"], check=True, capture_output=True)
    assert written(out) == written(quiet)


def _is_gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1].startswith("Z")
    except FileNotFoundError:
        return True
