"""What `choice` and `random` draw from: a stream of its own for each row and template.

It is made when the first draw asks for it, for most templates never do. `style.seeded` is this stream, too;
it stands here because the process that renders does without Arrow, which that module brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import Any


class Draws:
    __slots__ = ("random", "what")

    def __init__(self, what: Sequence[str]) -> None:
        self.what = what
        self.random: Random | None = None

    def choice(self, values: Any) -> Any:
        if self.random is None:
            self.random = stream(self.what)
        return self.random.choice(values)


def stream(what: Sequence[str]) -> Random:
    """Of (seed, ...), the same on any machine."""
    mark = blake2b("\x00".join(what).encode("utf-8", "surrogatepass"), digest_size=8)
    return Random(int.from_bytes(mark.digest(), "big"))
