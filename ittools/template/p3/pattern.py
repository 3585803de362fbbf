"""Templates that only put values in their places, seen as such: Arrow fills them, a column at a time.

"{{text}} Is it good? ||| {{answer_choices[label]}}", choices no and yes
    -> Pattern(prompt=("text", " Is it good?"), target=(Pick("label", ("no", "yes")),))

About a third of the public templates are of this kind. Everything else takes the sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ittools.template.p3.apply import CHOICES, SEPARATOR
from ittools.template.sandbox.filters import LENGTH
from ittools.template.sandbox.tree import checked_tree, is_shortened

# what `str.strip` takes away; Arrow's own trimming knows another set
SPACE = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + (
    "\u2028\u2029\u202f\u205f\u3000"
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """A column's values as text."""

    column: str
    truncated: bool


@dataclass(frozen=True)
class Pick:
    """Of fixed answer choices the one that the column's number says."""

    column: str
    choices: tuple[str, ...]


Piece = str | Field | Pick


@dataclass(frozen=True)
class Pattern:
    prompt: tuple[Piece, ...]
    target: tuple[Piece, ...]

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(piece.column for piece in self.prompt + self.target if not isinstance(piece, str))


def pattern_of(jinja: str, choices: tuple[str, ...] | None) -> Pattern | None:
    """The pattern of a source that is one; `choices` are the fixed ones, null: it has others or none."""
    pieces: list[Piece] = []
    for node in checked_tree(jinja).body:
        if type(node).__name__ != "Output":
            return None
        for child in node.nodes:
            piece = _piece(child, choices)
            if piece is None:
                return None
            pieces.append(piece)
    parts = _split(_merged(pieces))
    if len(parts) != 2 or any(_may_separate(part) for part in parts):
        return None
    return Pattern(*map(_trimmed, parts))


def fixed_text(source: str) -> str | None:
    """What a source without any expression renders to."""
    nodes = checked_tree(source).body
    if any(type(node).__name__ != "Output" for node in nodes):
        return None
    texts = [_piece(child, None) for node in nodes for child in node.nodes]
    return "".join(map(str, texts)) if all(isinstance(text, str) for text in texts) else None


def _piece(node: Any, choices: tuple[str, ...] | None) -> Piece | None:
    kind = type(node).__name__
    if kind == "TemplateData":
        return str(node.data)
    truncated = is_shortened(node)
    inner = node.node.node if truncated else node
    if type(inner).__name__ == "Name" and inner.name != CHOICES:
        return Field(inner.name, truncated)
    text = _of_choices(inner, choices) if choices is not None else None
    if text is None:
        text = _constant(inner) if isinstance(_constant(inner), str) else None
    return text if not isinstance(text, str) or len(text) <= LENGTH else None


def _of_choices(node: Any, choices: tuple[str, ...] | None) -> Piece | None:
    """`answer_choices[1]`, `answer_choices[label]`, `answer_choices | join(", ")`."""
    assert choices is not None
    kind: str = type(node).__name__
    about: Any = getattr(node, "node", None)
    if type(about).__name__ != "Name" or about.name != CHOICES:
        return None
    if kind == "Getitem":
        index = _constant(node.arg)
        if type(index) is int and -len(choices) <= index < len(choices):
            return choices[index]
        if type(node.arg).__name__ == "Name" and all(len(one) <= LENGTH for one in choices):
            return Pick(node.arg.name, choices)
    between = [_constant(one) for one in node.args] if kind == "Filter" and node.name == "join" else []
    if len(between) == 1 and isinstance(between[0], str) and not node.kwargs:
        return between[0].join(choices)
    return None


def _constant(node: Any) -> Any:
    return node.value if type(node).__name__ == "Const" else None


def _merged(pieces: list[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    return found


def _split(pieces: list[Piece]) -> list[list[Piece]]:
    """At every separator in what is constant."""
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if not isinstance(piece, str):
            parts[-1].append(piece)
            continue
        first, *others = piece.split(SEPARATOR)
        parts[-1].append(first)
        parts += [[one] for one in others]
    return [[piece for piece in part if piece != ""] for part in parts]


def _may_separate(part: list[Piece]) -> bool:
    """Whether a constant or a choice may form a separator with what it meets."""
    texts = [text for one in part if not isinstance(one, Field)
             for text in ((one,) if isinstance(one, str) else one.choices)]  # fmt: skip
    edges = any(text.startswith("|") or text.endswith("|") for text in texts)
    return edges or any(SEPARATOR in text for text in texts)


def _trimmed(part: list[Piece]) -> tuple[Piece, ...]:
    """Without the space at both ends, as far as it is constant."""
    found = list(part)
    while found and isinstance(found[0], str):
        found[0] = found[0].lstrip()
        if found[0]:
            break
        del found[0]
    while found and isinstance(found[-1], str):
        found[-1] = found[-1].rstrip()
        if found[-1]:
            break
        del found[-1]
    return tuple(found)
