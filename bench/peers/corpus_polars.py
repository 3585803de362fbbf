"""The corpus pipeline in Polars: lazy, its streaming engine, numpy for the sketches, scipy for components."""

from __future__ import annotations

import numpy as np
import polars as pl
from corpus_common import BANDS, SEED, SHARD, Asked, Counts, band_keys, first_of_each, measure

KEYS = pl.Array(pl.UInt64, BANDS)


def pipeline(asked: Asked) -> Counts:
    records = pl.scan_parquet(asked.source).with_row_index("row")
    sketched = records.filter(good()).select("row", keys=sketch()).collect(engine="streaming")
    rows = sketched["row"].to_numpy().astype(np.int64)
    one, other = edges(sketched)
    del sketched
    kept = first_of_each(rows, one, other)
    chosen = sample(records, kept, asked.size)
    written = records.join(chosen.lazy(), on="row").sort("place").drop("row", "place")
    shards = pl.PartitionBy(asked.out, max_rows_per_file=SHARD)
    written.sink_parquet(shards, compression="zstd", compression_level=3, engine="streaming")
    return Counts(len(rows), len(kept), len(chosen))


def good() -> pl.Expr:
    def words(name: str) -> pl.Expr:
        return pl.col(name).str.count_matches(r"\S+")

    output = pl.col("output").str.strip_chars()
    echo = (output == pl.col("instruction").str.strip_chars()) | (output == pl.col("input").str.strip_chars())
    return words("instruction").is_between(3, 500) & words("output").is_between(1, 4_000) & ~echo


def sketch() -> pl.Expr:
    words = (
        pl.col("output").str.to_lowercase().str.replace_all(r"[^\w]+", " ").str.strip_chars().str.split(" ")
    )

    def keys(lists: pl.Series) -> pl.Series:
        hashes = lists.list.explode().hash(SEED).to_numpy()
        return pl.Series(band_keys(hashes, lists.list.len().to_numpy().astype(np.int64)), dtype=KEYS)

    return words.map_batches(keys, return_dtype=KEYS, is_elementwise=True)


def edges(sketched: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(record, first record of its bucket) of every bucket of more than one, a band at a time."""
    found = []
    for band in range(BANDS):
        keys = sketched.lazy().select("row", key=pl.col("keys").arr.get(band))
        buckets = keys.group_by("key").agg(pl.col("row")).filter(pl.col("row").list.len() > 1)
        stars = buckets.select(first=pl.col("row").list.min(), row="row").explode("row")
        found.append(stars.filter(pl.col("first") != pl.col("row")).collect(engine="streaming"))
    stars = pl.concat(found)
    return stars["row"].to_numpy().astype(np.int64), stars["first"].to_numpy().astype(np.int64)


def sample(records: pl.LazyFrame, kept: np.ndarray, size: int) -> pl.DataFrame:
    """(row, place) of the SIZE records whose ids hash lowest."""
    rows = pl.LazyFrame({"row": kept.astype(np.uint32)})
    hashed = records.select("row", place=pl.col("id").hash(SEED))
    return hashed.join(rows, on="row", how="semi").sort("place", "row").head(size).collect(engine="streaming")


if __name__ == "__main__":
    measure(pipeline)
