"""Daft: `minhash` over normalised text, a hash for each band, one grouping, components of what it joins."""

from __future__ import annotations

import sys
import time
from itertools import combinations

import daft
from daft import DataFrame, col
from daft.functions import hash as hashed
from daft.functions import lower, minhash, regexp_extract, regexp_replace
from daft.functions import slice as cut
from dedup_common import NGRAM, PERMUTATIONS, components, say, write_pairs

BANDS, ROWS = 14, 9  # datasketch's for 128 and 0.7


def buckets(frame: DataFrame) -> list[list[int]]:
    """Records that share a band, each time more than one. Words are \\w+ of the text in lower case."""
    text = regexp_replace(regexp_replace(lower(col("output")), r"\W+", " "), r"^ | $", "")
    hashes = minhash(text, num_hashes=PERMUTATIONS, ngram_size=NGRAM)
    sketched = frame.select("number", hashes.alias("hashes"))
    names = [f"band{band}" for band in range(BANDS)]
    bands = [
        hashed(cut(col("hashes"), band * ROWS, (band + 1) * ROWS), seed=band).alias(name)
        for band, name in enumerate(names)
    ]
    keys = sketched.select("number", *bands).unpivot("number", names, "band", "key")
    together = keys.groupby("band", "key").agg(col("number").list_agg(), col("number").count().alias("count"))
    return together.where(col("count") > 1).select("number").to_pydict()["number"]


def main() -> None:
    source, target, *pairs = sys.argv[1:]
    began = time.perf_counter()
    number = regexp_extract(col("instruction"), r"\d+").cast(daft.DataType.int64())
    frame = daft.read_json(source).select(number.alias("number"), "output").collect()
    started, cpu = time.perf_counter(), time.process_time()
    found = buckets(frame)
    kept = components(((group[0], other) for group in found for other in group[1:]), len(frame))
    kernel, cpu = time.perf_counter() - started, time.process_time() - cpu
    with open(source, "rb") as lines, open(target, "wb") as handle:
        chosen = set(kept)
        handle.writelines(line for number, line in enumerate(lines) if number in chosen)
    seconds = time.perf_counter() - began
    if pairs:
        write_pairs(pairs[0], {pair for group in found for pair in combinations(sorted(group), 2)})
    say(seconds, kernel, cpu, len(kept))


if __name__ == "__main__":
    main()
