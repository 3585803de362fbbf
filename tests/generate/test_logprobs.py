"""Probabilities of tokens, out of the bodies of the three endpoints as they are sent."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from ittools.generate.logprobs import expected_digit, top_tokens
from ittools.generate.teacher import Response

FOUR, FIVE = math.log(0.75), math.log(0.25)

# /chat/completions with logprobs and top_logprobs, as OpenAI and vLLM send it
CHAT: dict[str, Any] = {
    "id": "c-1", "object": "chat.completion", "choices": [{
        "index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "4"},
        "logprobs": {"content": [
            {"token": "4", "logprob": FOUR, "bytes": [52], "top_logprobs": [
                {"token": "4", "logprob": FOUR, "bytes": [52]},
                {"token": "5", "logprob": FIVE, "bytes": [53]}]},
            {"token": ".", "logprob": -0.1, "bytes": [46], "top_logprobs": [{"token": ".", "logprob": -0.1}]},
        ], "refusal": None},
    }],
}  # fmt: skip

# /completions with logprobs=2, as OpenAI, vLLM and llama.cpp send it
COMPLETION: dict[str, Any] = {
    "id": "c-1", "object": "text_completion", "choices": [{
        "index": 0, "finish_reason": "stop", "text": " 4.",
        "logprobs": {"tokens": [" 4", "."], "token_logprobs": [FOUR, -0.1], "text_offset": [0, 2],
                     "top_logprobs": [{" 4": FOUR, " 5": FIVE}, {".": -0.1}]},
    }],
}  # fmt: skip

# /responses with include=message.output_text.logprobs
RESPONSES: dict[str, Any] = {
    "id": "r-1", "object": "response", "status": "completed", "output": [
        {"type": "reasoning", "summary": []},
        {"type": "message", "role": "assistant", "content": [
            {"type": "output_text", "text": "4", "annotations": [], "logprobs": [
                {"token": "4", "logprob": FOUR, "bytes": [52], "top_logprobs": [
                    {"token": "4", "logprob": FOUR}, {"token": "5", "logprob": FIVE}]}]}]},
    ],
}  # fmt: skip


def of(body: Any) -> Response:
    return Response("4", "stop", raw=body if isinstance(body, str) else json.dumps(body))


@pytest.mark.parametrize("body", [CHAT, COMPLETION, RESPONSES], ids=["chat", "completions", "responses"])
def test_alternatives_at_the_first_token_are_read(body: dict[str, Any]) -> None:
    first = {token.strip(): chance for token, chance in top_tokens(of(body))[0].items()}
    assert first == {"4": FOUR, "5": FIVE}
    assert expected_digit(of(body), 1, 5) == pytest.approx(4.25)


def chat(*places: dict[str, float]) -> Response:
    content = [
        {"token": next(iter(place)), "logprob": next(iter(place.values())),
         "top_logprobs": [{"token": token, "logprob": math.log(chance)} for token, chance in place.items()]}
        for place in places
    ]  # fmt: skip
    return of({"choices": [{"message": {"content": "4"}, "logprobs": {"content": content}}]})


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([{"5": 1.0}], 5.0),
        ([{"1": 0.2, "2": 0.2, "3": 0.2, "4": 0.2, "5": 0.2}], 3.0),
        ([{"Score": 0.9, "I": 0.1}, {":": 1.0}, {" 3": 0.5, " 4": 0.5}], 3.5),
        ([{"4": 0.1, "a": 0.8, "5": 0.1}], 4.5),
        ([{"9": 0.5, "0": 0.4, "2": 0.1}], 2.0),
        ([{"4.5": 0.5, "44": 0.3, "³": 0.1, "٤": 0.1}], None),
        ([{"yes": 1.0}], None),
        ([], None),
    ],
)
def test_expected_digit_is_weighted_by_the_chances_of_the_digits_alone(
    places: list[dict[str, float]], expected: float | None
) -> None:
    found = expected_digit(chat(*places), 1, 5)
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_digit_written_as_two_tokens_counts_with_both_chances() -> None:
    """ "4" and " 4" are one digit: of 0.3 + 0.3 to 0.4 the mean is 4.4."""
    assert expected_digit(chat({"4": 0.3, " 4": 0.3, "5": 0.4}), 1, 5) == pytest.approx(4.4)


@pytest.mark.parametrize(
    "body",
    ["", "{", "null", "[]", "17", {}, {"choices": []}, {"choices": [{}]}, {"choices": [{"logprobs": None}]},
     {"choices": [{"logprobs": {}}]}, {"choices": [{"logprobs": {"content": None}}]},
     {"choices": [{"logprobs": {"top_logprobs": None}}]}, {"choices": [{"logprobs": {"content": [None]}}]},
     {"choices": [{"logprobs": {"content": [{}]}}]}, {"output": []}, {"output": [{"type": "message"}]},
     {"output": None}, {"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": "4"}]}]}}]},
     {"choices": [{"logprobs": {"content": [{"top_logprobs": [{"logprob": -1}]}]}}]}, "[" * 100_000,
     {"choices": [{"logprobs": {"top_logprobs": [None, 3]}}]},
     {"choices": [{"logprobs": {"top_logprobs": 7}}]},
     {"choices": [{"logprobs": {"top_logprobs": [{"4": None}]}}]},
     {"choices": [{"logprobs": {"top_logprobs": [{"4": "x"}]}}]}],
)  # fmt: skip
def test_body_without_probabilities_gives_none(body: Any) -> None:
    assert expected_digit(of(body), 1, 5) is None


def test_chance_beyond_all_numbers_is_no_error() -> None:
    wild = '{"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": "4", "logprob": 1e999}]}]}}]}'
    assert expected_digit(of(wild), 1, 5) in (None, 4.0)
    tiny = wild.replace("1e999", "-1e999")
    assert expected_digit(of(tiny), 1, 5) in (None, 4.0)
