"""A real HTTP server that speaks OpenAI's two protocols, and misbehaves when told to.

    with serving() as server:
        server.trouble = on_number(3, status(429, headers={"Retry-After": "1"}))
        ... server.url ... server.asked ...

Answers come from the offline teacher, so a whole run completes. A trouble is a function that writes
what it likes to the socket; which request gets one is decided by `server.trouble`, which sees the
request and returns a trouble or null.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prompt_reading import read

from ittools.generate.offline.teacher import OfflineTeacher
from ittools.generate.teacher import Api, Request

Trouble = Callable[["Handler"], None]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; `number` counts from 1."""

    number: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        return str(self.turns[-1][1] if self.turns else self.body["prompt"])

    @property
    def turns(self) -> list[tuple[str, str]]:
        """(role, content) of the messages; empty for a completion."""
        messages = self.body.get("messages") or self.body.get("input") or ()
        return [(str(message["role"]), str(message["content"])) for message in messages]

    @property
    def text(self) -> str:
        """The body in one spelling: equal requests have equal text."""
        return json.dumps(self.body, sort_keys=True)


def _no_trouble(_: Asked) -> Trouble | None:
    return None


@dataclass
class Server:
    """What was asked, what was answered, and what to do to the next ones."""

    trouble: Callable[[Asked], Trouble | None] = _no_trouble
    schema: str = "honoured"  # or "ignored", "refused"
    gives_n: bool = False  # as many choices as asked for
    gives_logprobs: bool = False
    vary: bool = False  # the same question again gets another answer, as at any temperature
    asked: list[Asked] = field(default_factory=list)
    answered: int = 0
    held: int = 0
    url: str = ""
    teacher: OfflineTeacher = field(default_factory=OfflineTeacher)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)

    def prompts(self) -> list[str]:
        return [asked.prompt for asked in self.asked]

    def take(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Asked:
        with self.lock:
            asked = Asked(len(self.asked) + 1, path, headers, body)
            self.asked.append(asked)
        return asked


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    asked: Asked

    @property
    def state(self) -> Server:
        return self.server.state  # type: ignore[attr-defined, no-any-return]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.asked = self.state.take(self.path, _lower(self.headers), json.loads(self.rfile.read(length)))
        trouble = self.state.trouble(self.asked)
        with suppress(OSError):  # the client may have gone
            if trouble is None:
                self.answer()
            else:
                trouble(self)

    def answer(self) -> None:
        body, refused = self.asked.body, self.state.schema == "refused"
        if "response_format" in body and refused:
            return status(400, error("response_format is not supported", param="response_format"))(self)
        said = completion(self.asked, written(self.state, body, self.asked))
        self.send(200, _as_asked(self.state, self.asked, said))
        with self.state.lock:
            self.state.answered += 1
        return None

    def send(self, code: int, content: bytes | str | Any, headers: dict[str, str] | None = None) -> None:
        raw = content if isinstance(content, bytes) else to_bytes(content)
        lines = [f"HTTP/1.1 {code} Said", f"Content-Length: {len(raw)}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + raw)

    def begin(self, length: int) -> None:
        """Headers only."""
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode())

    def log_message(self, format: str, *args: Any) -> None:
        return None


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def to_bytes(content: Any) -> bytes:
    return (content if isinstance(content, str) else json.dumps(content)).encode("utf-8", "surrogatepass")


def written(state: Server, body: dict[str, Any], asked: Asked) -> str:
    """What the offline teacher says; the question about schemas is answered by `state.schema`."""
    shape = json.dumps(body["response_format"]) if "response_format" in body else None
    schema = shape if state.schema == "honoured" else None
    if asked.prompt == "Say hello.":
        return '{"greeting_words": ["hello"]}' if schema else "Hello there!"
    api: Api = "completions" if "prompt" in body else "chat"
    names = ("max_tokens", "max_completion_tokens", "max_output_tokens")
    most = next((body[name] for name in names if name in body), 64)
    stage, values = read(asked.prompt, asked.turns[:-1])
    turn = asked.number if state.vary else 0
    request = Request(stage, 0, turn, asked.prompt, "m", "1", most, schema=schema, api=api, values=values)
    return state.teacher.write(request)


def completion(asked: Asked, text: str | None, finish: str | None = "stop", **others: Any) -> dict[str, Any]:
    """A body as OpenAI words it; `others` replace or, when null, remove its fields."""
    counts = (len(asked.prompt) // 4, len(text or "") // 4 + 1)
    if asked.path.endswith("/responses"):
        part = {"type": "output_text", "text": text, "annotations": []}
        body = {"id": "r-1", "object": "response", "status": "completed", "model": asked.body["model"],
                "output": [{"type": "message", "role": "assistant", "content": [part]}],
                "usage": {"input_tokens": counts[0], "output_tokens": counts[1]}, **others}  # fmt: skip
        return {name: value for name, value in body.items() if value is not None}
    chat = "messages" in asked.body
    said = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    usage = {"prompt_tokens": counts[0], "completion_tokens": counts[1]}
    body = {"id": "c-1", "object": "chat.completion" if chat else "text_completion", "created": 1,
            "model": asked.body["model"], "choices": [{"index": 0, **said, "finish_reason": finish}],
            "usage": usage, **others}  # fmt: skip
    return {name: value for name, value in body.items() if value is not None}


def _as_asked(state: Server, asked: Asked, body: dict[str, Any]) -> dict[str, Any]:
    """With further choices and probabilities, where they were asked for and the server gives them."""
    if "choices" not in body:
        return body
    [choice] = body["choices"]
    if state.gives_logprobs and asked.body.get("logprobs"):
        digit = {"5": -0.2876820724517809, "4": -1.3862943611198906}  # 0.75 and 0.25
        listed = [{"token": token, "logprob": chance} for token, chance in digit.items()]
        choice["logprobs"] = {"content": [{**listed[0], "top_logprobs": listed}]}
    n = asked.body.get("n", 1) if state.gives_n else 1
    return body | {"choices": [{**choice, "index": index} for index in range(n)]}


def error(message: str, **others: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **others}}


# --- troubles -------------------------------------------------------------------------------------


def status(code: int, body: bytes | str | Any = "{}", headers: dict[str, str] | None = None) -> Trouble:
    return lambda handler: handler.send(code, body, headers)


def says(text: str | None, finish: str | None = "stop", **others: Any) -> Trouble:
    """A whole answer of this text."""
    return lambda handler: handler.send(200, completion(handler.asked, text, finish, **others))


def reset(handler: Handler) -> None:
    """RST instead of an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def hang_up(handler: Handler) -> None:
    """FIN instead of an answer."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def short_body(handler: Handler) -> None:
    """More promised than sent."""
    handler.begin(5_000)
    handler.wfile.write(b'{"choices": [{"message"')
    handler.close_connection = True


def hang(handler: Handler) -> None:
    """Nothing, for as long as the server lives."""
    handler.state.closing.wait()


def drip(handler: Handler) -> None:
    """A byte now and then: no timeout of a socket ever fires."""
    handler.begin(1_000_000)
    while not handler.state.closing.wait(0.02):
        handler.wfile.write(b" ")


def huge(megabytes: int, code: int = 200) -> Trouble:
    """A body without end, as far as a client is concerned."""

    def send(handler: Handler) -> None:
        handler.wfile.write(f"HTTP/1.1 {code} OK\r\nContent-Length: {megabytes << 20}\r\n\r\n".encode())
        for _ in range(megabytes):
            handler.wfile.write(b" " * (1 << 20))

    return send


def redirect(to: str, code: int = 307) -> Trouble:
    return status(code, "{}", {"Location": to})


def hold(until: threading.Event) -> Trouble:
    """Answered properly, but not before `until`."""

    def wait(handler: Handler) -> None:
        with handler.state.lock:
            handler.state.held += 1
        until.wait()
        handler.answer()

    return wait


# --- which request ----------------------------------------------------------------------------------


def on_number(number: int, trouble: Trouble) -> Callable[[Asked], Trouble | None]:
    return lambda asked: trouble if asked.number == number else None


def on_prompt(part: str, trouble: Trouble) -> Callable[[Asked], Trouble | None]:
    return lambda asked: trouble if part in asked.prompt else None


def always(trouble: Trouble) -> Callable[[Asked], Trouble | None]:
    return lambda _: trouble


def first_time(trouble: Trouble) -> Callable[[Asked], Trouble | None]:
    """Every request fails once, whatever their order."""
    seen: set[str] = set()
    lock = threading.Lock()

    def decide(asked: Asked) -> Trouble | None:
        with lock:
            new = asked.text not in seen
            seen.add(asked.text)
        return trouble if new else None

    return decide


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    state: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        return None  # a client that was killed


@contextmanager
def serving() -> Iterator[Server]:
    http = _Http(("127.0.0.1", 0), Handler)
    http.state = Server()
    http.state.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield http.state
    finally:
        http.state.closing.set()
        http.shutdown()
        http.server_close()
        thread.join()


def closed_port() -> str:
    """An address where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
