"""`OpenAITeacher`: any OpenAI-compatible endpoint, through the openai SDK and its aiohttp transport.

The SDK sends; everything that decides what an answer is worth stands here: a deadline round the
whole call (a server that drips bytes beats any socket timeout), a bound on the body, no redirects
(they would resend the prompt elsewhere), a check of every field, and the key cut out of all text.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC
from typing import Any

from ittools.errors import TeacherError
from ittools.generate.teacher import Request, RequestFailed, Response, TryAgain
from ittools.records.build import mend_text

MAX_BODY = 16 << 20  # bytes of one response; 64k tokens of JSON with logprobs stay below
OPENAI_STOPS = 4  # stop sequences that the API takes
RETRY_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
FATAL_STATUS = frozenset({401, 403, 404, 405, 410})
SPENT = ("insufficient_quota", "billing_hard_limit_reached")


class OpenAITeacher:
    """One endpoint, one model; a single client for all requests."""

    def __init__(
        self, *, model: str, base_url: str | None, key: str, concurrency: int = 32, timeout: float = 120.0
    ) -> None:
        from openai import AsyncOpenAI, DefaultAioHttpClient

        self.model, self.concurrency, self.timeout, self._key = model, concurrency, timeout, key
        http = DefaultAioHttpClient(follow_redirects=False, timeout=timeout + 5)
        self._client = AsyncOpenAI(api_key=key, base_url=base_url, max_retries=0, http_client=http)
        self.base_url = str(self._client.base_url)
        self._renamed: dict[str, str | None] = {}  # parameters this model wants otherwise

    async def close(self) -> None:
        await self._client.close()

    async def answer(self, request: Request) -> Response:
        body = self._body(request)
        try:
            status, headers, raw = await asyncio.wait_for(self._post(request.api, body), self.timeout)
        except TimeoutError:
            raise TryAgain(f"no whole answer within {self.timeout:g} s", maybe_billed=True) from None
        text = raw.decode("utf-8", "replace").replace(self._key, "[key]")
        if status == 200:
            return _read_answer(text, request)
        if status == 400 and self._adapt(text, body):
            raise TryAgain("parameters adapted to this model", wait=0.0)
        raise _refusal(status, headers, text, self.base_url)

    async def offers_schema(self, api: str) -> bool:
        """Whether the endpoint honours a JSON schema: asked once, with a schema prose cannot meet."""
        if api != "chat":
            return False
        schema = json.dumps(PROBE_SCHEMA)
        probe = Request("probe", 0, 0, "Say hello.", self.model, "probe/1", 64, 0.0, schema=schema)
        try:
            value = json.loads((await self.answer(probe)).text)
        except (TryAgain, RequestFailed, ValueError):
            return False
        return isinstance(value, dict) and isinstance(value.get("greeting_words"), list)

    async def _post(self, api: str, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        import openai

        completions = self._client.chat.completions if api == "chat" else self._client.completions
        try:
            async with completions.with_streaming_response.create(**body) as reply:
                chunks, size = [], 0
                async for chunk in reply.iter_bytes():
                    chunks.append(chunk)
                    size += len(chunk)
                    if size > MAX_BODY:
                        raise RequestFailed(f"the answer is over {MAX_BODY >> 20} MiB")
                return reply.status_code, dict(reply.headers), b"".join(chunks)
        except openai.APIStatusError as error:
            content = await _body_of(error)
            return error.status_code, dict(error.response.headers), content
        except openai.APITimeoutError:
            raise TryAgain("the connection timed out", maybe_billed=True) from None
        except openai.APIConnectionError as error:
            reason = str(error.__cause__ or error).replace(self._key, "[key]")
            lost = any(word in reason.lower() for word in ("reset", "disconnected", "payload", "closed"))
            raise TryAgain(
                f"cannot reach {self.base_url} ({reason or type(error.__cause__).__name__})",
                maybe_billed=lost,
                unreachable=not lost,
            ) from None
        except (openai.OpenAIError, OSError, ValueError) as error:
            reason = str(error).replace(self._key, "[key]")[:300]
            raise TryAgain(f"broken answer ({reason})", maybe_billed=True) from None
        except Exception as error:  # the transport's own errors, none of them part of its API
            reason = f"{type(error).__name__}: {error}".replace(self._key, "[key]")[:300]
            if isinstance(error, (RequestFailed, TryAgain)):
                raise
            raise TryAgain(f"broken answer ({reason})", maybe_billed=True) from None

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

    def _adapt(self, text: str, body: dict[str, Any]) -> bool:
        """Learn from a 400 that names a parameter: newer models rename or refuse some."""
        error = _error_of(text)
        name = str(error.get("param") or "")
        if name == "max_tokens" or "max_completion_tokens" in str(error.get("message")):
            name, other = "max_tokens", "max_completion_tokens"
        else:
            other = None
        refusable = {"max_tokens", "temperature", "top_p", "presence_penalty", "stop"}
        if name not in refusable or name in self._renamed or name not in body:
            return False
        self._renamed[name] = other
        return True


PROBE_SCHEMA = {
    "type": "object",
    "properties": {"greeting_words": {"type": "array", "items": {"type": "string"}}},
    "required": ["greeting_words"],
    "additionalProperties": False,
}


async def _body_of(error: Any) -> bytes:
    try:
        content: bytes = await error.response.aread()
    except Exception:  # already read by the SDK, or lost with the connection
        content = json.dumps(error.body).encode() if error.body is not None else b""
    return content[:MAX_BODY]


def _error_of(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {"message": text}
    error = value.get("error", value) if isinstance(value, dict) else value
    if isinstance(error, dict):
        return error if "message" in error else {"message": error.get("detail", text), **error}
    return {"message": str(error)}


def _refusal(status: int, headers: dict[str, str], text: str, base_url: str) -> Exception:
    """What a status other than 200 means for the request, or for all of them."""
    error = _error_of(text)
    said = " ".join(mend_text(str(error.get("message") or "")).split())[:300]
    message = f"{base_url} answered {status}" + (f": {said}" if said else "")
    if 300 <= status < 400:
        to = headers.get("location", "elsewhere")
        return TeacherError(f"{base_url} redirects to {to}; if that is right, give it as --base-url")
    if status in FATAL_STATUS or error.get("code") in SPENT or error.get("type") in SPENT:
        return TeacherError(f"{message}. Every answer is kept: mend it and repeat the command")
    if status in RETRY_STATUS:
        wait = _retry_after(headers)
        return TryAgain(message, wait=wait, everyone=status == 429, maybe_billed=False)
    return RequestFailed(message)


def _retry_after(headers: dict[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after` (seconds or an HTTP date)."""
    lower = {name.lower(): value for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(lower[name]) * unit)
        except (KeyError, ValueError):
            continue
    if "retry-after" in lower:
        from datetime import datetime
        from email.utils import parsedate_to_datetime

        try:
            then = parsedate_to_datetime(lower["retry-after"])
        except ValueError:
            return None
        return max(0.0, (then - datetime.now(UTC)).total_seconds())
    return None


def _read_answer(text: str, request: Request) -> Response:
    """The answer in a body with status 200, every field checked."""
    try:
        value = json.loads(text)
        choice = value["choices"][0]
        said = choice["message"]["content"] if request.api == "chat" else choice["text"]
        finish = choice.get("finish_reason") or "stop"
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        start = " ".join(text.split())[:120]
        raise TryAgain(f"status 200 with no answer in it: {start!r}", maybe_billed=True) from None
    if said is None and finish in ("stop", "length"):
        said = ""
    if finish == "content_filter" or not isinstance(said, str):
        said, finish = "", "content_filter"
    usage = value.get("usage") or {}
    counts = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
    known = all(isinstance(count, int) and count >= 0 for count in counts)
    prompt_tokens, completion_tokens = (int(count or 0) if known else 0 for count in counts)
    return Response(mend_text(said), str(finish), prompt_tokens, completion_tokens, known, mend_text(text))
