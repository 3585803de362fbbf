"""datatrove: its four MinHash steps by LocalPipelineExecutor, two workers where a step allows.

WAY spacy: its default English tokenizer. split: its WhitespaceTokenizer. It names no pairs.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import time
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.word_tokenizers import WhitespaceTokenizer
from dedup_common import NGRAM, say

BANDS, ROWS = 14, 9  # datasketch's for 128 and 0.7
WORKERS = 2


def shards(source: Path, folder: Path) -> None:
    """It works by file: one for each worker, in order."""
    lines = source.read_bytes().splitlines(keepends=True)
    folder.mkdir()
    each = -(-len(lines) // WORKERS)
    for number in range(WORKERS):
        (folder / f"{number:05d}.jsonl").write_bytes(b"".join(lines[number * each : (number + 1) * each]))


def joined(folder: Path, target: Path) -> int:
    """Its compressed files as one in the input's columns; how many lines."""
    kept = 0
    with open(target, "w", encoding="utf-8") as handle:
        for path in sorted(folder.glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for row in map(json.loads, lines):
                    fields = {"instruction": row["id"], "input": "", "output": row["text"]}
                    handle.write(json.dumps(fields) + "\n")
                    kept += 1
    return kept


def main() -> None:
    way, source, target, *_ = sys.argv[1:]
    config = MinhashConfig(n_grams=NGRAM, num_buckets=BANDS, hashes_per_bucket=ROWS)
    words = {} if way == "spacy" else {"language": WhitespaceTokenizer()}
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        place = {name: f"{home}/{name}" for name in ("in", "signatures", "buckets", "remove", "out", "logs")}
        shards(Path(source), Path(place["in"]))
        reader = JsonlReader(place["in"], text_key="output", id_key="instruction", default_metadata={})
        steps = (
            ([reader, MinhashDedupSignature(place["signatures"], config, **words)], WORKERS),
            ([MinhashDedupBuckets(place["signatures"], place["buckets"], config=config)], BANDS),
            ([MinhashDedupCluster(place["buckets"], place["remove"], config=config)], 1),
            ([reader, MinhashDedupFilter(place["remove"]), JsonlWriter(place["out"])], WORKERS),
        )
        for number, (pipeline, tasks) in enumerate(steps):
            LocalPipelineExecutor(
                pipeline, tasks=tasks, workers=WORKERS, logging_dir=f"{place['logs']}/{number}"
            ).run()
        kept = joined(Path(place["out"]), Path(target))
    seconds = time.perf_counter() - began
    say(seconds, None, None, kept)


if __name__ == "__main__":
    main()
