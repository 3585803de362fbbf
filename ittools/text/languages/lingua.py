"""lingua's answers: the best on short texts, for a gigabyte of memory and a hundredth of the speed.

    classify(["prologue"]) -> (["fr"], [0.285664])

An optional package (Apache-2.0) with all models inside; its probability is its own confidence value.
Source: lingua-language-detector 2.1, high accuracy mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ittools.errors import UsageError
from ittools.text.languages.codes import UNDETERMINED, macro_code

DIGITS = 6


def classify(texts: Sequence[str]) -> tuple[list[str], list[float]]:
    """Code and confidence of each text; `und` and 0.0 where lingua has no candidate.

    Raises:
        UsageError: the package is not installed.
    """
    detector = _detector()
    codes: list[str] = []
    found: list[float] = []
    for text in texts:
        best = detector.compute_language_confidence_values(text)[0]
        known = best.value > 0
        codes.append(macro_code(best.language.iso_code_639_1.name.lower()) if known else UNDETERMINED)
        found.append(round(best.value, DIGITS) if known else 0.0)
    return codes, found


@lru_cache(maxsize=1)
def _detector() -> Any:
    try:
        from lingua import LanguageDetectorBuilder
    except ImportError as missing:
        raise UsageError(
            "languages by lingua: the package is not installed; pip install 'lingua-language-detector>=2.1'"
        ) from missing
    return LanguageDetectorBuilder.from_all_languages().build()
