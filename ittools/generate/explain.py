"""`--explain ID`: the exact requests and responses that made a record, out of the ledger beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ittools.errors import InputError
from ittools.generate.ledger import Ledger
from ittools.records.build import opened_meta
from ittools.store.outcome import Answer
from ittools.store.shards import read_shard
from ittools.visible import visible

LEDGER = "ledger/ledger.sqlite"
FEWEST_DIGITS = 6  # of an id that is cut short


def explain(out: Path, wanted: str) -> Answer:
    """Every exchange behind the record whose id is, or begins with, `wanted`.

    Raises:
        InputError: no such record in `out`, more than one, or no ledger beside it.
    """
    record = _record(out, wanted)
    keys = opened_meta(record["meta"]).get("requests") or {}
    if not (out / LEDGER).exists():
        raise InputError(f"{out / LEDGER}: missing; the ledger of a run stands beside its records")
    ledger = Ledger(out / LEDGER)
    try:
        found = {stage: ledger.exchange(key) for stage, key in keys.items()}
    finally:
        ledger.close()
    exchanges = [
        {"stage": stage, "key": keys[stage], "request": one[0], "response": _response(one[1])}
        for stage, one in found.items()
        if one
    ]
    value = {"record": record, "exchanges": exchanges, "not_in_ledger": [s for s in keys if not found[s]]}
    return Answer(list(_lines(record, exchanges, value["not_in_ledger"])), value)


def _record(out: Path, wanted: str) -> dict[str, Any]:
    """The record by its id, or by the beginning of it; dropped ones too, where they were kept."""
    if len(wanted) < FEWEST_DIGITS:
        raise InputError(f"--explain {wanted}: give at least {FEWEST_DIGITS} digits of an id")
    shards = [*sorted((out / "data").glob("*.parquet")), *sorted((out / "dropped").glob("*.parquet"))]
    if not shards:
        raise InputError(f"{out}: holds no records; --explain reads the finished run of --out")
    found: dict[str, dict[str, Any]] = {}
    for shard in shards:
        for batch in read_shard(shard):
            for place, identity in enumerate(batch.column("id").to_pylist()):
                if identity.startswith(wanted):
                    found.setdefault(identity, batch.slice(place, 1).to_pylist()[0])
    if not found:
        raise InputError(
            f"{out}: no record whose id is or begins with {wanted}; `ittools head {out}` shows ids"
        )
    if len(found) > 1:
        raise InputError(f"{out}: {len(found)} records begin with {wanted}: {', '.join(sorted(found)[:4])}")
    return next(iter(found.values()))


def _response(response: Any) -> dict[str, Any]:
    try:
        raw = json.loads(response.raw)
    except ValueError:
        raw = response.raw
    return {
        "text": response.text, "finish": response.finish, "others": list(response.others),
        "reasoning": response.reasoning, "prompt_tokens": response.prompt_tokens,
        "completion_tokens": response.completion_tokens, "model": response.model,
        "endpoint": response.endpoint, "raw": raw,
    }  # fmt: skip


def _lines(record: dict[str, Any], exchanges: list[dict[str, Any]], lost: Any) -> Any:
    """For a person: what was sent, indented, and what came."""
    meta = opened_meta(record["meta"])
    yield f"record     {record['id']}" + (f"  dropped: {record['reason']}" if record.get("reason") else "")
    for name in ("source", "task", "language", "license", "template", "generator"):
        yield f"{name:<11}{visible(str(record[name]))}"
    yield f"{'parents':<11}{', '.join(record['parents'] or []) or '-'}"
    if "parameters" in meta:
        yield f"{'parameters':<11}{json.dumps(meta['parameters'])}"
    for one in exchanges:
        request, response = one["request"], one["response"]
        sent = {
            name: request[name] for name in ("temperature", "top_p", "max_tokens", "n") if name in request
        }
        yield ""
        yield f"--- {one['stage']}  {one['key']}  {request['model']}  {json.dumps(sent)}"
        for role, content in request.get("before", ()):
            yield from _block(f"{role} >", content)
        yield from _block("sent >", request["prompt"])
        who = f" by {response['model']} at {response['endpoint']}" if response["endpoint"] else ""
        tokens = f"{response['prompt_tokens']} + {response['completion_tokens']} tokens"
        yield f"came < {response['finish']}, {tokens}{who}"
        for text in (response["text"], *response["others"]):
            yield from _block("", text)
    if lost:
        yield f"not in the ledger: {', '.join(lost)} (failed, or the ledger was moved)"


def _block(head: str, text: str) -> Any:
    if head:
        yield head
    for line in text.split("\n"):
        yield f"  {visible(line)}"
