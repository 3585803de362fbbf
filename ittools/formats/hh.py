"""Transcripts of Anthropic's HH-RLHF: a preferred and a dispreferred conversation that begin alike.

    {"chosen": "\\n\\nHuman: Hi\\n\\nAssistant: Hello!", "rejected": "\\n\\nHuman: Hi\\n\\nAssistant: No."}

https://github.com/anthropics/hh-rlhf
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ittools.formats.rows import Row
from ittools.records.build import Turn

_MARK = re.compile("\n\n(Human|Assistant):")  # begins with plain characters: four times as fast as a choice
_FIRST = ("\n\nHuman:", "\n\nAssistant:", "Human:", "Assistant:")
_ROLES = {"Human": "user", "Assistant": "assistant"}


@dataclass(frozen=True)
class Pair:
    """What stands before the answers, and both. trouble: why the row is no plain pair, and where."""

    before: list[Turn]
    chosen: str
    rejected: str | None
    trouble: tuple[str, str] | None = None


def is_transcripts(row: Row) -> bool:
    return all(isinstance(row.get(n), str) and row[n].startswith(_FIRST) for n in ("chosen", "rejected"))


def turns(transcript: str) -> tuple[list[Turn], bool]:
    """The turns, and whether they alternate from the human to the assistant.

    The mark of one who speaks already is text of that turn: it is mostly a quotation.
    """
    transcript = transcript if transcript[:1] == "\n" else f"\n\n{transcript}"
    marks = list(_MARK.finditer(transcript))
    said: list[Turn] = []
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        role, text = _ROLES[mark[1]], transcript[mark.end() : after.start() if after else None].strip()
        if said and said[-1]["role"] == role:
            said[-1]["content"] += f"\n\n{mark[1]}: {text}"
        else:
            said.append({"role": role, "content": text})
    alternates = [_ROLES[mark[1]] for mark in marks] == ["user", "assistant"] * (len(marks) // 2)
    return said, alternates


def pair(row: Row) -> Pair:
    """The pair of a row that `is_transcripts`."""
    sides = [turns(row[name]) for name in ("chosen", "rejected")]
    (chosen, _), (rejected, _) = sides
    uneven = [name for name, side in zip(("chosen", "rejected"), sides, strict=True) if not side[1]]
    answers = [side.pop()["content"] if side[-1]["role"] == "assistant" else "" for side, _ in sides]
    before, same = chosen, chosen == rejected
    trouble = None
    if uneven:
        trouble = ("does-not-alternate", " and ".join(uneven))
    elif not same:
        turn = next(n for n, (a, b) in enumerate(_longest(chosen, rejected), 1) if a != b)
        trouble = ("diverges-early", f"turn {turn}")
    elif answers[0] == answers[1]:
        trouble = ("same-answer", "")
    return Pair(before, answers[0], answers[1] if same else None, trouble)


def _longest(one: list[Turn], other: list[Turn]) -> list[tuple[Turn | None, Turn | None]]:
    length = max(len(one), len(other))
    padded = [[*side, *[None] * (length - len(side))] for side in (one, other)]
    return list(zip(*padded, strict=True))
