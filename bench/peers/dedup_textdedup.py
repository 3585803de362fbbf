"""text-dedup: its command `text_dedup.minhash`, then its Arrow output as JSONL. It names no pairs.

WAY sha1: its default hash. xxh3: the faster one that its help names.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

WAY, SOURCE, TARGET, *_ = sys.argv[1:]
HOME = tempfile.TemporaryDirectory()
os.environ |= {"HF_HOME": HOME.name, "HF_HUB_OFFLINE": "1"}


def main() -> None:
    from datasets import load_from_disk
    from dedup_common import NGRAM, PERMUTATIONS, THRESHOLD, say
    from text_dedup.minhash import main as minhash

    out = Path(HOME.name, "out")
    began = time.perf_counter()
    options = {
        "path": "json", "data_files": SOURCE, "split": "train", "column": "output", "output": out,
        "cache_dir": Path(HOME.name, "cache"), "ngram": NGRAM, "num_perm": PERMUTATIONS,
        "threshold": THRESHOLD, "min_length": 0, "hash_func": WAY,
    }  # fmt: skip
    minhash.main([f"--{name}={value}" for name, value in options.items()], standalone_mode=False)
    kept = load_from_disk(str(out))
    kept.to_json(TARGET)
    seconds = time.perf_counter() - began
    say(seconds, None, None, len(kept))


if __name__ == "__main__":
    main()
