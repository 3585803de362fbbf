"""The quickstart killed again and again, against the same left alone: the bytes must be equal.

python -m bench.kills 20 generate.num=60 finetune.max-steps=40
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def command(runs: Path, settings: list[str]) -> list[str]:
    changed = [word for setting in settings for word in ("--set", setting)]
    return [sys.executable, "-m", "ittools", "run", "quickstart", "--runs", str(runs), *changed, "-q"]


def hashes(runs: Path) -> dict[str, str]:
    """SHA-256 of every shard, tensor file and loss curve; manifests and cards tell times and paths."""
    wanted = (".parquet", ".safetensors", "loss.json", "metrics.json")
    return {
        path.relative_to(runs).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(runs.rglob("*"))
        if path.is_file() and path.name.endswith(wanted) and "checkpoints" not in path.parts
    }


def killed_run(runs: Path, settings: list[str], kills: int, whole: float, rng: random.Random) -> int:
    """Kill `kills` times at random moments of a run's length, then let it finish; returns kills done."""
    done = 0
    while done < kills:
        process = subprocess.Popen(command(runs, settings), start_new_session=True)
        try:
            process.wait(timeout=rng.uniform(0.2, whole / 2))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
            continue
        break  # it finished in between
    subprocess.run(command(runs, settings), check=True)
    return done


def main() -> int:
    kills, settings = int(sys.argv[1]), sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        quiet, troubled = Path(folder) / "quiet", Path(folder) / "troubled"
        began = time.perf_counter()
        subprocess.run(command(quiet, settings), check=True)
        whole = time.perf_counter() - began
        rng, done, rounds = random.Random(0), 0, 0
        wrong: list[str] = []
        while done < kills:
            runs = troubled / str(rounds)
            done += killed_run(runs, settings, min(4, kills - done), whole, rng)
            rounds += 1
            left, right = hashes(quiet), hashes(runs)
            wrong += [
                name for name in sorted(left.keys() | right.keys()) if left.get(name) != right.get(name)
            ]
        print(f"{done} kills over {rounds} runs of {whole:.0f} s: {len(wrong)} of {len(left)} files differ")
        print("\n".join(wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
