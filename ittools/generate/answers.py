"""Answers to instructions: one stage that most methods end with.

Several samples an instruction are asked for at once where the endpoint really gives n answers, and
one by one where it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ittools.generate.job import Job
from ittools.generate.teacher import Request, Response
from ittools.records.build import Record

SAMPLING_HEAT = 0.7  # when more than one answer is wanted; a single one is asked for at 0
MOST_TOKENS = 2048


@dataclass
class Open:
    """An instruction without its answer. `before`: earlier turns; `meta`: what the record also says."""

    instruction: str
    input: str
    language: str
    parents: tuple[str, ...] = ()
    before: tuple[tuple[str, str], ...] = ()
    requests: dict[str, Request] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    license: str | None = None
    values: dict[str, str] = field(default_factory=dict)  # further words of the prompt
    stop: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def with_instruction(self, instruction: str, given: str = "") -> Open:
        return replace(self, instruction=instruction, input=given, scores={})


@dataclass(frozen=True)
class Answered:
    """One sample: its record, and why it cannot be used (null: it can)."""

    record: Record
    reason: str | None
    text: str


async def answer_all(
    job: Job, asked: Sequence[Open], number: int, *, section: str = "answer", samples: int | None = None,
    take: Callable[[list[Answered]], None] | None = None,
) -> list[list[Answered]]:  # fmt: skip
    """The samples of each instruction, in order; `take` is given each as soon as its turn has come."""
    samples = samples or job.plan.per_task
    each = 1 if job.plan.gives_n else samples  # requests an instruction
    requests = [
        _request(job, one, number, place * each + turn, section, samples)
        for place, one in enumerate(asked)
        for turn in range(each)
    ]
    answered: list[list[Answered]] = []
    came: list[Response] = []

    def collect(response: Response) -> None:
        came.append(response)
        if len(came) == each:
            start = len(answered) * each
            pairs = list(zip(requests[start : start + each], came, strict=True))
            answered.append(_answered(job, asked[len(answered)], pairs))
            came.clear()
            if take is not None:
                take(answered[-1])

    await job.asker.ask_all(requests, collect)
    return answered


def drop_open(job: Job, one: Open, reason: str) -> None:
    """An instruction that gets no answer."""
    context = [{"role": role, "content": content} for role, content in one.before]
    record = job.record(
        one.instruction, one.input, "", language=one.language, parents=one.parents, requests=one.requests,
        scores=one.scores, context=context, license=one.license, **one.meta,
    )  # fmt: skip
    job.harvest.drop(record, reason)


def keep_answers(job: Job, answered: Sequence[Answered], language: str) -> bool:
    """Good samples into the harvest as one task, bad ones to the dropped; whether any was good."""
    for one in answered:
        if one.reason:
            job.harvest.drop(one.record, one.reason)
    kept = [one.record for one in answered if one.reason is None]
    if kept:
        job.harvest.keep(kept, language)
    return bool(kept)


def _request(job: Job, one: Open, number: int, index: int, section: str, samples: int) -> Request:
    before, task = _before(job, one), whole(one.instruction, one.input)
    completes = job.plan.style.api == "completions"  # then the prompt itself holds the earlier turns
    alone = not job.plan.prompts.sections[section].words & {"conversation", "before"}
    told = transcript((*before, ("user", task))) if completes and alone and before else task
    prompt = job.prompt(
        section, one.language, stop=one.stop or ("\nUser:",) * bool(before), instruction=one.instruction,
        input=one.input, task=told, conversation=transcript(before), **one.values,
    )  # fmt: skip
    return job.request(
        "answer", number, index, prompt, most=MOST_TOKENS, heat=SAMPLING_HEAT if samples > 1 else 0.0,
        before=() if completes else before, n=samples if job.plan.gives_n else 1,
        facts={"task": task, **one.facts},
    )  # fmt: skip


def _before(job: Job, one: Open) -> tuple[tuple[str, str], ...]:
    """The system message and the earlier turns; a system message of the record's own comes first."""
    own = bool(one.before) and one.before[0][0] == "system"
    system = (("system", job.plan.system),) if job.plan.system and not own else ()
    return (*system, *one.before)


def transcript(turns: Sequence[tuple[str, str]]) -> str:
    """`User: ...` and `Assistant: ...`, a blank line between turns."""
    return "\n\n".join(f"{role.capitalize()}: {content}" for role, content in turns)


def whole(instruction: str, given: str) -> str:
    """Instruction and input as one message."""
    return f"{instruction}\n\n{given}" if given else instruction


def _answered(job: Job, one: Open, pairs: Sequence[tuple[Request, Response]]) -> list[Answered]:
    found: list[Answered] = []
    seen: set[str] = set()
    for request, response in pairs:
        for text in (response.text, *response.others):
            text = text.strip()
            reason = _reason(response, text, one)
            if reason is None and text in seen:
                reason = "repeated-answer"
            seen.add(text)
            found.append(Answered(_record(job, one, request, response, text), reason, text))
    return found


def _reason(response: Response, text: str, one: Open) -> str | None:
    if response.failed:
        return "teacher-failed"
    if not text:
        return "cut-off" if response.cut else "empty-output"
    if response.cut:
        return "cut-off"
    return "output-equals-input" if text in (one.input.strip(), one.instruction.strip()) else None


def _record(job: Job, one: Open, request: Request, response: Response, text: str) -> Record:
    context = [{"role": role, "content": content} for role, content in _before(job, one)]
    return job.record(
        one.instruction, one.input, "" if response.failed else text, language=one.language,
        parents=one.parents, requests={**one.requests, "answer": request}, answered=response,
        scores=one.scores, context=context, license=one.license, **one.meta,
    )  # fmt: skip
