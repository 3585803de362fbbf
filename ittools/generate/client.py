"""`OpenAITeacher`: any OpenAI-compatible endpoint, through the openai SDK and its aiohttp transport.

The SDK sends; everything that decides what an answer is worth stands here: a deadline round the
whole call (a server that drips bytes beats any socket timeout), a bound on the body, no redirects
(they would resend the prompt elsewhere), a check of every field, and the key cut out of all text.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC
from typing import Any

from ittools.errors import TeacherError
from ittools.generate.teacher import Request, RequestFailed, Response, TryAgain
from ittools.records.build import mend_text

MAX_BODY = 16 << 20  # bytes of one response; 64k tokens of JSON with logprobs stay below
MAX_REFUSAL = 64 << 10  # bytes read of an error
MOST_TOKENS = 1 << 31  # in one answer; more is a server that cannot count
OPENAI_STOPS = 4  # stop sequences that the API takes
RETRY_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
GAVE_UP_WAITING = frozenset({408, 504, 524})  # a proxy did; the model behind it may have gone on
FATAL_STATUS = frozenset({401, 403, 404, 405, 410})
REFUSABLE = frozenset({"max_tokens", "temperature", "top_p", "presence_penalty", "stop"})
SPENT = ("insufficient_quota", "billing_hard_limit_reached")


class _NotOk(Exception):
    """Any status but 200, with the beginning of its body; raised before the SDK reads all of it."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(f"status {status}")
        self.status, self.headers, self.body = status, headers, body


