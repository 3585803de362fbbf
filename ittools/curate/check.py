"""What dedup's decisions are worth, on a sample: by comparing with everything, and by reading the text again.

recall     kept records of the sample, each against all others exactly: who has a kept twin was missed
precision  dropped records of the sample: their shingles as sets of Python strings, against their twin's

The sample follows from the numbers of the records, so it is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.clusters import Clusters
from ittools.curate.dedup_options import DedupOptions
from ittools.curate.fields import COUNT, columns_of, texts_of
from ittools.curate.portions import Portion, content_of
from ittools.curate.sketch import Plan
from ittools.engine.exchange import get_arrays, put_arrays
from ittools.engine.protocol import Engine
from ittools.progress import Progress
from ittools.store.manifest import Manifest
from ittools.text.characters import plain_characters, plain_words
from ittools.text.join import pairs_across
from ittools.text.ragged import I64, Ragged, chain, offsets_of, take
from ittools.text.sets import SURE
from ittools.text.tokens import mix64

SAMPLE = 200
LONGEST = 200_000  # characters of a record that is read again, a character at a time
MOST = 1_000_000  # records up to which the check is made unasked: it reads all text once more


def check_decisions(
    options: DedupOptions,
    portions: Sequence[Portion],
    known: int,
    clusters: Clusters,
    plan: Plan,
    engine: Engine,
    progress: Progress,
) -> dict[str, Any]:
    """Facts for the manifest under "check"; none where nothing is to be checked."""
    total = portions[-1].stop if portions else 0
    unasked = SAMPLE if plan.method == "near" and total <= MOST else 0
    size = unasked if options.check is None else options.check
    if not size or plan.method in ("exact", "semantic"):
        return {}
    stays = np.ones(total, bool)
    stays[clusters.gone] = False
    kept = sampled(np.flatnonzero(stays[(first := _first(portions, known)) :]) + first, size)
    near = clusters.gone[clusters.codes % 2 == 1]
    seen = sampled(near, size)
    missed = _missed(kept, stays, portions, plan, engine, progress)
    said = _read_again(seen, clusters, portions, plan)
    wrong = sum(similarity < plan.threshold for similarity in said)
    found, all_kept = len(near), int(stays[first:].sum())
    lost = all_kept * len(missed) / max(1, len(kept))
    return {
        "check": {
            "kept_compared": len(kept),
            "kept_with_a_kept_twin": len(missed),
            "recall_estimate": round(found / (found + lost), 4) if found + lost else 1.0,
            "dropped_compared": len(said),
            "dropped_below_threshold": wrong,
            "precision_estimate": round(1 - wrong / len(said), 4) if said else 1.0,
        }
    }


def told(manifest: Manifest) -> dict[str, str]:
    """What a person wants to know beside the funnel."""
    facts = {"method": manifest["method"], "clusters": f"{manifest['clusters']['count']:,}"}
    if "minhash" in manifest:
        found = manifest["minhash"]
        facts["method"] += f", {found['bands']} bands of {found['rows']}"
        facts["recall"] = f"{found['recall_at_threshold']:.3f} expected at the threshold"
    if "check" in manifest:
        found = manifest["check"]
        facts["missed"] = f"{found['kept_with_a_kept_twin']} of {found['kept_compared']} kept records"
        facts["wrong"] = f"{found['dropped_below_threshold']} of {found['dropped_compared']} dropped records"
    return facts


def _first(portions: Sequence[Portion], known: int) -> int:
    return portions[known].first if known < len(portions) else 0


def sampled(records: I64, size: int) -> I64:
    """`size` of the records, ascending, spread by a hash of their number."""
    order = np.argsort(mix64(records.astype(np.uint64)), kind="stable")[:size]
    return np.sort(records[order])


def _missed(
    kept: I64,
    stays: Any,
    portions: Sequence[Portion],
    plan: Plan,
    engine: Engine,
    progress: Progress,
) -> set[int]:
    """Records of the sample with another that stays at or above the threshold."""
    where, away = _write_sample(kept, portions, plan), plan.path("gone-at-all")
    put_arrays(away, gone=~stays)
    tasks = [(portion, where, away, plan) for portion in portions]
    progress.start("dedup: check", len(tasks))
    return {record for some in engine.run(twins_in, tasks, progress, small=plan.small) for record in some}


def _write_sample(kept: I64, portions: Sequence[Portion], plan: Plan) -> str:
    found = []
    for portion in portions:
        begin, end = np.searchsorted(kept, (portion.first, portion.stop))
        if end > begin:
            found.append(content_of(portion, plan.compared, kept[begin:end] - portion.first).fields)
    arrays: dict[str, Any] = {"records": kept}
    for field in range(COUNT[plan.compared.on]):
        every = chain([fields[field] for fields in found])
        arrays |= {f"values{field}": every.values, f"offsets{field}": every.offsets}
    path = plan.path("sample")
    put_arrays(path, **arrays)
    return path


def twins_in(portion: Portion, sample: str, away: str, plan: Plan) -> list[int]:
    """Task: sampled records that reach the threshold with another that stays, of this portion."""
    arrays = get_arrays(sample)
    content = content_of(portion, plan.compared)
    count = len(arrays["records"])
    wanted = [Ragged(arrays[f"values{f}"], arrays[f"offsets{f}"]) for f in range(len(content.fields))]
    may = ~get_arrays(away)["gone"][portion.first : portion.stop]
    for field, theirs in zip(content.fields, wanted, strict=True):
        shared = offsets_of(np.isin(field.values, theirs.values))[field.offsets]
        may &= np.diff(shared) >= plan.threshold * field.lengths - SURE
    rows = np.flatnonzero(may)
    fields = [chain([s, take(field, rows)]) for s, field in zip(wanted, content.fields, strict=True)]
    one, two, _ = pairs_across(fields, plan.threshold, count)
    numbers = arrays["records"][one], rows[two - count] + portion.first
    return [int(a) for a, b in zip(*numbers, strict=True) if a != b]


def _read_again(seen: I64, clusters: Clusters, portions: Sequence[Portion], plan: Plan) -> list[float]:
    """How alike each dropped record of the sample is to its twin, where both have text of a usual length."""
    twins = clusters.twins[np.searchsorted(clusters.gone, seen)]
    texts = _texts(np.unique(np.concatenate([seen, twins])), portions, plan)
    return [
        _alike(texts[record], texts[twin], plan)
        for record, twin in zip(seen.tolist(), twins.tolist(), strict=True)
        if record in texts and twin in texts
    ]


def _texts(records: I64, portions: Sequence[Portion], plan: Plan) -> dict[int, list[str]]:
    """Compared fields of the records; those of an index have no text any more, and books are left out."""
    found: dict[int, list[str]] = {}
    on = plan.compared.on
    for portion in portions:
        first = portion.first
        for part in portion.parts:
            begin, end = np.searchsorted(records, (first, first + part.records))
            if end > begin:
                rows = part.read(columns_of(on)).take(pa.array(records[begin:end] - first))
                columns = [pc.fill_null(column, "").to_pylist() for column in texts_of(rows, on)]
                for record, *texts in zip(records[begin:end].tolist(), *columns, strict=True):
                    if sum(map(len, texts)) <= LONGEST:
                        found[record] = texts
            first += part.records
    return found


def _alike(one: list[str], two: list[str], plan: Plan) -> float:
    """Jaccard similarity of the least alike field, by sets of tuples of strings."""
    pairs = [(_shingle_set(a, plan), _shingle_set(b, plan)) for a, b in zip(one, two, strict=True)]
    return min(len(a & b) / len(a | b) if a or b else 1.0 for a, b in pairs)


def _shingle_set(text: str, plan: Plan) -> set[tuple[str, ...]]:
    parts = plain_words(text) if plan.compared.unit == "words" else plain_characters(text)
    n = plan.compared.ngram
    return {tuple(parts[i : i + n]) for i in range(max(1, len(parts) - n + 1))} if parts else set()
