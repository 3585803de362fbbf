"""Operators and methods that can make much of little, checked before they run.

'a' * 10**10      TooMuchError: a text of 10,000,000,000 characters
'%999999999d' % 1 RefusedError: ...
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from string import Formatter
from typing import Any

from ittools.template.sandbox.limits import (
    BITS,
    METER,
    RefusedError,
    TooMuchError,
    few_enough,
    metered,
    narrow_enough,
    short_enough,
)

_PERCENT = re.compile(r"%(?:\((\w+)\))?([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?(.?)", re.DOTALL)
_SPEC = re.compile(r"(?:.?[<>=^])?[-+ ]?#?0?\d{0,3}[,_]?(?:\.\d{1,3})?[a-zA-Z%]?\Z", re.DOTALL)


def plus(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        short_enough(len(left) + len(right))
    elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        few_enough(len(left) + len(right))
        METER.charge(len(right))
    return left + right


def times(left: Any, right: Any) -> Any:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str) and isinstance(other, int):
            short_enough(len(one) * other)
        elif isinstance(one, (list, tuple)) and isinstance(other, int):
            few_enough(len(one) * other)
    if isinstance(left, int) and isinstance(right, int):
        _small(left.bit_length() + right.bit_length())
    return left * right


def power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _small(left.bit_length() * abs(right))
    return left**right


def modulo(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        percent_checked(left)
    return left % right


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": plus,
    "-": operator.sub,
    "*": times,
    "/": operator.truediv,
    "//": operator.floordiv,
    "**": power,
    "%": modulo,
}


def joined(*values: Any) -> str:
    """`~`: the values as text, one behind the other."""
    texts = [str(value) for value in values]
    short_enough(sum(map(len, texts)))
    return "".join(texts)


def _small(bits: int) -> None:
    if bits > BITS:
        raise TooMuchError(f"a number of {bits:,} bits, more than {BITS:,}")


def percent_checked(pattern: str) -> None:
    """Raises RefusedError for a width or precision of more than three digits, or one taken from a value."""
    for name, _, width, precision, kind in _PERCENT.findall(pattern):
        if "*" in (width, precision) or len(width) > 3 or len(precision) > 3:
            raise RefusedError("a format that fills up to a width of its own choice")
        if kind and kind not in "diouxXeEfFgGcrsa%":
            raise RefusedError(f"a format with %{name}{kind}")


def formatted(pattern: str, *values: Any, **named: Any) -> str:
    """`str.format` without attributes, elements and nested fields."""
    for literal, field, spec, _ in Formatter().parse(pattern):
        short_enough(len(literal))
        if field is not None and not re.fullmatch(r"\w*", field):
            raise RefusedError(f"a format that reaches into a value: {{{field}}}")
        if spec and not _SPEC.match(spec):
            raise RefusedError(f"a format with {spec!r}")
    return pattern.format(*values, **named)


def replaced(text: str, old: Any, new: Any, count: Any = -1) -> str:
    """`str.replace`; the new text is no longer than a text may be."""
    if isinstance(old, str) and isinstance(new, str) and len(new) > len(old):
        short_enough(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new, count)


def joined_by(separator: str, values: Any) -> str:
    """`str.join`."""
    texts = list(values) if not isinstance(values, (list, tuple)) else values
    lengths = sum(len(text) if isinstance(text, str) else 0 for text in texts)
    short_enough(lengths + len(separator) * max(0, len(texts) - 1))
    return separator.join(texts)


def _filled(method: str) -> Callable[..., str]:
    def fill(text: str, width: Any, *more: Any) -> str:
        narrow_enough(width)
        return str(getattr(text, method)(width, *more))

    return fill


def _grown(method: str) -> Callable[..., Any]:
    def grow(values: Any, *more: Any, **named: Any) -> Any:
        if method in ("extend", "update"):
            more = tuple(one if hasattr(one, "__len__") else list(metered(one)) for one in more)
            METER.charge(sum(map(len, more)) + len(named))
        few_enough(len(values))
        return getattr(values, method)(*more, **named)

    return grow


def _sorted(values: list[Any], *, reverse: bool = False) -> None:
    """`list.sort` without a key, which would be called past every check."""
    values.sort(reverse=reverse)


# methods that are not called as they are: (type, name) -> what is called, with the value first
CHECKED: dict[tuple[type, str], Callable[..., Any]] = {
    (str, "format"): formatted,
    (str, "replace"): replaced,
    (str, "join"): joined_by,
    (list, "sort"): _sorted,
    **{(str, name): _filled(name) for name in ("center", "ljust", "rjust", "zfill")},
    **{(list, name): _grown(name) for name in ("append", "extend", "insert")},
    **{(dict, name): _grown(name) for name in ("update", "setdefault")},
}
