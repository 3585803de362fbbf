"""Accuracy of the languages told, by backend, length and language, as docs/languages.md shows it.

    BENCH_DATA=folder python -m bench.language_accuracy [fast langdetect lingua]

Labelled texts: lingua's test data (sentences, words, word pairs of 75 languages), XQuAD's questions, MGSM's.
The backend alone ("raw") answers every text; `identify` says `und` to some, and is judged by what it tells.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ittools.text.language import UNDETERMINED, Backend, identify, known_languages, macro_code
from ittools.text.languages.letters import count

LENGTHS = (1, 5, 10, 15, 20, 25, 30, 40, 60, 100, 10**9)  # letters
CHANCES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.99, 1.01)
PAIRS = 4_000  # texts made of two languages, and of one
EVERY = {"lingua": 8}  # of the labelled texts, where all take too long


class Labelled(NamedTuple):
    texts: list[str]
    codes: np.ndarray
    kinds: np.ndarray
    letters: np.ndarray


def run(backends: tuple[Backend, ...] = ("fast", "langdetect")) -> Iterator[str]:
    folder = Path(os.environ["BENCH_DATA"])
    whole = labelled(folder / "multilingual")
    common = frozenset.intersection(*(known_languages(b) for b in ("fast", "langdetect", "lingua")))
    languages = f"{len(set(whole.codes))} codes, {len(common) - 1} of them known to all backends"
    yield f"{len(whole.texts):,} texts, {languages}"
    for backend in backends:
        every = EVERY.get(backend, 1)
        data = Labelled(*(column[::every] for column in whole))
        yield from _of_backend(backend, data, common)
        yield from _of_mixtures(backend, data, common)
        yield from _of_programs(backend, folder)


def labelled(folder: Path) -> Labelled:
    texts: list[str] = []
    codes: list[str] = []
    kinds: list[str] = []
    for name, column in (("lingua_testdata", "text"), ("xquad_questions", "question"), ("mgsm", "question")):
        table = pq.read_table(folder / f"{name}.parquet")
        texts += table[column].to_pylist()
        codes += map(macro_code, table["lang"].to_pylist())
        kinds += table["kind"].to_pylist() if "kind" in table.schema.names else [name] * table.num_rows
    return Labelled(texts, np.array(codes), np.array(kinds), count(texts).letters)


def _of_backend(backend: Backend, data: Labelled, common: frozenset[str]) -> Iterator[str]:
    raw, _ = import_module(f"ittools.text.languages.{backend}").classify(data.texts)
    told, found = (np.array(column) for column in identify(pa.array(data.texts), backend=backend))
    right_raw = np.array([macro_code(code) for code in raw]) == data.codes
    right, silent = told == data.codes, told == UNDETERMINED
    known, shared = (np.isin(data.codes, list(codes)) for codes in (known_languages(backend), common))
    languages = f"{len(known_languages(backend)) - 1} languages"
    yield f"\n{backend}: raw {right_raw[known].mean():.3f} of its {languages}"
    yield "| letters | texts | raw, common languages | identify: und | right of the told |"
    yield "|---|---|---|---|---|"
    for low, high in pairwise(LENGTHS):
        some = shared & (data.letters >= low) & (data.letters < high)
        name = f"{low} to {high - 1}" if high < LENGTHS[-1] else f"{low} and more"
        yield _row(name, some, right_raw, silent, right)
    for kind in sorted(set(data.kinds)):
        yield _row(kind, shared & (data.kinds == kind), right_raw, silent, right)
    yield "probability told -> right: " + ", ".join(
        f"{low}-{min(high, 1.0)}: {right[some].mean():.3f} ({some.sum()})"
        for low, high in pairwise(CHANCES)
        if (some := known & ~silent & (found >= low) & (found < high)).any()
    )
    sentences = known & (data.kinds == "sentences") & ~silent
    by_code = {
        code: right[sentences & (data.codes == code)].mean() for code in sorted(set(data.codes[sentences]))
    }
    yield "sentences by language: " + ", ".join(f"{code} {share:.2f}" for code, share in by_code.items())


def _row(name: str, some: np.ndarray, raw: np.ndarray, silent: np.ndarray, right: np.ndarray) -> str:
    told = some & ~silent
    share = f"{right[told].mean():.3f}" if told.any() else ""
    return f"| {name} | {some.sum()} | {raw[some].mean():.3f} | {silent[some].mean():.3f} | {share} |"


def _of_mixtures(backend: Backend, data: Labelled, common: frozenset[str]) -> Iterator[str]:
    """Half a text in one language, half in another; and two sentences of one language."""
    fit = (data.kinds == "sentences") & (data.letters >= 25) & np.isin(data.codes, list(common))
    by_code: dict[str, list[str]] = defaultdict(list)
    for i in np.flatnonzero(fit):
        by_code[data.codes[i]].append(data.texts[i])
    rng = random.Random(5)
    two, one = [], []
    for _ in range(PAIRS // EVERY.get(backend, 1)):
        codes = rng.sample(sorted(by_code), 2)
        first, second = (rng.choice(by_code[code]) for code in codes)
        length = min(len(first), len(second))
        two.append(f"{first[:length]} {second[:length]}")
        one.append(f"{first} {rng.choice(by_code[codes[0]])}")
    shares = [_silent(texts, backend) for texts in (two, one)]
    yield f"und: {shares[0]:.3f} of texts half in another language, {shares[1]:.4f} of those in one"


def _of_programs(backend: Backend, folder: Path) -> Iterator[str]:
    with gzip.open(folder / "eval" / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as lines:
        programs = [json.loads(line) for line in lines]
    with gzip.open(folder / "instruct" / "code_alpaca_2k.json.gz", "rt", encoding="utf-8") as text:
        records = json.load(text)
    sets = {
        "HumanEval solutions": [p["canonical_solution"] for p in programs],
        "HumanEval tests": [p["test"] for p in programs],
        "HumanEval prompts": [p["prompt"] for p in programs],
        "Code Alpaca outputs": [r["output"] for r in records],
        "Code Alpaca instructions and outputs": [f"{r['instruction']}\n{r['output']}" for r in records],
    }
    for name, texts in sets.items():
        codes = identify(pa.array(texts), backend=backend)[0].to_pylist()
        other = sum(code not in ("en", UNDETERMINED) for code in codes)
        und = codes.count(UNDETERMINED) / len(codes)
        english = codes.count("en") / len(codes)
        yield f"{name}: und {und:.3f}, en {english:.3f}, other {other / len(codes):.3f}"


def _silent(texts: list[str], backend: Backend) -> float:
    codes = identify(pa.array(texts), backend=backend)[0].to_pylist()
    return codes.count(UNDETERMINED) / len(codes)


if __name__ == "__main__":
    for said in run(
        tuple(name for name in get_args(Backend) if name in sys.argv[1:]) or ("fast", "langdetect")
    ):
        print(said, flush=True)
