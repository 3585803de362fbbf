"""What a command gives back to whoever ran it: the shell, a recipe or a program."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ittools.store.dataset import Output
from ittools.store.manifest import Manifest


@dataclass(frozen=True)
class Outcome:
    """A finished directory. `facts` are shown beside the funnel; `then` is what to type next."""

    out: Path
    manifest: Manifest
    reused: bool = False
    facts: dict[str, str] = field(default_factory=dict)
    then: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a looking command prints: lines for a person, `value` for --json."""

    lines: list[str]
    value: Any
    ok: bool = True


def outcome(output: Output, *then: object, **facts: str) -> Outcome:
    """then: the words of what to type next, paths among them."""
    assert output.finished is not None
    typed = shlex.join(map(str, then)) if then else None
    return Outcome(output.path, output.finished, output.reused, facts, typed)
