"""Long lines cut at words, with what follows under the text and not under its label.

fitted("output  one two three", indent=8, width=16) -> ["output  one two", "        three"]
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import IO

NARROWEST = 20  # columns of text; with fewer a line is left as it is


def fitted(line: str, *, indent: int, width: int) -> list[str]:
    """The lines of a terminal (a Chinese letter is two columns wide); `indent` in characters."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    if cell_len(line) <= width or width - indent < NARROWEST:
        return [line]
    label, room = line[:indent], width - cell_len(line[:indent])
    pieces = Text(line[indent:]).wrap(Console(width=width), room, overflow="fold")
    first, *rest = (piece.plain.rstrip(" ") for piece in pieces)
    return [label + first, *(" " * (width - room) + piece for piece in rest)]


def fitted_for(stream: IO[str], lines: Iterable[str], *, indent: int) -> list[str]:
    """Lines as they are where the stream is no terminal: there a line is a line."""
    if not stream.isatty():
        return list(lines)
    width = os.get_terminal_size(stream.fileno()).columns or 80
    return [piece for line in lines for piece in fitted(line, indent=indent, width=width)]
