"""Self-Instruct (Wang et al. 2022, arXiv 2212.10560): instructions, classification, instances.

    1 instructions     eight numbered tasks, to be continued from 9
    2 classification   tasks with Yes or No behind them, the last one open
    3 instances        tasks with instances behind them, the last one open;
                       classification tasks label first, so that every label gets its turn

Work goes in rounds. A round asks for instructions with demonstrations drawn from the seeds and from
what earlier rounds accepted, keeps those unlike all before, and buys their instances. Answers are
taken in the order of their requests, so the output is the same at any concurrency and after any
kill.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ittools.generate import shapes
from ittools.generate.ask import gather
from ittools.generate.checks import instance_reasons, instruction_reason
from ittools.generate.demonstrations import Demonstration, numbered, one_line, shortest_first
from ittools.generate.job import Job
from ittools.generate.parse import Instance, instances, numbered_tasks, says_yes
from ittools.generate.quotas import spread
from ittools.generate.seeds import Seed, in_language
from ittools.generate.sizes import requests_for
from ittools.generate.teacher import Request, Response
from ittools.records.build import Record
from ittools.text.rouge import Verdict

SHOWN_SEEDS, SHOWN_MACHINE = 6, 2
QUESTION_YES, QUESTION_NO = 12, 19  # demonstrations of the classification question
SHOWN_LABEL_FIRST, SHOWN_INPUT_FIRST = 16, 11
TASKS_ASKED = 8  # new tasks a request: 9 to 16
EXPECTED_YIELD = 6  # accepted tasks a request, to size a round
CLASSES_EVERY = 4  # every fourth request shows classification tasks only


@dataclass
class Candidate:
    """A new instruction on its way to its instances."""

    instruction: str
    language: str
    parents: tuple[str, ...]
    asked: Request
    verdict: Verdict = field(default_factory=lambda: Verdict(novel=False, similar=[], mean=0.0))
    is_classification: bool = False
    requests: dict[str, Request] = field(default_factory=dict)
    answered: Response | None = None
    outcomes: list[tuple[Record, str | None]] = field(default_factory=list)


class SelfInstruct:
    """One run; the harvest grows round by round."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.machine: dict[str, list[Seed]] = {}

    async def round(self, number: int) -> bool:
        job, missing = self.job, self.job.harvest.missing()
        languages = spread(missing, requests_for(job.plan.num, sum(missing.values()), EXPECTED_YIELD))
        asked = [self._ask(number, index, language) for index, language in enumerate(languages)]
        responses = await job.asker.ask_all(request for request, _, _ in asked)
        chosen: list[Candidate] = []
        for (request, language, parents), response in zip(asked, responses, strict=True):
            for candidate in self._take(request, response, language, parents):
                if missing.get(language, 0) > 0:
                    missing[language] -= 1
                    chosen.append(candidate)
                else:
                    self._drop(candidate, "surplus")
        await gather(self._fill(candidate, place) for place, candidate in enumerate(chosen))
        for candidate in chosen:
            self._keep(candidate)
        return True

    def _ask(self, number: int, index: int, language: str) -> tuple[Request, str, tuple[str, ...]]:
        only_classes = index % CLASSES_EVERY == CLASSES_EVERY - 1
        rng = random.Random(f"{self.job.plan.seed}:{number}:{index}")
        pool = in_language(self.job.seeds, language)
        classes = [seed for seed in pool if seed.task.is_classification]
        if only_classes and len(classes) >= SHOWN_SEEDS:
            pool = classes
        machine = self.machine.get(language, [])
        shown = rng.sample(machine, min(SHOWN_MACHINE, len(machine)))
        shown += rng.sample(pool, min(SHOWN_SEEDS + SHOWN_MACHINE - len(shown), len(pool)))
        rng.shuffle(shown)
        tasks = [seed.task.instruction for seed in shown]
        first, last = len(tasks) + 1, len(tasks) + TASKS_ASKED
        prompt = self.job.prompt(
            "classes" if only_classes else "instructions", language, shape=shapes.TASKS,
            stop=(f"\n{last + 1}.", "\n\n\n"), tasks=numbered(tasks), first=first, last=last,
        )  # fmt: skip
        goes_on = self.job.plan.style.api == "completions"
        request = self.job.request(
            "instructions", number, index, prompt, most=1024, heat=0.7, top_p=0.5 if goes_on else 1.0,
            penalty=2.0 if goes_on else 0.0, facts={"shown": tasks, "only_classes": only_classes},
        )  # fmt: skip
        return request, language, tuple(seed.ids[0] for seed in shown)

    def _take(
        self, request: Request, response: Response, language: str, parents: tuple[str, ...]
    ) -> list[Candidate]:
        """New instructions of one answer; the others are dropped with their reason."""
        goes_on = request.api == "completions"
        tasks = [] if response.failed else numbered_tasks(response.text, cut=response.cut, goes_on=goes_on)
        if not tasks:
            reason = "teacher-failed" if response.failed else "no-task-in-answer"
            self._drop(Candidate("", language, parents, request), reason)
        usable = []
        for instruction in tasks:
            candidate = Candidate(instruction, language, parents, request)
            unfit = instruction_reason(instruction, language)
            if unfit:
                self._drop(candidate, unfit)
            else:
                usable.append(candidate)
        verdicts = self.job.novelty.judge([one.instruction for one in usable], language)
        for candidate, verdict in zip(usable, verdicts, strict=True):
            candidate.verdict = verdict
            if not verdict.novel:
                self._drop(candidate, "not-novel")
        return [one for one in usable if one.verdict.novel]

    async def _fill(self, task: Candidate, place: int) -> None:
        """Ask whether it is classification, then for its instances."""
        job, shown = self.job, self._demonstrations(task.language)
        instruction = one_line(task.instruction)
        prompt = job.prompt(
            "classification", task.language, stop=("\n", "Task:"), instruction=instruction,
            demonstrations=asked_and_answered(question_demonstrations(shown)),
        )  # fmt: skip
        question = job.request(
            "classification", task.asked.round, place, prompt, most=8, heat=0.0, writes=False
        )
        verdict = await job.asker.ask(question)
        task.is_classification = bool(says_yes(verdict.text)) and not verdict.failed
        labels = task.is_classification
        prompt = job.prompt(
            "labels" if labels else "instances", task.language, shape=shapes.PAIRS,
            stop=("\nTask:", f"\nExample {job.plan.per_task + 1}"), instruction=instruction,
            count=job.plan.per_task, demonstrations=with_instances(_shown(shown, labels), labels),
        )  # fmt: skip
        request = job.request(
            "instances", task.asked.round, place, prompt, most=1024, heat=0.0, facts={"labels": labels}
        )
        task.answered = await job.asker.ask(request)
        task.requests = {"classification": question, "instances": request}
        if task.answered.failed:
            self._later(task, [], "teacher-failed")
            return
        found = instances(task.answered.text, label_first=labels, cut=task.answered.cut)
        self._later(task, found[: job.plan.per_task], "no-instance")

    def _later(self, task: Candidate, found: Sequence[Instance], otherwise: str) -> None:
        """Note instances and reasons with the task; `_keep` counts them in the tasks' order."""
        reasons = instance_reasons(found)
        task.outcomes = [
            (self._record(task, given, wanted), reason)
            for (given, wanted), reason in zip(found, reasons, strict=True)
        ] or [(self._record(task, "", ""), otherwise)]

    def _keep(self, task: Candidate) -> None:
        kept = [record for record, reason in task.outcomes if reason is None]
        for record, reason in task.outcomes:
            if reason:
                self.job.harvest.drop(record, reason)
        if not kept:
            return
        self.job.harvest.keep(kept, task.language)
        shown = Demonstration(
            task.instruction, tuple((r["input"], r["output"]) for r in kept),
            task.is_classification, task.language,
        )  # fmt: skip
        seed = Seed(shown, tuple(r["id"] for r in kept))
        self.machine.setdefault(task.language, []).append(seed)

    def _drop(self, task: Candidate, reason: str) -> None:
        self.job.harvest.drop(self._record(task, "", ""), reason)

    def _record(self, task: Candidate, given: str, wanted: str) -> Record:
        about: dict[str, Any] = {
            "is_classification": task.is_classification,
            "most_similar": [[text, round(score, 4)] for text, score in task.verdict.similar],
            "round": task.asked.round,
        }
        return self.job.record(
            task.instruction, given, wanted, language=task.language, parents=task.parents,
            requests={"instructions": task.asked, **task.requests}, answered=task.answered,
            scores=self.job.novelty.scores(task.verdict), **about,
        )  # fmt: skip

    def _demonstrations(self, language: str) -> list[Demonstration]:
        """Seeds with instances, those of the language first."""
        usable = [seed.task for seed in self.job.seeds if seed.task.instances]
        return sorted(usable, key=lambda task: (task.language != language, task.language != "en"))


