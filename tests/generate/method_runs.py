"""One method with a scripted teacher, without command line or files; and seeds for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from scripted_teacher import Scripted, asker

from ittools.generate.demonstrations import Demonstration
from ittools.generate.harvest import Harvest
from ittools.generate.job import Job, Method, Plan
from ittools.generate.novelty import Novelty
from ittools.generate.prompt_file import Style, prompts_of
from ittools.generate.rounds import run_rounds
from ittools.generate.seeds import Seed, in_language
from ittools.generate.teacher import Request, Response
from ittools.progress import Silent

Say = Callable[[Request], Response | str]
SEED = "one two three four five six seven eight nine ten"


def seeds(*tasks: str, language: str = "en", classes: bool = False) -> list[Seed]:
    """A seed for each instruction, with one instance; its id tells the instruction."""
    return [Seed(Demonstration(task, (("1", "one"),), classes, language), (f"id-{task}",)) for task in tasks]


def unlike(request: Request, count: int = 1) -> list[str]:
    """Tasks unlike any other, in four or more words."""
    place = f"{request.stage[0]}{request.round}x{request.index}"
    return [f"Do task{place}n{n} with word{place}y{n} thing{place}z{n} now{place}q{n}" for n in range(count)]


def said(answer: Response | str) -> Response:
    return Response(answer, "stop", 4, 3) if isinstance(answer, str) else answer


def job_for(
    method: str, say: Say, *, quotas: dict[str, int] | None, num: int | None = None, per_task: int = 1,
    shown: Sequence[Seed] = (), api: Any = "chat", structured: bool = False, license: str = "CC0-1.0",
    teacher: Scripted | None = None, **plan: Any,
) -> Job:  # fmt: skip
    """A job whose teacher says what `say` gives for a request."""
    teacher = teacher or Scripted(lambda request, _: said(say(request)))
    prompts = prompts_of(method)
    style = Style(api, structured)
    planned = Plan(method, num, per_task, 0, teacher.model, style, license, prompts, prompts.version, **plan)
    shown = list(shown)
    texts = {code: [s.task.instruction for s in in_language(shown, code)] for code in quotas or {"en": 0}}
    harvest = Harvest(quotas, Silent(), num)
    return Job(planned, asker(teacher), harvest, Novelty(texts), shown)


def run_method(job: Job, method: Method) -> Harvest:
    """All rounds. Raises Stopped where nothing new comes any more."""
    asyncio.run(run_rounds(method, job.harvest, "tasks", None))
    return job.harvest


def some_rounds(job: Job, method: Method, count: int = 1) -> Harvest:
    """So many rounds, whatever is still missing."""

    async def go_on() -> None:
        for number in range(count):
            await method.round(number)

    asyncio.run(go_on())
    return job.harvest


def reasons(harvest: Harvest) -> dict[str, str]:
    """Reason by instruction, of what was dropped."""
    return {record["instruction"]: reason for record, reason in harvest.dropped}


def sent(job: Job, stage: str) -> list[Request]:
    """The requests of a stage, in the order they were sent."""
    teacher = job.asker.teacher
    assert isinstance(teacher, Scripted)
    return [request for request in teacher.sent if request.stage == stage]
