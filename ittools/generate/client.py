"""`OpenAITeacher`: any OpenAI-compatible endpoint, over aiohttp.

The openai SDK costs 0.9 to 1.9 ms of CPU a request, the bare transport 0.13; so the SDK serves the
Batch API and the hot path is here. Everything that decides what an answer is worth is ours anyway: a
deadline round the whole call (a server that drips bytes beats any socket timeout), a bound on the
body, no redirects (they would resend the prompt elsewhere), a check of every field, and the key cut
out of all text.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

from ittools.errors import TeacherError
from ittools.generate.refusal import error_of, refusal
from ittools.generate.teacher import Api, Request, RequestFailed, Response, TryAgain
from ittools.generate.wire import PATHS, body_of, read_answer

OPENAI_URL = "https://api.openai.com/v1"
MAX_BODY = 16 << 20  # bytes of one response; 64k tokens of JSON with logprobs stay below
MAX_REFUSAL = 64 << 10  # bytes read of an error
REFUSABLE = frozenset({"max_tokens", "temperature", "top_p", "presence_penalty", "stop"})
FROM_ENVIRONMENT = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}


class OpenAITeacher:
    """One endpoint, one model; a single session for all requests."""

    heard: Callable[[Mapping[str, str]], None] | None = None  # whoever listens to the headers of answers

    def __init__(
        self, *, model: str, base_url: str | None, key: str, concurrency: int = 32, timeout: float = 120.0
    ) -> None:
        self.model, self.concurrency, self.timeout = model, concurrency, timeout
        self.base_url = (base_url or OPENAI_URL).rstrip("/") + "/"
        self._key, self._secrets = key, spellings(key)
        self._session: Any = None
        self._renamed: dict[str, str | None] = {}  # parameters this model wants otherwise

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> Any:
        import aiohttp

        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json",
                   "Accept": "application/json"}  # fmt: skip
        headers |= {name: os.environ[v] for v, name in FROM_ENVIRONMENT.items() if os.environ.get(v)}
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.concurrency, keepalive_timeout=60),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(30.0, self.timeout)),
            proxy=_proxy_for(self.base_url),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def answer(self, request: Request) -> Response:
        while True:  # each turn but the last takes one parameter away
            body = self._body(request)
            try:
                async with asyncio.timeout(self.timeout):
                    status, headers, raw = await self._post(request.api, body)
            except TimeoutError:
                raise TryAgain(f"no whole answer within {self.timeout:g} s", maybe_billed=True) from None
            text = self._without_key(raw.decode("utf-8", "replace"))
            if self.heard is not None:
                self.heard(headers)
            if status == 200:
                return self._cleaned(read_answer(text, request))
            error = error_of(text)
            if status == 400 and self._adapt(error, body):
                continue
            cleaned = {name.lower(): self._without_key(value) for name, value in headers.items()}
            raise refusal(status, cleaned, error, self.base_url) from None

    def _cleaned(self, said: Response) -> Response:
        """Once more without the key: JSON escapes may have hidden it."""
        clean = self._without_key
        others = tuple(map(clean, said.others))
        return replace(said, text=clean(said.text), reasoning=clean(said.reasoning), others=others)

    def _without_key(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        return text

    async def _post(self, api: Api, body: dict[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and the body, or the beginning of an error's."""
        import aiohttp

        if self._session is None:
            self._session = self._open()
        try:
            data = json.dumps(body).encode()
            async with self._session.post(
                self.base_url + PATHS[api], data=data, allow_redirects=False
            ) as reply:
                most = MAX_BODY if reply.status == 200 else MAX_REFUSAL
                content, whole = await beginning(reply.content.iter_any(), most)
                status, headers = reply.status, reply.headers
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise TryAgain(
                f"cannot reach {self.base_url} ({self._said(error)}); is the server running? see --base-url",
                unreachable=True,
            ) from None
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError) as error:
            if isinstance(error, TimeoutError):  # our own deadline
                raise
            raise TryAgain(f"{self.base_url} broke off ({self._said(error)})", maybe_billed=True) from None
        except ValueError as error:  # a key that no header can hold
            raise TeacherError(f"{self.base_url}: cannot be asked ({self._said(error)})") from None
        except aiohttp.ClientError as error:
            raise TryAgain(f"broken answer ({self._said(error)})", maybe_billed=True) from None
        if status == 200 and not whole:
            raise RequestFailed(f"the answer is over {MAX_BODY >> 20} MiB")
        return status, headers, content

    def _said(self, error: BaseException) -> str:
        return self._without_key(str(error) or type(error).__name__)[:300]

    def _body(self, request: Request) -> dict[str, Any]:
        body = body_of(request)
        for name, other in self._renamed.items():
            if name in body:
                value = body.pop(name)
                if other:
                    body[other] = value
        return body

    def _adapt(self, error: dict[str, Any], body: dict[str, Any]) -> bool:
        """Learn from a 400 that names a parameter: newer models rename or refuse some.

        Others in flight were sent with it too, so what counts is the body that was refused.
        """
        name = str(error.get("param") or "")
        if "max_completion_tokens" in str(error.get("message")):
            name = "max_tokens"
        if name not in REFUSABLE or name not in body:
            return False
        if name == "max_tokens" and "messages" not in body:
            return False  # completions know no other name, and without it an answer has no bound
        self._renamed[name] = "max_completion_tokens" if name == "max_tokens" else None
        return True


def _proxy_for(url: str) -> str | None:
    """From the environment, once: aiohttp's own `trust_env` asks a thread for it at every request."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


def spellings(key: str) -> tuple[str, ...]:
    """The key as text may show it: as it is and in JSON. None of a placeholder such as `none` or
    `EMPTY`, which is no secret and a word of many an answer."""
    if len(key) < 8 or (len(key) < 16 and not any(map(str.isdigit, key))):
        return ()
    quoted = json.dumps(key)[1:-1]
    return tuple(dict.fromkeys((key, quoted, quoted.replace("/", "\\/"))))


async def beginning(chunks: AsyncIterator[bytes], most: int) -> tuple[bytes, bool]:
    """The first `most` bytes, and whether that was all."""
    taken, size = [], 0
    async for chunk in chunks:
        taken.append(chunk)
        size += len(chunk)
        if size > most:
            return b"".join(taken)[:most], False
    return b"".join(taken), True
