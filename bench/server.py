"""A local OpenAI-compatible server that costs far less than any client of it, for the benchmarks.

One asyncio protocol, standard library only; it counts what it sells, so that nobody has to take a
client's word for it:

    python bench/server.py --latency 0.2 --rate 50     prints its port, then serves until killed
    POST /v1/chat/completions, /v1/completions         an answer that depends on the prompt alone
    GET /stats, /stats?prompts                         counts; with `prompts` [bought, delivered] of each
    POST /reset                                        forget all counts, fill the bucket

A prompt is bought when it is accepted, delivered when its answer is written to an open connection.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORDS = (
    "the answer follows from both numbers since each digit adds to its place and what is over ten "
    "moves one place to the left so that a check by the inverse gives back where we began"
).split()
ANSWER_WORDS = 48  # about 60 tokens, the middle of what instruction data holds


@dataclass(frozen=True)
class Options:
    """latency: seconds until an answer. rate: answers a second, 0 for no limit; the bucket holds `burst`.

    retry_after: seconds that a 429 tells, negative for no header. headers: 1 to
    send x-ratelimit-*.
    """

    latency: float = 0.0
    rate: float = 0.0
    burst: int = 0
    retry_after: float = -1.0
    headers: int = 0


@dataclass(frozen=True)
class Served:
    """A running server, seen from the outside."""

    url: str  # without /v1
    process: subprocess.Popen[str]

    def stats(self, *, prompts: bool = False) -> dict[str, Any]:
        """What GET /stats says. Raises RuntimeError when somebody ended the server."""
        if self.process.poll() is not None:
            raise RuntimeError(f"the server ended with {self.process.returncode} while it was measured")
        with urllib.request.urlopen(f"{self.url}/stats{'?prompts' * prompts}") as reply:
            return dict(json.load(reply))

    def reset(self) -> None:
        urllib.request.urlopen(f"{self.url}/reset", data=b"").close()


@contextmanager
def served(**options: float) -> Iterator[Served]:
    """A server of its own process; the names of the options are those of `Options`."""
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    command = [sys.executable, str(Path(__file__).resolve()), *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Served(f"http://127.0.0.1:{int(process.stdout.readline())}", process)
    finally:
        process.terminate()
        process.wait()


class Shop:
    """What is counted, and the bucket."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.reset()

    def reset(self) -> None:
        self.requests = self.refused = 0
        self.times: dict[str, float] = {}  # "first" request, "first_200", "last_200"
        self.bought: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        self.tokens, self.filled = float(self.size), time.monotonic()

    @property
    def size(self) -> int:
        return self.options.burst or max(1, int(self.options.rate))

    def admit(self) -> bool:
        """Count a request; take a token from the bucket when there is one."""
        self.requests += 1
        self.times.setdefault("first", time.time())
        if not self.options.rate:
            return True
        now = time.monotonic()
        self.tokens = min(self.size, self.tokens + (now - self.filled) * self.options.rate)
        self.filled = now
        if self.tokens < 1:
            self.refused += 1
            return False
        self.tokens -= 1
        return True

    def deliver(self, prompt: str) -> None:
        self.delivered[prompt] += 1
        self.times["last_200"] = now = time.time()
        self.times.setdefault("first_200", now)

    def limits(self) -> dict[str, str]:
        """x-ratelimit-* as OpenAI sends them."""
        if not (self.options.headers and self.options.rate):
            return {}
        missing = max(0.0, self.size - self.tokens) / self.options.rate
        return {
            "x-ratelimit-limit-requests": str(int(self.options.rate * 60)),
            "x-ratelimit-remaining-requests": str(int(self.tokens)),
            "x-ratelimit-reset-requests": f"{missing:.3f}s",
        }

    def stats(self, *, prompts: bool) -> dict[str, Any]:
        """times: seconds since the epoch. answered: distinct prompts. again: bought beyond the first."""
        seen = {
            "requests": self.requests,
            "bought": self.bought.total(),
            "delivered": self.delivered.total(),
            "refused": self.refused,
            "answered": len(self.delivered),
            "again": self.bought.total() - len(self.bought),
            "cpu": time.process_time(),
            **self.times,
        }
        if prompts:
            seen["prompts"] = {text: [count, self.delivered[text]] for text, count in self.bought.items()}
        return seen


