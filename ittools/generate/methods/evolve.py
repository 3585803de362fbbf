"""Evol-Instruct (WizardLM, Xu et al. 2023, arXiv 2304.12244; code: Luo et al. 2023, arXiv 2306.08568).

A wave draws seeds; in each of its `rounds` every member is evolved by one operation, drawn at random.
An evolved task that survives elimination is answered, becomes a record and takes its parent's place;
one that fails is dropped with its reason and the parent returns. Then the next wave draws others.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ittools.generate.answers import Answered, Open, answer_all, drop_open, keep_answers, whole
from ittools.generate.choices import Operations
from ittools.generate.job import Job
from ittools.generate.parse import says_yes, unwrapped
from ittools.generate.seeds import Seed, in_language
from ittools.generate.teacher import Request, Response
from ittools.text.words import unicode_words, word_count

IN_DEPTH: dict[Operations, tuple[str, ...]] = {
    "text": ("constraints", "deepen", "concretise", "reasoning"),
    "code": ("code-constraints", "code-rare", "code-reasoning", "code-misdirection", "code-complexity"),
}
IN_BREADTH = "breadth"  # one operation of five or six, as in the paper
WORDS_ADDED = (10, 20)
FEWEST_WORDS, MOST_WORDS = 4, 600
SHORT_APOLOGY = 80  # words; an answer that says sorry and is shorter is a refusal
FEWEST_MEMBERS, MOST_MEMBERS = 8, 2_048  # of one wave
SURVIVORS = 0.8  # share of members expected to get through a round, to size a wave
HEAT, MOST_TOKENS = 1.0, 1024

_LEAKED = re.compile(
    r"</?(?:task|first|second)>"
    r"|\b(?:given|original|rewritten|evolved|new|harder)[ -](?:task|prompt|instruction)\b"
    r"|^\W*here is\b",
    re.IGNORECASE,
)
_STOP_WORDS = frozenset(
    "a an and are as at be but by for from has have he her his i in is it its me my of on or our she "
    "so that the their them they this to us was we were what which who will with you your".split()
)


@dataclass
class Lineage:
    """A task as it now stands in the population."""

    task: str
    language: str
    parents: tuple[str, ...]
    depth: int = 0


@dataclass
class _Step:
    """One evolution of one lineage."""

    lineage: Lineage
    operation: str
    request: Request
    task: str = ""
    requests: dict[str, Request] = field(default_factory=dict)


class Evolve:
    """One run over the seeds."""

    def __init__(self, job: Job, *, rounds: int = 4, operations: Operations = "text") -> None:
        self.job, self.rounds = job, rounds
        self.operations = (*IN_DEPTH[operations], IN_BREADTH)
        self.population: list[Lineage] = []

    async def round(self, number: int) -> bool:
        if number % self.rounds == 0:
            self.population = self._wave(number // self.rounds)
        missing = self.job.harvest.missing()
        members = [one for one in self.population if one.language in missing]
        steps = [self._ask(number, index, one) for index, one in enumerate(members)]
        responses = await self.job.asker.ask_all(step.request for step in steps)
        sound = [step for step, response in zip(steps, responses, strict=True) if self._take(step, response)]
        changed = await self._unequal(sound, number)
        asked = [self._open(step) for step in changed]
        for step, answered in zip(changed, await answer_all(self.job, asked, number), strict=True):
            self._keep(step, answered)
        return bool(steps)

    def _wave(self, wave: int) -> list[Lineage]:
        """Seeds of each language, as many as may bring what is missing."""
        drawn: list[Lineage] = []
        for language, count in self.job.harvest.missing().items():
            pool = in_language(self.job.seeds, language)
            rng = random.Random(f"{self.job.plan.seed}:wave:{wave}:{language}")
            wanted = max(FEWEST_MEMBERS, math.ceil(count / self.rounds / SURVIVORS))
            size = min(len(pool), MOST_MEMBERS, wanted)
            drawn += [_founder(seed, language, rng) for seed in rng.sample(pool, size)]
        return drawn

    def _ask(self, number: int, index: int, one: Lineage) -> _Step:
        rng = random.Random(f"{self.job.plan.seed}:evolve:{number}:{index}")
        operation = rng.choice(self.operations)
        first, last = WORDS_ADDED
        prompt = self.job.prompt(
            operation, one.language, stop=("</task>",), task=one.task, first=first, last=last
        )
        request = self.job.request("evolve", number, index, prompt, most=MOST_TOKENS, heat=HEAT,
                                   facts={"operation": operation})  # fmt: skip
        return _Step(one, operation, request)

    def _take(self, step: _Step, response: Response) -> bool:
        step.task = "" if response.failed else unwrapped(response.text, "task")
        reason = "teacher-failed" if response.failed else evolved_reason(step.task, step.lineage.task)
        if reason is None and response.cut:
            reason = "cut-off"
        if reason is None and not self.job.novelty.is_fresh(step.task):
            reason = "not-novel"
        if reason:
            self._drop(step, reason)
        return reason is None

    async def _unequal(self, steps: Sequence[_Step], number: int) -> list[_Step]:
        """Those that ask for something else than their parents, as the teacher judges."""
        for index, step in enumerate(steps):
            prompt = self.job.prompt(
                "equal", step.lineage.language, stop=("\n",), task=step.lineage.task, other=step.task
            )
            step.requests["equal"] = self.job.request(
                "equal", number, index, prompt, most=8, heat=0.0, writes=False
            )
        verdicts = await self.job.asker.ask_all(step.requests["equal"] for step in steps)
        kept = []
        for step, verdict in zip(steps, verdicts, strict=True):
            if says_yes(verdict.text) and not verdict.failed:
                self._drop(step, "equal-to-parent")
            else:
                kept.append(step)
        return kept

    def _open(self, step: _Step) -> Open:
        parent = step.lineage
        return Open(
            step.task, "", parent.language, parent.parents,
            requests={"evolve": step.request, **step.requests},
            meta={"operation": step.operation, "depth": parent.depth + 1, "round": step.request.round},
        )  # fmt: skip

    def _keep(self, step: _Step, answered: Sequence[Answered]) -> None:
        """A child with an answer takes its parent's place; the parent of any other one stays."""
        language = step.lineage.language
        judged = [Answered(a.record, a.reason or answer_reason(a.text), a.text) for a in answered]
        good = [one.record for one in judged if one.reason is None]
        if good and not self.job.harvest.missing().get(language):
            judged = [Answered(a.record, a.reason or "surplus", a.text) for a in judged]
        if keep_answers(self.job, judged, language):
            lineage = step.lineage
            lineage.task, lineage.parents = step.task, (good[0]["id"],)
            lineage.depth += 1

    def _drop(self, step: _Step, reason: str) -> None:
        drop_open(self.job, self._open(step), reason)


