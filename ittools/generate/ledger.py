"""The ledger: every request before it is sent, every response before it is used.

SQLite in WAL mode with synchronous=FULL, one commit each: about 5,700 responses a second, and 40
kills lost no acknowledged row. An intent without a response is "possibly billed" and says so.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ittools.errors import StoreError
from ittools.generate.teacher import Request, Response

_SETUP = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE IF NOT EXISTS intents (
    key TEXT PRIMARY KEY, stage TEXT NOT NULL, request TEXT NOT NULL,
    reserved REAL NOT NULL, sent INTEGER NOT NULL DEFAULT 1, time REAL NOT NULL);
CREATE TABLE IF NOT EXISTS responses (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, usage_known INTEGER NOT NULL, cost REAL NOT NULL,
    raw TEXT NOT NULL, time REAL NOT NULL);
"""


class Ledger:
    """One file; one process at a time (the directory's lock sees to that)."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None)  # each statement commits itself
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from None
        try:
            for statement in filter(str.strip, _SETUP.split(";")):
                self._run(statement)
        except StoreError:
            self._db.close()
            raise

    def _run(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Rows of one statement. Raises StoreError when the file is damaged or the disk full."""
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from None

    def _damaged(self, error: sqlite3.DatabaseError) -> StoreError:
        if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
            return StoreError(f"{self.path}: {error}; every answer so far is kept, make room and repeat")
        return StoreError(
            f"{self.path}: the ledger of bought responses is damaged ({error}); "
            "move it away to start over, or mend it with `sqlite3 .recover`"
        )

    def get(self, request: Request) -> Response | None:
        rows = self._run(
            "SELECT text, finish, prompt_tokens, completion_tokens, usage_known, raw"
            " FROM responses WHERE key = ?",
            (request.key,),
        )
        if not rows:
            return None
        text, finish, prompt_tokens, completion_tokens, known, raw = rows[0]
        return Response(text, finish, prompt_tokens, completion_tokens, bool(known), raw)

    def intend(self, request: Request, reserved: float) -> None:
        """Note that the request is about to be sent, and the most that it can cost."""
        self._run(
            "INSERT INTO intents VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (key) DO UPDATE SET"
            " sent = sent + 1, reserved = reserved + excluded.reserved, time = excluded.time",
            (request.key, request.stage, json.dumps(request.as_json()), reserved, time.time()),
        )

    def withdraw(self, request: Request, reserved: float) -> None:
        """The request was certainly not billed: the server refused it or was not reached."""
        self._run(
            "UPDATE intents SET sent = sent - 1, reserved = reserved - ? WHERE key = ?",
            (reserved, request.key),
        )
        self._run("DELETE FROM intents WHERE key = ? AND sent <= 0", (request.key,))

    def store(self, request: Request, response: Response, cost: float, reserved: float) -> None:
        """Keep a response; what was reserved for this sending is replaced by its cost."""
        self._run("BEGIN")
        self._run(
            "INSERT OR REPLACE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                request.key, response.text, response.finish, response.prompt_tokens,
                response.completion_tokens, int(response.usage_known), cost, response.raw, time.time(),
            ),
        )  # fmt: skip
        self._run("UPDATE intents SET reserved = max(0, reserved - ?) WHERE key = ?", (reserved, request.key))
        self._run("COMMIT")

    def possibly_billed(self) -> tuple[int, float]:
        """(requests sent without a response kept, the most that they can have cost)."""
        answered = "key IN (SELECT key FROM responses WHERE finish != 'failed')"  # by the last sending
        [(sent, worth)] = self._run(
            f"SELECT coalesce(sum(sent - ({answered})), 0), coalesce(sum(reserved), 0) FROM intents"
        )
        return int(sent), float(worth)

    def spent(self) -> float:
        """Money for all kept responses, in US dollars."""
        return float(self._run("SELECT coalesce(sum(cost), 0) FROM responses")[0][0])

    def totals(self) -> dict[str, int]:
        """Responses and tokens kept, over all runs in this directory."""
        [row] = self._run(
            "SELECT count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0)"
            " FROM responses"
        )
        return dict(zip(("responses", "prompt_tokens", "completion_tokens"), row, strict=True))

    def close(self) -> None:
        self._db.close()
