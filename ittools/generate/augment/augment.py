"""`ittools augment`: further records from those that are there, each with its parent and its method.

    paraphrase   the instruction in other words, by the teacher
    pivot        the instruction through another language and back (Sennrich et al. 2016, P16-1009)
    noise        slips of the finger, case, punctuation, by rule
    search       passages before the input and a verdict on them before the output (SAIL)

A new record keeps its parent's task, so that a split by task holds both on the same side.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ittools.formats.documents import read_documents
from ittools.formats.source import ReadOptions, open_inputs
from ittools.generate.account import account_of
from ittools.generate.augment.derive import Derived, derived, seed_of
from ittools.generate.augment.noise import noisy
from ittools.generate.augment.options import AugmentOptions, check
from ittools.generate.augment.passages import Corpus
from ittools.generate.augment.rephrase import Rephrase
from ittools.generate.augment.search import Search
from ittools.generate.connect import connect, model_of, price_for, teacher_license
from ittools.generate.explain import LEDGER, explain
from ittools.generate.harvest import Harvest
from ittools.generate.job import Job, Plan
from ittools.generate.ledger import Ledger
from ittools.generate.novelty import Novelty
from ittools.generate.prompt_file import PromptFile, Style, prompts_of
from ittools.generate.replay import replay_entries
from ittools.generate.run import finish, open_asker, version_of, write_out
from ittools.generate.teacher import Request
from ittools.progress import Progress
from ittools.records.build import Record
from ittools.store.dataset import InputEntry, Output
from ittools.store.outcome import Answer, Outcome

AT_ONCE = 4_096  # records in one round


@dataclass(frozen=True)
class Work:
    """All that a run reads, opened."""

    prompts: PromptFile
    records: list[Record]
    corpus: Corpus | None
    entries: list[InputEntry]


def augment(options: AugmentOptions, progress: Progress) -> Outcome | Answer:
    """New records from records.

    Raises:
        UsageError: nothing to do, no key. Stopped: the budget is spent. TeacherError: out of reach.
    """
    prompts = prompts_of("augment", options.prompts, folder="augment")
    if options.show_prompts:
        return Answer(prompts.text.splitlines(), {"command": "augment", "prompts": prompts.text})
    if options.explain is not None:
        return explain(options.out, options.explain)
    check(options)
    work = _read(options, prompts)
    if options.dry_run:
        return _estimate(options, work)
    return write_out(
        "augment", options, work.entries, lambda output: _write(options, work, output, progress),
        asks=options.asks,
    )  # fmt: skip


def _read(options: AugmentOptions, prompts: PromptFile) -> Work:
    sources = open_inputs(options)
    records = [row for source in sources for batch in source.batches() for row in batch.to_pylist()]
    entries = [InputEntry("prompts", "prompts", prompts.hash), *(source.entry for source in sources)]
    if options.asks:
        entries += replay_entries(options)
    corpus = None
    if options.search:
        documents, opened = read_documents(ReadOptions(inputs=options.search, license=options.corpus_license))
        corpus, entries = Corpus(documents), entries + opened
    return Work(prompts, records, corpus, entries)


def _estimate(options: AugmentOptions, work: Work) -> Answer:
    """Calls are known exactly: they follow from the records."""
    count = len(work.records)
    calls = count * (options.paraphrase + 2 * len(options.pivot))
    calls += round(count * 2 * (options.verdicts == "teacher" and bool(options.search)))  # two on average
    value = {"model": model_of(options), "records": count, "calls": calls}
    lines = [
        f"{name:<16}{said:,}" if isinstance(said, int) else f"{name:<16}{said}"
        for name, said in value.items()
    ]
    return Answer([*lines, "nothing was sent or written"], value)


async def _write(options: AugmentOptions, work: Work, output: Output, progress: Progress) -> None:
    async with contextlib.AsyncExitStack() as stack:
        ledger = Ledger(output.path / LEDGER)
        stack.callback(ledger.close)
        teacher = connect(options, ledger, progress.note) if options.asks else _Nobody()
        stack.push_async_callback(teacher.close)
        asker = open_asker(options, ledger, teacher, progress)
        plan = Plan(
            "augment", None, 1, options.seed, teacher.model, Style(options.api), teacher_license(options),
            work.prompts, version_of(options, work.prompts), options.temperature, options.max_tokens,
        )  # fmt: skip
        job = Job(plan, asker, Harvest(None, progress), Novelty({}, how="exact"))
        await Augment(options, job, work.corpus).run(work.records)
        asker.settle_failures()
        account = account_of(ledger, asker, price_known=price_for(options) is not None)
        finish(options, output, job.harvest, account if options.asks else None, work.prompts)


class _Nobody:
    """Stands where no teacher is asked."""

    model, concurrency = "none", 1

    async def answer(self, request: Request) -> Any:
        raise AssertionError(f"nobody is there to answer {request.stage}")

    async def close(self) -> None:
        return None


class Augment:
    """One run over the records, in their order."""

    def __init__(self, options: AugmentOptions, job: Job, corpus: Corpus | None) -> None:
        self.options, self.job = options, job
        self.search = Search(job, corpus, asks=options.verdicts == "teacher") if corpus else None

    async def run(self, records: Sequence[Record]) -> None:
        self.job.progress.start("augment records", len(records))
        for number, start in enumerate(range(0, len(records), AT_ONCE)):
            chosen = records[start : start + AT_ONCE]
            rephrase = Rephrase(self.job)
            groups = [
                await rephrase.paraphrased(chosen, number, self.options.paraphrase),
                await rephrase.pivoted(chosen, number, self.options.pivot),
                self._noisy(chosen),
            ]
            if self.search:
                groups.append(await self.search.searched(chosen, number))
            for place, record in enumerate(chosen):
                self._keep(record, [one for group in groups for one in group[place]])

    def _keep(self, record: Record, found: Sequence[Derived]) -> None:
        kept = [record] if self.options.keep_originals else []
        seen = {record["id"]} if kept else set()
        for one in found:
            reason = one.reason or ("repeated" if one.record["id"] in seen else None)
            if reason:
                self.job.harvest.drop(one.record, reason)
            else:
                seen.add(one.record["id"])
                kept.append(one.record)
        if kept:
            self.job.harvest.keep(kept, record["language"] or "und")
        else:
            self.job.progress.advance()

    def _noisy(self, records: Sequence[Record]) -> list[list[Derived]]:
        kinds, rate = self.options.noise, self.options.noise_rate
        return [
            [
                self._noise(record, copy, kinds, rate)
                for copy in range(self.options.noise_copies if kinds else 0)
            ]
            for record in records
        ]

    def _noise(self, record: Record, copy: int, kinds: Any, rate: float) -> Derived:
        text = noisy(record["instruction"], kinds, rate=rate, seed=seed_of(self.options.seed, record, copy))
        made = derived(record, "noise", instruction=text, noise=list(kinds), rate=rate)
        return Derived(made, "unchanged" if text == record["instruction"] else None)
