"""`ittools generate`: options to teacher, ledger, method and a dataset directory."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ittools.errors import UsageError
from ittools.generate import probe
from ittools.generate.ask import Asker
from ittools.generate.ledger import Ledger
from ittools.generate.plan import estimate
from ittools.generate.prices import Budget, Price, price_of
from ittools.generate.seeds import Seed, open_seeds, read_seeds
from ittools.generate.self_instruct.method import Plan, Result, SelfInstruct
from ittools.generate.self_instruct.prompts import VERSION, Style
from ittools.generate.teacher import Api, Teacher
from ittools.options import option
from ittools.progress import Progress
from ittools.records.build import record_batch
from ittools.records.funnel import Funnel
from ittools.records.schema import UNSPECIFIED_LICENSE
from ittools.store.dataset import Output, writing
from ittools.store.dropped import dropped_batch
from ittools.store.manifest import MANIFEST_NAME
from ittools.store.outcome import Answer, Outcome, outcome

LEDGER = "ledger/ledger.sqlite"
OPENAI_HOST = "api.openai.com"


@dataclass(frozen=True, kw_only=True)
class GenerateOptions:
    out: Path = option(Path("runs/generate"), "dataset directory", flags=("-o", "--out"), shapes_output=False)
    method: Literal["self-instruct"] = option("self-instruct", "how tasks come about")
    teacher: Literal["openai", "offline", "replay"] = option(
        "openai", "who writes: an OpenAI-compatible server, the embedded rule-based writer, a recording"
    )
    model: str = option("gpt-4o-mini", "model to ask", flags=("-m", "--model"))
    base_url: str | None = option(None, "address of the server, with /v1", env="OPENAI_BASE_URL")
    api: Api = option("chat", "form of the endpoint")
    structured: Literal["auto", "on", "off"] = option("auto", "JSON-schema answers (auto: ask the endpoint)")
    seeds: tuple[str, ...] = option((), "seed tasks (default: those of ittools)", metavar="INPUT")
    num: int = option(100, "tasks to accept", flags=("-n", "--num"))
    language: tuple[str, ...] = option(("en",), "BCP-47 language, once for each", flags=("-l", "--language"))
    seed: int = option(0, "seed of every draw")
    license: str | None = option(None, "licence of the records (default: what the teacher's terms say)")
    offline_errors: float = option(0.12, "share of answers the offline teacher spoils on purpose")
    replay: Path | None = option(None, "recorded answers for --teacher replay: ledger.sqlite or JSONL")
    max_cost: float | None = option(None, "dollars that are never exceeded", shapes_output=False)
    price: str | None = option(None, "IN,OUT dollars per million tokens", shapes_output=False)
    concurrency: int = option(32, "requests in flight", flags=("-c", "--concurrency"), shapes_output=False)
    timeout: float = option(120.0, "seconds for one whole answer", shapes_output=False)
    retries: int = option(6, "further attempts at a request", shapes_output=False)
    backoff: float = option(0.5, "seconds before the first further attempt", shapes_output=False)
    keep_dropped: bool = option(False, "write dropped candidates to dropped/, with the reason")
    dry_run: bool = option(False, "estimate calls, tokens and price; send and write nothing",
                           shapes_output=False)  # fmt: skip
    force: bool = option(False, "replace another finished output", shapes_output=False)


def generate(options: GenerateOptions, progress: Progress) -> Outcome | Answer:
    """Instruction records from seed tasks.

    Raises:
        UsageError: no key, a number out of range. Stopped: the budget is spent.
        TeacherError: the server is out of reach; the same command goes on later.
    """
    _check(options)
    sources = open_seeds(options.seeds)
    seeds = read_seeds(sources)
    if options.dry_run:
        return estimate(options.num, seeds, options.language[0], _model(options), _price(options))
    if not (options.out / MANIFEST_NAME).exists():  # before a folder is made for nothing
        _known_price(options)
        _key(options)
    entries = [source.entry for source in sources]
    with writing(
        options.out, command="generate", options=options, inputs=entries, force=options.force
    ) as output:
        if not output.reused:
            with _term_as_interrupt():
                asyncio.run(_write(options, seeds, output, progress))
    then = f"ittools filter {options.out} --out {options.out.parent / 'filter'}"
    return outcome(output, then, **_account_facts(output.finished or {}))


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


def _check(options: GenerateOptions) -> None:
    problems = []
    if options.num < 1:
        problems.append("--num must be at least 1")
    if options.concurrency < 1:
        problems.append("--concurrency must be at least 1")
    if options.max_cost is not None and not options.max_cost >= 0:
        problems.append("--max-cost is a number from 0 on")
    if not 0 <= options.offline_errors <= 0.9:
        problems.append("--offline-errors is a share from 0 to 0.9")
    finite = math.isfinite(options.timeout) and math.isfinite(options.backoff)
    if not finite or options.timeout <= 0 or options.retries < 0 or options.backoff < 0:
        problems.append("--timeout must be positive, --retries and --backoff not negative")
    if options.teacher == "offline":
        problems += _unspoken(options.language)
    if options.teacher == "replay" and options.replay is None:
        problems.append("--teacher replay needs --replay PATH")
    if options.base_url and not _is_plain_http(options.base_url):
        problems.append(f"--base-url {options.base_url}: expected http(s)://host/v1 with no password in it")
    if problems:
        raise UsageError("; ".join(problems))


def _unspoken(languages: tuple[str, ...]) -> list[str]:
    from ittools.generate.offline.teacher import LANGUAGES

    return [
        f"--language {code}: the offline teacher writes {', '.join(LANGUAGES)} only"
        for code in languages
        if code.split("-", maxsplit=1)[0] not in LANGUAGES
    ]


def _is_plain_http(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket not closed, a port out of range
        return False
    return parts.scheme in ("http", "https") and named and parts.username is None


def _model(options: GenerateOptions) -> str:
    if options.teacher == "offline":
        from ittools.generate.offline.teacher import MODEL

        return MODEL
    return options.model


def _is_openai(options: GenerateOptions) -> bool:
    return not options.base_url or _host(options.base_url) == OPENAI_HOST


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""


def _is_own(host: str) -> bool:
    """A machine of the user's: its answers cost nothing. A name without a point is of a local network."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal"))


