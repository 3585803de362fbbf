"""What is taken from a task to see what a model learns without it (Kung & Peng 2023, arXiv 2305.11383).

delusive    each demonstration with the output of another: yes, no, no -> no, yes, yes
simplified  of the definition only what may be answered: 'Answer with one of: "no", "yes".'
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

MOST_LABELS = 64  # odd-man-out has 52 categories; a task of more different outputs writes texts
TIMES = 5  # as many outputs as labels at least, or they are texts: 94 outputs of 8 labels are labels
LONGEST = 80  # characters of a label
GENERIC = "Write the output."


def wrong_outputs(right: Sequence[str], others: Sequence[str], random: Random) -> list[str] | None:
    """An output for each that is not its own; null if there is one that has no other.

    They are the same outputs in another order where that can be; where one output stands more often than
    all the rest together, each is drawn from all different outputs, those of `others` too.
    """
    if not right:
        return []
    groups: dict[str, list[int]] = {}
    for index, output in enumerate(right):
        groups.setdefault(alike(output), []).append(index)
    most = max(map(len, groups.values()))
    if 2 * most <= len(right):
        # by groups in a row, moved on by the largest: nobody lands in the own group
        blocks = list(groups.values())
        random.shuffle(blocks)
        for block in blocks:
            random.shuffle(block)
        order = [index for block in blocks for index in block]
        found = [""] * len(right)
        for at, index in enumerate(order):
            found[index] = right[order[(at + most) % len(order)]]
        return found
    labels = list({alike(output): output for output in [*others, *right]}.items())
    if len(labels) < 2:
        return None
    return [random.choice([text for key, text in labels if key != alike(output)]) for output in right]


def alike(output: str) -> str:
    """Two outputs that are alike say the same: `Yes.` and `yes`."""
    return " ".join(output.casefold().split()).rstrip(".!") or output


@dataclass(frozen=True)
class Outputs:
    """How many outputs a task has, and the different ones; null: they are too many, or too long, for labels.

    Pieces of a task add up to the same in any order.
    """

    count: int = 0
    different: frozenset[str] | None = frozenset()

    def __add__(self, other: Outputs) -> Outputs:
        if self.different is None or other.different is None:
            return Outputs(self.count + other.count, None)
        both = self.different | other.different
        return Outputs(self.count + other.count, both if len(both) <= MOST_LABELS else None)

    @property
    def labels(self) -> list[str] | None:
        labels = sorted(self.different or ())
        return labels if len(labels) >= 2 and self.count >= TIMES * len(labels) else None


def outputs_of(texts: Iterable[str]) -> Outputs:
    count, different = 0, set[str]()
    for text in texts:
        count += 1
        if len(different) <= MOST_LABELS:
            different.add(text.strip())
    labels = len(different) <= MOST_LABELS and all(len(text) <= LONGEST for text in different)
    return Outputs(count, frozenset(different) if labels else None)


def output_space(outputs: Iterable[str] | Outputs) -> str:
    """What may be answered: the labels in order, or one line for tasks whose outputs are texts."""
    labels = (outputs if isinstance(outputs, Outputs) else outputs_of(outputs)).labels
    return space_of(labels) if labels else GENERIC


def space_of(labels: Iterable[str]) -> str:
    told = ", ".join(
        json.dumps(label, ensure_ascii=False) for label in sorted({one.strip() for one in labels})
    )
    return f"Answer with one of: {told}."


def labels_of(outputs: Iterable[str]) -> list[str] | None:
    """The different outputs of a classification; null where outputs are texts."""
    return outputs_of(outputs).labels
