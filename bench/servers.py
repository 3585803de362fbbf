"""What OpenAI-compatible servers really do: each asked by plain HTTP, then used by `ittools generate`.

    BENCH_SERVERS=FOLDER python -m bench.servers                     # all that FOLDER has
    BENCH_SERVERS=FOLDER python -m bench.servers llama-cpp litellm
    python -m bench.servers http://127.0.0.1:8000/v1 my-model        # one that runs already

FOLDER holds one virtual environment for each server: FOLDER/llama-cpp, FOLDER/llama-server,
FOLDER/transformers, FOLDER/litellm (docs/endpoints.md says what goes into them). Prints Markdown tables.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.server_models import CONTEXT, PROMPT, SERVERS, Endpoint, Reply, Running, make, version

LONG = "The river is long. " * 1200  # some 23,000 characters: over the context of every tiny model
STONES = ["agate-7", "beryl-3"]  # prose does not meet them
SHAPE = {"type": "object", "properties": {"stone": {"enum": STONES}}, "required": ["stone"]}
BY_SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SHAPE}}
FORMAT = {"format": {"type": "json_schema", "name": "answer", "strict": True, "schema": SHAPE}}
IGNORED, LEFT = "**ignored**", "**stops, but leaves the stop sequence in the text**"
NEAR = 0.05  # of two logprobs that should be one

Ask = Callable[..., Reply]  # Endpoint.chat or Endpoint.complete


def _if_ok(reply: Reply, then: Callable[[Reply], str] = lambda _: "yes") -> str:
    """What an answer shows; of a refusal its status and message."""
    return then(reply) if reply.status == 200 else reply.said


def _count(reply: Reply) -> str:
    return _if_ok(reply, lambda _: f"{len(reply.choices)} answer(s)")


def _lists_models(endpoint: Endpoint) -> str:
    def names(reply: Reply) -> str:
        listed = [model["id"] for model in reply.value["data"]]
        return "yes" if endpoint.model in listed else f"200, but not the model served ({len(listed)} names)"

    return _if_ok(endpoint.send("models"), names)


def _meets(text: str | None) -> str:
    """Whether an answer is JSON, and JSON by the schema."""
    try:
        value = json.loads(text or "")
    except ValueError:
        return "JSON begun" if (text or "").lstrip().startswith("{") else f"{IGNORED}: 200 and prose"
    met = isinstance(value, dict) and value.get("stone") in STONES
    return "honoured" if met else "JSON of its own shape"


def _shaped(ask: Ask, wanted: Mapping[str, object]) -> str:
    return _if_ok(ask(response_format=wanted, max_tokens=200), lambda reply: _meets(reply.texts[0]))


def _responses(endpoint: Endpoint, **fields: object) -> str:
    """How it ends at five tokens, or whether it met the schema."""

    def judged(reply: Reply) -> str:
        if not isinstance(reply.value, dict):
            streamed = "data:" in reply.text
            return "**200 and a stream of events, unasked**" if streamed else "200 and no JSON"
        parts = [part for one in reply.value["output"] for part in one.get("content") or []]
        used = (reply.value.get("usage") or {}).get("output_tokens")
        cut = f"status `{reply.value.get('status')}`, {used} tokens counted"
        return _meets(parts[0].get("text")) if "text" in fields else cut

    body = {"model": endpoint.model, "input": PROMPT, "temperature": 0, "max_output_tokens": 5, **fields}
    return _if_ok(endpoint.send("responses", json.dumps(body).encode()), judged)


def _chat_logprobs(endpoint: Endpoint) -> str:
    def given(reply: Reply) -> str:
        content = (reply.choices[0].get("logprobs") or {}).get("content")
        return f"yes, {len(content[0]['top_logprobs'])} of 3" if content else f"{IGNORED}: 200 and none"

    return _if_ok(endpoint.chat(logprobs=True, top_logprobs=3), given)


def _logprobs(endpoint: Endpoint) -> str:
    def given(reply: Reply) -> str:
        logprobs = reply.choices[0].get("logprobs") or {}
        if not logprobs:
            return f"{IGNORED}: 200 and none"
        top = logprobs.get("top_logprobs")
        return f"yes, {len(top[-1])} for 3 asked" if top else f"of another shape: {', '.join(logprobs)}"

    return _if_ok(endpoint.complete(logprobs=3), given)


def _echo(endpoint: Endpoint, max_tokens: int) -> str:
    def given(reply: Reply) -> str:
        choice, new = reply.choices[0], reply.value["usage"]["completion_tokens"]
        if not choice["text"].startswith(PROMPT):
            return f"{IGNORED}: no prompt in the text"
        tokens = (choice.get("logprobs") or {}).get("token_logprobs")
        return f"yes, {len(tokens)} tokens, {new} of them new" if tokens else "text only, no logprobs"

    return _if_ok(endpoint.complete(echo=True, logprobs=1, max_tokens=max_tokens), given)


def _aligned(endpoint: Endpoint) -> str:
    """Whether echo gives each token its own logprob: what may follow a prompt is known without echo."""
    plain = endpoint.complete(logprobs=1, max_tokens=1).choices[0].get("logprobs") or {}
    echoed = endpoint.complete(prompt=PROMPT + " Then go.", echo=True, logprobs=1, max_tokens=1)
    if "top_logprobs" not in plain or not str(echoed.texts[0]).startswith(PROMPT):
        return "no such logprobs"
    likeliest = max(plain["top_logprobs"][0].values())
    tokens, given = (echoed.choices[0]["logprobs"][name] for name in ("tokens", "top_logprobs"))
    place = next(i for i in range(1, len(tokens)) if "".join(tokens[:i]).endswith(PROMPT))
    if abs(max(given[place].values()) - likeliest) < NEAR:
        return "yes"
    beside = abs(max(given[place - 1].values()) - likeliest) < NEAR
    return "**no: each token has the logprob of the place behind it**" if beside else "**no**"


def _stop(ask: Ask, others: list[str]) -> str:
    """A stop sequence from the middle of what it says anyway."""
    whole = (ask(max_tokens=48).texts or [""])[0] or ""
    new = [whole[i : i + 2] for i in range(4, len(whole) - 1) if whole.find(whole[i : i + 2]) == i]
    if not new:
        return "too short an answer to tell"

    def cut(reply: Reply) -> str:
        text, finish = reply.texts[0], f"(finish `{reply.choices[0].get('finish_reason')}`)"
        if text in (whole, whole[: whole.find(new[0])]):
            return f"{IGNORED} {finish}" if text == whole else f"yes {finish}"
        return f"{LEFT} {finish}" if new[0] in text else "another text"

    return _if_ok(ask(max_tokens=48, stop=[new[0], *others]), cut)


def _seed(ask: Ask) -> str:
    drawn = [ask(seed=seed, temperature=1, max_tokens=32) for seed in (1, 1, 2)]
    first, again, other = (reply.texts for reply in drawn)
    known = "one text for any seed" if first == other else f"{IGNORED}: another text each time"
    return _if_ok(drawn[0], lambda _: "honoured" if first == again != other else known)


def _penalty(ask: Ask) -> str:
    plain, penalised = (ask(presence_penalty=p, max_tokens=48) for p in (0, 2))
    return _if_ok(
        penalised, lambda _: "changes nothing" if plain.texts == penalised.texts else "changes the text"
    )


def _streams(ask: Ask) -> str:
    reply = ask(stream=True, stream_options={"include_usage": True})
    lines = [line for line in reply.text.splitlines() if line.startswith("data:")]
    if not lines:
        return reply.said
    usage = "with usage" if any('"completion_tokens"' in line for line in lines) else "no usage"
    return f"yes, {usage}, {'[DONE] at the end' if '[DONE]' in lines[-1] else '**no [DONE]**'}"


def _bounded(ask: Ask, name: str) -> str:
    def counted(reply: Reply) -> str:
        usage = (reply.value.get("usage") or {}).get("completion_tokens")
        return f"finish `{reply.choices[0].get('finish_reason')}`, {usage} tokens counted"

    return _if_ok(ask(**{"max_tokens": None, name: 5}), counted)


def _at_once(endpoint: Endpoint, count: int = 40) -> str:
    began = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        replies = list(pool.map(lambda i: endpoint.chat(seed=i), range(count)))
    answered = [reply for reply in replies if reply.status == 200 and reply.texts]
    other = sorted({reply.said for reply in replies if reply not in answered})
    return "; ".join([f"{len(answered)} answered in {time.perf_counter() - began:.1f} s", *other])


def _hung_up(endpoint: Endpoint) -> str:
    """Whether a client that leaves frees the server. The ends of the tiny models are forbidden."""
    left = endpoint.chat(max_tokens=1900, logit_bias={"4": -100.0, "2": -100.0}, patience=0.2)
    if left.status:
        return "cannot tell: " + _if_ok(left, lambda _: "it was faster")
    began = time.perf_counter()
    endpoint.chat(max_tokens=1)
    return f"the next answer came after {time.perf_counter() - began:.1f} s"


def _shapes(endpoint: Endpoint) -> str:
    """The keys of errors' bodies, `error.message` and so on, with their status."""
    wrong = [endpoint.chat(model="nobody"), endpoint.chat(temperature="hot"), endpoint.send("nowhere", b"{}")]
    shapes = []
    for reply in wrong:
        value = reply.value
        inner = value.get("error") if isinstance(value, dict) else None
        keys = [f"error.{key}" for key in inner] if isinstance(inner, dict) else list(value or ["plain text"])
        shapes.append(f"{reply.status} `{' '.join(keys)}`")
    return ", ".join(shape for shape in shapes if not shape.startswith("200"))