class Connection(asyncio.Protocol):
    """HTTP/1.1 with kept connections and bodies of known length; that is all these clients send."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = content_length(self.buffer[:end])
            if len(self.buffer) < end + 4 + length:
                return
            head, body = self.buffer[:end], self.buffer[end + 4 : end + 4 + length]
            self.buffer = self.buffer[end + 4 + length :]
            self.route(*head.split(b" ", 2)[:2], body)

    def route(self, method: bytes, path: bytes, body: bytes) -> None:
        path, _, query = path.partition(b"?")
        if method == b"POST" and path.endswith(b"/completions"):
            self.sell(json.loads(body), chat=path.endswith(b"/chat/completions"))
        elif path == b"/stats":
            self.reply(200, json.dumps(self.shop.stats(prompts=query == b"prompts")))
        elif path == b"/reset":
            self.shop.reset()
            self.reply(200, "{}")
        elif path.endswith(b"/models"):
            self.reply(200, '{"object": "list", "data": [{"id": "served", "object": "model"}]}')
        else:
            self.reply(404, '{"error": {"message": "no such path", "type": "not_found"}}')

    def sell(self, asked: dict[str, Any], *, chat: bool) -> None:
        shop = self.shop
        prompt = prompt_of(asked, chat=chat)
        if not shop.admit():
            after = shop.options.retry_after
            told = {"retry-after": f"{after:g}"} if after >= 0 else {}
            error = '{"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit"}}'
            self.reply(429, error, shop.limits() | told)
            return
        shop.bought[prompt] += 1
        asyncio.get_running_loop().call_later(shop.options.latency, self.deliver, prompt, chat)

    def deliver(self, prompt: str, chat: bool) -> None:
        if self.transport is None or self.transport.is_closing():
            return  # bought, and nobody there to take it
        self.reply(200, answer_body(prompt, chat=chat), self.shop.limits())
        self.shop.deliver(prompt)

    def reply(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        if self.transport is None:
            return
        content = body.encode()
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{more}content-length: "
        self.transport.write(b"%b%d\r\n\r\n%b" % (head.encode(), len(content), content))


def content_length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def prompt_of(asked: dict[str, Any], *, chat: bool) -> str:
    """The last message, or the prompt: what a purchase is counted by."""
    if not chat:
        return str(asked["prompt"])
    messages = asked.get("messages")
    return str(messages[-1]["content"]) if messages else ""


def answer(prompt: str) -> str:
    """Words drawn by the prompt's hash; no two prompts share an answer."""
    digest = hashlib.blake2b(prompt.encode("utf-8", "replace"), digest_size=ANSWER_WORDS).digest()
    return f"Case {digest.hex()[:12]}: " + " ".join([WORDS[byte % len(WORDS)] for byte in digest]) + "."


def answer_body(prompt: str, *, chat: bool) -> str:
    """The answer as JSON, with usage."""
    said = answer(prompt)
    put, got = len(prompt) // 4 + 1, len(said) // 4 + 1
    text = json.dumps(said)
    form = f'"message": {{"role": "assistant", "content": {text}}}' if chat else f'"text": {text}'
    return (
        f'{{"id": "a", "object": "{"chat.completion" if chat else "text_completion"}", "created": 1700000000,'
        f' "model": "served", "choices": [{{"index": 0, {form}, "logprobs": null, "finish_reason": "stop"}}],'
        f' "usage": {{"prompt_tokens": {put}, "completion_tokens": {got}, "total_tokens": {put + got}}}}}'
    )


async def serve(options: Options) -> None:
    shop = Shop(options)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(shop), "127.0.0.1", 0, backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


def read_options() -> Options:
    parser = argparse.ArgumentParser(description="A local OpenAI-compatible server for benchmarks.")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds until an answer")
    parser.add_argument("--rate", type=float, default=0.0, help="answers a second; 0: no limit")
    parser.add_argument("--burst", type=int, default=0, help="answers the bucket holds (default: rate)")
    parser.add_argument("--retry-after", type=float, default=-1.0, help="seconds that a 429 tells")
    parser.add_argument("--headers", type=int, default=0, help="1: send x-ratelimit-* headers")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    asyncio.run(serve(read_options()))
