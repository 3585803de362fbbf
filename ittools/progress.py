"""What long work tells whoever watches: a protocol, and one listener that says nothing."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Progress of one command. Calls are cheap and may come at any rate."""

    def start(self, what: str, total: int | None = None) -> None:
        """A stage begins; `total` in the stage's own unit, null when unknown."""

    def advance(self, count: int = 1) -> None:
        """`count` more are done."""

    def show(self, **facts: str) -> None:
        """Named facts of the moment, such as accepted=12 or cost="$0.03"."""

    def note(self, message: str) -> None:
        """One line worth reading afterwards: a warning or a decision."""

    def done(self, name: str, result: object) -> None:
        """A step of several ended with this outcome."""


class Silent:
    """A listener for libraries and tests."""

    def start(self, what: str, total: int | None = None) -> None:
        return None

    def advance(self, count: int = 1) -> None:
        return None

    def show(self, **facts: str) -> None:
        return None

    def note(self, message: str) -> None:
        return None

    def done(self, name: str, result: object) -> None:
        return None
