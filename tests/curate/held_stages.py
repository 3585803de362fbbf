"""Stages of dedup that wait for a word of the test, in any worker that imports them."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60.0  # s
STAGES = {"sketch": "ittools.curate.dedup.sketch", "linked": "ittools.curate.near.linked",
          "write_shard": "ittools.curate.parts.write_shard"}  # fmt: skip


def hold_stage(patch: pytest.MonkeyPatch, stage: str, folder: Path) -> None:
    """Each task of the stage says that it began, and goes on when `folder` has a file `go`."""
    folder.mkdir(exist_ok=True)
    patch.setattr(STAGES[stage], partial(held, stage=stage, folder=str(folder)))


def held(*task: Any, stage: str, folder: str) -> Any:
    where = Path(folder)
    ray = sys.modules.get("ray")
    node = ray.get_runtime_context().get_node_id() if ray and ray.is_initialized() else ""
    staged = where / f".{os.getpid()}-{os.urandom(4).hex()}"
    staged.write_text(node)
    staged.rename(where / f"began-{staged.name[1:]}")
    wait_for(where, "go")
    module, _, name = STAGES[stage].rpartition(".")
    return getattr(importlib.import_module(module), name)(*task)  # a worker's own, which waits for nobody


def wait_for(folder: Path, pattern: str, count: int = 1) -> list[Path]:
    """The files that match, as soon as there are `count`."""
    return until(lambda: found if len(found := sorted(folder.glob(pattern))) >= count else [])


def until(look: Callable[[], Any]) -> Any:
    """What `look` returns, as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise TimeoutError("waited in vain")


def pid_of(began: Path) -> int:
    return int(began.name.split("-")[1])


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
