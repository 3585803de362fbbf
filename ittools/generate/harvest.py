"""What a run has gathered: records kept, candidates dropped with their reason, and what is missing.

harvest = Harvest({"en": 60, "de": 40}, novelty, progress)
harvest.missing()  -> {"en": 60, "de": 40}
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from ittools.errors import UsageError
from ittools.progress import Progress
from ittools.records.build import Record
from ittools.text.language import primary_code


class Harvest:
    """Grows in the order of requests, never of arrival. `quotas` is null where the inputs decide."""

    def __init__(self, quotas: Mapping[str, int] | None, progress: Progress, num: int | None = None) -> None:
        self.quotas, self.progress, self.num = quotas, progress, num
        self.records: list[Record] = []
        self.dropped: list[tuple[Record, str]] = []
        self.tasks = 0
        self.by_language: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    def missing(self) -> dict[str, int]:
        """Tasks still wanted by language; those that have enough are left out."""
        if self.quotas is None:
            return {}
        left = {language: most - self.by_language[language] for language, most in self.quotas.items()}
        return {language: count for language, count in left.items() if count > 0}

    @property
    def wants_more(self) -> bool:
        if self.quotas is not None:
            return bool(self.missing())
        return self.num is None or self.tasks < self.num

    def keep(self, records: Sequence[Record], language: str) -> None:
        """The records of one task."""
        self.records += records
        self.tasks += 1
        self.by_language[language] += 1
        self.progress.advance()
        self._show(records[0]["instruction"])

    def drop(self, record: Record, reason: str) -> None:
        self.dropped.append((record, reason))
        self.reasons[reason] += 1
        self._show()

    def _show(self, newest: str | None = None) -> None:
        facts = {"accepted": f"{self.tasks:,}", "dropped": self._dropped()}
        self.progress.show(**facts, **({"newest": newest} if newest else {}))

    def _dropped(self) -> str:
        """`12 (not-novel 8, empty-output 4)`: the commonest reasons."""
        common = ", ".join(f"{reason} {count}" for reason, count in self.reasons.most_common(4))
        return f"{len(self.dropped):,} ({common})" if common else "0"


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


def same_language(one: str, other: str) -> bool:
    return primary_code(one) == primary_code(other)
