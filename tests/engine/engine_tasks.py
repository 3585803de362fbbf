"""Tasks that worker processes import: one fails, one dies once, one dies always."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from ittools.errors import InputError


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def refuse(number: int) -> int:
    if number == 2:
        raise InputError(f"part {number}: cannot be read")
    return number


def die_once(number: int, marker: str) -> int:
    """The worker of task 3 is killed the first time."""
    path = Path(marker)
    if number == 3 and not path.exists():
        path.write_text("died")
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_always(name: str, folder: str) -> str:
    """`poison` kills its worker; `patient` outlives it, unfinished, when they run side by side."""
    if name == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "patient":
        (Path(folder) / f"{os.getpid()}").write_text("")
        time.sleep(0.5)
    return name


def answer_interrupt(number: int) -> str:
    return str(signal.getsignal(signal.SIGINT))


def linger(number: int, folder: str) -> None:
    (Path(folder) / f"began{number}").write_text("")
    time.sleep(60)
    (Path(folder) / f"ended{number}").write_text("")
