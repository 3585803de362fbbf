"""The ledger: every request before it is sent, every response before it is used.

SQLite in WAL mode with synchronous=FULL: about 5,700 commits a second, and 40 kills lost no
acknowledged row. What many coroutines write in one turn of the event loop is one commit, and each
waits for it. An intent without a response is "possibly billed" and says so.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
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
CREATE TABLE IF NOT EXISTS batches (
    token TEXT PRIMARY KEY, batch TEXT NOT NULL, keys TEXT NOT NULL, ended INTEGER NOT NULL,
    time REAL NOT NULL);
"""

_ADDED = {  # columns that ledgers of earlier versions lack
    "others": "TEXT NOT NULL DEFAULT '[]'",
    "reasoning": "TEXT NOT NULL DEFAULT ''",
    "model": "TEXT NOT NULL DEFAULT ''",
    "endpoint": "TEXT NOT NULL DEFAULT ''",
}
_ANSWER = (
    "text, finish, prompt_tokens, completion_tokens, usage_known, raw, others, reasoning, model, endpoint"
)


class Ledger:
    """One file; one process at a time (the directory's lock sees to that)."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._waiting: list[tuple[Callable[[], None], asyncio.Future[None]]] = []
        self._open()

    def _open(self) -> None:
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None)  # each statement commits itself
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from None
        try:
            for statement in filter(str.strip, _SETUP.split(";")):
                self._run(statement)
            known = {row[1] for row in self._run("PRAGMA table_info(responses)")}
            for name, kind in _ADDED.items():
                if name not in known:
                    self._run(f"ALTER TABLE responses ADD COLUMN {name} {kind}")
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

    async def together(self, write: Callable[[], None]) -> None:
        """Run `write` and wait until it is on disk; what others write in the same turn shares the commit."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((write, done))
        if len(self._waiting) == 1:
            loop.call_soon(self._flush)
        await done

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            with self._one_commit():
                for write, _ in waiting:
                    write()
        except Exception as error:
            for _, done in waiting:
                if not done.done():
                    done.set_exception(error)
            return
        for _, done in waiting:
            if not done.done():  # whoever waited may have been cancelled
                done.set_result(None)

    @contextmanager
    def _one_commit(self) -> Iterator[None]:
        if self._db.in_transaction:
            yield
            return
        self._run("BEGIN")
        try:
            yield
            self._run("COMMIT")
        except BaseException:
            self._db.rollback()
            raise

    def get(self, request: Request) -> Response | None:
        rows = self._run(f"SELECT {_ANSWER} FROM responses WHERE key = ?", (request.key,))
        return response_of(rows[0]) if rows else None

    def intend(self, request: Request, reserved: float) -> None:
        """Note that the request is about to be sent, and the most that it can cost."""
        self._run(
            "INSERT INTO intents VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (key) DO UPDATE SET"
            " sent = sent + 1, reserved = reserved + excluded.reserved, time = excluded.time",
            (request.key, request.stage, request.as_text, reserved, time.time()),
        )

    def reserved(self, request: Request) -> float:
        """What earlier sendings of the request are counted with."""
        rows = self._run("SELECT reserved FROM intents WHERE key = ?", (request.key,))
        return float(rows[0][0]) if rows else 0.0

    def withdraw(self, request: Request, reserved: float) -> None:
        """The request was certainly not billed: the server refused it or was not reached."""
        self._run(
            "UPDATE intents SET sent = sent - 1, reserved = reserved - ? WHERE key = ?",
            (reserved, request.key),
        )
        self._run("DELETE FROM intents WHERE key = ? AND sent <= 0", (request.key,))

    def store(self, request: Request, response: Response, cost: float, reserved: float) -> None:
        """Keep a response; what was reserved for this sending is replaced by its cost."""
        values = (
            request.key, response.text, response.finish, response.prompt_tokens,
            response.completion_tokens, int(response.usage_known), cost, response.raw, time.time(),
            json.dumps(response.others), response.reasoning, response.model, response.endpoint,
        )  # fmt: skip
        with self._one_commit():
            self._run(
                "INSERT OR REPLACE INTO responses (key, text, finish, prompt_tokens, completion_tokens,"
                " usage_known, cost, raw, time, others, reasoning, model, endpoint)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            self._run(
                "UPDATE intents SET reserved = max(0, reserved - ?) WHERE key = ?", (reserved, request.key)
            )

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

    def by_model(self) -> list[dict[str, Any]]:
        """Responses, tokens and dollars of each model and endpoint that answered; "" is the run's own."""
        rows = self._run(
            "SELECT model, endpoint, count(*), sum(prompt_tokens), sum(completion_tokens), sum(cost)"
            " FROM responses WHERE finish != 'failed' GROUP BY model, endpoint ORDER BY model, endpoint"
        )
        names = ("model", "endpoint", "responses", "prompt_tokens", "completion_tokens", "cost_usd")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def by_stage(self) -> dict[str, dict[str, float]]:
        """Responses, tokens and prompt bytes of each stage: what an estimate is made from."""
        rows = self._run(
            "SELECT stage, count(*), sum(prompt_tokens), sum(completion_tokens), sum(cost)"
            " FROM responses JOIN intents USING (key) WHERE finish != 'failed' AND usage_known"
            " GROUP BY stage ORDER BY stage"
        )
        names = ("responses", "prompt_tokens", "completion_tokens", "cost_usd")
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}

    def exchange(self, key: str) -> tuple[dict[str, Any], Response] | None:
        """The request with this key and its response, as they were sent and came."""
        rows = self._run(
            f"SELECT request, {_ANSWER} FROM intents JOIN responses USING (key) WHERE key = ?", (key,)
        )
        return (json.loads(rows[0][0]), response_of(rows[0][1:])) if rows else None

    def begin_batch(self, token: str, keys: Sequence[str]) -> None:
        """Note a batch before it is sent: the server keeps the token with it."""
        self._run("INSERT INTO batches VALUES (?, '', ?, 0, ?)", (token, json.dumps(keys), time.time()))

    def name_batch(self, token: str, batch: str) -> None:
        self._run("UPDATE batches SET batch = ? WHERE token = ?", (batch, token))

    def holds(self, keys: Sequence[str]) -> bool:
        """Whether a response to each of the keys is kept."""
        [(count,)] = self._run(
            "SELECT count(*) FROM responses WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(keys),),
        )
        return bool(count == len(set(keys)))

    def answers(self) -> Iterator[tuple[str, str, Response]]:
        """(stage, key, response) of all that is kept."""
        query = f"SELECT coalesce(stage, ''), key, {_ANSWER} FROM responses LEFT JOIN intents USING (key)"
        return ((row[0], row[1], response_of(row[2:])) for row in self._run(query))

    def holds_money(self) -> bool:
        """Whether anything in here was paid for, or may be."""
        return self.spent() + self.possibly_billed()[1] > 0 or bool(self.open_batches())

    def set_aside(self) -> Path:
        """Begin an empty ledger. What this one held stays beside it, as `ledger-1.sqlite`."""
        self._run("PRAGMA journal_mode=DELETE")  # so that all of it is in the one file
        self._db.close()
        places = (self.path.with_stem(f"{self.path.stem}-{number}") for number in count(1))
        aside = next(place for place in places if not place.exists())
        self.path.rename(aside)
        self._open()
        return aside

    def end_batch(self, token: str) -> None:
        self._run("UPDATE batches SET ended = 1 WHERE token = ?", (token,))

    def open_batches(self) -> list[tuple[str, str, list[str]]]:
        """(token, the server's id or "", request keys) of batches that were sent and not yet read."""
        rows = self._run("SELECT token, batch, keys FROM batches WHERE NOT ended ORDER BY time, token")
        return [(token, batch, json.loads(keys)) for token, batch, keys in rows]

    def close(self) -> None:
        self._db.close()


def response_of(row: Sequence[Any]) -> Response:
    """A row of the columns above as a response."""
    text, finish, prompt_tokens, completion_tokens, known, raw, others, reasoning, model, endpoint = row
    return Response(
        text, finish, prompt_tokens, completion_tokens, bool(known), raw, tuple(json.loads(others)),
        reasoning, model, endpoint,
    )  # fmt: skip