def _limits(endpoint: Endpoint) -> str:
    """The last of four quick questions to a model that allows two a minute."""
    last = [endpoint.chat(model=endpoint.busy or endpoint.model) for _ in range(4)][-1]
    names = [f"`{n}: {v}`" for n, v in last.headers.items() if "ratelimit" in n or "retry-after" in n]
    return f"{_if_ok(last, lambda _: 'no limit')}; headers: {', '.join(names) or 'none'}"


_FORMS: dict[str, Callable[[Ask], str]] = {
    "JSON by schema": partial(_shaped, wanted=BY_SCHEMA),
    "`json_object`": partial(_shaped, wanted={"type": "json_object"}),
    "`json_object` with `schema`": partial(_shaped, wanted={"type": "json_object", "schema": SHAPE}),
    "`n=2`": lambda ask: _count(ask(n=2, temperature=1)),
    "one stop sequence": partial(_stop, others=[]),
    "six stop sequences": partial(_stop, others=["@#1", "@#2", "@#3", "@#4", "@#5"]),
    "seed at temperature 1": _seed,
    "`presence_penalty`": _penalty,
    "streaming": _streams,
    "`max_tokens=5`": partial(_bounded, name="max_tokens"),
    "`max_tokens=0`": lambda ask: _if_ok(ask(max_tokens=0)),
    "`max_tokens` over the context": lambda ask: _if_ok(ask(max_tokens=CONTEXT + 100)),
    "an unknown parameter": lambda ask: _if_ok(ask(shoe_size=44)),
    "an unknown model": lambda ask: _if_ok(ask(model="nobody")),
}

