"""Tasks one after another in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ittools.engine.outcomes import place_of, told
from ittools.progress import Progress

R = TypeVar("R")


class Inline:
    workers = 1

    def run(
        self,
        fn: Callable[..., R],
        tasks: Sequence[tuple[Any, ...]],
        progress: Progress,
        *,
        small: bool = False,
    ) -> list[R]:
        results = []
        for index, task in enumerate(tasks):
            try:
                results.append(fn(*task))
            except Exception as error:
                found = told(error, fn, index, len(tasks), task, place_of(error))
                if found is error:
                    raise
                raise found from error
            progress.advance()
        return results
