"""A full disk and a folder that may not be written: one clear line, nothing half written."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from workbench import Cli, numbered, write_jsonl, written

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from ittools.cli.app import main
sys.exit(main(sys.argv[2:]))
"""
# root writes anywhere by the capability DAC_OVERRIDE (bit 1), which this gives up
ORDINARY = """
import ctypes, os, sys
if os.geteuid() == 0:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    capabilities = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None)
    libc.capget(header, capabilities)
    capabilities[0] &= ~2
    assert libc.capset(header, capabilities) == 0
from ittools.cli.app import main
sys.exit(main(sys.argv[1:]))
"""
COMMANDS = ("filter", "dedup", "mix")


def limited(size: int, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LIMITED, str(size), *map(str, words), "--quiet"]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("size", [1_000, 60_000, 130_000])
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, command: str, size: int) -> None:
    source, out = write_jsonl(tmp_path / "in.jsonl", numbered(4_000)), tmp_path / "out"
    ran = limited(size, command, source, "--out", out)
    if ran.returncode == 0:
        assert size == 130_000
        return
    assert (ran.returncode, ran.stderr) == (
        1,
        f"ittools {command}: {out}: File too large; nothing was half written\n",
    )
    assert [path.name for path in out.iterdir()] == [".lock"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_keeps_the_old_output(tmp_path: Path, cli: Cli, command: str) -> None:
    out = tmp_path / "out"
    assert cli(command, write_jsonl(tmp_path / "old.jsonl", numbered(5)), "--out", out).code == 0
    old = written(out) | {"manifest.json": (out / "manifest.json").read_bytes()}
    source = write_jsonl(tmp_path / "in.jsonl", numbered(4_000))
    assert limited(60_000, command, source, "--out", out, "--force").returncode == 1
    assert written(out) | {"manifest.json": (out / "manifest.json").read_bytes()} == old


@pytest.mark.parametrize("size", [1_000, 200_000])
def test_a_full_disk_leaves_no_export(tmp_path: Path, size: int) -> None:
    source, out = write_jsonl(tmp_path / "in.jsonl", numbered(4_000)), tmp_path / "place" / "out.jsonl"
    ran = limited(size, "export", source, "--out", out)
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "nothing was half written" in ran.stderr
    assert list(out.parent.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="root gives up its rights through Linux capabilities")
@pytest.mark.parametrize(("command", "name"), [(c, "out") for c in COMMANDS] + [("export", "out.jsonl")])
def test_a_read_only_folder_is_one_clear_line(tmp_path: Path, command: str, name: str) -> None:
    write_jsonl(tmp_path / "in.jsonl", numbered(3))
    tmp_path.chmod(0o555)
    ran = subprocess.run(
        [sys.executable, "-c", ORDINARY, command, "in.jsonl", "--out", name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    tmp_path.chmod(0o755)
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "Permission denied" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_the_limit_is_one_of_the_child_only() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
