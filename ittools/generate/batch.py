"""The OpenAI Batch API as a teacher: whole rounds in one file, half the price, within a day.

Requests that are asked for together are sent together. A batch is noted in the ledger before it is
made, with a token that the server keeps beside it; so a run that was killed while one was open finds
it again, by its name or by its token, and buys nothing twice.

https://platform.openai.com/docs/guides/batch
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ittools.errors import TeacherError
from ittools.generate.client import OpenAITeacher, spellings
from ittools.generate.ledger import Ledger
from ittools.generate.prices import BATCH_DISCOUNT
from ittools.generate.refusal import error_of, refusal
from ittools.generate.teacher import PROBES, Request, RequestFailed, Response, TryAgain
from ittools.generate.wire import PATHS, body_of, read_answer

MOST_REQUESTS, MOST_BYTES = 50_000, 190 << 20  # of one batch; the API takes 50,000 and 200 MB
QUIET = 0.5  # seconds without a further request after which what is there is sent
PATIENCE = 20  # looks in a row that may fail before the server counts as gone
OVER = frozenset({"completed", "failed", "expired", "cancelled"})
TOKEN = "ittools"  # under this name the server keeps our token


@dataclass
class _Open:
    """A batch that was sent, or is about to be."""

    token: str
    name: str = ""
    waiting: dict[str, tuple[Request, asyncio.Future[Response]]] = field(default_factory=dict)
    watcher: asyncio.Task[None] | None = None


class BatchTeacher:
    """One endpoint through its Batch API. note: hears of batches sent and over."""

    at_once = True  # no pace: everything a round asks for goes into one file
    concurrency = MOST_REQUESTS

    def __init__(
        self, *, model: str, base_url: str | None, key: str, ledger: Ledger, poll: float,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        from openai import AsyncOpenAI

        self._direct = OpenAITeacher(model=model, base_url=base_url, key=key)
        self.model, self.ledger, self.poll, self.note = model, ledger, poll, note
        self._secrets = spellings(key)
        self._client = AsyncOpenAI(api_key=key, base_url=base_url, max_retries=4)
        self._open = {token: _Open(token, name) for token, name, _ in ledger.open_batches()}
        self._of_key = {key: token for token, _, keys in ledger.open_batches() for key in keys}
        self._queue: list[tuple[Request, asyncio.Future[Response]]] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for task in (*self._sending, *(one.watcher for one in self._open.values() if one.watcher)):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        for token, _, keys in self.ledger.open_batches():
            if self.ledger.holds(keys):  # only what is on disk is over
                self.ledger.end_batch(token)
        await self._client.close()
        await self._direct.close()

    def holds(self, request: Request) -> bool:
        """An open batch of an earlier run has it: nothing is sent for it."""
        return request.key in self._of_key

    async def answer(self, request: Request) -> Response:
        """The answer of the batch that holds the request: an open one, or the next."""
        if request.stage in PROBES:  # nobody waits a day to learn what the endpoint honours
            return await self._direct.answer(request)
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        token = self._of_key.pop(request.key, None)
        if token is not None:
            await self._join(self._open[token], request, future)
        else:
            self._enqueue(request, future)
        return await future

    async def _join(self, batch: _Open, request: Request, future: asyncio.Future[Response]) -> None:
        batch.waiting[request.key] = (request, future)
        if batch.watcher is None:
            batch.watcher = asyncio.create_task(self._watch(batch))

    def _enqueue(self, request: Request, future: asyncio.Future[Response]) -> None:
        size = len(_line(request))
        if self._queue and self._bytes + size > MOST_BYTES:
            self._flush()
        self._queue.append((request, future))
        self._bytes += size
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(QUIET, self._flush)
        if len(self._queue) >= MOST_REQUESTS:
            self._flush()

    def _flush(self) -> None:
        """One batch for each form of endpoint in the queue; usually one."""
        queue, self._queue, self._bytes = self._queue, [], 0
        for api in dict.fromkeys(request.api for request, _ in queue):
            batch = _Open(uuid.uuid4().hex)
            batch.waiting = {r.key: (r, future) for r, future in queue if r.api == api}
            task = asyncio.create_task(self._send(batch, PATHS[api]))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, batch: _Open, path: str) -> None:
        lines = b"".join(_line(request) for request, _ in batch.waiting.values())
        try:
            self.ledger.begin_batch(batch.token, list(batch.waiting))
            self._open[batch.token] = batch
            file = await self._client.files.create(file=("ittools.jsonl", lines), purpose="batch")
            made = await self._client.batches.create(
                input_file_id=file.id, endpoint=f"/v1/{path}",
                completion_window="24h", metadata={TOKEN: batch.token},
            )  # fmt: skip
            batch.name = made.id
            self.ledger.name_batch(batch.token, made.id)
        except Exception as error:
            if isinstance(getattr(error, "status_code", None), int):  # the server said no
                self.ledger.end_batch(batch.token)
                self._fail(batch, self._meaning(error))
            else:  # it may have been made all the same: its token tells
                batch.watcher = asyncio.create_task(self._watch(batch))
            return
        self.note(f"batch {made.id}: {len(batch.waiting):,} requests sent; a look every {self.poll:g} s")
        batch.watcher = asyncio.create_task(self._watch(batch))

    async def _watch(self, batch: _Open) -> None:
        """Look again and again until the batch is over, then hand out its answers."""
        try:
            if not batch.name and not await self._find(batch):
                return
            state = await self._over(batch)
            await self._hand_out(batch, state)
        except Exception as error:
            self._fail(batch, self._meaning(error))

    async def _find(self, batch: _Open) -> bool:
        """A batch whose name was not noted before the kill: the server knows its token."""
        async for made in self._client.batches.list(limit=100):
            if (made.metadata or {}).get(TOKEN) == batch.token:
                batch.name = made.id
                self.ledger.name_batch(batch.token, made.id)
                return True
        self.ledger.end_batch(batch.token)  # it was never made: nothing was bought
        self._fail(batch, TryAgain("the batch was not sent before the last run ended", wait=0.0))
        return False

    async def _over(self, batch: _Open) -> Any:
        failures = 0
        while True:
            try:
                state = await self._client.batches.retrieve(batch.name)
                failures = 0
                if state.status in OVER:
                    return state
            except Exception as error:
                failures += 1
                if failures >= PATIENCE or getattr(error, "status_code", None) in (401, 403, 404):
                    raise
            await asyncio.sleep(self.poll)

    async def _hand_out(self, batch: _Open, state: Any) -> None:
        began = time.monotonic()
        for name in filter(None, (state.output_file_id, state.error_file_id)):
            content = await self._client.files.content(name)
            for line in content.text.splitlines():
                self._settle(batch, line)
        counts = state.request_counts
        done = f", {counts.completed:,} of {counts.total:,} answered" if counts else ""
        self.note(f"batch {batch.name}: {state.status}{done}; read in {time.monotonic() - began:.1f} s")
        if state.status == "failed":
            said = "; ".join(str(one.message) for one in (state.errors.data or ())) if state.errors else ""
            self._fail(
                batch,
                TeacherError(self._clean(f"batch {batch.name} was refused: {said or 'no reason given'}")),
            )
        self._fail(batch, TryAgain(f"batch {batch.name} {state.status} without this answer", wait=0.0))

    def _settle(self, batch: _Open, line: str) -> None:
        """One line of an output or error file."""
        try:
            value = json.loads(self._clean(line))
            request, future = batch.waiting[value["custom_id"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            return  # not of this run; what is missing at the end is asked again
        if future.done():
            return
        del batch.waiting[value["custom_id"]]
        try:
            future.set_result(self._read(value, request))
        except (TryAgain, RequestFailed, TeacherError) as error:
            future.set_exception(error)

    def _read(self, value: dict[str, Any], request: Request) -> Response:
        response, error = value.get("response") or {}, value.get("error") or {}
        status, body = response.get("status_code"), response.get("body")
        if status == 200:
            return replace(read_answer(json.dumps(body), request), discount=BATCH_DISCOUNT)
        if status is None:
            said = str(error.get("message") or error.get("code") or "no response")
            raise TryAgain(f"the batch left this request out: {said}", wait=0.0)
        raise refusal(int(status), {}, error_of(json.dumps(body)), str(self._client.base_url))

    def _fail(self, batch: _Open, error: Exception) -> None:
        for _, future in batch.waiting.values():
            if not future.done():
                future.set_exception(error)
        batch.waiting.clear()

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        return text

    def _meaning(self, error: Exception) -> Exception:
        """The SDK's errors in our terms: what is for now, and what is for good."""
        if isinstance(error, (TryAgain, TeacherError)):
            return error
        status = getattr(error, "status_code", None)
        if isinstance(status, int):
            body = json.dumps(getattr(error, "body", None) or {"message": str(error)})
            return refusal(status, {}, error_of(self._clean(body)), str(self._client.base_url))
        return TryAgain(self._clean(f"{self._client.base_url} broke off ({error})"))


def _line(request: Request) -> bytes:
    body = {"custom_id": request.key, "method": "POST", "url": f"/v1/{PATHS[request.api]}",
            "body": body_of(request)}  # fmt: skip
    return json.dumps(body).encode() + b"\n"
