"""Prompts of Tk-Instruct, to the letter: a definition, examples while they fit, and the input.

    Definition: Say whether it is a fruit.

     Positive Example 1 -
    Input: apple.
     Output: yes.

    Now complete the following example -
    Input: stone.
    Output:

A full stop is put where a text does not end in ASCII punctuation, the space before " Positive" and " Output"
is theirs, and so is the bare end of "Output: ". Source: DataCollatorForNI of
https://github.com/yizhongw/Tk-Instruct (Wang et al. 2022, arXiv 2204.07705).
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

from ittools.formats.superni import Example, TaskFile
from ittools.template.lengths import Ruler

_ENDS = frozenset(string.punctuation)


@dataclass(frozen=True)
class Encoding:
    """What a prompt holds; positive and negative: how many examples at most."""

    definition: bool
    positive: int = 0
    negative: int = 0
    explanation: bool = False


ENCODINGS = {
    "def": Encoding(True),
    "pos": Encoding(False, 2),
    "def-pos": Encoding(True, 2),
    "def-pos-neg": Encoding(True, 2, 2),
    "def-pos-neg-expl": Encoding(True, 2, 2, True),
}


@dataclass(frozen=True)
class Prompt:
    """positive, negative: examples that fitted. cut: the whole did not fit, and its end is missing."""

    text: str
    positive: int
    negative: int
    cut: bool


def prompts(
    task: TaskFile,
    inputs: Sequence[str],
    encoding: Encoding,
    ruler: Ruler,
    most: int,
    shots: Sequence[int | None] = (),
) -> list[Prompt]:
    """Of each input; `shots` says for each how many examples of a kind it has instead (null: no other).

    An example is added only while definition, examples so far, it and the input are of `most` at most;
    after the first that does not fit there is no other of its kind.
    """
    definition = _ended(f"Definition: {task.definition.strip()}") + "\n\n" if encoding.definition else ""
    asked = [_ended(f"Now complete the following example -\nInput: {one.strip()}") for one in inputs]
    tails = [f"{one}\nOutput: " for one in asked]
    wanted = list(shots) or [None] * len(inputs)
    positive, negative = (
        [kind if shot is None or not kind else shot for shot in wanted]
        for kind in (encoding.positive, encoding.negative)
    )
    good = [_example("Positive", n, one, encoding) for n, one in enumerate(task.positive, 1)]
    bad = [_example("Negative", n, one, encoding) for n, one in enumerate(task.negative, 1)]
    heads = [definition] * len(inputs)
    fitted = _fitting(heads, good, tails, positive, ruler, most)
    # in their count, though not in their prompt, there is a space between two examples
    heads = [definition + " ".join(good[:count]) for count in fitted]
    unfit = _fitting(heads, bad, tails, negative, ruler, most)
    whole = [
        definition + "".join(good[:some]) + "".join(bad[:others]) + tail
        for some, others, tail in zip(fitted, unfit, tails, strict=True)
    ]
    lengths = ruler.counts(whole)
    return [
        Prompt(text if length <= most else ruler.head(text, most), some, others, length > most)
        for text, length, some, others in zip(whole, lengths, fitted, unfit, strict=True)
    ]


def _fitting(
    heads: Sequence[str],
    examples: Sequence[str],
    tails: Sequence[str],
    wanted: Sequence[int],
    ruler: Ruler,
    most: int,
) -> list[int]:
    """How many of the examples fit between head and tail, of those wanted: one more for all at a time."""
    found = [0] * len(tails)
    growing = list(range(len(tails)))
    for count, example in enumerate(examples):
        growing = [n for n in growing if wanted[n] > count]
        before = " ".join(examples[:count])
        lengths = ruler.counts([heads[n] + before + example + tails[n] for n in growing])
        growing = [n for n, length in zip(growing, lengths, strict=True) if length <= most]
        for n in growing:
            found[n] = count + 1
    return found


def _example(kind: str, number: int, shown: Example, encoding: Encoding) -> str:
    text = _ended(f" {kind} Example {number} -\nInput: {shown.input.strip()}") + "\n"
    text += _ended(f" Output: {shown.output.strip()}") + "\n"
    if encoding.explanation and shown.explanation is not None:
        text += _ended(f" Explanation: {shown.explanation.strip()}") + "\n"
    return text + "\n"


def _ended(text: str) -> str:
    return text if text[-1] in _ENDS else text + "."
