"""The options of `ittools dedup`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ittools.engine.protocol import EngineOptions
from ittools.errors import UsageError
from ittools.formats.source import ReadOptions
from ittools.options import option

MOST_NGRAM = 10_000


@dataclass(frozen=True, kw_only=True)
class DedupOptions(EngineOptions, ReadOptions):
    out: Path = option(Path("runs/dedup"), "dataset directory", flags=("-o", "--out"), shapes_output=False)
    method: Literal["auto", "exact", "near", "join", "semantic"] = option(
        "auto",
        "after equal records: join compares all; near by MinHash bands, for any size; semantic by "
        "--embedder; exact stops there (auto: join up to 400,000 records, else near)",
    )
    on: Literal["all", "instruction", "output", "both"] = option(
        "all",
        "fields that must each be alike (all: instruction, input with earlier turns, output with the "
        "rejected one; both: instruction, output)",
    )
    threshold: float | None = option(
        None,
        "similarity that counts as a duplicate (default: Jaccard 0.7, semantic: cosine 0.95)",
        flags=("-t", "--threshold"),
    )
    ngram: int = option(3, "words, or characters, in a shingle")
    unit: Literal["words", "characters"] = option("words", "what shingles are made of")
    perm: int = option(128, "MinHash permutations of near")
    keep: Literal["first", "last", "longest", "best"] = option("first", "which of a cluster stays")
    score: str = option("quality", "score that --keep best compares")
    embedder: str | None = option(
        None, "of semantic: a model's folder or hub name, or a .npy with a vector a record"
    )
    against: tuple[str, ...] = option(
        (), "also drop what this dataset has already, once for each", shapes_output=False
    )
    index: Path | None = option(
        None, "folder of what earlier runs kept: drop that too, and add what stays", shapes_output=False
    )
    check: int | None = option(
        None,
        "kept records compared with all others, to see what near missed (default: 200 up to a million)",
    )
    keep_dropped: bool = option(False, "write dropped records to dropped/, with the kept twin")
    force: bool = option(False, "replace another finished output", shapes_output=False)


def threshold_of(options: DedupOptions) -> float:
    usual = 0.95 if options.method == "semantic" else 0.7
    return usual if options.threshold is None else options.threshold


def checked(options: DedupOptions) -> None:
    """Raises UsageError for numbers that mean nothing."""
    if options.threshold is not None and not 0 < options.threshold <= 1:
        raise UsageError(f"--threshold {options.threshold}: a similarity above 0 and up to 1")
    if options.ngram > MOST_NGRAM:
        raise UsageError(f"--ngram {options.ngram}: at most {MOST_NGRAM:,}")
    if options.index is not None and options.index.resolve().is_relative_to(options.out.resolve()):
        raise UsageError(
            f"--index {options.index}: lies in --out, which is replaced as a whole; give a folder beside it"
        )
    if (options.method == "semantic") != (options.embedder is not None):
        raise UsageError("--method semantic and --embedder need each other")
    if options.method == "semantic" and options.index is not None:
        raise UsageError("--index holds shingles, and --method semantic compares embeddings; leave one out")
    if options.against and (options.embedder or "").endswith(".npy"):
        raise UsageError("--against has no vectors in --embedder's .npy; give a model")
    if options.ngram < 1:
        raise UsageError(f"--ngram {options.ngram}: a shingle has at least 1 of --unit")
    if not 2 <= options.perm <= 4096:
        raise UsageError(f"--perm {options.perm}: from 2 to 4096 permutations")
    if options.check is not None and options.check < 0:
        raise UsageError(f"--check {options.check}: at least 0 records")
