"""Tasks one after another in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ittools.progress import Progress

R = TypeVar("R")


class Inline:
    def run(self, fn: Callable[..., R], tasks: Sequence[tuple[Any, ...]], progress: Progress) -> list[R]:
        results = []
        for task in tasks:
            results.append(fn(*task))
            progress.advance()
        return results