_ENDPOINT: dict[str, Callable[[Endpoint], str]] = {
    "GET models": _lists_models,
    "chat": lambda e: _if_ok(e.chat()),
    "completions": lambda e: _if_ok(e.complete()),
    "responses: `max_output_tokens=5`": _responses,
    "responses: the same with `stream=false`": lambda e: _responses(e, stream=False),
    "responses: JSON by schema": lambda e: _responses(e, stream=False, max_output_tokens=200, text=FORMAT),
    "batches, files": lambda e: ", ".join(str(e.send(path).status) for path in ("batches", "files")),
    "chat: `max_completion_tokens=5`": lambda e: _bounded(e.chat, "max_completion_tokens"),
    "chat: logprobs, `top_logprobs=3`": _chat_logprobs,
    "completions: `logprobs=3`": _logprobs,
    "completions: echo, logprobs, `max_tokens=1`": lambda e: _echo(e, 1),
    "completions: echo, logprobs, `max_tokens=0`": lambda e: _echo(e, 0),
    "completions: echo's logprobs stand at their tokens": _aligned,
    "completions: a list of two prompts": lambda e: _count(e.complete(prompt=[PROMPT, "Well."])),
    "completions: an empty prompt": lambda e: _if_ok(e.complete(prompt="")),
    "completions: a prompt over the context": lambda e: _if_ok(e.complete(prompt=LONG)),
    "chat: a prompt over the context": lambda e: _if_ok(e.chat(messages=[{"role": "user", "content": LONG}])),
    "chat: an empty message": lambda e: _if_ok(e.chat(messages=[{"role": "user", "content": ""}])),
    "a body that is not JSON": lambda e: _if_ok(e.send("chat/completions", b"{")),
    "a wrong key": lambda e: _if_ok(replace(e, key="sk-nobody-0123456789").chat()),
    "shapes of errors": _shapes,
    "rate limit": _limits,
    "40 chats at once": _at_once,
    "a client that hangs up": _hung_up,
}


