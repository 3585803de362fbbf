"""Tasks by language: shares of a number, and which language each request is for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from ittools.errors import UsageError

_CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # RFC 5646, its shape


def read_quotas(languages: Sequence[str], num: int) -> dict[str, int]:
    """`["en", "de=3"]` as tasks by language: shares of `num` by weight (1 where none is given).

    Largest remainders, so that the quotas sum to `num` exactly. Raises UsageError.
    """
    weights: dict[str, float] = {}
    for word in languages:
        code, equals, weight = word.partition("=")
        try:
            value = float(weight) if equals else 1.0
        except ValueError:
            value = -1.0
        if not code or not math.isfinite(value) or value <= 0:
            raise UsageError(f"--language {word}: expected a code such as de, or de=3 with a weight")
        if not _CODE.fullmatch(code):
            raise UsageError(f"--language {code}: expected a BCP-47 code, such as en, pt-BR or zh-Hant")
        if code in weights:
            raise UsageError(f"--language {code} is given twice")
        weights[code] = value
    return shares(weights, num)


def shares(weights: Mapping[str, float], num: int) -> dict[str, int]:
    """`num` split by weight, by largest remainder; equal remainders in the order given."""
    whole = sum(weights.values())
    exact = {name: num * weight / whole for name, weight in weights.items()}
    given = {name: int(share) for name, share in exact.items()}
    ranked = sorted(exact, key=lambda name: given[name] - exact[name])
    for name in ranked[: num - sum(given.values())]:
        given[name] += 1
    return given


def spread(missing: Mapping[str, int], count: int) -> list[str]:
    """The language of each of `count` requests, in proportion to what is missing, well mixed.

    spread({"en": 20, "de": 10}, 3)  -> ["en", "de", "en"]
    """
    if not missing:
        return []
    least = {language: 1.0 * n for language, n in missing.items()}
    given = shares(least, max(count, len(missing)))
    for language in [language for language, n in given.items() if not n]:  # each is asked for; the most gives
        given[max(given, key=lambda name: given[name])] -= 1
        given[language] = 1
    places = [((turn + 0.5) / n, language) for language, n in given.items() for turn in range(n)]
    return [language for _, language in sorted(places, key=lambda place: place[0])]
