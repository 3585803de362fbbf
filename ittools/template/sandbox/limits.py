"""How much one rendering may do, and what ends one that does more.

Counted in the language itself, so an honest template that meets an enormous row loses that row alone.
What no count sees, a guard does: `guard.Guard` renders in a process with limits of memory and time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

SOURCE = 100_000  # characters; the longest public template has 2,849
DEPTH = 100  # of the syntax tree; public templates reach 20
STEPS = 200_000  # iterations, calls and grown elements of one rendering
TEXT = 4 << 20  # characters of one text, and of all that a rendering gives
ELEMENTS = 200_000  # of a list that a template builds
RANGE = 100_000  # numbers, as Jinja's own sandbox has it
WIDTH = 10_000  # columns that a filter may fill up to
BITS = 4_096  # of a whole number


class SandboxError(Exception):
    """A template that is refused or stopped; the message says what it did."""


class RefusedError(SandboxError):
    """It may not be compiled, or reached for what it may not touch."""


class TooMuchError(SandboxError):
    """It did more than the limits above allow."""


class Meter:
    """Steps that are left to the rendering that runs; a process renders one thing at a time."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = STEPS

    def refill(self) -> None:
        self.left = STEPS

    def charge(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooMuchError(f"more than {STEPS:,} iterations and calls")


METER = Meter()


def metered(values: Any) -> Any:
    """What a loop runs over, paid for in advance; of a generator each element as it comes."""
    if values is None:
        return values
    if hasattr(values, "__len__"):
        METER.charge(len(values) + 1)
        return values
    if isinstance(values, Iterator):
        return _paid(values)
    return values  # Jinja says that it is not iterable


def _paid(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        METER.charge(1)
        yield value


def short_enough(characters: int) -> None:
    if characters > TEXT:
        raise TooMuchError(f"a text of {characters:,} characters, more than {TEXT:,}")


def few_enough(elements: int) -> None:
    if elements > ELEMENTS:
        raise TooMuchError(f"a list of {elements:,} elements, more than {ELEMENTS:,}")


def narrow_enough(width: Any) -> None:
    if isinstance(width, (int, float)) and abs(width) > WIDTH:
        raise TooMuchError(f"a width of {width:,}, more than {WIDTH:,}")
