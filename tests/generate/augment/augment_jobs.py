"""`augment` over given records with a scripted teacher, without command line or files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scripted_teacher import Scripted, asker

from ittools.formats.documents import Document
from ittools.generate.augment.augment import Augment
from ittools.generate.augment.options import AugmentOptions
from ittools.generate.augment.passages import Corpus
from ittools.generate.harvest import Harvest
from ittools.generate.job import Job, Plan
from ittools.generate.novelty import Novelty
from ittools.generate.prompt_file import Style, prompts_of
from ittools.generate.teacher import Request, Response
from ittools.progress import Silent
from ittools.records.build import Record, build_record

Say = Callable[[Request], Response | str | Exception]


def record(instruction: str, output: str = "right", **others: Any) -> Record:
    said = {"source": "own", "language": "en", "license": "MIT", "input": "", **others}
    return build_record(instruction, said.pop("input"), output, **said)


def silent(_: Request) -> str:
    raise AssertionError("nobody is to be asked")


def scripted(say: Say) -> Scripted:
    def answer(request: Request, _: int) -> Response | Exception:
        said = say(request)
        return Response(said, "stop", 4, 3) if isinstance(said, str) else said

    return Scripted(answer)


def augmented(
    records: Sequence[Record], say: Say = silent, *, passages: Sequence[Document] = (), **options: Any
) -> tuple[Harvest, Scripted]:
    """What was gathered, and the teacher with the requests that it got."""
    prompts, teacher = prompts_of("augment", folder="augment"), scripted(say)
    chosen = AugmentOptions(inputs=("in.jsonl",), out=Path("out"), **options)
    plan = Plan("augment", None, 1, chosen.seed, teacher.model, Style(chosen.api), "CC0-1.0", prompts,
                prompts.version, chosen.temperature, chosen.max_tokens)  # fmt: skip
    job = Job(plan, asker(teacher, retries=0), Harvest(None, Silent()), Novelty({}, how="exact"))
    corpus = Corpus(passages) if passages else None
    asyncio.run(Augment(chosen, job, corpus).run(records))
    return job.harvest, teacher


def reasons(harvest: Harvest) -> list[str]:
    return [reason for _, reason in harvest.dropped]