def question_demonstrations(shown: list[Demonstration]) -> list[Demonstration]:
    """Twelve classification tasks and nineteen others, in an order that does not tell which."""
    yes = [task for task in shown if task.is_classification][: 2 * QUESTION_YES]
    no = [task for task in shown if not task.is_classification][: 2 * QUESTION_NO]
    chosen = shortest_first(yes, QUESTION_YES) + shortest_first(no, QUESTION_NO)
    random.Random(0).shuffle(chosen)
    return chosen


def asked_and_answered(shown: Sequence[Demonstration]) -> str:
    return "\n\n".join(
        f"Task: {one_line(task.instruction)}\nIs it classification? "
        + ("Yes" if task.is_classification else "No")
        for task in shown
    )


def with_instances(shown: Sequence[Demonstration], labels: bool) -> str:
    return "\n\n".join(
        "\n".join([f"Task: {one_line(task.instruction)}", *_instance_lines(task, labels)]) for task in shown
    )


def _shown(shown: list[Demonstration], classification: bool) -> list[Demonstration]:
    kind = [task for task in shown if task.is_classification == classification]
    count = SHOWN_LABEL_FIRST if classification else SHOWN_INPUT_FIRST
    return shortest_first(kind[: 3 * count], count)


def _instance_lines(task: Demonstration, labels: bool) -> list[str]:
    lines: list[str] = []
    for number, (given, wanted) in enumerate(task.instances, start=1):
        if labels:
            lines += [f"Class label: {wanted}", *([f"Input: {given}"] if given else [])]
        elif not given:
            lines += [f"Output: {wanted}"]
        else:
            lines += [f"Example {number}", f"Input: {given}", f"Output: {wanted}"]
    return lines
