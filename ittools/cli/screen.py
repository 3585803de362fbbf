"""What a person sees on stderr: progress on a terminal, plain lines elsewhere, the funnel at the end."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from ittools.cli.fitted import fitted_for
from ittools.cli.live import lines_of, one_line
from ittools.store.outcome import Outcome
from ittools.visible import visible

REDRAW = 0.1  # seconds between two pictures
PLAIN_EVERY = 10.0  # seconds between two progress lines where there is no terminal


class Screen:
    """Progress for the shell; speaks only to stderr."""

    def __init__(self, *, quiet: bool, verbose: bool, command: str) -> None:
        self.quiet, self.verbose, self.command = quiet, verbose, command
        self.live = sys.stderr.isatty() and not quiet and os.environ.get("TERM") != "dumb"
        self.colour = self.live and "NO_COLOR" not in os.environ
        self.what, self.total, self.count = "", None, 0  # type: tuple[str, int | None, int]
        self.facts: dict[str, str] = {}
        self.began = self.drawn = time.monotonic()
        self.open_lines = 0  # of the picture that stands on the terminal

    def start(self, what: str, total: int | None = None) -> None:
        self.close()
        self.what, self.total, self.count, self.facts = what, total, 0, {}
        self.began = time.monotonic()
        self.drawn = self.began if not self.live else 0.0

    def advance(self, count: int = 1) -> None:
        self.count += count
        self._maybe_draw()

    def show(self, **facts: str) -> None:
        self.facts.update(facts)
        self._maybe_draw()

    def note(self, message: str) -> None:
        if not self.quiet:
            self.close()
            self._say(f"{self.command}: {visible(message)}\n")

    def done(self, name: str, result: object) -> None:
        self.close()
        if isinstance(result, Outcome):
            print_outcome(result, command=name, quiet=self.quiet, in_recipe=True)
            if not self.quiet:
                print(file=sys.stderr)  # a blank line between steps

    def close(self) -> None:
        """Wipe the picture, so that the next thing printed stands by itself."""
        if self.open_lines:
            self._say(self._wiped())
            self.open_lines = 0

    def _wiped(self) -> str:
        """Back to where the picture began, and everything below it gone."""
        up = f"\x1b[{self.open_lines - 1}A" if self.open_lines > 1 else ""
        return f"\r{up}\x1b[J" if self.open_lines else ""

    def _say(self, text: str) -> None:
        try:
            print(text, end="", file=sys.stderr, flush=True)
        except BrokenPipeError:  # whoever watched has left; the work goes on
            self.quiet = True

    def _maybe_draw(self) -> None:
        now = time.monotonic()
        if self.quiet or now - self.drawn < (REDRAW if self.live else PLAIN_EVERY):
            return
        self.drawn = now
        so_far = (self.what, self.count, self.total, now - self.began, self.facts)
        if not self.live:
            self._say(f"{self.command}: {one_line(*so_far)}\n")
            return
        size = os.get_terminal_size(sys.stderr.fileno())
        lines = lines_of(*so_far, width=size.columns or 80, height=size.lines or 24, colour=self.colour)
        self._say(self._wiped() + "\n".join(lines))
        self.open_lines = len(lines)


def print_outcome(result: Outcome, *, command: str, quiet: bool, in_recipe: bool = False) -> None:
    """The funnel as a table, then where it is and what to type next."""
    if quiet:
        return
    from rich.console import Console

    text = io.StringIO()  # rich by itself would exit where nobody watches any more
    terminal = sys.stderr.isatty()
    console = Console(file=text, force_terminal=terminal, highlight=False, markup=False, emoji=False)
    _print_on(console, result, command, in_recipe=in_recipe)
    with contextlib.suppress(BrokenPipeError):
        print(text.getvalue(), end="", file=sys.stderr, flush=True)


def _print_on(console: Any, result: Outcome, command: str, *, in_recipe: bool) -> None:
    from rich.text import Text

    word = "reused (same inputs and options)" if result.reused else "wrote"
    headline = Text(visible(f"{command}: {word} {result.out}"), style="green")
    if in_recipe:
        console.print(headline, soft_wrap=True)
    _print_funnel(console, _funnel_rows(result))
    for line in _fact_lines(result.facts):
        console.print(Text(line), soft_wrap=True)
    if not in_recipe:
        console.print(headline, soft_wrap=True)
    if result.then and not in_recipe:  # one line, to be copied
        console.print(Text(visible(f"next: {result.then}"), style="dim"), soft_wrap=True)


def _print_funnel(console: Any, rows: list[tuple[str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    for name, value in rows:
        style = "bold" if name in ("in", "out") else ""
        table.add_row(Text(visible(name), style=style), Text(value, style=style))
    if rows:
        console.print(table)


def _fact_lines(facts: Mapping[str, str]) -> list[str]:
    """A line each, the values under each other; a long one goes on under itself, on a terminal."""
    from rich.cells import cell_len

    shown = {visible(name): visible(value) for name, value in facts.items()}
    column = max(map(cell_len, shown), default=0) + 2
    found = []
    for name, value in shown.items():
        label = name + " " * (column - cell_len(name))
        found += fitted_for(sys.stderr, [label + value], indent=len(label))
    return found


def _funnel_rows(result: Outcome) -> list[tuple[str, str]]:
    funnel: dict[str, Any] | None = result.manifest.get("funnel")
    if not funnel:
        return []
    dropped = [(f"  dropped: {reason}", f"{count:,}") for reason, count in funnel["dropped"].items()]
    return [("in", f"{funnel['in']:,}"), *dropped, ("out", f"{funnel['out']:,}")]
