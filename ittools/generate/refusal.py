"""What a status other than 200 means: for the request, for now, or for all of them."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from ittools.errors import TeacherError
from ittools.generate.teacher import RequestFailed, TryAgain
from ittools.records.build import mend_text

RETRY_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
GAVE_UP_WAITING = frozenset({408, 504, 524})  # a proxy did; the model behind it may have gone on
FATAL_STATUS = frozenset({401, 403, 404, 405, 410})
SPENT = ("insufficient_quota", "billing_hard_limit_reached")


def error_of(text: str) -> dict[str, Any]:
    """The error object of a body, in any of the forms that servers have for it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {"message": text}
    error = value.get("error", value) if isinstance(value, dict) else value
    if isinstance(error, dict):
        return error if "message" in error else {"message": error.get("detail", text), **error}
    return {"message": str(error)}


def refusal(status: int, headers: dict[str, str], error: dict[str, Any], base_url: str) -> Exception:
    """The exception to raise; headers by lower-case name."""
    said = " ".join(mend_text(str(error.get("message") or "")).split())[:300]
    message = f"{base_url} answered {status}" + (f": {said}" if said else "")
    if 300 <= status < 400:
        to = headers.get("location", "elsewhere")
        return TeacherError(f"{base_url} redirects to {to}; if that is right, give it as --base-url")
    if status == 404:
        message += " (does --base-url end in /v1, and is this form of endpoint there?)"
    if status in FATAL_STATUS or error.get("code") in SPENT or error.get("type") in SPENT:
        return TeacherError(f"{message}. Every answer is kept: mend it and repeat the command")
    if status in RETRY_STATUS:
        wait = _retry_after(headers)
        billed = status in GAVE_UP_WAITING
        return TryAgain(message, wait=wait, everyone=status == 429, maybe_billed=billed)
    return RequestFailed(message)


def _retry_after(headers: dict[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after` (seconds or an HTTP date)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0), ("llm_provider-retry-after", 1.0)):
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