def probed(endpoint: Endpoint) -> dict[str, str]:
    """What the endpoint does, by the name of each question."""
    questions = {name: partial(probe, endpoint) for name, probe in _ENDPOINT.items()}
    for name, form in _FORMS.items():
        questions[f"chat: {name}"] = partial(form, endpoint.chat)
        questions[f"completions: {name}"] = partial(form, endpoint.complete)
    questions["alive after all this"] = partial(_ENDPOINT["chat"], endpoint)
    found = {}
    for name, question in questions.items():
        try:
            found[name] = question()
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            found[name] = f"**an answer of another shape** ({type(error).__name__}: {error})"
        print(f"  {name}: {found[name]}", file=sys.stderr, flush=True)
    return found


# `ittools generate` against it

PROMPTS = [f"Question {i}: what does a town of {i} thousand people need?" for i in range(1, 21)]
METHODS = {
    "self-instruct": "--method self-instruct --num 2",
    "answer": "--method answer --num 20",
    "answer, responses form": "--method answer --num 20 --api responses",
    "magpie": "--method magpie --api completions --pre-query chatml --num 20",
}
FEW = "--retries 2 --backoff 0.1 --concurrency 4 --max-tokens 200 --temperature 1 --json --quiet"


def _command(method: str, endpoint: Endpoint, folder: Path) -> list[str]:
    inputs = []
    if method.startswith("answer"):
        inputs = [str(folder / "prompts.jsonl")]
        (folder / "prompts.jsonl").write_text("".join(json.dumps({"instruction": p}) + "\n" for p in PROMPTS))
    where = ["--base-url", endpoint.url, "-m", endpoint.model, "--out", str(folder / method)]
    usual = [*METHODS[method].split(), *FEW.split()]
    return [sys.executable, "-m", "ittools", "generate", *inputs, *usual, *where]


def _started(method: str, endpoint: Endpoint, folder: Path) -> subprocess.Popen[str]:
    pipe, environ = subprocess.PIPE, {**os.environ, "OPENAI_API_KEY": endpoint.key}
    words = _command(method, endpoint, folder)
    return subprocess.Popen(words, text=True, env=environ, stdout=pipe, stderr=pipe)


