"""What every near-duplicate peer's script shares: reading, tokenising, the decision, and its last line.

Each runs in the peer's own environment: `python SCRIPT [WAY] IN.jsonl OUT.jsonl [PAIRS]`. It writes the
lines that it keeps, and prints {"seconds", "kernel", "kernel_cpu", "kept"} last; kernel is from texts in
memory to the decision, without imports, reading and writing. With PAIRS it also writes the pairs that it
took for near, after the clock: a run that is judged is not one that is timed.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence

NGRAM, PERMUTATIONS, THRESHOLD = 5, 128, 0.7
WORD = re.compile(r"\w+")

Near = Sequence[Iterable[int]]  # per record the records that it shares a bucket with, itself or not


def shingles(text: str) -> list[str]:
    """The text's word n-grams; all its words where they are fewer."""
    words = WORD.findall(text.lower())
    return [" ".join(words[i : i + NGRAM]) for i in range(max(1, len(words) - NGRAM + 1))] if words else []


def keep_first(near: Near) -> list[int]:
    """Records with no kept one before them among those they are near to."""
    kept: set[int] = set()
    for record, others in enumerate(near):
        if not any(other in kept for other in others):
            kept.add(record)
    return sorted(kept)


def components(edges: Iterable[tuple[int, int]], records: int) -> list[int]:
    """The smallest record of each connected component."""
    parent = list(range(records))

    def root(record: int) -> int:
        while parent[record] != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    for one, other in edges:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return [record for record in range(records) if parent[record] == record]


def bucket_pairs(near: Near) -> set[tuple[int, int]]:
    return {(min(a, b), max(a, b)) for a, others in enumerate(near) for b in others if a != b}


def write_pairs(path: str, pairs: Iterable[tuple[int, int]]) -> None:
    with open(path, "w") as handle:
        handle.writelines(f"{one} {other}\n" for one, other in sorted(pairs))


def measure(
    decide: Callable[[list[str]], list[int]], pairs_of: Callable[[list[str]], set[tuple[int, int]]]
) -> None:
    """Decide about the file that the command line names: `decide` says which records are kept."""
    began = time.perf_counter()
    source, target, *pairs = sys.argv[-3:] if sys.argv[-1].endswith(".pairs") else sys.argv[-2:]
    with open(source, "rb") as handle:
        lines = handle.read().splitlines(keepends=True)
    texts = [json.loads(line)["output"] for line in lines]
    started, cpu = time.perf_counter(), time.process_time()
    kept = decide(texts)
    kernel, cpu = time.perf_counter() - started, time.process_time() - cpu
    with open(target, "wb") as handle:
        handle.writelines(lines[record] for record in kept)
    seconds = time.perf_counter() - began
    if pairs:
        write_pairs(pairs[0], pairs_of(texts))
    say(seconds, kernel, cpu, len(kept))


def say(seconds: float, kernel: float | None, cpu: float | None, kept: int) -> None:
    """The last line; null is what cannot be told apart."""
    print(json.dumps({"seconds": seconds, "kernel": kernel, "kernel_cpu": cpu, "kept": kept}), flush=True)
