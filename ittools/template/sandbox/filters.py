"""Filters of Jinja that can grow what they are given, checked; and those of promptsource.

`choice` and `random` draw from the row's own stream, and take the context, without which Jinja would draw
once when it compiles: `["a", "b"] | choice` would then be the same for every row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ittools.template.sandbox.limits import (
    METER,
    TooMuchError,
    few_enough,
    metered,
    narrow_enough,
    short_enough,
)
from ittools.template.sandbox.operations import joined_by, percent_checked, plus

DIGITS = 100  # of `round`
LENGTH, LEEWAY, END = 2048, 5, "..."  # of Jinja's `truncate(2048)`


def own_filters() -> dict[str, Callable[..., Any]]:
    """By name, those that stand in for Jinja's and those that it has not."""
    from jinja2 import filters, pass_context, pass_environment

    def joined(environment: Any, values: Iterable[Any], d: Any = "", attribute: Any = None) -> str:
        if attribute is not None:
            values = map(filters.make_attrgetter(environment, attribute), values)
        return joined_by(str(d), [str(value) for value in values])

    def total(environment: Any, values: Iterable[Any], attribute: Any = None, start: Any = 0) -> Any:
        if attribute is not None:
            values = map(filters.make_attrgetter(environment, attribute), values)
        for value in metered(values):
            if isinstance(value, str):
                raise TypeError("can't sum strings")
            start = plus(start, value)
        return start

    def draw(context: Any, values: Any) -> Any:
        return context.environment.draws.choice(values)

    def draw_or_undefined(context: Any, values: Any) -> Any:
        try:
            return context.environment.draws.choice(values)
        except IndexError:
            return context.environment.undefined("No random item, sequence was empty.")

    return _checked(filters) | {
        "join": pass_environment(joined),
        "sum": pass_environment(total),
        "choice": pass_context(draw),
        "random": pass_context(draw_or_undefined),
        "most_frequent": most_frequent,
        "highlight": highlight,
        "list": listed,
        "replace": replaced,
    }


def _checked(filters: Any) -> dict[str, Callable[..., Any]]:
    def center(text: Any, width: int = 80) -> str:
        narrow_enough(width)
        return str(filters.do_center(text, width))

    def format(pattern: Any, *values: Any, **named: Any) -> str:
        percent_checked(str(pattern))
        return str(filters.do_format(str(pattern), *values, **named))

    def indent(text: str, width: Any = 4, first: bool = False, blank: bool = False) -> str:
        narrow_enough(len(width) if isinstance(width, str) else width)
        deep = len(width) if isinstance(width, str) else width
        short_enough(len(text) + (text.count("\n") + 1) * deep)
        return str(filters.do_indent(text, width, first, blank))

    def batch(value: Iterable[Any], linecount: int, fill_with: Any = None) -> Iterator[Any]:
        narrow_enough(linecount)
        yield from filters.do_batch(metered(value), linecount, fill_with)

    def slices(value: Iterable[Any], slices: int, fill_with: Any = None) -> Iterator[Any]:
        narrow_enough(slices)
        METER.charge(slices)
        yield from filters.sync_do_slice(value, slices, fill_with)

    def rounded(value: float, precision: int = 0, method: Any = "common") -> Any:
        if abs(precision) > DIGITS:
            raise TooMuchError(f"a rounding to {precision:,} digits, more than {DIGITS}")
        return filters.do_round(value, precision, method)

    return {"center": center, "format": format, "indent": indent, "batch": batch, "slice": slices,
            "round": rounded}  # fmt: skip


def replaced(text: Any, old: Any, new: Any, count: int | None = None) -> str:
    text, old, new = str(text), str(old), str(new)
    if len(new) > len(old):
        short_enough(len(text) + text.count(old) * (len(new) - len(old)))
    return str(text.replace(old, new, -1 if count is None else count))


def listed(values: Iterable[Any]) -> list[Any]:
    found = list(metered(values))
    few_enough(0 if isinstance(values, str) else len(found))
    return found


def most_frequent(values: Any) -> Any:
    """Of ["b", "a", "b", "a", "c"] b and a; null of nothing."""
    if not values:
        return None
    counts = Counter(values)
    most = max(counts.values())
    return [value for value, count in counts.items() if count == most]


def highlight(text: Any) -> Any:
    return plus(plus("<span style='color: #F08080'>", text), "</span>")


def shortened(value: Any) -> str:
    """`value | string | truncate(2048)`, which promptsource puts behind every expression."""
    text = value if type(value) is str else str(value)
    if len(text) <= LENGTH + LEEWAY:
        return text
    return text[: LENGTH - len(END)].rsplit(" ", 1)[0] + END
