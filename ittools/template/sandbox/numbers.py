"""Names that a template takes for numbers, read off its tree.

    {{ answer_choices[label] }}, {{ ["no", "yes"][label - 1] }}, {% if label == 1 %}    -> label
    {% if label | int == 1 %}, {% if text | length > 9 %}, {% if label != -1 %}         -> none

With text in such a column the first two fail, and the comparison is never true: Jinja has "1" != 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ittools.template.sandbox.tree import nodes_of

SAME = ("abs", "default", "d", "round")  # filters that leave a number one, and text text
LISTS = ("list", "sort", "reverse", "unique", "map", "select", "reject")
ARITHMETIC = ("Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow")


def numbers_of(tree: Any, listed: str) -> frozenset[str]:
    """Names of columns that index a list, `listed` among them, or are compared with a number.

    Not those that the template compares with text as well, or asks what they are: it knows both.
    """
    every = nodes_of(tree)
    lists = _lists(every, listed)
    taken, texts, made = set[str](), set[str](), set[str]()
    for node in every:
        kind = type(node).__name__
        if kind == "Getitem" and _is_list(node.node, lists):
            taken |= set(_bare(node.arg))
        elif kind == "Compare":
            for left, op, right in _compared(node):
                taken |= _with_number(left, op, right)
                texts |= _with_text(left, right)
        elif kind == "Test" and node.name in ("string", "number", "integer"):
            texts |= set(_bare(node.node))
        elif kind == "Name" and node.ctx in ("store", "param"):
            made.add(node.name)
    return frozenset(taken - texts - made)


def _lists(every: list[Any], listed: str) -> frozenset[str]:
    """`listed` and what the template sets to a list of its own."""
    found = {listed}
    for node in every:
        named = type(node).__name__ == "Assign" and type(node.target).__name__ == "Name"
        if named and _is_list(node.node, frozenset(found)):
            found.add(node.target.name)
    return frozenset(found)


def _is_list(node: Any, lists: frozenset[str]) -> bool:
    """Whether it surely is one, or a mapping by numbers: an element of it is picked by a number."""
    kind = type(node).__name__
    if kind == "Name":
        return node.name in lists
    if kind == "Filter":
        return node.name in LISTS and node.node is not None
    if kind == "Dict":
        return bool(node.items) and all(_is_number(pair.key) for pair in node.items)
    split = kind == "Call" and type(node.node).__name__ == "Getattr" and node.node.attr == "split"
    return split or kind in ("List", "Tuple")


def _bare(node: Any) -> Iterator[str]:
    """Names whose values a number is asked of as they are: in sums too, not where they are converted."""
    kind = type(node).__name__
    if kind == "Name":
        yield node.name
    elif kind in ("Neg", "Pos") or (kind == "Filter" and node.name in SAME and node.node is not None):
        yield from _bare(node.node)
    elif kind in ARITHMETIC:
        yield from _bare(node.left)
        yield from _bare(node.right)


def _compared(node: Any) -> Iterator[tuple[Any, str, Any]]:
    left = node.expr
    for operand in node.ops:
        yield left, operand.op, operand.expr
        left = operand.expr


def _with_number(left: Any, op: str, right: Any) -> set[str]:
    """`!= -1` asks for nothing: so the labels of a test set are left out, which are withheld."""
    if op in ("in", "notin"):
        listed = type(right).__name__ in ("List", "Tuple") and bool(right.items)
        return set(_bare(left)) if listed and all(map(_is_number, right.items)) else set()
    if op == "ne" and "Neg" in (type(left).__name__, type(right).__name__):
        return set()
    found = _bare(left) if _is_number(right) else _bare(right) if _is_number(left) else ()
    return set(found)


def _with_text(left: Any, right: Any) -> set[str]:
    """Of sides the one that is beside a text that is not empty, or a list with such."""
    sides = [(left, right), (right, left)]
    return {name for one, other in sides if _has_text(other) for name in _bare(one)}


def _has_text(node: Any) -> bool:
    if type(node).__name__ in ("List", "Tuple"):
        return any(map(_has_text, node.items))
    return type(node).__name__ == "Const" and isinstance(node.value, str) and bool(node.value)


def _is_number(node: Any) -> bool:
    if type(node).__name__ in ("Neg", "Pos"):
        return _is_number(node.node)
    number = type(node).__name__ == "Const" and isinstance(node.value, (int, float))
    return number and not isinstance(node.value, bool)
