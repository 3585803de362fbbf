"""What is drawn while long work goes on: one line, or a block where there is more to tell.

self-instruct tasks  ━━━━━━━━────────────  212/500  4.1/s  eta 1:10
  accepted   212
  dropped    188 (not-novel 140, empty-output 21)
  requests   1,204 bought, 12.3/s, 31 in flight
  cost       $0.1795 of $2.50
  newest     Rank these four rivers by length ...
"""

from __future__ import annotations

from collections.abc import Mapping

from ittools.visible import visible

BLOCK_FROM = 3  # facts; fewer fit on the line
NAMES = 10  # columns of a fact's name
NARROWEST = 30  # columns of a terminal that has room for a block
DIM, PLAIN = "\x1b[2m", "\x1b[0m"


def one_line(what: str, count: int, total: int | None, elapsed: float, facts: Mapping[str, str]) -> str:
    """Everything in one line, for logs and for few facts."""
    return "  ".join(
        [head(what, count, total, elapsed), *(f"{name_of(k)} {visible(v)}" for k, v in facts.items())]
    )


def head(what: str, count: int, total: int | None, elapsed: float) -> str:
    """The stage, how far it is, how fast, and when it will be done."""
    rate = count / elapsed if elapsed > 0 else 0.0
    pieces = [what]
    if total:
        pieces.append(f"{_bar(count / total)} {count:,}/{total:,}")
    elif count:
        pieces.append(f"{count:,}")
    if count:
        pieces.append(f"{rate:,.1f}/s")
    if total and 0 < count < total:
        pieces.append(f"eta {_duration((total - count) / rate)}")
    return "  ".join(pieces)


def lines_of(
    what: str, count: int, total: int | None, elapsed: float, facts: Mapping[str, str], *, width: int,
    height: int, colour: bool,
) -> list[str]:  # fmt: skip
    """The lines to draw, each cut to the terminal's width (a Chinese letter is two columns wide)."""
    from rich.cells import set_cell_size

    if len(facts) < BLOCK_FROM or height < len(facts) + 3 or width < NARROWEST:
        return [set_cell_size(one_line(what, count, total, elapsed, facts), width - 1).rstrip()]
    lines = [set_cell_size(head(what, count, total, elapsed), width - 1).rstrip()]
    dim, plain = (DIM, PLAIN) if colour else ("", "")
    for name, said in sorted(facts.items(), key=lambda fact: fact[0] == "newest"):  # the longest last
        text = set_cell_size(visible(" ".join(said.split())), max(1, width - NAMES - 4)).rstrip()
        lines.append(f"  {dim}{name_of(name):<{NAMES}}{plain} {text}")
    return lines


def name_of(fact: str) -> str:
    return fact.replace("_", " ")


def _bar(share: float, width: int = 20) -> str:
    filled = min(width, int(share * width))
    return "━" * filled + "─" * (width - filled)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"
