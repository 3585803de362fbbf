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

from ittools.errors import Stopped, TeacherError
from ittools.generate.client import OpenAITeacher, spellings
from ittools.generate.ledger import Ledger
from ittools.generate.prices import BATCH_DISCOUNT
from ittools.generate.refusal import error_of, refusal
from ittools.generate.teacher import PROBES, Request, Response, TryAgain
from ittools.generate.wire import PATHS, body_of, read_answer

MOST_REQUESTS, MOST_BYTES = 50_000, 190 << 20  # of one batch; the API takes 50,000 and 200 MB
QUIET = 0.5  # seconds without a further request after which what is there is sent
PATIENCE = 20  # looks in a row that may fail before the server counts as gone
OVER = frozenset({"completed", "failed", "expired", "cancelled"})
TOKEN = "ittools"  # under this name the server keeps our token
KEPT = ". Every answer is kept: mend it and repeat the command"


class Unread(Stopped):
    """A batch that was bought and cannot be read now: its requests stay noted as sent."""

    exit_code = 1


@dataclass
class _Open:
    """A batch that was sent, or is about to be. earlier: by a run before this one.

    left: lines of its files by request key that nobody has asked for yet. answered: keys of the others.
    """

    token: str
    name: str = ""
    earlier: bool = False
    waiting: dict[str, tuple[Request, asyncio.Future[Response]]] = field(default_factory=dict)
    left: dict[str, dict[str, Any]] = field(default_factory=dict)
    answered: list[str] = field(default_factory=list)
    over: bool = False
    watcher: asyncio.Task[None] | None = None


