"""Tasks that workers import: they fail, die once, die always, or wait for a word of the test."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ittools.errors import InputError

PATIENCE = 60.0  # s that a task waits for the test before it says that it was forgotten
BULK = 1 << 20


@dataclass(frozen=True)
class Piece:
    """A part of an input, as commands cut them."""

    path: str
    row_group: int


class Awkward(Exception):
    """It survives no pickling: its arguments are not those of its constructor."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def refuse(number: int) -> int:
    if number == 2:
        raise InputError(f"part {number}: cannot be read")
    return number


def refuse_late(path: str) -> str:
    """An error that does not say which file it is about."""
    if "bad" in path:
        raise InputError("no column 'output'")
    return path


def stumble(piece: Piece, how: str) -> str:
    if how == "awkward":
        raise Awkward("this", "that")
    if how == "memory":
        raise MemoryError
    if how == "exit":
        sys.exit(3)
    if how == "full":
        raise OSError(28, "No space left on device", "out/part")
    if how == "result":
        return lambda: piece  # type: ignore[return-value]
    return {}["column"]  # type: ignore[no-any-return]


def die_once(number: int, marker: str) -> int:
    """The worker of task 3 is killed the first time."""
    path = Path(marker)
    if number == 3 and not path.exists():
        path.write_text("died")
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_always(name: str, folder: str, how: int) -> str:
    """`poison` ends its worker, by signal `how` or by exit code 7; the runs of all tasks are noted."""
    with open(Path(folder) / "runs", "a") as runs:
        runs.write(f"{name}\n")
    if name == "poison" and how:
        os.kill(os.getpid(), how)
    if name == "poison":
        os._exit(7)
    return name


def hold(number: int, folder: str) -> int:
    """Says that it began, and goes on when the test says so."""
    (Path(folder) / f"began-{number}-{os.getpid()}").write_text(node())
    wait_for(Path(folder), "go")
    return number


def bulky(number: int, folder: str) -> bytes:
    """Two of these run at once; their results are too big to travel with the news that they ended."""
    (Path(folder) / f"bulky-{number}").write_text("")
    wait_for(Path(folder), "bulky-*", 2)
    return bytes(BULK)


def wait_for(folder: Path, pattern: str, count: int = 1) -> list[Path]:
    """The files that match, as soon as there are `count`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = sorted(folder.glob(pattern))
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise TimeoutError(f"no {count} files {pattern} in {folder}")


def wait_until_gone(process: int) -> None:
    """Until there is no such process, or only what its parent has to collect."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.02)
    raise TimeoutError(f"process {process} lives on")


def node() -> str:
    """Ray's name of the node, where there is one."""
    ray = sys.modules.get("ray")
    return ray.get_runtime_context().get_node_id() if ray and ray.is_initialized() else ""


def answer_interrupt(number: int) -> str:
    return str(signal.getsignal(signal.SIGINT))


def threads(number: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


def linger(number: int, folder: str) -> None:
    (Path(folder) / f"began{number}").write_text("")
    time.sleep(60)
    (Path(folder) / f"ended{number}").write_text("")


def fail_after(number: int, folder: str) -> None:
    """Task 1 raises once task 0 has begun, which lingers; or, without a folder, all raise."""
    if number == 0 and folder:
        linger(number, folder)
    if folder:
        wait_for(Path(folder), "began0")
    raise InputError(f"{number}: no")


def whereabouts(path: str) -> bool:
    return Path(path).exists()
