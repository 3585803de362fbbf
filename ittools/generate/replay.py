"""Recorded answers by request key: a ledger of an earlier run, or JSONL of {key, text, finish}."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from ittools.errors import InputError, TeacherError
from ittools.formats.rows import file_rows
from ittools.generate.teacher import PROBES, Request, Response
from ittools.records.build import mend_text


class ReplayTeacher:
    """Answers only what was recorded; `model` must be that of the recorded run."""

    concurrency = 64

    def __init__(self, path: Path, *, model: str) -> None:
        self.path, self.model = path, model
        self._answers = _recorded(path)

    async def answer(self, request: Request) -> Response:
        if request.stage in PROBES and request.key not in self._answers:
            return Response("", "stop")  # recorded without the question, so in free text
        try:
            return self._answers[request.key]
        except KeyError:
            raise TeacherError(
                f"{self.path}: no recorded answer for {request.stage} {request.round}.{request.index} "
                f"(key {request.key}); seeds, seed, model and options must be those of the recorded run"
            ) from None

    async def close(self) -> None:
        return None


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
