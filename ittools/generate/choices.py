"""The words that options of `generate` may be, apart from what uses them, so that `--help` stays quick."""

from __future__ import annotations

from typing import Literal

MethodName = Literal[
    "self-instruct", "alpaca", "evolve", "topics", "backtranslate", "magpie", "answer", "dialogue"
]
Operations = Literal["text", "code"]  # of evolve
How = Literal["rouge", "near", "exact"]  # novelty is judged
