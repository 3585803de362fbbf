"""Workers killed at random while a job in the three shapes runs: the bytes, and what each kill costs.

python -m bench.kills_engine [processes|ray] [KILLS]

The job: 40 parts of 20,000 records, shuffled by key into 16 partitions, merged two by two (58 MB).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ittools.engine.exchange import Arrays, get_arrays, join, put_arrays
from ittools.engine.protocol import Engine, EngineOptions, opened_engine
from ittools.engine.shapes import map_files, merge_pairs, shuffle
from ittools.progress import Progress, Silent

PARTS, RECORDS, PARTITIONS, WORKERS = 40, 20_000, 16, 2
EVERY = 0.8, 1.6  # s between two kills
WORK = 0.15  # s of computing in each task, so that kills meet tasks and not the gaps between them


class Noting(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def compute(pids: str) -> None:
    """Shows the killer who works here, and takes its time."""
    (Path(pids) / str(os.getpid())).touch()
    until = time.perf_counter() + WORK
    while time.perf_counter() < until:
        pass


def make(seed: int, target: str, pids: str) -> str:
    keys = np.random.default_rng(seed).integers(0, 1 << 63, (RECORDS, 8), dtype=np.uint64)
    compute(pids)
    put_arrays(target, key=keys[:, 0], rest=keys)
    return target


def emit(path: str, pids: str) -> Arrays:
    compute(pids)
    return get_arrays(path)


def keep(partition: int, records: Arrays, where: str, pids: str) -> str:
    target = join(where, f"partition-{partition:03d}")
    compute(pids)
    put_arrays(target, **records)
    return target


def join_two(left: str, right: str, target: str, pids: str) -> str:
    compute(pids)
    one, two = get_arrays(left), get_arrays(right)
    whole = {name: np.concatenate([one[name], two[name]]) for name in one}
    order = np.argsort(whole["key"], kind="stable")
    put_arrays(target, **{name: array[order] for name, array in whole.items()})
    return target


def job(engine: Engine, where: str, pids: str, progress: Progress) -> None:
    parts = map_files(engine, make, range(PARTS), where, pids, progress=progress)
    tasks = [(part, pids) for part in parts]
    how = {"where": where, "progress": progress}
    kept = shuffle(engine, emit, tasks, keep, partitions=PARTITIONS, options=(where, pids), **how)  # type: ignore[arg-type]
    merge_pairs(engine, join_two, kept, options=(pids,), **how)  # type: ignore[arg-type]


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def timed(name: str, folder: Path, kill: Callable[[Path], None] | None) -> tuple[float, dict[str, str], int]:
    """Seconds of the job on an engine that is open, the hashes of what it wrote, and tasks run again."""
    where, pids, progress = folder / "out", folder / "pids", Noting()
    for each in (where, pids):
        each.mkdir(parents=True)
    options = EngineOptions(engine=name, workers=WORKERS)  # type: ignore[arg-type]
    with opened_engine(options, progress=progress) as engine:
        engine.run(compute, [(str(pids),)] * WORKERS, progress)
        killer = threading.Thread(target=kill, args=(pids,)) if kill is not None else None
        if killer is not None:
            killer.start()
        began = time.perf_counter()
        job(engine, str(where), str(pids), progress)
        spent = time.perf_counter() - began
    if killer is not None:
        (folder / "over").touch()
        killer.join()
    return spent, hashes(where), len(progress.notes)


def killing(kills: int, done: list[int]) -> Callable[[Path], None]:
    """Kills one of the workers that have shown themselves, again and again, until the job is over."""
    rng = random.Random(0)

    def kill(pids: Path) -> None:
        while len(done) < kills and not (pids.parent / "over").exists():
            time.sleep(rng.uniform(*EVERY))
            alive = [path.name for path in pids.iterdir() if Path("/proc", path.name).exists()]
            if alive:
                done.append(int(rng.choice(sorted(alive))))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(done[-1], signal.SIGKILL)

    return kill


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else "processes"
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        done: list[int] = []
        inline, expected, _ = timed("inline", Path(folder) / "inline", None)
        quiet, calm, _ = timed(name, Path(folder) / "quiet", None)
        troubled, found, again = timed(name, Path(folder) / "troubled", killing(kills, done))
    wrong = [key for key in expected if not expected[key] == found.get(key) == calm.get(key)]
    print(f"inline {inline:.1f} s; {name}, {WORKERS} workers: {quiet:.1f} s alone, {troubled:.1f} s with")
    print(f"{len(done)} kills, {again} tasks run again; {len(wrong)} of {len(expected)} files differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    from bench.kills_engine import main as named  # its tasks are found there by any worker

    sys.exit(named())
