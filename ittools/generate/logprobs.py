"""What a server says of the probability of its tokens, in the forms of the three endpoints."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
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
        chances: dict[int, float] = {}
        for token, logprob in alternatives.items():  # "4" and " 4" are two tokens of one digit
            digit = token.strip()
            if digit.isascii() and digit.isdigit() and first <= int(digit) <= last:
                chances[int(digit)] = chances.get(int(digit), 0.0) + math.exp(logprob)
        if chances:
            return sum(digit * chance for digit, chance in chances.items()) / sum(chances.values())
    return None


def _of_choice(choice: Mapping[str, Any]) -> list[dict[str, float]]:
    said = choice["logprobs"]
    if "content" in said:  # chat
        return [_listed(token) for token in said["content"] or []]
    return [_sound((one or {}).items()) for one in said["top_logprobs"] or []]  # completions


def _of_output(output: list[Any]) -> list[dict[str, float]]:
    parts = [part for one in output if one.get("type") == "message" for part in one["content"]]
    return [_listed(token) for part in parts for token in part.get("logprobs") or []]


def _listed(token: Mapping[str, Any]) -> dict[str, float]:
    listed = token.get("top_logprobs") or [token]
    return _sound((one["token"], one.get("logprob")) for one in listed)


def _sound(pairs: Iterable[tuple[Any, Any]]) -> dict[str, float]:
    """Tokens with a probability: a number up to 0 as its logarithm."""
    return {
        str(token): min(0.0, float(logprob))
        for token, logprob in pairs
        if isinstance(logprob, int | float) and not isinstance(logprob, bool) and math.isfinite(logprob)
    }
