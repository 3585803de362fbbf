"""`--dry-run`: what a run will ask, in calls, tokens and money, before anything is sent.

The method itself is played through at a small size with a stand-in for the teacher, so calls and
prompts are the real ones; how long answers will be, and how many of them are of use, is only known
of a teacher that was asked: `--pilot DIR` takes both from a finished small run and is far closer.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ittools.errors import InputError, Stopped
from ittools.generate.ask import Asker
from ittools.generate.connect import license_of, model_of, price_for
from ittools.generate.harvest import Harvest
from ittools.generate.job import Job, Plan
from ittools.generate.ledger import Ledger
from ittools.generate.methods.table import Inputs, method_for
from ittools.generate.novelty import Novelty
from ittools.generate.options import DEFAULT_NUM, READS, GenerateOptions
from ittools.generate.prices import Budget, Price
from ittools.generate.prompt_file import Style
from ittools.generate.rehearsal import BYTES_PER_TOKEN, Rehearsal
from ittools.generate.rounds import run_rounds
from ittools.generate.work import Work
from ittools.progress import Silent
from ittools.store.manifest import read_manifest
from ittools.store.outcome import Answer

REHEARSED = 48  # tasks played through
ONCE = frozenset({"topics"})  # stages that a run has once: topics are drawn from the seeds
AROUND_CALLS = (0.85, 1.4)  # times the calls: teachers that are more, and less, of use
AROUND_INPUTS = (1.0, 1.02)  # inputs are counted, not guessed
AROUND_PROMPTS = (0.8, 1.25)  # dense and loose text under the usual tokenizers
AROUND_ANSWERS = (0.4, 2.2)  # terse and talkative teachers
AROUND_PILOT = (0.87, 1.15)  # round what a finished run of the same kind tells


@dataclass(frozen=True)
class Stage:
    """Of one task, or of one input; once: of the run, however large."""

    calls: float
    prompt_tokens: float
    completion_tokens: float
    once: bool = False

    @classmethod
    def of(cls, name: str, account: Mapping[str, float], units: float, *, size: int = 1) -> Stage:
        """From a run's account of it. size: bytes a token, where the account counts bytes."""
        share = 1.0 if name in ONCE else units
        sent, came = (account[n] / size / share for n in ("prompt_tokens", "completion_tokens"))
        return cls(account["responses"] / share, sent, came, once=name in ONCE)

    def total(self, what: str, num: int) -> float:
        return float(getattr(self, what)) * (1 if self.once else num)


def estimate(options: GenerateOptions, work: Work) -> Answer:
    """Expected, low and high of calls, tokens and dollars.

    Raises:
        InputError: --pilot is no finished run of `generate`.
    """
    num = _num(options, work)
    pilot = options.pilot
    stages = pilot_stages(pilot, options.method) if pilot else rehearsed_stages(options, work)
    return _answer(options, num, stages, price_for(options))


def _num(options: GenerateOptions, work: Work) -> int:
    if options.method in READS:
        held = len(work.inputs.prompts) or len(work.inputs.documents)
        return min(held, options.num or held)
    return options.num or DEFAULT_NUM


def pilot_stages(pilot: Path, method: str) -> dict[str, Stage]:
    """Calls and tokens a task (of a method that reads, an input), as a finished run had them."""
    manifest = (read_manifest(pilot) if pilot.is_dir() else None) or {}
    account = manifest.get("teacher") or {}
    units, stages = manifest.get("accepted", 0), account.get("stages")
    if not stages or not units:
        raise InputError(f"--pilot {pilot}: not a finished run of `ittools generate` with accepted tasks")
    used = manifest.get("options", {}).get("method")
    if used != method:
        raise InputError(f"--pilot {pilot}: a run of --method {used}, which tells nothing of {method}")
    if method in READS:  # an input is paid for whether or not a task comes of it
        units = manifest["funnel"]["in"] / (manifest["options"]["per_task"] or 1)
    return {name: Stage.of(name, one, units) for name, one in stages.items() if not name.startswith("probe")}


