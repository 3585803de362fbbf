"""Alpaca (Taori et al. 2023, github.com/tatsu-lab/stanford_alpaca): one call writes whole tasks.

Three seed tasks are shown in full, up to twenty are asked for. A block that is misnumbered, or a
number with a point inside a text ("$20."), costs nothing: blocks are told apart by their labels.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ittools.generate import shapes
from ittools.generate.answers import Answered, Open, answer_all, keep_answers
from ittools.generate.checks import instance_reasons, instruction_reason
from ittools.generate.demonstrations import one_line
from ittools.generate.job import Job
from ittools.generate.parse_tasks import Triple, whole_tasks
from ittools.generate.quotas import spread
from ittools.generate.seeds import Seed, in_language
from ittools.generate.sizes import requests_for
from ittools.generate.teacher import Request, Response

SHOWN = 3
LAST = 20  # number of the last task asked for
EXPECTED_YIELD = 10
MOST_TOKENS, HEAT = 3072, 1.0


@dataclass(frozen=True)
class _Asked:
    request: Request
    language: str
    parents: tuple[str, ...]


class Alpaca:
    """One run; each round shows other seeds."""

    def __init__(self, job: Job) -> None:
        self.job = job

    async def round(self, number: int) -> bool:
        job, missing = self.job, self.job.harvest.missing()
        languages = spread(missing, requests_for(job.plan.num, sum(missing.values()), EXPECTED_YIELD))
        asked = [self._ask(number, index, language) for index, language in enumerate(languages)]
        responses = await job.asker.ask_all(one.request for one in asked)
        chosen: list[tuple[Open, Answered]] = []
        for one, response in zip(asked, responses, strict=True):
            for found, answered in self._take(one, response):
                if missing.get(one.language, 0) > 0:
                    missing[one.language] -= 1
                    chosen.append((found, answered))
                else:
                    job.harvest.drop(answered.record, "surplus")
        more = await self._further([found for found, _ in chosen], number)
        for (found, first), others in zip(chosen, more, strict=True):
            seen = {first.text}
            fresh = [one if one.text not in seen else _repeated(one) for one in others]
            keep_answers(job, [first, *fresh], found.language)
        return True

    def _ask(self, number: int, index: int, language: str) -> _Asked:
        rng = random.Random(f"{self.job.plan.seed}:alpaca:{number}:{index}")
        pool = [seed for seed in in_language(self.job.seeds, language) if seed.task.instances]
        shown = rng.sample(pool, min(SHOWN, len(pool)))
        first = len(shown) + 1
        prompt = self.job.prompt(
            "tasks", language, shape=shapes.TRIPLES, stop=(f"\n{LAST + 1}.", f"\n{LAST + 1}. "),
            demonstrations="\n".join(_block(n, seed, rng) for n, seed in enumerate(shown, start=1)),
            first=first, last=LAST,
        )  # fmt: skip
        request = self.job.request(
            "tasks", number, index, prompt, most=MOST_TOKENS, heat=HEAT,
            facts={"count": LAST - len(shown), "shown": [seed.task.instruction for seed in shown]},
        )  # fmt: skip
        return _Asked(request, language, tuple(seed.ids[0] for seed in shown))

    def _take(self, asked: _Asked, response: Response) -> list[tuple[Open, Answered]]:
        """New tasks of one answer; the others are dropped with their reason."""
        goes_on = asked.request.api == "completions"
        triples = [] if response.failed else whole_tasks(response.text, cut=response.cut, goes_on=goes_on)
        if not triples:
            reason = "teacher-failed" if response.failed else "no-task-in-answer"
            self.job.harvest.drop(self._answered(asked, response, ("", "", ""))[1].record, reason)
        sound = []
        for triple in triples:
            unfit = instruction_reason(triple[0], asked.language) or instance_reasons([triple[1:]])[0]
            if unfit:
                self.job.harvest.drop(self._answered(asked, response, triple)[1].record, unfit)
            else:
                sound.append(triple)
        return self._novel(asked, response, sound)

    def _novel(
        self, asked: _Asked, response: Response, triples: Sequence[Triple]
    ) -> list[tuple[Open, Answered]]:
        verdicts = self.job.novelty.judge([instruction for instruction, _, _ in triples], asked.language)
        found = []
        for triple, verdict in zip(triples, verdicts, strict=True):
            one = self._answered(asked, response, triple, self.job.novelty.scores(verdict))
            if verdict.novel:
                found.append(one)
            else:
                self.job.harvest.drop(one[1].record, "not-novel")
        return found

    def _answered(
        self, asked: _Asked, response: Response, triple: Triple, scores: dict[str, float] | None = None
    ) -> tuple[Open, Answered]:
        instruction, given, wanted = triple
        open_ = Open(
            instruction, given, asked.language, asked.parents, requests={"tasks": asked.request},
            scores=scores or {}, meta={"round": asked.request.round},
        )  # fmt: skip
        record = self.job.record(
            instruction, given, wanted, language=asked.language, parents=asked.parents,
            requests=open_.requests, answered=response, scores=open_.scores, **open_.meta,
        )  # fmt: skip
        return open_, Answered(record, None, wanted)

    async def _further(self, found: Sequence[Open], number: int) -> list[list[Answered]]:
        """Answers beyond the one that came with the task."""
        more = self.job.plan.per_task - 1
        if not more or not found:
            return [[] for _ in found]
        return await answer_all(self.job, found, number, samples=more)


def _repeated(one: Answered) -> Answered:
    return Answered(one.record, one.reason or "repeated-answer", one.text)


def _block(number: int, seed: Seed, rng: random.Random) -> str:
    given, wanted = rng.choice(seed.task.instances)
    lines = ["###", f"{number}. Instruction: {one_line(seed.task.instruction)}"]
    return "\n".join([*lines, f"{number}. Input:\n{given or '<noinput>'}", f"{number}. Output:\n{wanted}"])
