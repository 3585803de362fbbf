"""What the tests of `decontaminate` share: rows, a run, and a naive oracle that knows words only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench import Row, manifest_of, read_records, write_jsonl

from ittools.curate.decontaminate import DecontaminateOptions, decontaminate
from ittools.progress import Silent
from ittools.text.words import content_words


def prompts(*texts: str) -> list[Row]:
    return [{"prompt": text} for text in texts]


def tasks(*texts: str) -> list[Row]:
    return [
        {"instruction": text, "output": f"answer {number}", "task": str(number)}
        for number, text in enumerate(texts)
    ]


class Result:
    """What one run wrote."""

    def __init__(self, out: Path) -> None:
        self.kept = [record["task"] for record in read_records(out)]
        self.dropped = {
            record["task"]: (record["reason"], json.loads(record["detail"]))
            for record in read_records(out, "dropped", "dropped")
        }
        self.manifest = manifest_of(out)
        self.sets: dict[str, Row] = {one["name"]: one for one in self.manifest["decontamination"]["sets"]}


def run(folder: Path, training: Sequence[Row], evaluation: Sequence[Row], **given: Any) -> Result:
    """Training rows against one evaluation set named `held`."""
    source, held = write_jsonl(folder / "in.jsonl", training), write_jsonl(folder / "held.jsonl", evaluation)
    options = DecontaminateOptions(
        inputs=(str(source),), against=(str(held),), out=folder / "out", keep_dropped=True, workers=1,
        force=True, **given,
    )  # fmt: skip
    decontaminate(options, Silent())
    return Result(folder / "out")


def grams(words: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def longest_run(one: list[str], other: list[str]) -> int:
    """By dynamic programming."""
    best, last = 0, [0] * (len(other) + 1)
    for word in one:
        now = [0]
        for j, theirs in enumerate(other):
            now.append(last[j] + 1 if word == theirs else 0)
        best, last = max(best, *now), now
    return best


def run_at(one: list[str], other: list[str], length: int) -> range:
    """Where the first of the longest runs stands in the one."""
    first = next(i for i, gram in enumerate(grams(one, length)) if gram in grams(other, length))
    return range(first, first + length)


def share_in_ngrams(passage: list[str], text: list[str], n: int) -> float:
    """Of the passage's words those that stand in an n-gram that the text has."""
    there = set(grams(text, n))
    standing = {i + k for i, gram in enumerate(grams(passage, n)) if gram in there for k in range(n)}
    return len(standing) / len(passage) if passage else 0.0


def verdict(
    passage: str,
    text: str,
    *,
    ngram: int,
    coverage: float,
    span: int,
    span_share: float,
    exact: bool,
    whole: int,
) -> str | None:
    """The method that finds the passage in the text, from its definition; null = none."""
    own, theirs = content_words(passage), content_words(text)
    if not own:
        return None
    if exact and own == theirs:
        return "exact"
    if whole and whole <= len(own) < ngram and tuple(own) in grams(theirs, len(own)):
        return "whole"
    if not ngram or len(own) < ngram:
        return None
    signs = [len(word) == 1 and word.isascii() and not word.isalnum() for word in own]
    half = 2 * sum(signs) >= len(own)
    there = set(grams(theirs, ngram))
    shared = {i + k for i, gram in enumerate(grams(own, ngram)) if gram in there for k in range(ngram)}
    if sum(half or not signs[i] for i in shared) < min(ngram, sum(half or not sign for sign in signs)):
        return None
    if share_in_ngrams(own, theirs, ngram) > coverage:
        return "ngram"
    run = longest_run(own, theirs)
    run = run if half else run - sum(signs[first] for first in run_at(own, theirs, run))
    if span and run >= span:
        return "span"
    if span_share and run >= ngram and run >= span_share * len(own) - 1e-9:
        return "span"
    return None
