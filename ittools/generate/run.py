"""`ittools generate`: options to teacher, ledger, method and a dataset directory."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ittools.errors import Stopped
from ittools.generate import probe
from ittools.generate.account import account_facts, account_of
from ittools.generate.ask import Asker
from ittools.generate.connect import check_keys, connect, known_price, license_of, price_for
from ittools.generate.explain import LEDGER, explain
from ittools.generate.harvest import Harvest
from ittools.generate.job import Job, Plan
from ittools.generate.ledger import Ledger
from ittools.generate.methods.table import Inputs, method_for
from ittools.generate.novelty import Novelty
from ittools.generate.options import GenerateOptions, TeacherOptions, check
from ittools.generate.prices import Budget
from ittools.generate.prompt_file import PromptFile, Style, prompts_of
from ittools.generate.rounds import run_rounds
from ittools.generate.seeds import in_language
from ittools.generate.work import Work, read_work
from ittools.progress import Progress
from ittools.records.build import record_batch
from ittools.records.funnel import Funnel
from ittools.store.dataset import InputEntry, Output, writing
from ittools.store.dropped import dropped_batch
from ittools.store.manifest import MANIFEST_NAME
from ittools.store.outcome import Answer, Outcome, outcome


def generate(options: GenerateOptions, progress: Progress) -> Outcome | Answer:
    """Instruction records by a teacher.

    Raises:
        UsageError: no key, a number out of range. Stopped: the budget is spent.
        TeacherError: the server is out of reach; the same command goes on later.
    """
    prompts = prompts_of(options.method, options.prompts)
    if options.show_prompts:
        return Answer(prompts.text.splitlines(), {"method": options.method, "prompts": prompts.text})
    if options.explain is not None:
        return explain(options.out, options.explain)
    check(options)
    work = read_work(options, prompts)
    if options.dry_run:
        from ittools.generate.plan import estimate

        return estimate(options, work)
    return write_out(
        "generate", options, work.entries, lambda output: _write(options, work, output, progress)
    )


def write_out(
    command: str, options: Any, entries: Sequence[InputEntry],
    write: Callable[[Output], Coroutine[Any, Any, None]], *, asks: bool = True,
) -> Outcome:  # fmt: skip
    """One dataset directory of a command that may ask a teacher; `write` fills it. Raises UsageError."""
    if asks and not (options.out / MANIFEST_NAME).exists():  # before a folder is made for nothing
        known_price(options)
        check_keys(options)
    with writing(
        options.out, command=command, options=options, inputs=entries, force=options.force
    ) as output:
        if not output.reused:
            with _term_as_interrupt():
                asyncio.run(write(output))
    then = ("filter", options.out, "--out", options.out.parent / "filter")
    manifest = output.finished or {}
    return outcome(output, "ittools", *then, **(account_facts(manifest) if manifest.get("teacher") else {}))


@contextmanager
def _term_as_interrupt() -> Iterator[None]:
    """SIGTERM cancels the requests in flight as SIGINT does; raised amid them, it would be a traceback."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


async def _write(options: GenerateOptions, work: Work, output: Output, progress: Progress) -> None:
    """Ask, then write records, dropped candidates and the account."""
    ledger = Ledger(options.out / LEDGER)
    teacher = None
    try:
        teacher = connect(options, ledger, progress.note)
        asker = open_asker(options, ledger, teacher, progress)
        job = await new_job(options, work, asker, progress)
        method = method_for(options, job, work.inputs)
        total = options.num if job.harvest.quotas is None else sum(job.harvest.quotas.values())
        await run_rounds(method, job.harvest, f"{options.method} tasks", total or _count(work.inputs))
        asker.settle_failures()
        if not job.harvest.tasks and job.harvest.dropped:
            raise Stopped(f"none of the answers is of use: {job.harvest.why()}; each is kept in the ledger")
        account = account_of(ledger, asker, price_known=price_for(options) is not None)
        finish(options, output, job.harvest, account, work.prompts)
    finally:
        if teacher is not None:
            await teacher.close()
        ledger.close()


