"""A guarded process: what it yields comes back, and each way in which it can end is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ittools.template.sandbox.guard import Exceeded, Guard, Limits


def counted(number: int) -> Iterator[int]:
    yield from range(number)


def ending(how: str) -> Iterator[Any]:
    yield os.getpid()
    if how == "memory":
        yield len(bytearray(10**9))
    if how == "time":
        yield sum(range(10**12))
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        os._exit(3)
    if how == "error":
        raise ValueError("no such thing")
    if how == "print":
        print("words", flush=True)
        os.write(1, b"bytes")
    yield "whole"


@pytest.fixture(scope="module")
def small() -> Iterator[Guard]:
    guard = Guard(Limits(memory=128, seconds=0.3))
    yield guard
    guard.close()


def test_answers_come_in_order_from_one_process(small: Guard) -> None:
    assert list(small.stream(counted, 5)) == [0, 1, 2, 3, 4]
    first = next(iter(small.stream(ending, "print")))
    assert isinstance(first, int)
    assert list(small.stream(ending, "print"))[1] == "whole"


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("memory", "used more than 128 MB of memory"),
        ("time", "used more than 0.3 s"),
        ("kill", "its process ended (SIGKILL)"),
        ("exit", "its process ended (exit code 3)"),
    ],
)
def test_an_end_before_its_time_says_which_answer_and_why(how: str, message: str, small: Guard) -> None:
    with pytest.raises(Exceeded) as ended:
        list(small.stream(ending, how))
    assert str(ended.value) == message
    assert ended.value.index == 1
    assert list(small.stream(counted, 2)) == [0, 1]


def test_errors_are_passed_on_and_the_process_stays(small: Guard) -> None:
    with pytest.raises(ValueError, match="no such thing"):
        list(small.stream(ending, "error"))
    before = small.process
    assert before is not None
    assert list(small.stream(counted, 1)) == [0]
    assert small.process is before


def test_a_stream_that_is_left_leaves_nothing_for_the_next(small: Guard) -> None:
    stream = small.stream(counted, 1_000)
    assert next(stream) == 0
    stream.close()
    assert list(small.stream(counted, 3)) == [0, 1, 2]


def test_a_process_ends_with_its_guard() -> None:
    guard = Guard()
    assert list(guard.stream(counted, 1)) == [0]
    process = guard.process
    assert process is not None
    guard.close()
    assert process.returncode == 0


def test_the_guarded_process_does_without_arrow() -> None:
    """It would take as much address space and time to start as all that it does."""
    code = (
        "import sys, ittools.template.p3.apply, ittools.template.sandbox.child; "
        "print([name for name in ('pyarrow', 'numpy', 'yaml', 'pandas') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