class OpenAITeacher:
    """One endpoint, one model; a single client for all requests."""

    def __init__(
        self, *, model: str, base_url: str | None, key: str, concurrency: int = 32, timeout: float = 120.0
    ) -> None:
        from openai import AsyncOpenAI, DefaultAioHttpClient

        self.model, self.concurrency, self.timeout = model, concurrency, timeout
        self._secrets = _spellings(key)
        http = DefaultAioHttpClient(
            follow_redirects=False, timeout=timeout + 5, event_hooks={"response": [_stop_unless_ok]}
        )
        self._client = AsyncOpenAI(api_key=key, base_url=base_url, max_retries=0, http_client=http)
        self.base_url = str(self._client.base_url)
        self._renamed: dict[str, str | None] = {}  # parameters this model wants otherwise

    async def close(self) -> None:
        await self._client.close()

    async def answer(self, request: Request) -> Response:
        while True:  # each turn but the last takes one parameter away
            body = self._body(request)
            try:
                raw = await asyncio.wait_for(self._post(request.api, body), self.timeout)
            except TimeoutError:
                raise TryAgain(f"no whole answer within {self.timeout:g} s", maybe_billed=True) from None
            except _NotOk as refused:
                error = _error_of(self._without_key(refused.body.decode("utf-8", "replace")))
                if refused.status == 400 and self._adapt(error, body):
                    continue
                headers = {name.lower(): self._without_key(value) for name, value in refused.headers.items()}
                raise _refusal(refused.status, headers, error, self.base_url) from None
            return self._read(raw.decode("utf-8", "replace"), request)

    def _read(self, text: str, request: Request) -> Response:
        said = _read_answer(self._without_key(text), request)
        return replace(said, text=self._without_key(said.text))  # JSON escapes may have hidden it

    def _without_key(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        return text

    async def _post(self, api: str, body: dict[str, Any]) -> bytes:
        import openai

        completions = self._client.chat.completions if api == "chat" else self._client.completions
        try:
            async with completions.with_streaming_response.create(**body) as reply:
                content, whole = await _beginning(reply.iter_bytes(), MAX_BODY)
        except (_NotOk, RequestFailed, TimeoutError):
            raise
        except openai.APIConnectionError as error:
            reason = self._without_key(_deepest(error))
            if _never_sent(error):
                raise TryAgain(
                    f"cannot reach {self.base_url} ({reason}); is the server running? see --base-url",
                    unreachable=True,
                ) from None
            raise TryAgain(f"{self.base_url} broke off ({reason})", maybe_billed=True) from None
        except Exception as error:  # the SDK's and the transport's own, none of them part of an API
            reason = self._without_key(f"{type(error).__name__}: {error}")[:300]
            raise TryAgain(f"broken answer ({reason})", maybe_billed=True) from None
        if not whole:
            raise RequestFailed(f"the answer is over {MAX_BODY >> 20} MiB")
        return content

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": request.model,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
        }
        if request.presence_penalty:
            body["presence_penalty"] = request.presence_penalty
        if request.stop:
            body["stop"] = list(request.stop[:OPENAI_STOPS])
        if request.api == "chat":
            body["messages"] = [{"role": "user", "content": request.prompt}]
        else:
            body["prompt"] = request.prompt
        if request.schema is not None:
            schema = {"name": "answer", "strict": True, "schema": json.loads(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
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


def _spellings(key: str) -> tuple[str, ...]:
    """The key as text may show it: as it is and in JSON. None of a placeholder such as `none` or
    `EMPTY`, which is no secret and a word of many an answer."""
    if len(key) < 8 or (len(key) < 16 and not any(map(str.isdigit, key))):
        return ()
    quoted = json.dumps(key)[1:-1]
    return tuple(dict.fromkeys((key, quoted, quoted.replace("/", "\\/"))))


async def _stop_unless_ok(response: Any) -> None:
    if response.status_code != 200:
        body, _ = await _beginning(response.aiter_bytes(), MAX_REFUSAL)
        raise _NotOk(response.status_code, dict(response.headers), body)


async def _beginning(chunks: AsyncIterator[bytes], most: int) -> tuple[bytes, bool]:
    """The first `most` bytes, and whether that was all."""
    taken, size = [], 0
    async for chunk in chunks:
        taken.append(chunk)
        size += len(chunk)
        if size > most:
            return b"".join(taken)[:most], False
    return b"".join(taken), True


def _never_sent(error: BaseException) -> bool:
    """No connection came about, so nothing was asked. (The transport calls this a timeout, and also
    calls so a server that hangs up.)"""
    import aiohttp

    connecting = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, connecting):
        cause = cause.__cause__
    return cause is not None


def _deepest(error: BaseException) -> str:
    """What the first of a chain of errors says."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__


def _error_of(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {"message": text}
    error = value.get("error", value) if isinstance(value, dict) else value
    if isinstance(error, dict):
        return error if "message" in error else {"message": error.get("detail", text), **error}
    return {"message": str(error)}


def _refusal(status: int, headers: dict[str, str], error: dict[str, Any], base_url: str) -> Exception:
    """What a status other than 200 means for the request, or for all of them."""
    said = " ".join(mend_text(str(error.get("message") or "")).split())[:300]
    message = f"{base_url} answered {status}" + (f": {said}" if said else "")
    if 300 <= status < 400:
        to = headers.get("location", "elsewhere")
        return TeacherError(f"{base_url} redirects to {to}; if that is right, give it as --base-url")
    if status in FATAL_STATUS or error.get("code") in SPENT or error.get("type") in SPENT:
        return TeacherError(f"{message}. Every answer is kept: mend it and repeat the command")
    if status in RETRY_STATUS:
        wait = _retry_after(headers)
        billed = status in GAVE_UP_WAITING
        return TryAgain(message, wait=wait, everyone=status == 429, maybe_billed=billed)
    return RequestFailed(message)


def _retry_after(headers: dict[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after` (seconds or an HTTP date)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    if "retry-after" not in headers:
        return None
    from datetime import datetime
    from email.utils import parsedate_to_datetime

    try:
        then = parsedate_to_datetime(headers["retry-after"])
        then = then if then.tzinfo else then.replace(tzinfo=UTC)  # "-0000" says no zone
        return max(0.0, (then - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def _read_answer(text: str, request: Request) -> Response:
    """The answer in a body with status 200, every field checked."""
    try:
        value = json.loads(text)
        choice = value["choices"][0]
        said = choice["message"]["content"] if request.api == "chat" else choice["text"]
        finish = mend_text(str(choice.get("finish_reason") or "stop"))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        start = " ".join(text.split())[:120]
        raise TryAgain(f"status 200 with no answer in it: {start!r}", maybe_billed=True) from None
    if said is None and finish in ("stop", "length"):
        said = ""
    if finish == "content_filter" or not isinstance(said, str):
        said, finish = "", "content_filter"
    tokens = _usage(value.get("usage"))
    return Response(mend_text(said), finish, *(tokens or (0, 0)), tokens is not None, mend_text(text))


def _usage(usage: Any) -> tuple[int, int] | None:
    """(prompt, completion) tokens; null when the server gives no credible count."""
    if not isinstance(usage, dict):
        return None
    counts = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
    prompt, completion = (n if type(n) is int and 0 <= n < MOST_TOKENS else None for n in counts)
    return None if prompt is None or completion is None else (prompt, completion)
