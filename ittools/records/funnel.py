"""The funnel of a step: records in, dropped by reason, out. It always adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Funnel:
    """Counts of one step; `read` = `kept` + all of `dropped`."""

    read: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def drop(self, reasons: Iterable[str | None]) -> None:
        """Count one reason per record; null is a kept record."""
        for reason, count in Counter(reasons).items():
            self.read += count
            if reason is None:
                self.kept += count
            else:
                self.dropped[reason] += count

    def add(self, other: Funnel) -> None:
        self.read += other.read
        self.kept += other.kept
        self.dropped.update(other.dropped)

    def adds_up(self) -> bool:
        return self.read == self.kept + sum(self.dropped.values())

    def as_json(self) -> dict[str, Any]:
        dropped = dict(sorted(self.dropped.items(), key=lambda pair: (-pair[1], pair[0])))
        return {"in": self.read, "dropped": dropped, "out": self.kept}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Funnel:
        return cls(value["in"], value["out"], Counter(value["dropped"]))
