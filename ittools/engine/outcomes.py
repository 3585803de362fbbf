"""What one run of a task comes to, and how a failed one is told: stage, task, file, what to do.

told(ValueError("bad"), sketch_part, 3, 12, "in/a.jsonl")
-> IttoolsError: sketch_part, task 4 of 12 (in/a.jsonl): ValueError: bad (at words.py:41)
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pickle
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ittools.errors import IttoolsError

NAME_LENGTH = 200  # characters of a task's name in a message


@dataclass(frozen=True)
class Value:
    """A task returned."""

    value: Any


@dataclass(frozen=True)
class Failure:
    """A task raised; `place` is the line that did, as `words.py:41`."""

    error: BaseException
    place: str


@dataclass(frozen=True)
class Death:
    """Whatever ran a task is gone. `hungry`: for want of memory, as far as the system says."""

    cause: str
    hungry: bool


Outcome = Value | Failure | Death


def outcome_of(fn: Callable[..., Any], task: Sequence[Any]) -> Value | Failure:
    """Run a task where this process is its worker."""
    try:
        return Value(fn(*task))
    except (Exception, SystemExit) as error:
        return Failure(error, place_of(error))


def packed(fn: Callable[..., Any], task: Sequence[Any]) -> bytes:
    """Run a task and pickle what it came to; an error that does not survive that is sent as text."""
    outcome = outcome_of(fn, task)
    try:
        data = pickle.dumps(outcome)
        if isinstance(outcome, Failure):
            pickle.loads(data)
    except Exception as error:
        told_as = outcome.error if isinstance(outcome, Failure) else error
        text = f"{type(told_as).__name__}: {told_as}"
        return pickle.dumps(Failure(RuntimeError(text), getattr(outcome, "place", "")))
    return data


def place_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""


def told(
    error: BaseException, fn: Callable[..., Any], index: int, count: int, task: Sequence[Any], place: str = ""
) -> BaseException:
    """The error to raise for a task that raised `error`.

    An IttoolsError and the system's own (a full disk) stay as they are, with a note of where unless
    they name the file themselves.
    """
    where = f"{stage_name(fn)}, task {index + 1} of {count} ({task_name(task)})"
    if isinstance(error, IttoolsError) or (isinstance(error, OSError) and error.errno is not None):
        if file_name(task) not in str(error):
            error.add_note(f"in {where}")
        return error
    if isinstance(error, MemoryError):
        found: BaseException = IttoolsError(
            f"{where}: out of memory; give fewer --workers, or a machine with more of it"
        )
    else:
        at = f" (at {place})" if place else ""
        found = IttoolsError(f"{where}: {type(error).__name__}: {error}{at}")
    found.__cause__ = error
    return found


def told_death(
    deaths: Sequence[Death], fn: Callable[..., Any], index: int, count: int, task: Sequence[Any]
) -> IttoolsError:
    """The error for a task that took its worker with it each time."""
    where = f"{stage_name(fn)}, task {index + 1} of {count} ({task_name(task)})"
    causes = ", then ".join(dict.fromkeys(death.cause for death in deaths))
    if any(death.hungry for death in deaths):
        remedy = "memory ran out: try --workers 1, or a machine with more of it"
    else:
        remedy = "it crashes, or memory runs out: try --workers 1, or leave that input out and report it"
    return IttoolsError(f"{where}: {causes}; {len(deaths)} tries, the last one alone; {remedy}")


def stage_name(fn: Callable[..., Any]) -> str:
    """The function's name; of a partial that carries another as `fn`, that one's."""
    if isinstance(fn, functools.partial):
        return stage_name(fn.keywords.get("fn", fn.func))
    return getattr(fn, "__name__", None) or type(fn).__name__


def file_name(task: Sequence[Any]) -> str:
    """The path of a task's first argument, or what it is in words."""
    first = task[0] if task else "no arguments"
    parts = getattr(first, "parts", ())  # of a Path, its words
    if parts and hasattr(parts[0], "path"):
        return f"{len(parts)} part{'s' * (len(parts) > 1)} from {parts[0].path}"[:NAME_LENGTH]
    return str(getattr(first, "path", first))[:NAME_LENGTH]


def task_name(task: Sequence[Any]) -> str:
    """A task by its first argument; of an object with a path, the path and its whole numbers.

    (Part(path="a.parquet", row_group=3, records=9), ...) -> "a.parquet, row_group 3, records 9"
    """
    numbers: list[str] = []
    if task and hasattr(task[0], "path") and dataclasses.is_dataclass(task[0]):
        values = {f.name: getattr(task[0], f.name) for f in dataclasses.fields(task[0])}
        numbers = [f"{name} {value}" for name, value in values.items() if type(value) is int]
    return ", ".join([file_name(task), *numbers])[:NAME_LENGTH]
