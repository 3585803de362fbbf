"""A command is an options dataclass, a function and its examples; typer parses the rest.

HEAD = Command(HeadOptions, head, "Show the first records.", ("ittools head mix",))
parse(HEAD, "head", ["mix", "-n", "3"])  ->  HeadOptions(inputs=("mix",), num=3), Manners()
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from ittools.options import flag_name, in_help_order, option
from ittools.progress import Progress
from ittools.store.outcome import Answer, Outcome


@dataclass(frozen=True)
class Command:
    """`run(options, progress)` does the work; `examples` are tested."""

    options: type[Any]
    run: Callable[[Any, Progress], Outcome | Answer]
    about: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Manners:
    """Options of every command: how it talks."""

    json: bool = option(False, "print the result as JSON on stdout")
    quiet: bool = option(False, "print errors only", flags=("-q", "--quiet"))
    verbose: bool = option(False, "print every note", flags=("-v", "--verbose"))


def parse(command: Command, name: str, arguments: Sequence[str]) -> tuple[Any, Manners] | None:
    """The options that `arguments` say; null when help was asked for and printed."""
    import typer
    from typer.main import get_command

    found: list[tuple[Any, Manners]] = []

    def take(**values: Any) -> None:
        found.append((_filled(command.options, values), _filled(Manners, values)))

    parameters = [*_parameters(command.options), *_parameters(Manners)]
    take.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    take.__annotations__ = {p.name: p.annotation for p in parameters}
    take.__doc__ = command.about
    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    app.command(epilog=_epilog(command.examples), context_settings={"max_content_width": 100})(take)
    get_command(app).main(list(arguments), prog_name=f"ittools {name}", standalone_mode=False)
    return found[0] if found else None


def _epilog(examples: Sequence[str]) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)


def _filled(kind: type[Any], values: dict[str, Any]) -> Any:
    names = {f.name for f in dataclasses.fields(kind)}
    chosen = {key: value for key, value in values.items() if key in names}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in chosen.items()})


def _parameters(kind: type[Any]) -> list[inspect.Parameter]:
    hints = typing.get_type_hints(kind)
    return [_parameter(f, hints[f.name]) for f in in_help_order(kind)]


def _parameter(f: dataclasses.Field[Any], hint: Any) -> inspect.Parameter:
    import typer

    about = f.metadata
    required = f.default is dataclasses.MISSING
    default = inspect.Parameter.empty if required else f.default
    if isinstance(default, tuple):
        default = list(default)
    if get_origin(hint) is tuple:
        hint = list[get_args(hint)[0]]  # type: ignore[misc]
    if about.get("argument"):
        info: Any = typer.Argument(help=about["help"], metavar=about["metavar"])
    else:
        names = about.get("flags") or (flag_name(f.name),)
        info = typer.Option(
            *names,
            help=about.get("help"),
            envvar=about.get("env"),
            metavar=about.get("metavar"),
            show_default=not required and default not in (None, [], False),
        )
    return inspect.Parameter(
        f.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[hint, info]
    )


def type_word(hint: Any) -> str:
    """A type as documentation shows it: `float`, `text`, `a|b`."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is tuple:
        hint = get_args(hint)[0]
    if get_origin(hint) is typing.Literal:
        return "|".join(map(str, get_args(hint)))
    return {str: "text", int: "integer", float: "number", bool: "flag"}.get(hint, "path")
