"""Texts in pieces of about so many characters, so that the arrays of one piece stay small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def in_pieces(texts: Sequence[str], *, characters: int, most: int | None = None) -> Iterator[Sequence[str]]:
    """Runs of texts, each up to so many characters and `most` texts, or one text.

    >>> list(in_pieces(["ab", "c", "def", "g"], characters=3))
    [["ab", "c"], ["def"], ["g"]]
    """
    start = size = 0
    for at, text in enumerate(texts):
        if at > start and (size + len(text) > characters or at - start == most):
            yield texts[start:at]
            start, size = at, 0
        size += len(text)
    if start < len(texts):
        yield texts[start:]
