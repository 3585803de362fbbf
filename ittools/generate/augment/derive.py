"""A record made from another: what it keeps, what it says of where it came from, and when it is no good."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ittools.generate.job import parameters_of
from ittools.generate.teacher import Request
from ittools.records.build import Record, build_record, opened_meta
from ittools.records.scores import scores_dict

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Derived:
    """A new record, and why it cannot be used (null: it can)."""

    record: Record
    reason: str | None


def derived(
    record: Record, method: str, *, requests: Mapping[str, Request] | None = None,
    generator: str | None = None,
    template: str | None = None, license: str | None = None, instruction: str | None = None,
    input: str | None = None, output: str | None = None, **meta: Any,
) -> Record:  # fmt: skip
    """`record` with other content, its parent named; task, language and scores stay."""
    about: dict[str, Any] = {"method": method, **meta}
    if requests:
        about["parameters"] = parameters_of(list(requests.values())[-1])
        about["requests"] = {stage: request.key for stage, request in requests.items()}
    before = opened_meta(record["meta"])
    if before:
        about["of"] = {name: before[name] for name in ("method", "request", "requests") if name in before}
    content = {"instruction": instruction, "input": input, "output": output}
    said = {name: record[name] if value is None else value for name, value in content.items()}
    made = build_record(
        **said, source=f"{method}/{record['source']}", task=record["task"],
        license=license or record["license"], context=record["context"], rejected=record["rejected"],
        language=record["language"], template=template or record["template"],
        generator=generator or record["generator"], parents=[record["id"]],
        scores=scores_dict(record["scores"]), meta=json.dumps(about, ensure_ascii=False),
    )  # fmt: skip
    return made | {"parents": [one for one in made["parents"] if one != made["id"]]}


def rewritten_reason(text: str, before: str) -> str | None:
    """Why another wording cannot stand for the instruction: numbers are what answers hang on."""
    if not text:
        return "empty-instruction"
    if " ".join(text.split()).casefold() == " ".join(before.split()).casefold():
        return "unchanged"
    if sorted(_NUMBER.findall(text)) != sorted(_NUMBER.findall(before)):
        return "numbers-changed"
    return None


def seed_of(seed: int, record: Record, copy: int) -> int:
    """One seed a record and copy, the same in any order of the inputs."""
    place = f"{seed}:{record['id']}:{copy}".encode()
    return int.from_bytes(hashlib.blake2b(place, digest_size=8).digest())
