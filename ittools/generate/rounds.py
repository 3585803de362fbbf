"""Rounds of a method until the harvest is in, or nothing new comes any more."""

from __future__ import annotations

from ittools.errors import Stopped
from ittools.generate.harvest import Harvest
from ittools.generate.job import Method

BARREN_ROUNDS = 8  # rounds without a new task after which more asking is a waste


async def run_rounds(method: Method, harvest: Harvest, what: str, total: int | None) -> None:
    """Raises Stopped when no round brings new ones."""
    harvest.progress.start(what, total)
    barren = number = 0
    while harvest.wants_more:
        before = harvest.tasks
        if not await method.round(number):
            if harvest.num is not None and harvest.tasks < harvest.num:
                harvest.progress.note(f"all inputs are used up: {harvest.tasks:,} of {harvest.num:,} tasks")
            return
        barren = barren + 1 if harvest.tasks == before else 0
        if barren >= BARREN_ROUNDS:
            raise Stopped(_barren(harvest))
        number += 1


def _barren(harvest: Harvest) -> str:
    found, reasons = harvest.tasks, harvest.reasons.most_common(3)
    why = ", ".join(f"{reason} {count:,}" for reason, count in reasons)
    lacking = ", ".join(f"{language} {count:,}" for language, count in harvest.missing().items())
    do = f"write those with --num {found}, or give more seeds" if found else "give more seeds"
    return (
        f"the last {BARREN_ROUNDS} rounds brought nothing new: {found:,} tasks accepted"
        + (f", still wanted: {lacking}" if lacking else "")
        + (f" (dropped: {why})" if why else "")
        + f"; {do}"
    )
