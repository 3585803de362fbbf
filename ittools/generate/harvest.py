"""What a run has gathered: records kept, candidates dropped with their reason, and what is missing.

harvest = Harvest({"en": 60, "de": 40}, novelty, progress)
harvest.missing()  -> {"en": 60, "de": 40}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ittools.progress import Progress
from ittools.records.build import Record


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

    def why(self) -> str:
        """The commonest reasons of drops, for a message."""
        return ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.most_common(3))

    def _show(self, newest: str | None = None) -> None:
        facts = {"accepted": f"{self.tasks:,}", "dropped": self._dropped()}
        self.progress.show(**facts, **({"newest": newest} if newest else {}))

    def _dropped(self) -> str:
        """`12 (not-novel 8, empty-output 4)`: the commonest reasons."""
        common = ", ".join(f"{reason} {count}" for reason, count in self.reasons.most_common(4))
        return f"{len(self.dropped):,} ({common})" if common else "0"