def _price(options: GenerateOptions) -> Price | None:
    """Null where it is not known: published prices hold for OpenAI's own address only."""
    if options.teacher == "openai" and not _is_openai(options) and not _is_own(_host(options.base_url or "")):
        return price_of("", options.price)
    free = options.teacher != "openai" or not _is_openai(options)
    return price_of(options.model, options.price, free=free)


def _known_price(options: GenerateOptions) -> Price:
    price = _price(options)
    if price is None and options.max_cost is not None:
        raise UsageError(f"--max-cost needs the price of {options.model}: give --price IN,OUT")
    return price or Price()


def _teacher(options: GenerateOptions) -> Teacher:
    if options.teacher == "offline":
        from ittools.generate.offline.teacher import OfflineTeacher

        return OfflineTeacher(seed=options.seed, errors=options.offline_errors)
    if options.teacher == "replay":
        from ittools.generate.replay import ReplayTeacher

        assert options.replay is not None
        return ReplayTeacher(options.replay, model=options.model)
    from ittools.generate.client import OpenAITeacher

    return OpenAITeacher(
        model=options.model, base_url=options.base_url or None, key=_key(options) or "none",
        concurrency=options.concurrency, timeout=options.timeout,
    )  # fmt: skip


def _key(options: GenerateOptions) -> str:
    key = os.environ.get("OPENAI_API_KEY", "")
    if not key and options.teacher == "openai" and _is_openai(options):
        raise UsageError("no key: set OPENAI_API_KEY, or --base-url for a local server, or --teacher offline")
    return key


