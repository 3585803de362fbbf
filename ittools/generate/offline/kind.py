"""A kind of checkable task: phrased in several languages, answered by rule.

An instruction is a phrasing with its parameters filled in, so it can be read back:

    phrasing "Multiply each number by {factor}."  +  {"factor": "3"}
        -> "Multiply each number by 3."  ->  the same kind and parameters
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

Parameters = Mapping[str, str]


def no_parameters(_: random.Random, __: str) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Kind:
    """One kind of task; `make` is right for every parameter that `draw` can give.

    phrasings: BCP-47 language -> instruction templates, `{name}` filled from `draw`.
    draw: (random, language) -> parameters of the instruction, as strings.
    make: (random, parameters, language) -> (input, output) of one instance; input may be "".
    labels: language -> the class labels in a fixed order; empty when not a classification task.
    """

    name: str
    phrasings: Mapping[str, tuple[str, ...]]
    make: Callable[[random.Random, Parameters, str], tuple[str, str]]
    draw: Callable[[random.Random, str], dict[str, str]] = no_parameters
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_classification(self) -> bool:
        return bool(self.labels)


@dataclass(frozen=True)
class Task:
    """An instruction recognised as one of ours."""

    kind: Kind
    language: str
    parameters: Parameters


@cache
def _pattern(phrasing: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", phrasing)  # text, name, text, name, ... text
    pieces = [re.escape(part) if i % 2 == 0 else f"(?P<{part}>.+?)" for i, part in enumerate(parts)]
    return re.compile("".join(pieces) + r"\Z", re.DOTALL)


def write_instruction(kind: Kind, language: str, phrasing: int, rng: random.Random) -> str:
    """An instruction of this kind in the given phrasing, its parameters drawn from `rng`."""
    return kind.phrasings[language][phrasing].format(**kind.draw(rng, language))


def read_instruction(instruction: str, kinds: tuple[Kind, ...]) -> Task | None:
    """The kind, language and parameters of an instruction; null when it is none of `kinds`."""
    for kind in kinds:
        for language, phrasings in kind.phrasings.items():
            for phrasing in phrasings:
                match = _pattern(phrasing).match(instruction)
                if match:
                    return Task(kind, language, match.groupdict())
    return None
