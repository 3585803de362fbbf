"""The syntax tree of a template, checked before anything is compiled, and what can be read off it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ittools.template.sandbox.allowed import (
    FILTERS,
    GLOBALS,
    MUTATING,
    NAMES_OF_JINJA,
    NODES,
    TESTS,
)
from ittools.template.sandbox.filters import LENGTH
from ittools.template.sandbox.limits import DEPTH, SOURCE, RefusedError


@lru_cache(maxsize=1)
def _parser() -> Any:
    from jinja2 import Environment

    return Environment()


def checked_tree(source: str) -> Any:
    """The tree. Raises RefusedError with the line of what is not allowed."""
    from jinja2.exceptions import TemplateError

    if len(source) > SOURCE:
        raise RefusedError(f"a source of {len(source):,} characters, more than {SOURCE:,}")
    try:
        tree = _parser().parse(source)
    except TemplateError as error:
        line = getattr(error, "lineno", 1)
        raise RefusedError(f"line {line}: {' '.join(str(error.message).split())[:200]}") from None
    except RecursionError:
        raise RefusedError("nested too deep") from None
    except (ValueError, ArithmeticError, UnicodeError) as error:  # numbers of more digits than Python reads
        raise RefusedError(f"it cannot be read ({' '.join(str(error).split())[:200]})") from None
    for node, depth in _walked(tree):
        if depth > DEPTH:
            raise RefusedError(f"line {node.lineno}: nested deeper than {DEPTH}")
        _check(node)
    return tree


def _walked(tree: Any) -> Iterator[tuple[Any, int]]:
    """Every node with its depth, without recursion: a tree may be deeper than Python's stack."""
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting += [(child, depth + 1) for child in node.iter_child_nodes()]


def nodes_of(tree: Any) -> list[Any]:
    return [node for node, _ in _walked(tree)]


def _check(node: Any) -> None:
    kind, found = type(node).__name__, None
    if kind not in NODES:
        found = f"{kind} is not allowed"
    elif kind == "Filter" and node.name not in FILTERS:
        found = f"the filter {node.name!r} is not allowed"
    elif kind == "Test" and node.name not in TESTS:
        found = f"the test {node.name!r} is not allowed"
    elif kind in ("Getattr", "NSRef") and node.attr.startswith("_"):
        found = f"the attribute {node.attr!r} is not allowed"
    elif kind == "Name" and (node.name in NAMES_OF_JINJA or node.name.startswith("__")):
        found = f"the name {node.name!r} is not allowed"
    elif kind == "For" and node.recursive:
        found = "a recursive loop is not allowed"
    elif kind == "Keyword" and node.key.startswith("_"):
        found = f"the argument {node.key!r} is not allowed"
    if found is not None:
        raise RefusedError(f"line {node.lineno}: {found}")


def with_counts(tree: Any, environment: Any) -> Any:
    """The tree with loops that are counted and `~` that is checked, changed in place; truncation in one."""
    from jinja2 import nodes

    def mended(node: Any) -> Any:
        if is_shortened(node):
            return nodes.Filter(mended(node.node.node), "_shortened", [], [], None, None, lineno=node.lineno)
        if not isinstance(node, nodes.Concat):
            return node
        checked = nodes.EnvironmentAttribute("joined", lineno=node.lineno)
        return nodes.Call(checked, node.nodes, [], None, None, lineno=node.lineno)

    for node in nodes_of(tree):
        for field, value in node.iter_fields():
            if isinstance(value, nodes.Node):
                setattr(node, field, mended(value))
            elif isinstance(value, list):
                value[:] = map(mended, value)
        if isinstance(node, nodes.For):
            node.iter = nodes.Filter(node.iter, "_metered", [], [], None, None, lineno=node.lineno)
    tree.set_environment(environment)
    return tree


def is_shortened(node: Any) -> bool:
    """Whether it is `... | string | truncate(2048)`."""
    if type(node).__name__ != "Filter" or node.name != "truncate" or node.kwargs or len(node.args) != 1:
        return False
    inner, (length,) = node.node, node.args
    return (
        type(inner).__name__ == "Filter"
        and inner.name == "string"
        and inner.node is not None
        and not inner.args
        and type(length).__name__ == "Const"
        and length.value == LENGTH
    )


def changes_values(tree: Any) -> bool:
    """Whether it calls what may change a list or mapping of the row."""
    return any(type(node).__name__ == "Getattr" and node.attr in MUTATING for node in nodes_of(tree))


def draws(tree: Any) -> bool:
    """Whether it draws anything."""
    return any(
        (type(node).__name__ == "Filter" and node.name in ("choice", "random"))
        or (type(node).__name__ == "Const" and node.value in ("choice", "random"))  # map("random")
        for node in nodes_of(tree)
    )


def fields_of(tree: Any) -> frozenset[str]:
    """Names that a row has to bring: read, never set, and not asked whether they are there."""
    every = nodes_of(tree)
    read = {n.name for n in every if type(n).__name__ == "Name" and n.ctx == "load"}
    made = {n.name for n in every if type(n).__name__ == "Name" and n.ctx in ("store", "param")}
    made |= {n.name for n in every if type(n).__name__ == "Macro"}
    asked: set[str] = set()
    for node in every:
        kind = type(node).__name__
        if kind in ("If", "CondExpr"):
            asked |= _names(node.test)
        elif (kind == "Filter" and node.name in ("default", "d")) or kind == "Test":
            asked |= _names(node.node) if node.node is not None else set()
    return frozenset(read - made - asked - GLOBALS - {"loop", "varargs", "kwargs", "true", "false", "none"})


def _names(node: Any) -> set[str]:
    return {one.name for one in nodes_of(node) if type(one).__name__ == "Name"}
