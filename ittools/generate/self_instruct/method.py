"""Self-Instruct (Wang et al. 2022, arXiv 2212.10560): instructions, classification, instances.

Work goes in rounds. A round asks for instructions with demonstrations drawn from the seeds and from
what earlier rounds accepted, keeps those unlike all before, and buys their instances. Answers are
taken in the order of their requests, so the output is the same at any concurrency and after any
kill.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ittools.errors import Stopped
from ittools.generate.ask import Asker, gather
from ittools.generate.seeds import Seed, in_language
from ittools.generate.self_instruct import prompts
from ittools.generate.self_instruct.checks import instance_reasons, instruction_reason
from ittools.generate.self_instruct.parse import Instance, instances, numbered_tasks, says_yes
from ittools.generate.self_instruct.prompts import Demonstration, Prompt, Style
from ittools.generate.teacher import Request, Response
from ittools.progress import Progress
from ittools.records.build import Record, build_record
from ittools.text.rouge import Pool, pool_for

SHOWN_SEEDS, SHOWN_MACHINE = 6, 2
QUESTION_YES, QUESTION_NO = 12, 19  # demonstrations of the classification question
SHOWN_LABEL_FIRST, SHOWN_INPUT_FIRST = 16, 11
MOST_SIMILAR = 0.7  # ROUGE-L F1 above which an instruction is not new
NEAREST = 10  # similar instructions kept with each record
EXPECTED_YIELD = 6  # accepted tasks a request, to size a round
MOST_REQUESTS = 32  # instruction requests in one round
CLASSES_EVERY = 4  # every fourth request shows classification tasks only
BARREN_ROUNDS = 8  # rounds without a new task after which more asking is a waste


@dataclass(frozen=True)
class Plan:
    """What shapes the records."""

    num: int
    languages: tuple[str, ...]
    seed: int
    model: str
    style: Style
    license: str
    version: str = prompts.VERSION


@dataclass
class Accepted:
    """A new instruction on its way to its instances."""

    instruction: str
    language: str
    parents: tuple[str, ...]
    round: int
    index: int
    similar: list[tuple[str, float]]
    mean: float
    request: str
    is_classification: bool = False
    outcomes: list[tuple[Record, str | None]] = field(default_factory=list)


@dataclass
class Result:
    """Records kept, and candidates dropped as (record, reason)."""

    records: list[Record] = field(default_factory=list)
    dropped: list[tuple[Record, str]] = field(default_factory=list)
    tasks: int = 0


class SelfInstruct:
    """One run. `result` grows round by round."""

    def __init__(self, plan: Plan, seeds: list[Seed], asker: Asker, progress: Progress) -> None:
        self.plan, self.seeds, self.asker, self.progress = plan, seeds, asker, progress
        self.result = Result()
        self.reasons: Counter[str] = Counter()
        self.known = {seed.task.instruction for seed in seeds}
        self.pools: dict[str, Pool] = {
            language: pool_for(
                language.split("-")[0], [s.task.instruction for s in in_language(seeds, language)]
            )
            for language in plan.languages
        }
        self.machine: dict[str, list[Seed]] = {language: [] for language in plan.languages}

    async def run(self) -> Result:
        """Rounds until `num` tasks are there. Raises Stopped when no round brings new ones."""
        self.progress.start("self-instruct tasks", self.plan.num)
        barren = number = 0
        while self.result.tasks < self.plan.num:
            before = self.result.tasks
            await self._round(number)
            barren = barren + 1 if self.result.tasks == before else 0
            if barren >= BARREN_ROUNDS:
                found = self.result.tasks
                do = f"write those with --num {found}, or give more seeds" if found else "give more seeds"
                raise Stopped(
                    f"the last {BARREN_ROUNDS} rounds brought nothing new: "
                    f"{found} of {self.plan.num} tasks; {do}"
                )
            number += 1
        return self.result

    async def _round(self, number: int) -> None:
        needed = self.plan.num - self.result.tasks
        count = min(MOST_REQUESTS, math.ceil(needed / EXPECTED_YIELD))
        asked = [self._ask_instructions(number, index) for index in range(count)]
        responses = await self.asker.ask_all(request for request, _, _ in asked)
        accepted: list[Accepted] = []
        for (request, language, parents), response in zip(asked, responses, strict=True):
            accepted += self._take(request, response, language, parents)
        for surplus in accepted[needed:]:
            self._drop(surplus, "surplus")
        chosen = accepted[:needed]
        await gather(self._fill(task, place) for place, task in enumerate(chosen))
        for task in chosen:
            self._keep(task)

    def _ask_instructions(self, number: int, index: int) -> tuple[Request, str, tuple[str, ...]]:
        language = self.plan.languages[(number + index) % len(self.plan.languages)]
        only_classes = index % CLASSES_EVERY == CLASSES_EVERY - 1
        rng = random.Random(f"{self.plan.seed}:{number}:{index}")
        pool = in_language(self.seeds, language)
        classes = [seed for seed in pool if seed.task.is_classification]
        if only_classes and len(classes) >= SHOWN_SEEDS:
            pool = classes
        machine = self.machine[language]
        shown = rng.sample(machine, min(SHOWN_MACHINE, len(machine)))
        shown += rng.sample(pool, min(SHOWN_SEEDS + SHOWN_MACHINE - len(shown), len(pool)))
        rng.shuffle(shown)
        prompt = prompts.instruction_prompt(
            [seed.task.instruction for seed in shown], language, self.plan.style,
            classification=only_classes,
        )  # fmt: skip
        request = self._request("instructions", number, index, prompt, 1024, 0.7)
        return request, language, tuple(seed.ids[0] for seed in shown)

    def _request(
        self, stage: str, number: int, index: int, prompt: Prompt, most: int, heat: float
    ) -> Request:
        plan = self.plan
        penalty = 2.0 if plan.style.api == "completions" and stage == "instructions" else 0.0
        return Request(
            stage, number, index, prompt.text, plan.model, plan.version, most, heat,
            top_p=0.5 if stage == "instructions" and plan.style.api == "completions" else 1.0,
            presence_penalty=penalty, stop=prompt.stop, schema=prompt.schema,
            api=plan.style.api, seed=plan.seed,
        )  # fmt: skip

    def _take(
        self, request: Request, response: Response, language: str, parents: tuple[str, ...]
    ) -> list[Accepted]:
        """New instructions of one answer; the others are dropped with their reason."""
        goes_on = request.api == "completions"
        tasks = [] if response.failed else numbered_tasks(response.text, cut=response.cut, goes_on=goes_on)
        if not tasks:
            reason = "teacher-failed" if response.failed else "no-task-in-answer"
            empty = Accepted("", language, parents, request.round, request.index, [], 0.0, request.key)
            self._drop(empty, reason)
        taken = []
        for instruction in tasks:
            task = self._candidate(instruction, request, language, parents)
            if task is not None:
                taken.append(task)
                self.pools[language].add(instruction)
        return taken

    def _candidate(
        self, instruction: str, request: Request, language: str, parents: tuple[str, ...]
    ) -> Accepted | None:
        scores = self.pools[language].scores(instruction)
        best = (-scores).argsort(kind="stable")[:NEAREST]
        similar = [(self.pools[language].texts[i], float(scores[i])) for i in best]
        mean = float(scores.mean()) if len(scores) else 0.0
        task = Accepted(
            instruction, language, parents, request.round, request.index, similar, mean, request.key
        )
        reason = instruction_reason(instruction, language)
        if reason is None and similar and similar[0][1] > MOST_SIMILAR:
            reason = "not-novel"
        if reason is None and instruction in self.known:  # said before in another language's pool
            reason = "not-novel"
        if reason is None:
            self.known.add(instruction)
            return task
        self._drop(task, reason)
        return None

    async def _fill(self, task: Accepted, place: int) -> None:
        """Ask whether it is classification, then for its instances."""
        shown = self._demonstrations(task.language)
        prompt = prompts.classification_prompt(
            task.instruction, question_demonstrations(shown), self.plan.style
        )
        verdict = await self.asker.ask(self._request("classification", task.round, place, prompt, 8, 0.0))
        task.is_classification = bool(says_yes(verdict.text)) and not verdict.failed
        prompt = prompts.instance_prompt(
            task.instruction, _shown_instances(shown, task.is_classification), self.plan.style,
            classification=task.is_classification,
        )  # fmt: skip
        request = self._request("instances", task.round, place, prompt, 1024, 0.0)
        answer = await self.asker.ask(request)
        if answer.failed:
            self._later(task, [], "teacher-failed")
            return
        found = instances(answer.text, label_first=task.is_classification, cut=answer.cut)
        self._later(task, found, "no-instance")

    def _later(self, task: Accepted, found: Sequence[Instance], otherwise: str) -> None:
        """Note instances and reasons with the task; `_keep` counts them in the tasks' order."""
        reasons = instance_reasons(found)
        task.outcomes = [
            (self._record(task, given, wanted), reason)
            for (given, wanted), reason in zip(found, reasons, strict=True)
        ] or [(self._record(task, "", ""), otherwise)]

    def _keep(self, task: Accepted) -> None:
        kept = [record for record, reason in task.outcomes if reason is None]
        for record, reason in task.outcomes:
            if reason:
                self._count_drop(record, reason)
        if kept:
            self.result.records += kept
            self.result.tasks += 1
            shown = Demonstration(
                task.instruction, tuple((r["input"], r["output"]) for r in kept),
                task.is_classification, task.language,
            )  # fmt: skip
            self.machine[task.language].append(Seed(shown, tuple(r["id"] for r in kept)))
            self.progress.advance()
        self.progress.show(accepted=f"{self.result.tasks}", dropped=self._dropped(), newest=task.instruction)

    def _drop(self, task: Accepted, reason: str) -> None:
        self._count_drop(self._record(task, "", ""), reason)

    def _count_drop(self, record: Record, reason: str) -> None:
        self.result.dropped.append((record, reason))
        self.reasons[reason] += 1

    def _dropped(self) -> str:
        """`12 (not-novel 8, empty-output 4)`: the two commonest reasons."""
        common = ", ".join(f"{reason} {count}" for reason, count in self.reasons.most_common(2))
        return f"{len(self.result.dropped)} ({common})" if common else "0"

    def _record(self, task: Accepted, given: str, wanted: str) -> Record:
        meta = {
            "is_classification": task.is_classification,
            "most_similar": [[text, round(score, 4)] for text, score in task.similar],
            "request": task.request,
            "round": task.round,
        }
        scores = {"rouge_l_max": task.similar[0][1] if task.similar else 0.0, "rouge_l_mean": task.mean}
        record = build_record(
            task.instruction, given, wanted,
            source=f"self-instruct/{self.plan.model}", license=self.plan.license,
            language=task.language, template=prompts.VERSION, generator=self.plan.model,
            parents=list(task.parents), scores=scores, meta=json.dumps(meta, ensure_ascii=False),
        )  # fmt: skip
        name = build_record(task.instruction, "", "", source="")["id"]
        return record | {"task": f"self-instruct-{name[:12]}"}

    def _demonstrations(self, language: str) -> list[Demonstration]:
        """Seeds with instances, those of the language first."""
        usable = [seed.task for seed in self.seeds if seed.task.instances]
        return sorted(usable, key=lambda task: (task.language != language, task.language != "en"))


def question_demonstrations(shown: list[Demonstration]) -> list[Demonstration]:
    """Twelve classification tasks and nineteen others, in an order that does not tell which."""
    yes = [task for task in shown if task.is_classification][: 2 * QUESTION_YES]
    no = [task for task in shown if not task.is_classification][: 2 * QUESTION_NO]
    chosen = prompts.shortest_first(yes, QUESTION_YES) + prompts.shortest_first(no, QUESTION_NO)
    random.Random(0).shuffle(chosen)
    return chosen


def _shown_instances(shown: list[Demonstration], classification: bool) -> list[Demonstration]:
    kind = [task for task in shown if task.is_classification == classification]
    count = SHOWN_LABEL_FIRST if classification else SHOWN_INPUT_FIRST
    return prompts.shortest_first(kind[: 3 * count], count)
