"""Clusters of duplicates: which record stayed for which, and how alike they are."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ittools.store.dataset import Output
from ittools.store.shards import parquet_writer

SHOWN = 20  # largest clusters in the manifest; all of them are in clusters.parquet
CLUSTERS_FILE = "clusters.parquet"


@dataclass
class Clusters:
    """Per record: null and -1 when kept, else the reason, the kept twin's number and the similarity."""

    records: int
    reasons: list[str | None] = field(default_factory=list)
    twins: list[int] = field(default_factory=list)
    similarities: list[float] = field(default_factory=list)
    twin_ids: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reasons = self.reasons or [None] * self.records
        self.twins = self.twins or [-1] * self.records
        self.similarities = self.similarities or [0.0] * self.records

    def drop(self, record: int, twin: int, reason: str, similarity: float) -> None:
        self.reasons[record], self.twins[record] = reason, twin
        self.similarities[record] = similarity

    def name_twins(self, ids: list[str]) -> None:
        self.twin_ids = [ids[twin] if twin >= 0 else None for twin in self.twins]

    def slice(self, first: int, count: int) -> Clusters:
        """The records of one part; twins only by id."""
        ends = slice(first, first + count)
        return Clusters(
            count, self.reasons[ends], self.twins[ends], self.similarities[ends], self.twin_ids[ends]
        )

    def details(self) -> list[str | None]:
        """`{"kept": id, "jaccard": 0.8125}` for each dropped record."""
        return [
            json.dumps({"kept": twin, "jaccard": round(similarity, 6)}) if twin else None
            for twin, similarity in zip(self.twin_ids, self.similarities, strict=True)
        ]

    def members(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for record, twin in enumerate(self.twins):
            if twin >= 0:
                found[twin].append(record)
        return dict(found)

    def summary(self, ids: list[str]) -> dict[str, Any]:
        """For the manifest: how many, how large, and the largest ones by id."""
        members = self.members()
        sizes = Counter(len(dropped) + 1 for dropped in members.values())
        largest = sorted(members.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:SHOWN]
        return {
            "count": len(members),
            "sizes": {str(size): count for size, count in sorted(sizes.items())},
            "largest": [
                {"kept": ids[kept], "size": len(dropped) + 1, "dropped": [ids[d] for d in dropped[:SHOWN]]}
                for kept, dropped in largest
            ],
            "all": CLUSTERS_FILE,
        }


def write_clusters(output: Output, clusters: Clusters, ids: list[str]) -> None:
    """Every dropped record with its twin, as Parquet beside the shards."""
    rows = [
        {"dropped": ids[record], "kept": ids[twin], "reason": clusters.reasons[record],
         "jaccard": clusters.similarities[record]}
        for record, twin in enumerate(clusters.twins) if twin >= 0
    ]  # fmt: skip
    schema = pa.schema(
        [("dropped", pa.string()), ("kept", pa.string()), ("reason", pa.string()), ("jaccard", pa.float64())]
    )
    with parquet_writer(output.staging / CLUSTERS_FILE, schema) as writer:
        writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    output.add_file(CLUSTERS_FILE)
