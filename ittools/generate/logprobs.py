"""What a server says of the probability of its tokens, in the forms of the three endpoints."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ittools.generate.teacher import Response


def top_tokens(response: Response) -> list[dict[str, float]]:
    """Alternatives at each token as text -> log-probability; empty where the server gave none."""
    try:
        body = json.loads(response.raw)
    except (ValueError, RecursionError):
        return []
    try:
        found = _of_choice(body["choices"][0]) if "choices" in body else _of_output(body["output"])
    except (KeyError, IndexError, TypeError, AttributeError):
        return []
    return [one for one in found if one]


def expected_digit(response: Response, first: int, last: int) -> float | None:
    """Expected value over the digits first..last at the first token that is one of them.

    As in DEITA (Liu et al. 2023, arXiv 2312.15685): the mean of the digits, weighted by their
    probabilities. Null without log-probabilities.
    """
    for alternatives in top_tokens(response):
        chances = {
            int(token.strip()): math.exp(logprob)
            for token, logprob in alternatives.items()
            if token.strip().isascii() and token.strip().isdigit() and first <= int(token.strip()) <= last
        }
        if chances:
            return sum(digit * chance for digit, chance in chances.items()) / sum(chances.values())
    return None


def _of_choice(choice: Mapping[str, Any]) -> list[dict[str, float]]:
    said = choice["logprobs"]
    if "content" in said:  # chat
        return [_listed(token) for token in said["content"] or []]
    return [dict(one or {}) for one in said["top_logprobs"] or []]  # completions


def _of_output(output: list[Any]) -> list[dict[str, float]]:
    parts = [part for one in output if one.get("type") == "message" for part in one["content"]]
    return [_listed(token) for part in parts for token in part.get("logprobs") or []]


def _listed(token: Mapping[str, Any]) -> dict[str, float]:
    listed = token.get("top_logprobs") or [token]
    found: dict[str, float] = {}
    for one in listed:  # "4" and " 4" are two tokens of one digit
        if isinstance(one.get("logprob"), int | float):
            found[str(one["token"])] = float(one["logprob"])
    return found