def rehearsed_stages(options: GenerateOptions, work: Work) -> dict[str, Stage]:
    """The same, by playing the method through without a server."""
    inputs = Inputs(work.inputs.prompts[:REHEARSED], work.inputs.documents[:REHEARSED], work.inputs.topics)
    size = min(REHEARSED, _num(options, work))
    small = replace(options, num=None if options.method in READS else size)
    ledger = Ledger(Path(":memory:"))
    try:
        tasks = asyncio.run(_rehearse(small, replace(work, inputs=inputs), ledger))
        found = ledger.by_stage()
    finally:
        ledger.close()
    return {name: Stage.of(name, one, tasks, size=BYTES_PER_TOKEN) for name, one in found.items()}


async def _rehearse(options: GenerateOptions, work: Work, ledger: Ledger) -> int:
    """Tasks accepted."""
    asker = Asker(Rehearsal(model_of(options)), ledger, Budget(Price(), None), Silent())
    plan = Plan(
        options.method, options.num, options.samples, options.seed, model_of(options), Style(options.api),
        license_of(options), work.prompts, work.prompts.version, options.temperature, options.max_tokens,
        options.system,
    )  # fmt: skip
    harvest = Harvest(options.quotas, Silent(), options.num)
    job = Job(plan, asker, harvest, Novelty({}, how="exact"), work.seeds)
    with contextlib.suppress(Stopped):  # few seeds: what was asked till then tells enough
        await run_rounds(method_for(options, job, work.inputs), harvest, "rehearsal", None)
    return max(1, harvest.tasks)


def _answer(options: GenerateOptions, num: int, stages: Mapping[str, Stage], price: Price | None) -> Answer:
    """Lines for a person, the same numbers for --json."""
    sums = [sum(one.total(n, num) for one in stages.values())
            for n in ("calls", "prompt_tokens", "completion_tokens")]  # fmt: skip
    tried = options.pilot is not None
    calls_around = AROUND_INPUTS if options.method in READS else AROUND_CALLS
    calls, prompts, answers = (
        _range(total, AROUND_PILOT if tried else around)
        for total, around in zip(sums, (calls_around, AROUND_PROMPTS, AROUND_ANSWERS), strict=True)
    )
    unit = "prompts" if options.method == "answer" else "documents" if options.method in READS else "tasks"
    value: dict[str, Any] = {
        "model": model_of(options), "method": options.method, unit: num, "calls": calls,
        "prompt_tokens": prompts, "answer_tokens": answers,
        "stages": {name: math.ceil(one.total("calls", num)) for name, one in stages.items()},
    }  # fmt: skip
    lines = [f"{'model':<16}{model_of(options)}", f"{unit:<16}{num:,}"]
    named = (("calls", calls), ("prompt tokens", prompts), ("answer tokens", answers))
    lines += [f"{name:<16}about {n['expected']:,}, {n['low']:,} to {n['high']:,}" for name, n in named]
    lines.append(_price_line(price, prompts, answers, value))
    most = options.max_cost
    if most is not None and value.get("price_usd", {}).get("expected", 0) > most:
        lines.append(f"{'limit':<16}--max-cost ${most:g} will not do: the run would stop there, resumable")
    how = f"from {options.pilot}" if tried else "played through without a server; --pilot DIR is closer"
    return Answer([*lines, f"{'estimated':<16}{how}", "nothing was sent or written"], value)


def _range(total: float, around: tuple[float, float]) -> dict[str, int]:
    low, high = around
    return {"low": math.floor(total * low), "expected": round(total), "high": math.ceil(total * high)}


def _price_line(
    price: Price | None, prompts: Mapping[str, int], answers: Mapping[str, int], value: dict[str, Any]
) -> str:
    if price is None:
        return f"{'price':<16}unknown; give --price IN,OUT in dollars per million tokens"
    dollars = {
        name: (prompts[name] * price.prompt + answers[name] * price.completion) * price.discount / 1e6
        for name in ("low", "expected", "high")
    }
    value["price_usd"] = {name: round(amount, 6) for name, amount in dollars.items()}
    free = " (on a machine of your own: taken as free)" if price == Price() else ""
    return (
        f"{'price':<16}about ${dollars['expected']:,.4f}, "
        f"${dollars['low']:,.4f} to ${dollars['high']:,.4f}{free}"
    )