def _outcome(process: subprocess.Popen[str]) -> str:
    said, errors = process.communicate()
    if process.returncode:
        return f"exit {process.returncode}: {' '.join(errors.split())[:200]}"
    result = json.loads(said)
    run, funnel = result["teacher"]["this_run"], result["funnel"]
    drops = ", ".join(f"{count} {reason}" for reason, count in funnel["dropped"].items())
    asked = ", ".join(f"{run[name]} {name}" for name in ("bought", "reused", "failed", "retried"))
    return f"exit 0, {funnel['out']} records (dropped: {drops or 'none'}); requests: {asked}"


def _bought(ledger: Path) -> dict[str, float]:
    """When each answer was bought, by its request's key."""
    try:
        with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=10) as rows:
            return dict(rows.execute("SELECT key, time FROM responses WHERE finish != 'failed'"))
    except sqlite3.OperationalError:  # there is no ledger yet, or no table in it
        return {}


def _killed_amid(running: Running, folder: Path) -> dict[str, str]:
    """The server dies during a run, comes back, and the same command goes on."""
    ledger = folder / "answer" / "ledger" / "ledger.sqlite"
    process = _started("answer", running.endpoint, folder)
    while process.poll() is None and len(_bought(ledger)) < 4:
        time.sleep(0.01)
    running.kill()
    first = _outcome(process)
    before = _bought(ledger)
    running.start()
    again = _outcome(_started("answer", running.endpoint, folder))
    twice = len(before.items() - _bought(ledger).items())
    return {
        "answer, server killed amid it": f"{first} ({len(before)} answers kept)",
        "the same command, server back": f"{again}; {twice} of the {len(before)} bought again",
    }


def _runs(endpoint: Endpoint, folder: Path, running: Running | None) -> dict[str, str]:
    """How each method ends; with a server of our own also a run that loses it."""
    folder.mkdir()
    ended = {}
    for method in METHODS:
        ended[method] = _outcome(_started(method, endpoint, folder))
        print(f"  {method}: {ended[method]}", file=sys.stderr, flush=True)
    if running is not None:
        (folder / "killed").mkdir()
        ended |= _killed_amid(running, folder / "killed")
    return ended


def _table(columns: dict[str, dict[str, str]]) -> list[str]:
    """Markdown: a row for each question, a column for each server."""
    questions = list(dict.fromkeys(name for column in columns.values() for name in column))
    rows = [["", *columns], ["---"] * (len(columns) + 1)]
    rows += [[name, *(column.get(name, "") for column in columns.values())] for name in questions]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def _of_our_own(name: str, home: Path, folder: Path) -> tuple[str, dict[str, str], dict[str, str]]:
    """(the server with its version, what it does, how runs against it end)."""
    make(name, home, folder)
    running = Running(name, home, folder)
    ready = running.start()
    shown = f"{name} {version(name, home)}"
    print(f"{shown}, ready in {ready:.1f} s", file=sys.stderr, flush=True)
    try:
        found = {"ready in": f"{ready:.1f} s", **probed(running.endpoint)}
        return shown, found, _runs(running.endpoint, folder / "runs", running)
    finally:
        running.kill()


def main(words: list[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # no server is left behind
    os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"]))
    environments = Path(os.environ.get("BENCH_SERVERS", ".")).absolute()
    probes: dict[str, dict[str, str]] = {}
    ends: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        if words and words[0].startswith("http"):
            url, model = words
            endpoint = Endpoint(url.rstrip("/"), model, os.environ.get("OPENAI_API_KEY", "none"))
            probes[url] = probed(endpoint)
            ends[url] = _runs(endpoint, Path(scratch) / "runs", None)
        else:
            for name in words or [name for name in SERVERS if (environments / name / "bin").is_dir()]:
                shown, probes_of, ends_of = _of_our_own(name, environments / name, Path(scratch) / name)
                probes[shown], ends[shown] = probes_of, ends_of
    print("\n".join([*_table(probes), "", *_table(ends)]))


if __name__ == "__main__":
    main(sys.argv[1:])
