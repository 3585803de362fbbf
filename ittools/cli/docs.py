"""docs/commands.md from the commands' own help, so that the two cannot disagree.

python -m ittools.cli.docs docs/commands.md           writes it
python -m ittools.cli.docs --check docs/commands.md   exit 1 when it is out of step
"""

from __future__ import annotations

import dataclasses
import sys
import typing
from pathlib import Path
from typing import Any

from ittools.cli.app import TABLE, load
from ittools.cli.command import Manners, type_word
from ittools.options import flag_name, in_help_order


def commands_page() -> str:
    """Every command: what it does, its options, its examples."""
    lines = ["# Commands", "", "Written from the commands' own help by `make docs`.", ""]
    lines += [
        "Every command also takes " + ", ".join(_flags(f) for f in in_help_order(Manners)) + ".",
        "",
    ]
    lines += ["Exit codes: 0 done, 1 failed, 2 wrong usage or recipe, 3 stopped by a budget or a gate and "
              "resumable, 130 interrupted and resumable.", ""]  # fmt: skip
    for name in TABLE:
        command = load(name)
        lines += [f"## {name}", "", command.about, "", "```sh", *command.examples, "```", ""]
        lines += ["| option | | default |", "|---|---|---|"]
        hints = typing.get_type_hints(command.options)
        lines += [_row(f, hints[f.name]) for f in in_help_order(command.options)]
        lines.append("")
    return "\n".join(lines)


def _flags(f: dataclasses.Field[Any]) -> str:
    if f.metadata.get("argument"):
        return f"`{f.metadata['metavar']}`"
    return ", ".join(f"`{flag}`" for flag in f.metadata.get("flags") or (flag_name(f.name),))


def _row(f: dataclasses.Field[Any], hint: Any) -> str:
    word = "" if f.metadata.get("argument") else " " + type_word(hint).replace("|", "\\|")
    shown = "" if any(f.default is no for no in (dataclasses.MISSING, None, False)) else _shown(f.default)
    about = f.metadata.get("help") or ""
    env = f" (environment: `{f.metadata['env']}`)" if f.metadata.get("env") else ""
    return f"| {_flags(f)}{word} | {about}{env} | {shown} |"


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return " ".join(f"`{value}`" for value in default)
    return f"`{default}`"


def main(arguments: list[str]) -> int:
    page = commands_page()
    path = Path(arguments[-1])
    if arguments[0] == "--check":
        if path.read_text(encoding="utf-8") != page:
            print(f"{path} is out of step with the commands; run `make docs`", file=sys.stderr)
            return 1
        return 0
    path.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
