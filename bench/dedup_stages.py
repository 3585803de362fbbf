"""What each stage of `dedup --method near` costs: CPU, memory of a task, bytes exchanged.

python -m bench.dedup_stages CORPUS [RECORDS ...]     # the first RECORDS of it; default: all

One process runs all tasks, so the figures are those of the tasks alone; `command` is what the command
itself does between the stages. Memory is the highest resident set (with mapped files) since the stage
began; `imports` is what it was before the first task.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq

from ittools.curate import dedup as command
from ittools.curate.dedup_options import DedupOptions
from ittools.engine.inline import Inline
from ittools.engine.outcomes import stage_name
from ittools.engine.protocol import EngineOptions
from ittools.progress import Progress, Silent

BETWEEN = "command"


@dataclass
class Stage:
    tasks: int = 0
    cpu: float = 0.0
    peak_mb: float = 0.0


@dataclass
class Metered:
    """Runs tasks here and notes what each stage took."""

    folder: Path
    stages: dict[str, Stage] = field(default_factory=dict)
    most_bytes: int = 0
    since: float = field(default_factory=time.process_time)
    workers: int = 1

    def run(
        self, fn: Callable[..., Any], tasks: Sequence[Any], progress: Progress, *, small: bool = False
    ) -> list[Any]:
        self.note(BETWEEN, 0)
        found = Inline().run(fn, tasks, progress)
        self.note(stage_name(fn), len(tasks))
        self.most_bytes = max(self.most_bytes, sum(f.stat().st_size for f in self.folder.rglob("*.arr*")))
        return found

    def note(self, name: str, tasks: int) -> None:
        stage = self.stages.setdefault(name, Stage())
        stage.tasks += tasks
        stage.cpu += time.process_time() - self.since
        stage.peak_mb = max(stage.peak_mb, peak_mb())
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
        self.since = time.process_time()


def peak_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def metered(corpus: Path, out: Path) -> tuple[Metered, float]:
    """The stages of one run, and the memory before it."""
    metered = Metered(out)

    @contextmanager
    def opened(options: EngineOptions, *, progress: Progress | None = None) -> Iterator[Metered]:
        yield metered

    imports = peak_mb()
    with patch.object(command, "opened_engine", opened):
        options = DedupOptions(inputs=(str(corpus),), out=out, method="near", engine="inline", check=0)
        command.dedup(options, Silent())
    metered.note(BETWEEN, 0)
    return metered, imports


def lines(corpus: Path) -> Iterator[str]:
    records = pq.read_metadata(corpus).num_rows
    with tempfile.TemporaryDirectory(dir=corpus.parent) as folder:
        found, imports = metered(corpus, Path(folder) / "out")
    yield f"{records:,} records; imports {imports:.0f} MB; {found.most_bytes / records:.0f} bytes a record"
    for name, stage in found.stages.items():
        each = stage.cpu / records * 1e6
        yield f"  {name:<14} {stage.tasks:5} tasks {each:8.3f} us CPU a record {stage.peak_mb:8.0f} MB"
    total = sum(stage.cpu for stage in found.stages.values())
    yield f"  {'all':<14} {'':11} {total / records * 1e6:8.3f} us"


def first(corpus: Path, records: int, folder: Path) -> Path:
    path = folder / f"first-{records}.parquet"
    pq.write_table(pq.read_table(corpus).slice(0, records), path, row_group_size=16_384)
    return path


def main() -> None:
    corpus = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(dir=corpus.parent) as folder:
        sizes = [int(word) for word in sys.argv[2:]]
        for each in [first(corpus, size, Path(folder)) for size in sizes] or [corpus]:
            for line in lines(each):
                print(line, flush=True)


if __name__ == "__main__":
    main()
