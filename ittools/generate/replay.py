"""Recorded answers by request key: a ledger of an earlier run, or JSONL of {key, text, finish}.

The recording is an input of the run: its answers are part of the fingerprint, and the ledger of --out
answers only what the recording answers too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from ittools.errors import InputError, TeacherError, UsageError
from ittools.formats.rows import file_rows
from ittools.generate.ledger import Ledger
from ittools.generate.options import TeacherOptions
from ittools.generate.teacher import PROBES, Request, Response
from ittools.records.build import mend_text
from ittools.store.dataset import InputEntry
from ittools.store.files import sha256_json


class ReplayTeacher:
    """Answers only what was recorded; `model` must be that of the recorded run."""

    concurrency = 64

    def __init__(self, path: Path, *, model: str) -> None:
        self.path, self.model = path, model
        self._answers = _recorded(path)

    async def answer(self, request: Request) -> Response:
        said = self.said(request.stage, request.key)
        if said is None:
            raise TeacherError(
                f"{self.path}: no recorded answer for {request.stage} {request.round}.{request.index} "
                f"(key {request.key}); seeds, seed, model and options must be those of the recorded run"
            )
        return said

    def said(self, stage: str, key: str) -> Response | None:
        # a probe that was not recorded: the run did not ask, so its answers are in free text
        return self._answers.get(key, Response("", "stop") if stage in PROBES else None)

    async def close(self) -> None:
        return None


def replay_entries(options: TeacherOptions) -> list[InputEntry]:
    """The recording, known by its answers; nothing with another teacher. Raises InputError."""
    if options.teacher != "replay" or options.replay is None:
        return []
    answers = sorted(_recorded(options.replay).items())
    content = sha256_json([[key, sha256_json(asdict(answer))] for key, answer in answers])
    return [InputEntry(str(options.replay), "recorded answers", content)]


def put_others_aside(ledger: Ledger, teacher: ReplayTeacher, note: Callable[[str], None]) -> None:
    """A ledger with answers of another recording makes room. Raises UsageError where they were bought."""
    if all(teacher.said(stage, key) == kept for stage, key, kept in ledger.answers()):
        return
    if ledger.holds_money():
        raise UsageError(
            f"{ledger.path}: holds bought answers, others than {teacher.path}; give another --out"
        )
    note(f"answers of an earlier run, others than {teacher.path}, are now in {ledger.set_aside()}")


def _recorded(path: Path) -> dict[str, Response]:
    if path.is_dir():  # of a run
        path = path / "ledger" / "ledger.sqlite"
    if not path.is_file():
        raise InputError(f"{path}: no such file; --replay wants a ledger.sqlite or JSONL of answers")
    if path.suffix == ".sqlite":
        return _from_ledger(path)
    answers: dict[str, Response] = {}
    for place, row in file_rows(path):
        try:
            tokens = (int(row.get("prompt_tokens", 0)), int(row.get("completion_tokens", 0)))
            if not isinstance(row["text"], str):
                raise TypeError("text")
            answers[row["key"]] = Response(
                mend_text(row["text"]), mend_text(str(row.get("finish", "stop"))), *tokens
            )
        except (KeyError, TypeError, ValueError):
            raise InputError(f"{place}: a recorded answer needs key and text") from None
    return answers


def _from_ledger(path: Path) -> dict[str, Response]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as ledger:
            ledger.row_factory = sqlite3.Row
            rows = ledger.execute("SELECT * FROM responses").fetchall()
    except sqlite3.DatabaseError as error:
        raise InputError(f"{path}: not a ledger ({error})") from None
    return {row["key"]: _response(row) for row in rows}


def _response(row: sqlite3.Row) -> Response:
    """Of a ledger of any version; the raw body stays there."""
    held = row.keys()
    more = {name: row[name] for name in ("reasoning", "model", "endpoint") if name in held}
    others = tuple(json.loads(row["others"])) if "others" in held else ()
    return Response(
        row["text"], row["finish"], row["prompt_tokens"], row["completion_tokens"], bool(row["usage_known"]),
        row["raw"], others, **more,
    )  # fmt: skip
