"""What every peer's script shares: the prompts, the clock and the line that it prints.

Each script runs in the peer's own environment: `python SCRIPT URL NUMBER CONCURRENCY [FOLDER]`, and
prints {"seconds", "cpu_seconds", "kept"} last. CONCURRENCY 0 is for what the peer does by itself;
FOLDER is where it keeps what it resumes from.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

MODEL, KEY = "served", "sk-no-secret"


@dataclass(frozen=True)
class Asked:
    """What the command line asks for; url has no /v1."""

    url: str
    number: int
    concurrency: int
    folder: str


def asked() -> Asked:
    """The command line of a peer's script."""
    url, number, concurrency, *folder = sys.argv[1:]
    return Asked(url, int(number), int(concurrency), folder[0] if folder else tempfile.mkdtemp())


def prompts(number: int) -> list[str]:
    """Distinct questions, the same for everyone."""
    return [f"Question {i:06d}: what is {i * 37 % 1009} plus {i * 61 % 997}, and why?" for i in range(number)]


def cpu_seconds() -> float:
    """User and system seconds of this process and of the children it waited for."""
    mine, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def measure(work: Callable[[Asked], int]) -> None:
    """Run `work`, which returns how many answers it kept, and print what it took."""
    wanted = asked()
    began = time.perf_counter()
    kept = work(wanted)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds(), "kept": kept}), flush=True)


async def drain(texts: list[str], concurrency: int, ask: Callable[[str], Awaitable[str | None]]) -> int:
    """Ask all, so many at once; how many answers came. A call that raises is an answer lost."""
    left, kept = iter(texts), 0

    async def worker() -> None:
        nonlocal kept
        for text in left:
            try:
                said = await ask(text)
                kept += bool(said)
            except Exception as error:
                print(f"{type(error).__name__}: {error}"[:200], file=sys.stderr)

    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return kept
