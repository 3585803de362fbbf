"""Language identification by langdetect, made repeatable: seeded, profiles in sorted order.

langdetect draws at random and lists its profiles in directory order, so its plain answers differ
from run to run and from machine to machine. Very short texts and texts without letters are `und`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

FEWEST_LETTERS = 20  # below, langdetect is right for 79% only
MOST_CHARACTERS = 2_000  # more change no answer and cost time
UNDETERMINED = "und"


class Language(NamedTuple):
    """BCP-47 code and langdetect's probability of it; `und` with 0.0 when it cannot tell."""

    code: str
    probability: float


def detect_language(text: str) -> Language:
    """The language of `text`; the same on every machine."""
    from langdetect.lang_detect_exception import LangDetectException

    text = text[:MOST_CHARACTERS]
    if sum(map(str.isalpha, text)) < FEWEST_LETTERS and not _is_dense(text):
        return Language(UNDETERMINED, 0.0)
    detector = _factory().create()
    detector.append(text)
    try:
        best = detector.get_probabilities()
    except LangDetectException:  # no feature of any profile
        return Language(UNDETERMINED, 0.0)
    if not best:
        return Language(UNDETERMINED, 0.0)
    return Language(best[0].lang.split("-")[0], float(best[0].prob))


def primary_code(code: str) -> str:
    """`pt-BR` -> `pt`, in lower case."""
    return code.split("-", maxsplit=1)[0].lower()


@lru_cache(maxsize=1)
def known_languages() -> frozenset[str]:
    """Primary codes that can be detected, and `und`; from the names of langdetect's profiles."""
    from importlib.util import find_spec

    spec = find_spec("langdetect")
    assert spec is not None
    assert spec.origin is not None
    names = (path.name for path in (Path(spec.origin).parent / "profiles").iterdir())
    return frozenset(name.split("-")[0] for name in names if not name.startswith((".", "_"))) | {UNDETERMINED}


def detect_languages(texts: Iterable[str]) -> list[Language]:
    return [detect_language(text) for text in texts]


def _is_dense(text: str) -> bool:
    """Han, kana and Hangul say a word in a letter or two."""
    return sum("\u3040" <= c <= "\u30ff" or "\u3400" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3"
               for c in text) >= 6  # fmt: skip


@lru_cache(maxsize=1)
def _factory() -> Any:
    from langdetect import detector_factory

    factory = detector_factory.DetectorFactory()
    folder = Path(detector_factory.PROFILES_DIRECTORY)
    profiles = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "_")))
    factory.load_json_profile([path.read_text(encoding="utf-8") for path in profiles])
    factory.set_seed(0)
    return factory