def _count(inputs: Inputs) -> int | None:
    return len(inputs.prompts) or len(inputs.documents) or None


def open_asker(options: TeacherOptions, ledger: Ledger, teacher: Any, progress: Progress) -> Asker:
    """The teacher behind its ledger, with what earlier runs spent already counted."""
    lost, worth = ledger.possibly_billed()
    if lost:
        progress.note(
            f"{lost} requests of an earlier run were sent and not answered before it ended: "
            f"possibly billed, at most ${worth:.4f}"
        )
    budget = Budget(known_price(options), options.max_cost, ledger.spent() + worth)
    return Asker(teacher, ledger, budget, progress, retries=options.retries, backoff=options.backoff,
                 rpm=options.rpm, tpm=options.tpm)  # fmt: skip


async def new_job(options: GenerateOptions, work: Work, asker: Asker, progress: Progress) -> Job:
    """The plan, once it is known what the endpoint honours."""
    samples = options.samples
    gives_n = samples > 1 and options.method != "self-instruct" and await probed(options, asker, "n")
    plan = Plan(
        options.method, options.num, samples, options.seed, asker.teacher.model,
        Style(options.api, await is_structured(options, asker, work.prompts)), license_of(options),
        work.prompts, version_of(options, work.prompts), options.temperature, options.max_tokens,
        options.system, gives_n,
        options.method == "backtranslate" and await probed(options, asker, "logprobs"),
    )  # fmt: skip
    texts = {
        code: [seed.task.instruction for seed in in_language(work.seeds, code)]
        for code in (options.codes or ("en",))
    }
    novelty = Novelty(texts, how=options.novelty, most=options.max_similar)
    return Job(plan, asker, Harvest(options.quotas, progress, options.num), novelty, work.seeds)


async def is_structured(options: TeacherOptions, asker: Asker, prompts: PromptFile) -> bool:
    """Whether to ask for JSON by schema."""
    asks = any("json" in section.endings for section in prompts.sections.values())
    if not asks or options.api == "completions":
        return False
    if options.structured != "auto" or options.teacher == "offline":
        return options.structured == "on"
    return await probed(options, asker, "JSON-schema answers")


async def probed(options: TeacherOptions, asker: Asker, what: str) -> bool:
    """What the endpoint really honours; said once."""
    if options.teacher == "offline":
        return False
    questions = {"n": probe.offers_n, "logprobs": probe.offers_logprobs}
    known = await questions.get(what, probe.offers_schema)(asker, asker.teacher.model, options.api)
    asker.progress.note(f"{options.model}: {what}: {'yes' if known else 'no'}")
    return known


def version_of(options: TeacherOptions, prompts: PromptFile) -> str:
    """Of the prompts; with another share of errors the offline teacher answers them differently."""
    spoiled = options.teacher != "openai" and options.offline_errors != TeacherOptions().offline_errors
    return f"{prompts.version}+errors={options.offline_errors:g}" if spoiled else prompts.version


def finish(
    options: Any, output: Output, harvest: Harvest, account: dict[str, Any] | None, prompts: PromptFile
) -> None:
    """Records, dropped candidates, manifest and card; account: null where no teacher was asked."""
    funnel = Funnel()
    funnel.drop([None] * len(harvest.records))
    funnel.drop(reason for _, reason in harvest.dropped)
    with output.split("train") as shards:
        shards.write(record_batch(harvest.records))
    if options.keep_dropped:
        with output.dropped() as shards:
            records, reasons = zip(*harvest.dropped, strict=True) if harvest.dropped else ((), ())
            shards.write(dropped_batch(record_batch(records), list(reasons)))
    notes = [f"teacher: {account['model']}"] if account else []
    if account and options.teacher == "offline":
        from ittools.generate.offline.teacher import MODEL_SAID

        notes = [f"teacher: {account['model']}, a {MODEL_SAID}"]
    output.finish(
        funnel, seed=options.seed, teacher=account, notes=notes, accepted=harvest.tasks,
        prompts={"version": prompts.version, "text": prompts.text},
    )  # fmt: skip
