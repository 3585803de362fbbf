"""`ittools dedup`: exact duplicates, then near ones by MinHash and exact verification.

A record goes only when a kept one is alike in instruction, in input and in output: each field's
shingle sets reach the threshold. Fields are compared as content, never as rendered text, which
would make records alike by their template. Records are taken by priority, so no two kept records
reach the threshold, and each dropped one names its kept twin and the exact similarity.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ittools.curate.clusters import Clusters, write_clusters
from ittools.curate.parts import Counts, join_parts, split_part
from ittools.engine.protocol import EngineName, run_tasks
from ittools.errors import UsageError
from ittools.formats.parts import Part, cut
from ittools.formats.source import ReadOptions, open_inputs
from ittools.options import option
from ittools.progress import Progress
from ittools.records.scores import scores_dict
from ittools.store.dataset import Output, writing
from ittools.store.outcome import Outcome, outcome
from ittools.text.minhash import band_keys, choose_bands, field_signatures, recall
from ittools.text.ragged import U64, Ragged, unique
from ittools.text.shingles import jaccard, word_shingles
from ittools.text.words import content_words

Field = Literal["instruction", "input", "output"]
FIELDS: dict[str, tuple[Field, ...]] = {
    "all": ("instruction", "input", "output"),
    "instruction": ("instruction",),
    "output": ("output",),
    "both": ("instruction", "output"),
}


@dataclass(frozen=True, kw_only=True)
class DedupOptions(ReadOptions):
    out: Path = option(Path("runs/dedup"), "dataset directory", flags=("-o", "--out"), shapes_output=False)
    method: Literal["exact", "near"] = option("near", "near includes exact")
    on: Literal["all", "instruction", "output", "both"] = option(
        "all", "fields that must each be alike (all: instruction, input, output)"
    )
    threshold: float = option(
        0.7, "Jaccard similarity that counts as a duplicate", flags=("-t", "--threshold")
    )
    ngram: int = option(3, "words in a shingle")
    perm: int = option(128, "MinHash permutations")
    keep: Literal["first", "longest", "best"] = option("first", "which of a cluster stays")
    score: str = option("quality", "score that --keep best compares")
    keep_dropped: bool = option(False, "write dropped records to dropped/, with the kept twin")
    engine: EngineName = option("auto", "where tasks run", shapes_output=False)
    workers: int | None = option(None, "processes (default: one per core)", shapes_output=False)
    force: bool = option(False, "replace another finished output", shapes_output=False)


@dataclass(frozen=True)
class Sketches:
    """What the decision needs of all records, in input order; no text."""

    ids: list[str]
    exact: list[bytes]  # 16 bytes each: equal normalised fields
    priority: NDArray[np.float64]  # (records,) higher is kept
    fields: list[list[U64]]  # per field, per record: shingle hashes
    keys: U64  # (records, bands)


def dedup(options: DedupOptions, progress: Progress) -> Outcome:
    """Keep one record of each cluster. Raises UsageError for a threshold outside (0, 1]."""
    if not 0 < options.threshold <= 1 or options.ngram < 1 or options.perm < 2:
        raise UsageError("--threshold must be in (0, 1], --ngram at least 1, --perm at least 2")
    sources = open_inputs(options)
    entries = [source.entry for source in sources]
    with writing(
        options.out, command="dedup", options=options, inputs=entries, force=options.force
    ) as output:
        if not output.reused:
            _write(options, output, cut(sources, output.work), progress)
    return outcome(output, f"ittools mix {options.out} --heldout 0.1 --out {options.out.parent / 'mix'}")


def _write(options: DedupOptions, output: Output, parts: list[Part], progress: Progress) -> None:
    stems = [str(output.work / f"part-{i:06d}") for i in range(len(parts))]
    how = {"engine": options.engine, "workers": options.workers, "progress": progress}
    progress.start("dedup: signatures", len(parts))
    run_tasks(sketch_part, [(p, s, options) for p, s in zip(parts, stems, strict=True)], **how)  # type: ignore[arg-type]
    sketches = _load(stems)
    progress.start("dedup: decide", len(sketches.ids))
    clusters = decide(sketches, options.threshold, progress)
    clusters.name_twins(sketches.ids)
    progress.start("dedup: write", len(parts))
    tasks, first = [], 0
    for part, stem in zip(parts, stems, strict=True):
        tasks.append((part, stem, clusters.slice(first, part.records), options.keep_dropped))
        first += part.records
    counts = run_tasks(emit_part, tasks, **how)  # type: ignore[arg-type]
    funnel = join_parts(output, stems, counts, keep_dropped=options.keep_dropped)
    write_clusters(output, clusters, sketches.ids)
    bands, rows = _bands(options)
    output.finish(
        funnel,
        clusters=clusters.summary(sketches.ids),
        minhash={"permutations": options.perm, "bands": bands, "rows": rows,
                 "recall_at_threshold": round(recall(options.threshold, bands, rows), 4)},
    )  # fmt: skip


def _bands(options: DedupOptions) -> tuple[int, int]:
    return choose_bands(options.threshold, options.perm)


def sketch_part(part: Part, stem: str, options: DedupOptions) -> int:
    """Task: exact keys, shingles, band keys and priorities of one part, to `stem`.npz."""
    names = FIELDS[options.on]
    table = part.read(["id", "scores", *names])
    texts = {name: table.column(name).to_pylist() for name in names}
    arrays: dict[str, Any] = {
        "exact": np.frombuffer(b"".join(_exact_keys(list(texts.values()))), "S16"),
        "priority": _priorities(table, texts, options),
        "ids": np.array(table.column("id").to_pylist(), "S32"),
    }
    if options.method == "near":
        found = [unique(word_shingles(pa.array(texts[name]), n=options.ngram, tag=tag)) for tag, name in enumerate(names)]
        for tag, shingles in enumerate(found):
            arrays[f"hashes{tag}"], arrays[f"offsets{tag}"] = shingles.values, shingles.offsets
        bands, rows = _bands(options)
        arrays["keys"] = band_keys(field_signatures(found, count=options.perm), bands, rows)
    np.savez(f"{stem}.npz", **arrays)
    return part.records


def _exact_keys(columns: list[list[str]]) -> Iterator[bytes]:
    """blake2b-128 of the words and signs of each field: case, punctuation and white space do not count."""
    for texts in zip(*columns, strict=True):
        folded = [" ".join(content_words(text)) for text in texts]
        yield hashlib.blake2b("\x1f".join(folded).encode(), digest_size=16).digest()


def _priorities(table: pa.Table, texts: dict[Field, list[str]], options: DedupOptions) -> NDArray[np.float64]:
    if options.keep == "longest":
        return np.array([sum(map(len, row)) for row in zip(*texts.values(), strict=True)], np.float64)
    if options.keep == "best":
        scores = table.column("scores").to_pylist()
        return np.array([scores_dict(s).get(options.score, -np.inf) for s in scores], np.float64)
    return np.zeros(table.num_rows)


def _load(stems: list[str]) -> Sketches:
    ids: list[str] = []
    exact: list[bytes] = []
    priorities, keys = [], []
    fields: list[list[U64]] = []
    for stem in stems:
        with np.load(f"{stem}.npz") as arrays:
            ids += [i.decode() for i in arrays["ids"]]
            exact += [bytes(e).ljust(16, b"\0") for e in arrays["exact"]]  # numpy trims zero bytes
            priorities.append(arrays["priority"])
            if "keys" in arrays:
                keys.append(arrays["keys"])
                for tag in range(sum(name.startswith("hashes") for name in arrays.files)):
                    if len(fields) <= tag:
                        fields.append([])
                    found = Ragged(arrays[f"hashes{tag}"], arrays[f"offsets{tag}"])
                    fields[tag] += [found.of(i) for i in range(len(found))]
        Path(f"{stem}.npz").unlink()
    priority = np.concatenate(priorities) if priorities else np.zeros(0)
    return Sketches(
        ids, exact, priority, fields, np.concatenate(keys) if keys else np.zeros((len(ids), 0), np.uint64)
    )


def decide(sketches: Sketches, threshold: float, progress: Progress) -> Clusters:
    """Keep-first by priority: each record against the kept ones that share an exact key or a band."""
    clusters = Clusters(len(sketches.ids))
    order = np.lexsort((np.arange(len(sketches.ids)), -sketches.priority))
    same: dict[bytes, tuple[int, str, float]] = {}  # what an equal record would be dropped for
    buckets: list[dict[int, list[int]]] = [{} for _ in range(sketches.keys.shape[1])]
    for record in map(int, order):
        progress.advance()
        exact = sketches.exact[record]
        if exact in same:
            clusters.drop(record, *same[exact])
            continue
        near = _nearest(sketches, record, buckets, threshold)
        if near is not None:
            same[exact] = (near[0], "near-duplicate", near[1])
            clusters.drop(record, *same[exact])
            continue
        same[exact] = (record, "exact-duplicate", 1.0)
        for bucket, key in zip(buckets, sketches.keys[record].tolist(), strict=True):
            bucket.setdefault(key, []).append(record)
    return clusters


def _nearest(
    sketches: Sketches, record: int, buckets: list[dict[int, list[int]]], threshold: float
) -> tuple[int, float] | None:
    """The kept record most like this one at or above the threshold, ties to the earliest."""
    met: set[int] = set()
    for bucket, key in zip(buckets, sketches.keys[record].tolist(), strict=True):
        met.update(bucket.get(key, ()))
    best: tuple[int, float] | None = None
    for other in sorted(met):
        alike = _alike(sketches, record, other, threshold)
        if alike >= threshold and (best is None or alike > best[1]):
            best = (other, alike)
    return best


def _alike(sketches: Sketches, record: int, other: int, threshold: float) -> float:
    """Similarity of the least alike field; 0 as soon as one is below the threshold."""
    least = 1.0
    for field in sketches.fields:
        one, two = field[record], field[other]
        smaller, larger = sorted((len(one), len(two)))
        if smaller < threshold * larger:  # the sizes alone forbid it
            return 0.0
        least = min(least, jaccard(one, two))
        if least < threshold:
            return 0.0
    return least


def emit_part(part: Part, stem: str, clusters: Clusters, keep_dropped: bool) -> Counts:
    """Task: one part into kept and dropped by the decision."""
    reasons = pa.array(clusters.reasons, pa.string())
    return split_part(part.read(), reasons, stem, details=clusters.details(), keep_dropped=keep_dropped)
