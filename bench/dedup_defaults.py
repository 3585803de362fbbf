"""What the defaults of dedup cost and find: BENCH_DATA=folder python -m bench dedup_defaults (minutes).

planted      Alpaca and half as many edited copies, shuffled. For each --on, --ngram and --threshold: how many
             unique records go for a record that they are no copy of, and how many copies are found, by how
             much was edited.
task data    200 records of each of SuperNI's tasks, none like another to the letter: how many go, and how
             many of them with the input and output of their twin, up to white space.

`rendered` is what dedup does not do: all fields in Alpaca's prompt template as one text. A copy has one word
in 50, 20 or 10 edited, at least one: replaced, dropped, doubled or exchanged with the next; or one letter in
as many words dropped, doubled or exchanged.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.dedup_data import data
from bench.filter_corpora import GOOD, batches_of, texts
from ittools.text.join import Decision, keep_first
from ittools.text.shingles import Unit
from ittools.text.sketches import Shingling, keys_and_shingles

I64 = NDArray[np.int64]
Fields = tuple[str, str, str]  # instruction, input, output
Words = list[str]
SEED = 20
RATES = (0.02, 0.05, 0.1)
KINDS = ("words", "letters")
THRESHOLDS = (0.6, 0.7, 0.8)
COMPARED = {"output": (2,), "instruction": (0,), "both": (0, 2), "all": (0, 1, 2)}
TEMPLATE = (  # as Alpaca renders a record for training
    "Below is an instruction that describes a task{}. Write a response that appropriately completes the "
    "request.\n\n### Instruction:\n{}\n\n{}### Response:\n{}"
)


@dataclass(frozen=True)
class Planted:
    """Records in their order; per record the number of its origin, and for copies how it was edited."""

    records: list[Fields]
    origins: I64
    edits: I64  # index into `KINDS` x `RATES`, -1 for an original

    @property
    def unique(self) -> int:
        return int((self.edits < 0).sum())


def run() -> Iterator[str]:
    missing = [path for name in ("alpaca", "superni") if not (path := data() / GOOD[name][0]).exists()]
    if missing:
        yield f"dedup_defaults: skipped, {missing[0]} is not there (BENCH_DATA names the folder)"
        return
    set_ = planted(_corpus("alpaca"))
    yield f"{set_.unique:,} unique records and {len(set_.records) - set_.unique:,} edited copies, shuffled"
    kinds = [f"{kind} {rate:.0%}" for kind in KINDS for rate in RATES]
    yield f"{'--on':<12}{'shingle':<14}{'-t':>4}  {'wrong':>6} {'share':>7}  found: " + "  ".join(kinds)
    for on in COMPARED:
        for n in (2, 3, 5):
            yield from _lines(set_, on, n, "words")
    yield from _lines(set_, "all", 12, "characters")
    yield from _lines(set_, "rendered", 3, "words")
    yield from task_data(_corpus("superni"))


def task_data(records: list[Fields]) -> Iterator[str]:
    tasks = len({instruction for instruction, _, _ in records})
    yield f"{len(records):,} records of {tasks} tasks; gone, and of them with their twin's input and output"
    for on in (*COMPARED, "rendered"):
        _, fields = keys_and_shingles(columns(records, on), Shingling(3))
        cells = []
        for threshold in (*THRESHOLDS, 0.9):
            twins = keep_first(fields, threshold).twins
            gone = np.flatnonzero(twins >= 0)
            same = sum(_spelt(records[one]) == _spelt(records[twins[one]]) for one in gone)
            cells.append(f"{threshold}: {len(gone):,} ({len(gone) / len(records):.1%}), {same}")
        yield f"{on:<12}3 words  " + "; ".join(cells)


def _spelt(record: Fields) -> list[Words]:
    return [text.split() for text in record[1:]]


def _lines(set_: Planted, on: str, n: int, unit: Unit) -> Iterator[str]:
    _, fields = keys_and_shingles(columns(set_.records, on), Shingling(n, unit))
    for threshold in THRESHOLDS:
        decision = keep_first(fields, threshold)  # equal records are alike too, so keys are not asked
        wrong, found = len(wrongly_dropped(set_, decision)), found_copies(set_, decision)
        shares = "  ".join(f"{share:>{len(KINDS[0]) + 4}.1%}" for share in found)
        yield f"{on:<12}{f'{n} {unit}':<14}{threshold:>4}  {wrong:>6,} {wrong / set_.unique:>7.2%}  {shares}"


def wrongly_dropped(set_: Planted, decision: Decision) -> I64:
    """Originals that went for a record of another origin."""
    gone: I64 = np.flatnonzero((decision.twins >= 0) & (set_.edits < 0))
    wrong: I64 = gone[set_.origins[decision.twins[gone]] != set_.origins[gone]]
    return wrong


def found_copies(set_: Planted, decision: Decision) -> list[float]:
    """By kind of edit the share of copies that went for one of their origin, or their original for them."""
    gone = np.flatnonzero(decision.twins >= 0)
    gone = gone[set_.origins[decision.twins[gone]] == set_.origins[gone]]
    found = np.zeros(len(set_.records), bool)
    found[gone] = True
    found[decision.twins[gone[set_.edits[gone] < 0]]] = True
    return [float(found[set_.edits == kind].mean()) for kind in range(len(KINDS) * len(RATES))]


def columns(records: Sequence[Fields], on: str) -> list[pa.Array]:
    if on == "rendered":
        return [pa.array([rendered(record) for record in records])]
    return [pa.array([record[field] for record in records]) for field in COMPARED[on]]


def rendered(record: Fields) -> str:
    instruction, given, output = record
    also = ", paired with an input that provides further context" if given else ""
    return TEMPLATE.format(also, instruction, f"### Input:\n{given}\n\n" if given else "", output)


def planted(whole: list[Fields]) -> Planted:
    """Half as many copies as records, all in one shuffled order."""
    rng = random.Random(SEED)
    vocabulary = sorted({word for record in whole for text in record for word in text.split(" ") if word})
    count = len(whole)
    sources = [rng.randrange(count) for _ in range(count // 2)]
    every = whole + [
        edited(whole[source], number % (len(KINDS) * len(RATES)), vocabulary, rng)
        for number, source in enumerate(sources)
    ]
    order = np.array(rng.sample(range(len(every)), len(every)))
    origins = np.concatenate([np.arange(count), np.array(sources)])
    edits = np.concatenate([np.full(count, -1), np.arange(len(sources)) % (len(KINDS) * len(RATES))])
    return Planted([every[record] for record in order], origins[order], edits[order])


def edited(record: Fields, kind: int, vocabulary: Words, rng: random.Random) -> Fields:
    """A copy; the edits fall on any word of any field."""
    texts = [text.split(" ") if text else [] for text in record]
    count = sum(map(len, texts))
    edit = (_edit_word, _edit_letter)[kind // len(RATES)]
    for _ in range(max(1, round(RATES[kind % len(RATES)] * count))):
        words = rng.choices(texts, weights=[len(words) for words in texts])[0]
        edit(words, rng.randrange(len(words)), vocabulary, rng)
    return " ".join(texts[0]), " ".join(texts[1]), " ".join(texts[2])


def _edit_word(words: Words, at: int, vocabulary: Words, rng: random.Random) -> None:
    match rng.choice(("replace", "drop", "double", "exchange")):
        case "drop" if len(words) > 1:
            del words[at]
        case "double":
            words.insert(at, words[at])
        case "exchange" if at + 1 < len(words):
            words[at : at + 2] = words[at + 1], words[at]
        case _:
            words[at] = rng.choice(vocabulary)


def _edit_letter(words: Words, at: int, vocabulary: Words, rng: random.Random) -> None:
    word = words[at]
    place = rng.randrange(max(1, len(word)))
    ways: tuple[Callable[[], str], ...] = (
        lambda: word[:place] + word[place + 1 :] if len(word) > 1 else word * 2,
        lambda: word[:place] + word[place : place + 1] * 2 + word[place + 1 :],
        lambda: word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
    )
    words[at] = rng.choice(ways)()


def _corpus(name: str) -> list[Fields]:
    path, reader = GOOD[name]
    batches = list(batches_of(name, data() / path, reader))
    return list(zip(*(texts(batches, column) for column in ("instruction", "input", "output")), strict=True))
