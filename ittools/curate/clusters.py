"""Clusters of duplicates: which record stayed for which, and how alike they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ittools.curate.portions import Portion
from ittools.curate.sketch import ids_of
from ittools.engine.exchange import get_arrays
from ittools.store.dataset import Output
from ittools.store.shards import ROW_GROUP, parquet_writer
from ittools.text.ragged import I64

SHOWN = 20  # largest clusters in the manifest; all of them are in clusters.parquet
CLUSTERS_FILE = "clusters.parquet"
# of the same input; of --against and --index
REASONS = ("exact-duplicate", "near-duplicate", "exact-known", "near-known")
SEMANTIC_REASONS = ("exact-duplicate", "semantic-duplicate", "exact-known", "semantic-known")
CLUSTERS_SCHEMA = pa.schema(
    [("dropped", pa.string()), ("kept", pa.string()), ("reason", pa.string()), ("similarity", pa.float64())]
)


@dataclass(frozen=True)
class Clusters:
    """Records that go, ascending: for whom, how alike by `measure`, and which of `reasons`."""

    gone: I64
    twins: I64
    similarity: NDArray[np.float64]
    codes: NDArray[np.int8]
    measure: Literal["jaccard", "cosine"] = "jaccard"

    @property
    def reasons(self) -> tuple[str, ...]:
        return REASONS if self.measure == "jaccard" else SEMANTIC_REASONS

    def within(self, first: int, stop: int) -> slice:
        begin, end = np.searchsorted(self.gone, (first, stop))
        return slice(int(begin), int(end))

    def reasons_of(self, first: int, records: int) -> pa.DictionaryArray:
        """(records,) why each of a run of records goes; null = it stays."""
        span = self.within(first, first + records)
        codes = np.full(records, -1, np.int8)
        codes[self.gone[span] - first] = self.codes[span]
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(self.reasons))

    def details_of(self, first: int, records: int, kept_ids: TwinIds) -> pa.Array:
        """(records,) `{"kept": id, "jaccard": 0.8125}` of each that goes."""
        span = self.within(first, first + records)
        texts: list[str | None] = [None] * records
        ids = kept_ids.of(self.twins[span]).to_pylist()
        for record, kept, alike in zip(self.gone[span], ids, self.similarity[span], strict=True):
            texts[record - first] = json.dumps({"kept": kept, self.measure: round(float(alike), 6)})
        return pa.array(texts, pa.string())


def decided(
    same: Sequence[str], near: Sequence[str], known: int, measure: Literal["jaccard", "cosine"] = "jaccard"
) -> Clusters:
    """Of the files of equal records and of near ones.

    A copy of a record that goes for a near one goes as a copy, for that same one, and is as alike to it.
    """
    gone, preferred = _loaded(same, ("gone", "twins"))
    near_gone, near_twins, alike = _loaded(near, ("gone", "twins", "similarity"))
    order = np.argsort(near_gone)
    near_gone, near_twins, alike = near_gone[order], near_twins[order], alike[order]
    place = np.searchsorted(near_gone, preferred)
    place[place == len(near_gone)] = 0
    through = near_gone[place] == preferred if len(near_gone) else np.zeros(len(gone), bool)
    twins, similarity = preferred.copy(), np.ones(len(gone))
    twins[through], similarity[through] = near_twins[place[through]], alike[place[through]]
    every = np.concatenate([gone, near_gone])
    twins = np.concatenate([twins, near_twins])
    for_what = np.concatenate([preferred, near_twins])
    codes = (np.arange(len(every)) >= len(gone)).astype(np.int8) + (for_what < known).astype(np.int8) * 2
    order = np.argsort(every)
    similarity = np.concatenate([similarity, alike])
    return Clusters(every[order], twins[order], similarity[order], codes[order], measure)


def _loaded(paths: Sequence[str], names: tuple[str, ...]) -> list[NDArray[Any]]:
    found = [get_arrays(path) for path in paths]
    kinds = [np.float64 if name == "similarity" else np.int64 for name in names]
    return [
        np.concatenate([np.zeros(0, kind), *(arrays[name] for arrays in found)])
        for name, kind in zip(names, kinds, strict=True)
    ]


class TwinIds:
    """Ids of the records that others went for."""

    def __init__(self, portions: Sequence[Portion], clusters: Clusters) -> None:
        self.records = np.unique(clusters.twins)
        self.ids = ids_of(portions, self.records)

    def of(self, twins: I64) -> pa.Array:
        return self.ids.take(pa.array(np.searchsorted(self.records, twins)))


def summary(clusters: Clusters, portions: Sequence[Portion], kept_ids: TwinIds) -> dict[str, Any]:
    """For the manifest: how many, how large, and the largest ones by id."""
    kept, dropped = np.unique(clusters.twins, return_counts=True)
    sizes, counts = np.unique(dropped + 1, return_counts=True)
    largest = np.lexsort((kept, -dropped))[:SHOWN]
    members = {int(kept[place]): clusters.gone[clusters.twins == kept[place]][:SHOWN] for place in largest}
    wanted = np.unique(np.concatenate([np.zeros(0, np.int64), *members.values()]))
    names = dict(zip(wanted.tolist(), ids_of(portions, wanted).to_pylist(), strict=True))
    shown = [
        {"kept": kept_ids.ids[int(place)].as_py(), "size": int(dropped[place]) + 1,
         "dropped": [names[record] for record in members[int(kept[place])].tolist()]}
        for place in largest
    ]  # fmt: skip
    return {
        "count": len(kept),
        "sizes": {str(size): int(count) for size, count in zip(sizes, counts, strict=True)},
        "largest": shown,
        "all": CLUSTERS_FILE,
    }


def write_clusters(
    output: Output, clusters: Clusters, portions: Sequence[Portion], kept_ids: TwinIds
) -> None:
    """Every dropped record with its twin, as Parquet beside the shards."""
    with parquet_writer(output.staging / CLUSTERS_FILE, CLUSTERS_SCHEMA) as writer:
        for at in range(0, max(1, len(clusters.gone)), ROW_GROUP):
            span = slice(at, at + ROW_GROUP)
            columns = [
                ids_of(portions, clusters.gone[span]),
                kept_ids.of(clusters.twins[span]),
                pa.array(clusters.reasons).take(pa.array(clusters.codes[span])),
                pa.array(clusters.similarity[span]),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=CLUSTERS_SCHEMA))
    output.add_file(CLUSTERS_FILE)