def _founder(seed: Seed, language: str, rng: random.Random) -> Lineage:
    """A seed as one text; of its instances one is drawn."""
    given = rng.choice(seed.task.instances)[0] if seed.task.instances else ""
    return Lineage(whole(seed.task.instruction, given), language, seed.ids[:1])


def evolved_reason(task: str, parent: str) -> str | None:
    """Why an evolved task cannot be used, before the teacher is asked about it."""
    if not task:
        return "empty-instruction"
    words = word_count(task)
    if words < FEWEST_WORDS:
        return "instruction-too-short"
    if words > MOST_WORDS:
        return "instruction-too-long"
    if _LEAKED.search(task) and not _LEAKED.search(parent):
        return "prompt-words-leaked"
    return "equal-to-parent" if unicode_words(task) == unicode_words(parent) else None


def answer_reason(text: str) -> str | None:
    """Elimination by the answer: an apology, or nothing but punctuation and stop words."""
    words = unicode_words(text)
    if "sorry" in words and len(words) < SHORT_APOLOGY:
        return "refused-answer"
    return "empty-output" if all(word in _STOP_WORDS for word in words) and not _has_sign(text) else None


def _has_sign(text: str) -> bool:
    """Digits, code and formulas are content; `...` and `a the` are not."""
    return any(char.isdigit() or char in "=+<>{}[]()/\\$%" for char in text)
