"""Runs of `ittools generate --batch` against a batch API on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from batch_server import Batches, Json, Trouble, answered, asked
from generate_runs import records

NO_RETRY = {"x-should-retry": "false"}  # the SDK's own retries are not what is tested
COUNT = 6
ANSWERS = [f"Answer to Question {n}?" for n in range(COUNT)]


def without_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of our own for further requests, and of the SDK between its tries."""
    monkeypatch.setattr("ittools.generate.batch.QUIET", 0.1)
    monkeypatch.setattr("ittools.generate.batch.PATIENCE", 4)
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.0)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.0)


def words(server: Batches, out: Path, *more: str) -> list[str]:
    """The command line of a run over COUNT questions."""
    prompts = out.with_name("prompts.jsonl")
    prompts.write_text("".join(json.dumps({"prompt": f"Question {n}?"}) + "\n" for n in range(COUNT)))
    return ["generate", str(prompts), "--method", "answer", "--batch", "--base-url", server.url,
            "-m", "served", "--poll", "0.01", "--backoff", "0", "--price", "100,200",
            "--out", str(out), *more]  # fmt: skip


def outputs(out: Path) -> list[object]:
    return [record["output"] for record in records(out)]


def account(out: Path) -> Json:
    """What the manifest says of the teacher."""
    manifest: Json = json.loads((out / "manifest.json").read_text())
    return dict(manifest["teacher"])


def no(status: int, message: str = "no") -> Trouble:
    """A refusal of a whole HTTP request."""
    body = {"error": {"message": message}}
    return lambda: web.json_response(body, status=status, headers=NO_RETRY)


def the_first(
    method: str, end: str, trouble: Trouble, times: int = 1
) -> Callable[[str, str], Trouble | None]:
    """Trouble for the first calls to an address that ends so."""
    left = [trouble] * times

    def decide(called: str, path: str) -> Trouble | None:
        return left.pop() if left and called == method and path.endswith(end) else None

    return decide


def only_at_first(
    question: str, trouble: Callable[[Json], Json | str | None]
) -> Callable[[Json], Json | str | None]:
    """The line with this question is in trouble, unless it is sent once more."""
    seen: set[str] = set()

    def line(given: Json) -> Json | str | None:
        text = asked(given["body"])
        new = text == question and text not in seen
        seen.add(text)
        return trouble(given) if new else answered(given)

    return line
