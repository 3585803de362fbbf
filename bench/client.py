"""What a generated record costs the client, and what happens at a server that says 429.

    BENCH_PEERS=FOLDER python -m bench client
    BENCH_PEERS=FOLDER python -m bench.client cost ittools curator      one race, some contestants

All are timed by the server, from the first request to the last answer, so nobody's start-up counts;
CPU is that of the whole process less that of a run of ten prompts.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.peers import Contestant, Ran, contestants, run_process
from bench.server import served

TINY = 10  # prompts of the run that measures start-up
RUNS = 3
LIMIT = 240.0  # seconds for one process


@dataclass(frozen=True)
class Race:
    """number prompts, `wide` at once, at a server of such a latency and rate (0: unlimited)."""

    number: int
    wide: int
    latency: float
    rate: float = 0.0

    @property
    def ideal(self) -> float:
        """Seconds nobody can beat: the bucket's burst is free, the rest comes at the rate."""
        if self.rate:
            return (self.number - self.rate) / self.rate
        return self.number / self.wide * self.latency


COST = Race(3_000, 500, 0.2)
FAST = Race(500, 500, 0.05, rate=50)
SLOW = Race(150, 500, 0.05, rate=5)


@dataclass(frozen=True)
class Lap:
    """One contestant's run, as it and the server saw it. span: seconds from first request to last answer."""

    ran: Ran
    span: float
    refused: int
    bought: int
    server_cpu: float

    @property
    def speed(self) -> float:
        """Answers a second."""
        return self.bought / self.span if self.span else 0.0


def lap(one: Contestant, race: Race, width: int) -> Lap:
    """One run against a server of its own."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as base,
        served(latency=race.latency, rate=race.rate) as server,
    ):
        folder = Path(base) / "out"
        ran = run_process(one.command(server.url, race.number, width, folder), folder, LIMIT)
        seen = server.stats()
    span = seen.get("last_200", 0.0) - seen.get("first", 0.0)
    return Lap(ran, span, seen["refused"], seen["bought"], seen["cpu"])


def cost(present: list[Contestant]) -> Iterator[str]:
    """Requests a second and CPU of the client, medians; the contestants take turns."""
    tiny = Race(TINY, COST.wide, COST.latency)
    starts: dict[str, list[Lap]] = {one.name: [] for one in present}
    laps: dict[str, list[Lap]] = {one.name: [] for one in present}
    for _ in range(RUNS):
        for one in present:
            starts[one.name].append(lap(one, tiny, COST.wide))
            laps[one.name].append(lap(one, COST, COST.wide))
    yield (
        f"{COST.number:,} requests, {COST.wide} at once, {COST.latency:g} s each; "
        f"ideal {COST.number / COST.ideal:,.0f}/s"
    )
    yield row("", "requests/s", "CPU ms each", "whole s", "start CPU s", "start s", "kept")
    for name, found in laps.items():
        yield cost_row(name, found, starts[name])


def cost_row(name: str, laps: list[Lap], starts: list[Lap]) -> str:
    def median(of: Callable[[Lap], float], among: list[Lap]) -> float:
        return statistics.median(of(one) for one in among)

    started = median(lambda one: one.ran.cpu, starts)
    each = (median(lambda one: one.ran.cpu, laps) - started) / (COST.number - TINY)
    return row(
        name,
        f"{median(lambda one: one.speed, laps):,.0f}",
        f"{1000 * each:.2f}",
        f"{median(lambda one: one.ran.seconds, laps):.1f}",
        f"{started:.2f}",
        f"{median(lambda one: one.ran.seconds, starts):.1f}",
        f"{min(one.ran.kept for one in laps):,}",
    )


def limited(race: Race, present: list[Contestant]) -> Iterator[str]:
    """A server that refuses above its rate and does not say for how long; no rate is set by hand."""
    yield (
        f"{race.rate:g} requests/s with a burst of {race.rate:g}, {race.number} requests, "
        f"no Retry-After; ideal {race.ideal:.1f} s"
    )
    yield row("", "at once", "seconds", "429s", "kept", "bought")
    for one in present:
        for width in widths(one, race):
            found = lap(one, race, width)
            wide = str(width or (one.width or "all"))
            yield row(one.name, wide, f"{found.span:.1f}", str(found.refused), str(found.ran.kept),
                      str(found.bought), f"  {found.ran.trouble}").rstrip()  # fmt: skip


def widths(one: Contestant, race: Race) -> list[int]:
    """What the race wants, and what the contestant does by itself (0)."""
    return [race.wide] if one.width is None else [race.wide, 0]


def row(name: str, *cells: str) -> str:
    return f"{name:<24}" + "".join(f"{cell:>13}" for cell in cells)


RACES: dict[str, Callable[[list[Contestant]], Iterator[str]]] = {
    "cost": cost,
    "fast": lambda present: limited(FAST, present),
    "slow": lambda present: limited(SLOW, present),
}


def run(wanted: tuple[str, ...] = ()) -> Iterator[str]:
    """wanted: names of races and of contestants; none means all."""
    present, absent = contestants()
    yield f"load average before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    yield from absent
    chosen = [one for one in present if one.name in wanted] or present
    for name, race in RACES.items():
        if name in wanted or not RACES.keys() & set(wanted):
            yield from race(chosen)
            yield ""


if __name__ == "__main__":
    for line in run(tuple(sys.argv[1:])):
        print(line, flush=True)
