"""Options as frozen dataclasses: one definition serves command line, recipe, manifest and docs.

    @dataclass(frozen=True)
    class HeadOptions:
        inputs: tuple[str, ...] = argument("dataset directory or file")
        num: int = option(5, "records to show", flags=("-n", "--num"))

`from_mapping` builds one from a recipe's mapping; `resolved` writes one into a manifest.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from ittools.errors import UsageError, did_you_mean

T = TypeVar("T")


def option(
    default: Any,
    help: str,
    *,
    flags: tuple[str, ...] = (),
    env: str | None = None,
    metavar: str | None = None,
    shapes_output: bool = True,
) -> Any:
    """A field set by `--flag`; `shapes_output=False` keeps it out of the fingerprint."""
    about = {"help": help, "flags": flags, "env": env, "metavar": metavar}
    return dataclasses.field(default=default, metadata=about | {"shapes_output": shapes_output})


def argument(help: str, *, metavar: str = "INPUT", default: Any = dataclasses.MISSING) -> Any:
    """A positional argument; inputs are fingerprinted by content, so not by name."""
    about = {"help": help, "argument": True, "metavar": metavar, "shapes_output": False}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=about)
    return dataclasses.field(default=default, metadata=about)


def in_help_order(kind: type[Any]) -> list[dataclasses.Field[Any]]:
    """What a command alone has first, then what it shares with others."""
    own = vars(kind).get("__annotations__", {})
    return sorted(dataclasses.fields(kind), key=lambda f: f.name not in own)


def flag_name(field_name: str) -> str:
    return "--" + field_name.replace("_", "-")


def resolved(options: Any, *, only_shaping: bool = False) -> dict[str, Any]:
    """Options as JSON-able values, in field order."""
    return {
        f.name: _plain(getattr(options, f.name))
        for f in dataclasses.fields(options)
        if not only_shaping or f.metadata.get("shapes_output", True)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


def from_mapping(kind: type[T], values: Mapping[str, Any], *, where: str) -> T:
    """Options from a mapping with recipe spelling (`keep-dropped` or `keep_dropped`).

    Raises:
        UsageError: unknown, missing or wrongly typed keys, all of them in one message.
    """
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(kind)
    given: dict[str, Any] = {}
    problems: list[str] = []
    for key, value in values.items():
        name = str(key).replace("-", "_")
        if name not in fields:
            near = did_you_mean(name.replace("_", "-"), [n.replace("_", "-") for n in fields])
            problems.append(f"no option {key!r}{near}")
            continue
        try:
            given[name] = convert(value, hints[name])
        except (TypeError, ValueError, OverflowError) as error:
            problems.append(f"{key}: {error}")
    for name, f in fields.items():
        if f.default is dataclasses.MISSING and name not in given:
            problems.append(f"{name.replace('_', '-')} is missing")
    if problems:
        raise UsageError(f"{where}: " + "; ".join(problems))
    return kind(**given)


def convert(value: Any, hint: Any) -> Any:
    """A recipe value as the type of its option; no silent change of type."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        return convert(value, next(a for a in get_args(hint) if a is not type(None)))
    if origin is Literal:
        if value not in get_args(hint):
            known = ", ".join(map(str, get_args(hint)))
            raise ValueError(f"{value!r} is not one of {known}{did_you_mean(str(value), known.split(', '))}")
        return value
    if origin is tuple:
        values = value if isinstance(value, (list, tuple)) else [value]
        return tuple(convert(v, get_args(hint)[0]) for v in values)
    if hint is bool or isinstance(value, bool):
        if hint is not bool or not isinstance(value, bool):
            raise TypeError(f"expected {_type_word(hint)}, got {value!r}")
        return value
    if hint in (int, float) and isinstance(value, (int, float)):
        if hint is int and value != int(value):
            raise TypeError(f"expected a whole number, got {value!r}")
        return hint(value)
    if hint in (str, Path) and isinstance(value, (str, int, float, Path)):
        return hint(str(value))
    raise TypeError(f"expected {_type_word(hint)}, got {value!r}")


def _type_word(hint: Any) -> str:
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    return words.get(hint, "a path" if hint is Path else str(hint))
