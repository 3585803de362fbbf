"""`finetune --show-mask N`: the tokens of records as a person can check them.

On a terminal trained tokens are green and the others dim; elsewhere trained runs stand in ⟦ ⟧.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from ittools.train.mask import Encoded
from ittools.visible import visible

GREEN, DIM, RESET = "\x1b[30;42m", "\x1b[2m", "\x1b[0m"


def mask_lines(encoded: Encoded, tokenizer: Any, *, colour: bool) -> list[str]:
    """The conversation as text, trained and untrained runs marked, then the counts."""
    pairs = zip(encoded.ids, encoded.trained, strict=True)
    pieces = []
    for on, run in groupby(pairs, key=lambda pair: pair[1]):
        # whole runs are decoded together: one token may be half a character
        text = tokenizer.decode([token for token, _ in run], skip_special_tokens=False)
        pieces.append(_marked(visible(text, keep_newlines=True), on, colour))
    trained = sum(encoded.trained)
    count = f"{trained} of {len(encoded.ids)} tokens trained"
    return ["".join(pieces).rstrip("\n"), f"{DIM}{count}{RESET}" if colour else count]


def _marked(text: str, on: bool, colour: bool) -> str:
    if colour:
        style = GREEN if on else DIM
        return "\n".join(f"{style}{line}{RESET}" if line else "" for line in text.split("\n"))
    return f"⟦{text}⟧" if on else text
