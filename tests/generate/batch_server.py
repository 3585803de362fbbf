"""Files, batches and chat completions as OpenAI serves them: a batch API on one machine.

    with batches() as server:
        server.line = lambda line: refused(line, 400)
        ... server.url ... server.made ... server.lines ...

A batch is over when it has been looked at `looks` times and `held` is false. What becomes of each of
its lines is decided by `line`, what becomes of the batch by `ending`, and what becomes of the HTTP
request itself by `trouble`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]
Trouble = Callable[[], web.Response] | str  # another answer, or what becomes of the connection
DROP, DROP_AFTERWARDS = "drop", "drop afterwards"  # the connection, before or after the work is done
NO_AFTERWARDS = "500 afterwards"
HANG, HANG_AFTERWARDS = "hang", "hang afterwards"  # for as long as the server lives


def answered(line: Json, text: str | None = None, **others: Any) -> Json:
    """The line of an output file; others replace fields of the body."""
    body = said(line["body"], f"Answer to {asked(line['body'])}" if text is None else text) | others
    response = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": "x", "custom_id": line["custom_id"], "response": response, "error": None}


def refused(line: Json, status: int, message: str = "no", **others: Any) -> Json:
    """The line of an error file."""
    response = {"status_code": status, "request_id": "r", "body": {"error": {"message": message, **others}}}
    return {"id": "x", "custom_id": line["custom_id"], "response": response, "error": None}


def unsent(line: Json) -> Json:
    """What an expired batch says of a line that it did not get to."""
    error = {"code": "batch_expired", "message": "This request could not be executed before the end."}
    return {"id": "x", "custom_id": line["custom_id"], "response": None, "error": error}


def asked(body: Json) -> str:
    """The text of the question, in any form of endpoint."""
    turns = body.get("messages") or body.get("input")
    return str(turns[-1]["content"] if turns else body["prompt"])


def said(body: Json, text: str) -> Json:
    """A body that answers with `text`, n times where n are wanted; a token a letter."""
    size = len(asked(body))
    if "input" in body:
        content = [{"type": "output_text", "text": text}]
        usage = {"input_tokens": size, "output_tokens": len(text)}
        return {"status": "completed", "output": [{"type": "message", "content": content}], "usage": usage}
    texts = [f"{text} {n}" if n else text for n in range(body.get("n", 1))]
    choices = [
        ({"message": {"role": "assistant", "content": one}} if "messages" in body else {"text": one})
        | {"finish_reason": "stop"}
        for one in texts
    ]
    usage = {"prompt_tokens": size, "completion_tokens": sum(map(len, texts))}
    return {"choices": choices, "usage": usage}


@dataclass
class Batches:
    """What was uploaded and made, and what to do with the next."""

    looks: int = 1
    held: bool = False
    line: Callable[[Json], Json | str | None] = answered
    ending: Callable[[Json], str] = lambda _: "completed"
    trouble: Callable[[str, str], Trouble | None] = lambda method, path: None
    files: dict[str, str] = field(default_factory=dict)
    made: list[Json] = field(default_factory=list)
    direct: list[Json] = field(default_factory=list)  # questions that went round the batches
    calls: list[tuple[str, str]] = field(default_factory=list)
    hung: threading.Event = field(default_factory=threading.Event)  # somebody waits in vain
    url: str = ""

    @property
    def lines(self) -> list[list[Json]]:
        """The lines of each batch that was made: what is paid for."""
        return [self.lines_of(batch) for batch in self.made]

    def lines_of(self, batch: Json) -> list[Json]:
        return [json.loads(line) for line in self.files[batch["input_file_id"]].split("\n") if line]

    def sizes(self) -> list[int]:
        return [len(lines) for lines in self.lines]

    def finish(self, batch: Json) -> None:
        """Answers and refusals into their files, in reverse order."""
        batch["status"] = self.ending(batch)
        if batch["status"] == "failed":
            batch["errors"] = {"object": "list", "data": [{"code": "invalid", "message": "bad line 1"}]}
            return
        lines = self.lines_of(batch)
        out = [found for line in reversed(lines) if (found := self.line(line)) is not None]
        good = [one for one in out if isinstance(one, str) or _status(one) == 200]
        bad = [one for one in out if one not in good]
        batch["request_counts"] = {"total": len(lines), "completed": len(good), "failed": len(bad)}
        for name, found in (("output_file_id", good), ("error_file_id", bad)):
            batch[name] = self.keep("\n".join(map(_text, found))) if found else None

    def keep(self, text: str) -> str:
        self.files[f"file-{len(self.files)}"] = text
        return f"file-{len(self.files) - 1}"


def _status(line: Json) -> object:
    response = line["response"]
    return response.get("status_code") if isinstance(response, dict) else None


def _text(line: Json | str) -> str:
    return line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)


class _App:
    """The routes over one state."""

    def __init__(self, state: Batches) -> None:
        self.state, self.closing = state, asyncio.Event()
        self.app = web.Application(client_max_size=1 << 30, middlewares=[self._troubled])
        self.app.add_routes([
            web.post("/v1/files", self.upload), web.get("/v1/files/{id}/content", self.content),
            web.post("/v1/batches", self.create), web.get("/v1/batches", self.listed),
            web.get("/v1/batches/{id}", self.retrieve), web.post("/v1/chat/completions", self.chat),
            web.post("/v1/responses", self.chat), web.post("/v1/completions", self.chat),
        ])  # fmt: skip

    @web.middleware
    async def _troubled(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        state = self.state
        state.calls.append((request.method, request.path))
        trouble = state.trouble(request.method, request.path)
        if callable(trouble):
            return trouble()
        answer = web.Response() if trouble in (DROP, HANG) else await handler(request)
        if trouble in (HANG, HANG_AFTERWARDS):
            state.hung.set()
            await self.closing.wait()
        if trouble == NO_AFTERWARDS:
            return web.json_response({}, status=500, headers={"x-should-retry": "false"})
        if trouble is not None:
            assert request.transport is not None
            request.transport.close()
        return answer

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        name = self.state.keep(form["file"].file.read().decode())  # type: ignore[union-attr]
        return web.json_response({"id": name, "object": "file", "bytes": 1, "created_at": 1,
                                  "filename": "x", "purpose": "batch", "status": "processed"})  # fmt: skip

    async def content(self, request: web.Request) -> web.Response:
        return web.Response(body=self.state.files[request.match_info["id"]].encode())

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        batch = {"id": f"batch_{len(self.state.made)}", "object": "batch", "status": "in_progress",
                 "created_at": 1, "output_file_id": None, "error_file_id": None, "looks": 0}  # fmt: skip
        self.state.made.append(batch | body)
        return web.json_response(self.state.made[-1])

    async def listed(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": self.state.made, "has_more": False})

    async def retrieve(self, request: web.Request) -> web.Response:
        batch = next(one for one in self.state.made if one["id"] == request.match_info["id"])
        batch["looks"] += 1
        if batch["status"] == "in_progress" and batch["looks"] >= self.state.looks and not self.state.held:
            self.state.finish(batch)
        return web.json_response(batch)

    async def chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.state.direct.append(body)
        return web.json_response(said(body, f"Answer to {asked(body)}"))


@contextmanager
def batches() -> Iterator[Batches]:
    """On a free port, in a thread of its own."""
    state, loop = Batches(), asyncio.new_event_loop()
    app = _App(state)
    runner = web.AppRunner(app.app, access_log=None)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result()

    async def open_port() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()

    try:
        wait(open_port())
        state.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield state
    finally:
        loop.call_soon_threadsafe(app.closing.set)
        wait(runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
