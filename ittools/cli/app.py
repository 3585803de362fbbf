"""The table of commands, and `main`: parse, run, print, exit.

`ittools --help` reads only this table: no command's module is imported, nor typer.
"""

from __future__ import annotations

import importlib
import io
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ittools.errors import IttoolsError, UsageError, did_you_mean

if TYPE_CHECKING:
    from ittools.cli.command import Command, Manners
    from ittools.store.outcome import Answer, Outcome


class Entry(NamedTuple):
    """Where a command lives: `ittools.cli.<module>`, in a constant of its upper-case name."""

    group: str
    module: str
    about: str


TABLE: dict[str, Entry] = {
    "generate": Entry("write", "write", "instruction records by a teacher model: eight methods"),
    "template": Entry("write", "templates", "rows of NLP datasets to records: P3, FLAN, SuperNI ..."),
    "template lint": Entry("write", "templates", "find what is wrong with templates, on data or without"),
    "template preview": Entry("write", "templates", "show some records of each template"),
    "augment": Entry("write", "write", "paraphrase, back-translate, add noise or search results"),
    "filter": Entry("curate", "curate", "drop records by length, repetition, language, echo ..."),
    "dedup": Entry("curate", "curate", "drop exact and near duplicates"),
    "decontaminate": Entry("curate", "curate", "drop records that evaluation sets contain"),
    "mix": Entry("combine", "combine", "combine datasets by weight, cap and temperature; split"),
    "export": Entry("combine", "combine", "write alpaca, messages, sharegpt, jsonl, csv ..."),
    "finetune": Entry("train", "train", "tune a causal model with LoRA on a mixture"),
    "evaluate": Entry("train", "train", "generate on a held-out split; ROUGE-L and exact match"),
    "head": Entry("look", "look", "show the first records"),
    "stats": Entry("look", "look", "count records, lengths, languages, licences"),
    "report": Entry("look", "look", "one self-contained HTML page about a dataset or a run"),
    "verify": Entry("look", "look", "find flipped bits, missing and foreign files"),
    "run": Entry("all", "all", "run a recipe: every step, finished ones reused"),
}

HELP_WIDTH = 18


def help_text() -> str:
    lines = ["usage: ittools COMMAND [OPTIONS]", "", "Instruction-tuning datasets, from seed tasks "
             "to a tuned model."]  # fmt: skip
    for group in dict.fromkeys(entry.group for entry in TABLE.values()):
        lines += ["", f"{group}:"]
        lines += [f"  {n:<{HELP_WIDTH}}{e.about}" for n, e in TABLE.items() if e.group == group]
    return "\n".join([
        *lines, "",
        "`ittools COMMAND --help` shows a command's options and examples.",
        "Start here: ittools run quickstart",
        "",
        "Examples:",
        "  ittools generate --teacher offline --num 40 --out runs/first",
        "  ittools head runs/first",
    ])  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code. Errors of users are one line on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    signal.signal(signal.SIGTERM, _as_interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 is no reason to fail
    try:
        about = _about(words[0])
        if about is not None:
            print(about)
        if " ".join(words[:2]) in TABLE:  # of two words, as in `template lint`
            words = [" ".join(words[:2]), *words[2:]]
        code = 0 if about is not None else _dispatch(words[0], words[1:])
        sys.stdout.flush()  # here, where a reader that left is known, and not when Python ends
        return code
    except IttoolsError as error:
        _print_error(words[0], "; ".join([str(error), *getattr(error, "__notes__", [])]))
        return error.exit_code
    except KeyboardInterrupt:
        _print_error(words[0], f"interrupted; go on with: ittools {shlex.join(words)}")
        return 130
    except BrokenPipeError:  # the reader of a pipe had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        _print_error(words[0], "out of memory; try --workers 1 or a machine with more of it")
        return 1
    except OSError as error:
        if error.errno is None:
            raise
        place = f"{error.filename}: " if error.filename else ""
        notes = getattr(error, "__notes__", [])
        _print_error(words[0], "; ".join([f"{place}{error.strerror}", *notes, "nothing was half written"]))
        return 1


def _about(word: str) -> str | None:
    """What is answered without any command."""
    if word in ("--help", "-h", "help"):
        return help_text()
    if word in ("--version", "-V"):
        from ittools import __version__

        return f"ittools {__version__}"
    return None


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _print_error(name: str, message: str) -> None:
    from ittools.visible import visible

    print(f"ittools {visible(name)}: {visible(message)}", file=sys.stderr)


def _dispatch(name: str, arguments: list[str]) -> int:
    if name not in TABLE:
        raise UsageError(f"no such command{did_you_mean(name, TABLE)}; see ittools --help")
    from ittools.arrow import prepare_arrow

    prepare_arrow()
    command = load(name)
    parsed = _parse(command, name, arguments)
    if parsed is None:
        return 0
    options, manners = parsed
    from ittools.cli.screen import Screen

    screen = Screen(quiet=manners.quiet, verbose=manners.verbose, command=name)
    try:
        result = command.run(options, screen)
    finally:
        screen.close()
    # what was written to stdout is the data, and nothing else may follow it there
    on_stdout = manners.json and getattr(options, "out", None) != "-"
    return _print(result, name, quiet=manners.quiet, as_json=on_stdout)


def load(name: str) -> Command:
    module = importlib.import_module(f"ittools.cli.{TABLE[name].module}")
    return getattr(module, name.upper().replace(" ", "_"))  # type: ignore[no-any-return]


def _parse(command: Command, name: str, words: list[str]) -> tuple[object, Manners] | None:
    from ittools.cli.command import parse

    try:
        return parse(command, name, words)
    except Exception as error:
        # typer carries its own click under a private name, so its errors are known by shape
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            raise UsageError(f"{error.format_message()} See ittools {name} --help.") from None
        if type(error).__name__ == "Exit":
            return None
        raise


def _print(result: Outcome | Answer, name: str, *, quiet: bool, as_json: bool) -> int:
    from ittools.cli.screen import print_outcome
    from ittools.store.outcome import Answer

    if isinstance(result, Answer):
        for line in [_json_text(result.value)] if as_json else result.lines:
            print(line)
        return 0 if result.ok else 1
    print_outcome(result, command=name, quiet=quiet)
    if as_json:
        print(_json_text(result.manifest))
    return 0


def _json_text(value: object) -> str:
    import json

    from ittools.visible import escaped

    return escaped(json.dumps(value, ensure_ascii=False, indent=2))
