"""What `--shots` and, where tasks come with their data, `--only` say."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from ittools.errors import UsageError


def shots_of(word: str | None) -> tuple[int, ...] | None:
    """`0,1,2,5` as numbers; null as null. Raises UsageError for anything else."""
    if word is None:
        return None
    numbers = [number.strip() for number in word.split(",")]
    if not all(number.isascii() and number.isdigit() for number in numbers):
        raise UsageError(f"--shots {word}: expected numbers of demonstrations, e.g. 2 or 0,1,2,5")
    return tuple(map(int, numbers))


def chosen(task: str, patterns: Sequence[str]) -> bool:
    """Whether a task is one of those named by --only, or nothing is named."""
    return not patterns or any(fnmatchcase(task, pattern) for pattern in patterns)
