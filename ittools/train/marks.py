"""What a chat template writes around the words: the token that ends a turn, and marks that no text may hold.

A record that says `<|im_end|>` would end its turn and could begin another one, in training and at
inference alike. Such records are dropped and counted, not trained on as somebody else's turns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ittools.errors import TrainError
from ittools.records.build import Turn
from ittools.train.mask import encode, render

FORGED = "control-token-in-text"  # the reason under which such records are dropped

_WORDS = ("probe-one", "probe-two", "probe-three", "probe-four")
_PROBE: list[Turn] = [
    {"role": role, "content": words} for role, words in zip(("user", "assistant") * 2, _WORDS, strict=True)
]


def end_of_turn(tokenizer: Any) -> int:
    """The token with which the template ends the assistant's turn; generation stops at it.

    Raises:
        TrainError: the turn ends in plain text, at which no generation can stop.
    """
    encoded = encode(_PROBE[:2], tokenizer)
    last = max(place for place, on in enumerate(encoded.trained) if on)
    token = encoded.ids[last]
    if token not in tokenizer.all_special_ids and token not in tokenizer.added_tokens_decoder:
        written = tokenizer.decode([token])
        raise TrainError(
            f"the chat template ends the assistant's turn in plain text (token {written!r}), at which no "
            "model stops; let it write {{ eos_token }} there"
        )
    return token


def control_marks(tokenizer: Any) -> re.Pattern[str]:
    """Special tokens, and what the template writes between two turns (`[/INST]`, `### Response:`)."""
    special = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    special |= set(tokenizer.all_special_tokens)
    try:
        text = render(_PROBE, tokenizer)
    except TrainError:  # a template for one question and one answer
        text = render(_PROBE[:2], tokenizer)
    between = re.split(_any_of([*special, *_WORDS]), text[text.find(_WORDS[0]) :])
    # a role alone (`assistant`) or a colon means nothing by itself
    pieces = {piece.strip() for piece in between if len(piece.strip()) > 2}
    return re.compile(_any_of(special | {piece for piece in pieces if not piece.isalnum()}))


def _any_of(texts: Iterable[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(texts) if text)


def forges(messages: Sequence[Turn], marks: re.Pattern[str]) -> bool:
    """Whether a turn's text holds a mark that only the template may write."""
    return any(marks.search(turn["content"]) for turn in messages)
