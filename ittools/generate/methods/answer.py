"""Answers to given prompts: distillation. Several samples a prompt with --per-task, reasoning kept apart.

The records keep the prompt's own instruction, input, context, task, licence and id (as their parent).
"""

from __future__ import annotations

from collections.abc import Sequence

from ittools.errors import Stopped
from ittools.generate.answers import Answered, Open, answer_all, keep_answers
from ittools.generate.job import Job
from ittools.records.build import Record

AT_ONCE = 8_192  # prompts in one round
USELESS = 100  # answers without a good one between them, after which no more are bought


class Answer:
    """One run over the records of `inputs`, in their order. languages: to answer in; empty: as it comes."""

    def __init__(self, job: Job, inputs: Sequence[Record], languages: Sequence[str] = ()) -> None:
        self.job, self.inputs, self.languages = job, inputs, languages
        self.at = 0

    async def round(self, number: int) -> bool:
        most = AT_ONCE if self.job.plan.num is None else self.job.plan.num - self.job.harvest.tasks
        chosen = self.inputs[self.at : self.at + min(AT_ONCE, most)]
        asked = [self._open(record, self.at + place) for place, record in enumerate(chosen)]
        self.at += len(chosen)
        section = "answer-in-language" if self.languages else "answer"
        await answer_all(
            self.job, asked, number, section=section,
            take=lambda samples: _keep(self.job, samples),
        )  # fmt: skip
        return self.at < len(self.inputs)

    def _open(self, record: Record, place: int) -> Open:
        language = self.languages[place % len(self.languages)] if self.languages else record["language"]
        before = tuple((turn["role"], turn["content"]) for turn in record["context"] or ())
        return Open(
            record["instruction"], record["input"], language or "und", (record["id"],), before,
            meta={"of": {"source": record["source"], "task": record["task"]}},
            license=self.job.combined_license(record["license"]),
        )  # fmt: skip


def _keep(job: Job, samples: Sequence[Answered]) -> None:
    keep_answers(job, samples, samples[0].record["language"])
    if not job.harvest.tasks and len(job.harvest.dropped) >= USELESS:
        job.asker.stop(Stopped(f"the first {USELESS} answers are of no use: {job.harvest.why()}"))