class BatchTeacher:
    """One endpoint through its Batch API. note: hears of batches sent and over."""

    at_once = True  # no pace: everything a round asks for goes into one file
    concurrency = MOST_REQUESTS

    def __init__(
        self, *, model: str, base_url: str | None, key: str, ledger: Ledger, poll: float,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        self._direct = OpenAITeacher(model=model, base_url=base_url, key=key)
        self.model, self.ledger, self.poll, self.note = model, ledger, poll, note
        self._secrets = spellings(key)
        self._client = AsyncOpenAI(
            api_key=key, base_url=base_url, max_retries=4,
            http_client=DefaultAsyncHttpxClient(follow_redirects=False),  # they would resend the prompts
        )  # fmt: skip
        earlier = ledger.open_batches()
        self._open = {token: _Open(token, name, earlier=True) for token, name, _ in earlier}
        self._of_key = {key: token for token, _, keys in earlier for key in keys}
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
            batch = self._open[token]
            read = batch.over and not batch.left and self.ledger.holds(batch.answered)
            if read or self.ledger.holds(keys):  # only what is on disk is over
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
            self._join(self._open[token], request, future)
        else:
            self._enqueue(request, future)
        return await future

    def _join(self, batch: _Open, request: Request, future: asyncio.Future[Response]) -> None:
        batch.waiting[request.key] = (request, future)
        if batch.over:  # its files were read before this one was asked for
            self._ask_again(batch, "ended without this answer")
        elif batch.watcher is None or batch.watcher.done():
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
            made = await self._client.with_options(max_retries=0).batches.create(  # never two of them
                input_file_id=file.id, endpoint=f"/v1/{path}",
                completion_window="24h", metadata={TOKEN: batch.token},
            )  # fmt: skip
            batch.name = made.id
            self.ledger.name_batch(batch.token, made.id)
        except Exception as error:
            status = getattr(error, "status_code", None)
            if isinstance(status, int) and status < 500 and status != 408:  # the server said no
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
            await self._hand_out(batch, await self._over(batch))
        except Exception as error:  # it is bought and open: to ask again would be to buy again
            said = str(self._meaning(error)).removesuffix(KEPT)
            self._fail(batch, Unread(f"batch {batch.name or 'sent'} cannot be read: {said}{KEPT}"))

    async def _find(self, batch: _Open) -> bool:
        """A batch whose name was not noted before the kill: the server knows its token."""
        async for made in self._client.batches.list(limit=100):
            if (made.metadata or {}).get(TOKEN) == batch.token:
                batch.name = made.id
                self.ledger.name_batch(batch.token, made.id)
                return True
        self.ledger.end_batch(batch.token)  # it was never made: nothing was bought
        batch.over = True
        self._ask_again(batch, "was never made")
        return False

    async def _over(self, batch: _Open) -> Any:
        failures = 0
        while True:
            try:
                state = await self._client.batches.retrieve(batch.name)
                if state.status in OVER:  # a page in HTML has no status, and counts as a failure
                    return state
                failures = 0
            except Exception as error:
                failures += 1
                if failures >= PATIENCE or getattr(error, "status_code", None) in (401, 403, 404):
                    raise
            await asyncio.sleep(self.poll)

    async def _hand_out(self, batch: _Open, state: Any) -> None:
        began = time.monotonic()
        if state.status == "failed":
            self._refuse(batch, state.errors)
            return
        for name in filter(None, (state.output_file_id, state.error_file_id)):
            content = (await self._client.files.content(name)).content
            found = False
            for line in content.split(b"\n"):  # and not at U+2028, which stands in answers
                opened = self._opened(line)
                found = found or opened is not None
                self._settle(batch, opened)
            if content.strip() and not found:
                raise ValueError(f"{name} holds no answers but {content[:60]!r}")
        counts = state.request_counts
        done = f", {counts.completed:,} of {counts.total:,} answered" if counts else ""
        self.note(f"batch {batch.name}: {state.status}{done}; read in {time.monotonic() - began:.1f} s")
        batch.over = True
        self._ask_again(batch, f"{state.status} without this answer")

    def _opened(self, line: bytes) -> dict[str, Any] | None:
        """One line of an output or error file; null where it is none."""
        try:
            value = json.loads(self._clean(line.decode("utf-8", "replace")))
            return value if isinstance(value["custom_id"], str) else None
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def _settle(self, batch: _Open, line: dict[str, Any] | None) -> None:
        """Give the answer in a line to whoever waits for it; what is missing at the end is asked again."""
        if line is None:
            return
        key = line["custom_id"]
        if key not in batch.waiting:
            batch.left |= {key: line} if key in self._of_key else {}
            return
        request, future = batch.waiting[key]
        result = self._result(line, request)
        if result is None or future.done():
            return
        del batch.waiting[key]
        batch.left.pop(key, None)
        if isinstance(result, Response):
            batch.answered.append(key)
            future.set_result(result)
        else:
            future.set_exception(result)

    def _result(self, line: dict[str, Any], request: Request) -> Response | Exception | None:
        """The answer or the refusal in a line; null where it is neither."""
        try:
            return self._read(line, request)
        except (TryAgain, TeacherError) as error:
            return error
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None

    def _read(self, line: dict[str, Any], request: Request) -> Response:
        response, error = line.get("response") or {}, line.get("error") or {}
        status, body = response.get("status_code"), self._clean(json.dumps(response.get("body")))
        if status == 200:
            return replace(read_answer(body, request), discount=BATCH_DISCOUNT)
        if status is None:
            said = str(error.get("message") or error.get("code") or "no response")
            raise TryAgain(f"the batch left this request out: {said}", wait=0.0)
        raise self._refusal(int(status), {}, body)

    def _refuse(self, batch: _Open, errors: Any) -> None:
        """The server looked at the whole batch and took none of it."""
        said = "; ".join(str(one.message) for one in (errors.data or ())) if errors else ""
        self.ledger.end_batch(batch.token)
        for request, _ in batch.waiting.values() if batch.earlier else ():
            self.ledger.withdraw(request, self.ledger.reserved(request))
        refused = self._clean(f"batch {batch.name} was refused: {said or 'no reason given'}")
        self._fail(batch, TeacherError(f"{refused}{KEPT}"))

    def _ask_again(self, batch: _Open, why: str) -> None:
        """What is left goes back to who asked. What an earlier run has money reserved for is sent anew."""
        for key in list(batch.waiting):  # asked for while the files were read
            self._settle(batch, batch.left.get(key))
        if not batch.earlier:
            self._fail(batch, TryAgain(f"batch {batch.name} {why}"))
        left, batch.waiting = batch.waiting, {}
        for request, future in left.values():
            self._enqueue(request, future)

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
            headers = getattr(getattr(error, "response", None), "headers", {})
            said = {name.lower(): self._clean(value) for name, value in headers.items()}
            return self._refusal(status, said, self._clean(body))
        return TryAgain(self._clean(f"{self._client.base_url} broke off ({error})"))

    def _refusal(self, status: int, headers: dict[str, str], body: str) -> Exception:
        meant = refusal(status, headers, error_of(body), str(self._client.base_url))
        if isinstance(meant, TryAgain):
            meant.everyone = False  # a batch has no pace that could be slowed
        return meant


def _line(request: Request) -> bytes:
    body = {"custom_id": request.key, "method": "POST", "url": f"/v1/{PATHS[request.api]}",
            "body": body_of(request)}  # fmt: skip
    return json.dumps(body).encode() + b"\n"
