"""Options of `ittools generate`, and what is wrong with a set of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ittools.errors import UsageError
from ittools.generate.choices import How, MethodName, Operations
from ittools.generate.endpoints import read_endpoints
from ittools.generate.quotas import read_quotas
from ittools.generate.teacher import Api
from ittools.options import argument, flag_name, option
from ittools.records.schema import UNSPECIFIED_LICENSE
from ittools.text.language import primary_code

READS_PROMPTS, READS_DOCUMENTS = frozenset({"answer"}), frozenset({"backtranslate"})
READS = READS_PROMPTS | READS_DOCUMENTS
DEFAULT_NUM = 100

OWN = {  # options that only these methods have
    "inputs": READS,
    "input_license": READS,
    "map": READS,
    "seeds": frozenset({"self-instruct", "alpaca", "evolve", "topics", "dialogue"}),
    "rounds": frozenset({"evolve"}),
    "operations": frozenset({"evolve"}),
    "topics": frozenset({"topics", "dialogue"}),
    "turns": frozenset({"dialogue"}),
    "min_score": frozenset({"backtranslate"}),
    "pre_query": frozenset({"magpie"}),
    "system": frozenset({"answer", "magpie", "dialogue"}),
    "novelty": frozenset({"self-instruct", "alpaca", "topics", "magpie", "dialogue"}),
    "max_similar": frozenset({"self-instruct", "alpaca", "topics", "magpie", "dialogue"}),
}


@dataclass(frozen=True, kw_only=True)
class TeacherOptions:
    """Who writes, through what, and at what price: of every command that asks a teacher."""

    teacher: Literal["openai", "offline", "replay"] = option(
        "openai", "who writes: an OpenAI-compatible server, the embedded rule-based writer, a recording"
    )
    model: str = option("gpt-4o-mini", "model to ask", flags=("-m", "--model"))
    base_url: str | None = option(None, "address of the server, with /v1", env="OPENAI_BASE_URL")
    endpoint: tuple[str, ...] = option(
        (), "one of several servers: URL[,weight=2][,model=NAME][,key=VARIABLE][,rpm=N][,tpm=N]",
        shapes_output=False,
    )  # fmt: skip
    api: Api = option("chat", "form of the endpoint")
    structured: Literal["auto", "on", "off"] = option("auto", "JSON-schema answers (auto: ask the endpoint)")
    batch: bool = option(False, "buy through the OpenAI Batch API: half price, within a day",
                         shapes_output=False)  # fmt: skip
    poll: float = option(30.0, "seconds between two looks at a batch", shapes_output=False)
    prompts: Path | None = option(None, "your own prompts (--show-prompts prints ours)", shapes_output=False)
    temperature: float | None = option(None, "of answers that become content (default: the method's)")
    max_tokens: int | None = option(None, "most tokens of such an answer (default: the method's)")
    seed: int = option(0, "seed of every draw")
    license: str | None = option(None, "licence of the records (default: what the teacher's terms say)")
    offline_errors: float = option(0.12, "share of answers the offline teacher spoils on purpose")
    replay: Path | None = option(None, "recorded answers for --teacher replay: ledger.sqlite or JSONL")
    max_cost: float | None = option(None, "dollars that are never exceeded", shapes_output=False)
    price: str | None = option(None, "IN,OUT dollars per million tokens", shapes_output=False)
    prices: Path | None = option(None, "YAML of prices: a line `model: [IN, OUT]` each", shapes_output=False)
    rpm: float | None = option(None, "most requests a minute", shapes_output=False)
    tpm: float | None = option(None, "most tokens a minute", shapes_output=False)
    concurrency: int = option(32, "requests in flight", flags=("-c", "--concurrency"), shapes_output=False)
    timeout: float = option(120.0, "seconds for one whole answer", shapes_output=False)
    retries: int = option(6, "further attempts at a request", shapes_output=False)
    backoff: float = option(0.5, "seconds before the first further attempt", shapes_output=False)
    keep_dropped: bool = option(False, "write dropped candidates to dropped/, with the reason")
    show_prompts: bool = option(False, "print the prompts that --prompts can replace", shapes_output=False)
    explain: str | None = option(
        None, "print the requests and responses that made the record ID of --out", metavar="ID",
        shapes_output=False,
    )  # fmt: skip
    dry_run: bool = option(False, "estimate calls, tokens and price; send and write nothing",
                           shapes_output=False)  # fmt: skip
    pilot: Path | None = option(None, "a finished run to estimate from (--dry-run)", shapes_output=False)
    force: bool = option(False, "replace another finished output", shapes_output=False)


@dataclass(frozen=True, kw_only=True)
class GenerateOptions(TeacherOptions):
    inputs: tuple[str, ...] = argument("prompts (answer) or documents (backtranslate)", default=())
    method: MethodName = option("self-instruct", "how tasks come about")
    out: Path = option(Path("runs/generate"), "dataset directory", flags=("-o", "--out"), shapes_output=False)
    seeds: tuple[str, ...] = option((), "seed tasks (default: those of ittools)", metavar="INPUT")
    num: int | None = option(
        None, f"tasks to accept (default: {DEFAULT_NUM}; of inputs, all)", flags=("-n", "--num")
    )
    language: tuple[str, ...] = option(
        (), "BCP-47 language, once for each; de=3 for a share (default: en; of inputs, their own)",
        flags=("-l", "--language"),
    )  # fmt: skip
    per_task: int | None = option(
        None, "records of one task: instances (default 5), else answers to one instruction (default 1)"
    )
    novelty: How = option("rouge", "what is new: unlike by ROUGE-L, by MinHash LSH (near), or in its words")
    max_similar: float = option(0.7, "similarity above which an instruction is not new")
    rounds: int = option(4, "evolve: times that a task is evolved")
    operations: Operations = option("text", "evolve: operations for text or for code")
    topics: Path | None = option(None, "topics, dialogue: a topic a line (default: drawn from the seeds)")
    turns: int = option(3, "dialogue: messages of the user in a conversation")
    min_score: float = option(4.0, "backtranslate: lowest self-curation score kept, 1 to 5")
    pre_query: str | None = option(
        None, "magpie: chatml, llama3, gemma, mistral, phi3, or a user's turn with {instruction} in it"
    )
    system: str | None = option(None, "answer, magpie, dialogue: system message to answer under")
    map: tuple[str, ...] = option((), "name a column of the inputs: ours=theirs")
    input_license: str = option(UNSPECIFIED_LICENSE, "SPDX licence of inputs that state none")

    @property
    def codes(self) -> tuple[str, ...]:
        """Languages without their shares."""
        return tuple(word.partition("=")[0] for word in self.language)

    @property
    def quotas(self) -> dict[str, int] | None:
        """Tasks by language; null where the inputs decide."""
        if self.method in READS:
            return None
        return read_quotas(self.language or ("en",), DEFAULT_NUM if self.num is None else self.num)

    @property
    def samples(self) -> int:
        return self.per_task or (5 if self.method == "self-instruct" else 1)


def check(options: GenerateOptions) -> None:
    """Raises UsageError with all that is wrong."""
    problems = [*teacher_problems(options), *_method_problems(options)]
    if options.num is not None and options.num < 1:
        problems.append("--num must be at least 1")
    elif not problems:
        read_quotas(options.language, 1)
    if options.teacher == "offline":
        problems += unspoken(options.codes)
    if problems:
        raise UsageError("; ".join(problems))


def _method_problems(options: GenerateOptions) -> Iterator[str]:
    for field in dataclasses.fields(options):
        methods = OWN.get(field.name)
        if methods and options.method not in methods and getattr(options, field.name) != field.default:
            name = "INPUT" if field.name == "inputs" else flag_name(field.name)
            yield f"{name} is of --method {' and '.join(sorted(methods))}, not of {options.method}"
    if options.method in READS and not options.inputs:
        wanted = "prompts" if options.method in READS_PROMPTS else "documents"
        yield f"--method {options.method} works on {wanted}: name a file or a dataset directory of them"
    if options.per_task is not None and options.per_task < 1:
        yield "--per-task must be at least 1"
    if options.rounds < 1 or options.turns < 1:
        yield "--rounds and --turns must be at least 1"
    if options.method == "dialogue" and options.turns < 2:
        yield "--turns must be at least 2 for a conversation"
    if not 0 <= options.max_similar <= 1:
        yield "--max-similar is a number from 0 to 1"
    if not 1 <= options.min_score <= 5:
        yield "--min-score is a number from 1 to 5"
    if options.method == "magpie" and options.api != "completions":
        yield (
            "--method magpie needs --api completions: the model must write the user's turn from raw text, "
            "and a chat endpoint puts its own template round whatever it is sent; `--method answer` and "
            "`--method self-instruct` work on chat endpoints"
        )
    elif options.method == "magpie":
        yield from _template_problems(options)


def template_of(options: GenerateOptions) -> str | None:
    """What --pre-query says; the embedded writer sees no template, so any will do."""
    return options.pre_query or ("chatml" if options.teacher == "offline" else None)


def _template_problems(options: GenerateOptions) -> Iterator[str]:
    from ittools.generate.methods.magpie import marks_for

    try:
        marks_for("" if options.teacher == "offline" else options.model, template_of(options))
    except UsageError as error:
        yield str(error)


def teacher_problems(options: TeacherOptions) -> Iterator[str]:
    """What is wrong with the options of the teacher."""
    if options.concurrency < 1:
        yield "--concurrency must be at least 1"
    if options.max_cost is not None and not options.max_cost >= 0:
        yield "--max-cost is a number from 0 on"
    if not 0 <= options.offline_errors <= 0.9:
        yield "--offline-errors is a share from 0 to 0.9"
    finite = math.isfinite(options.timeout) and math.isfinite(options.backoff)
    if not finite or options.timeout <= 0 or options.retries < 0 or options.backoff < 0:
        yield "--timeout must be positive, --retries and --backoff not negative"
    if options.teacher == "replay" and options.replay is None:
        yield "--teacher replay needs --replay PATH"
    if options.temperature is not None and not 0 <= options.temperature <= 2:
        yield "--temperature is a number from 0 to 2"
    if options.max_tokens is not None and options.max_tokens < 1:
        yield "--max-tokens must be at least 1"
    for name in ("rpm", "tpm", "poll"):
        value = getattr(options, name)
        if value is not None and not (value > 0 and math.isfinite(value)):
            yield f"--{name} must be positive"
    if options.pilot is not None and not options.dry_run:
        yield "--pilot only helps --dry-run"
    yield from _server_problems(options)


def _server_problems(options: TeacherOptions) -> Iterator[str]:
    if options.teacher != "openai" and (options.endpoint or options.batch):
        yield f"--endpoint and --batch are of --teacher openai, not of {options.teacher}"
    if options.endpoint and options.base_url:
        yield "give --endpoint or --base-url, not both"
    if options.batch and (options.rpm or options.tpm):
        yield "--rpm and --tpm hold single requests; with --batch there are none"
    if options.batch and options.endpoint:
        yield "--batch buys from one address: give --base-url instead of --endpoint"
    if options.base_url and not is_plain_http(options.base_url):
        yield f"--base-url {options.base_url}: expected http(s)://host/v1 with no password or query in it"
    try:
        for endpoint in read_endpoints(options.endpoint, options.model):
            if not is_plain_http(endpoint.url):
                yield f"--endpoint {endpoint.url}: expected http(s)://host/v1 with no password in it"
    except UsageError as error:
        yield str(error)


def unspoken(languages: tuple[str, ...]) -> Iterator[str]:
    """Languages that the embedded writer has no words for."""
    from ittools.generate.offline.teacher import LANGUAGES

    for code in languages:
        if primary_code(code) not in LANGUAGES:
            yield f"--language {code}: the offline teacher writes {', '.join(LANGUAGES)} only"


def is_plain_http(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket not closed, a port out of range
        return False
    bare = parts.username is None and not parts.query and not parts.fragment
    return parts.scheme in ("http", "https") and named and bare