async def _write(options: GenerateOptions, seeds: list[Seed], output: Output, progress: Progress) -> None:
    """Ask, then write records, dropped candidates and the account."""
    price = _known_price(options)
    teacher = _teacher(options)
    ledger = Ledger(options.out / LEDGER)
    try:
        lost, worth = ledger.possibly_billed()
        if lost:
            progress.note(
                f"{lost} requests of an earlier run were sent and not answered before it ended: "
                f"possibly billed, at most ${worth:.4f}"
            )
        budget = Budget(price, options.max_cost, ledger.spent() + worth)
        asker = Asker(teacher, ledger, budget, progress, retries=options.retries, backoff=options.backoff)
        style = Style(options.api, await _is_structured(options, asker, progress))
        plan = Plan(
            options.num, options.language, options.seed, teacher.model, style, _license(options),
            _version(options),
        )  # fmt: skip
        result = await SelfInstruct(plan, seeds, asker, progress).run()
        asker.settle_failures()
        account = _account(ledger, asker, teacher, price_known=_price(options) is not None)
        _finish(options, output, result, account)
    finally:
        ledger.close()
        await teacher.close()


async def _is_structured(options: GenerateOptions, asker: Asker, progress: Progress) -> bool:
    """Whether to ask for JSON by schema."""
    if options.structured != "auto" or options.teacher == "offline" or options.api != "chat":
        return options.structured == "on"
    known = await probe.offers_schema(asker, asker.teacher.model)
    progress.note(f"{options.model}: JSON-schema answers: {'yes' if known else 'no'}")
    return known


def _version(options: GenerateOptions) -> str:
    """Of the prompts; with another share of errors the offline teacher answers them differently."""
    usual = GenerateOptions().offline_errors
    spoiled = options.teacher != "openai" and options.offline_errors != usual
    return f"{VERSION}+errors={options.offline_errors:g}" if spoiled else VERSION


def _license(options: GenerateOptions) -> str:
    """Of the records, as far as the teacher's terms say; never more permissive than known."""
    if options.license is not None:
        return options.license
    if options.teacher == "offline":
        return "Apache-2.0"
    return "LicenseRef-openai-terms" if _is_openai(options) else UNSPECIFIED_LICENSE


def _account(ledger: Ledger, asker: Asker, teacher: Teacher, *, price_known: bool) -> dict[str, Any]:
    """Usage over all runs in this directory; the cost is null where the price is not known."""
    lost, worth = ledger.possibly_billed()
    return {
        "model": teacher.model,
        **ledger.totals(),
        "cost_usd": round(ledger.spent(), 6) if price_known else None,
        "possibly_billed": {"requests": lost, "at_most_usd": round(worth, 6)},
        "this_run": {name: asker.asked[name] for name in ("bought", "reused", "failed", "retried")},
    }


def _account_facts(manifest: dict[str, Any]) -> dict[str, str]:
    account = manifest["teacher"]
    run = account["this_run"]
    facts = {
        "tasks": f"{manifest['tasks']:,}",
        "requests": f"{run['bought']:,} bought, {run['reused']:,} from the ledger, {run['failed']:,} failed",
        "tokens": f"{account['prompt_tokens']:,} in, {account['completion_tokens']:,} out",
        "cost": _dollars(account["cost_usd"]),
    }
    if account["possibly_billed"]["requests"]:
        lost = account["possibly_billed"]
        facts["possibly billed"] = f"{lost['requests']} requests, at most ${lost['at_most_usd']:.4f}"
    return facts


def _dollars(cost: float | None) -> str:
    return "unknown: no price for this model, give --price IN,OUT" if cost is None else f"${cost:.4f}"


def _finish(options: GenerateOptions, output: Output, result: Result, account: dict[str, Any]) -> None:
    funnel = Funnel()
    funnel.drop([None] * len(result.records))
    funnel.drop(reason for _, reason in result.dropped)
    with output.split("train") as shards:
        shards.write(record_batch(result.records))
    if options.keep_dropped:
        with output.dropped() as shards:
            records, reasons = zip(*result.dropped, strict=True) if result.dropped else ((), ())
            shards.write(dropped_batch(record_batch(records), list(reasons)))
    notes = [f"teacher: {account['model']}"]
    if options.teacher == "offline":
        from ittools.generate.offline.teacher import MODEL_SAID

        notes = [f"teacher: {account['model']}, a {MODEL_SAID}"]
    output.finish(funnel, seed=options.seed, teacher=account, notes=notes)
