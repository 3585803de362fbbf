"""One side of a template: text with places in braces, filled in once; what is filled in is never read again.

    compiled('Does "{premise}" imply {{x}}?')  -> Pattern('Does "%s" imply {x}?', ("premise",))

There is no code in a pattern: a name, a name inside it (`{answers.text}`), or a brace spelt twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"\w+(\.\w+)*\Z")


@dataclass(frozen=True)
class Pattern:
    """format: for Python's `%`, which is the fastest way to fill in. names: what fills it, in order."""

    format: str
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        return self.format % self._taken(values)

    @cached_property
    def _taken(self) -> Callable[[Mapping[str, str]], object]:
        """A text or a tuple of them; half the time of a loop."""
        return itemgetter(*self.names) if self.names else _nothing

    @cached_property
    def roots(self) -> frozenset[str]:
        """The fields it shows."""
        return frozenset(name.partition(".")[0] for name in self.names)


def _nothing(_: Mapping[str, str]) -> tuple[()]:
    return ()


def compiled(text: str) -> Pattern:
    """Raises ValueError for a brace that stands alone or holds no name."""
    parts: list[str] = []
    names: list[str] = []
    end = 0
    for place in _PLACE.finditer(text):
        parts.append(text[end : place.start()].replace("%", "%%"))
        found, end = place.group(), place.end()
        if found in ("{{", "}}"):
            parts.append(found[0])
        elif found in ("{", "}"):
            raise ValueError(f"a single {found}; write {found * 2} for the sign itself")
        elif not _NAME.match(place.group(1)):
            raise ValueError(f"{found} is no field name; write {{{{...}}}} for braces as text")
        else:
            parts.append("%s")
            names.append(place.group(1))
    parts.append(text[end:].replace("%", "%%"))
    return Pattern("".join(parts), tuple(names))
