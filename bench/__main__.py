"""`make bench`: the short benchmarks, or those named: `python -m bench novelty client paid replays`.

Curation: `dedup` runs every peer that is there, `corpus` takes minutes at its sizes; `language`,
`decontaminate`, `filter_rules`, `funnels` and `dedup_defaults` read public datasets (BENCH_DATA).
`template` runs promptsource beside ours, `template_oracle` compares their bytes.
`client` and `paid` take minutes too. Peers need environments of their own (BENCH_PEERS);
`bench.servers` runs real servers (BENCH_SERVERS), `bench.kills` the quickstart, `bench.gpu` needs a GPU.
"""

from __future__ import annotations

import importlib
import platform
import sys

ALL = ("startup", "novelty", "dedup", "memory")


def main() -> None:
    print(f"Python {platform.python_version()}, {platform.machine()}")
    for name in sys.argv[1:] or ALL:
        for line in importlib.import_module(f"bench.{name}").run():
            print(line, flush=True)


if __name__ == "__main__":
    main()
