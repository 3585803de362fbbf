"""CPU of `ittools --help` and of a small command, against a bare Python."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 15


def cpu_ms(command: list[str]) -> float:
    """User and system milliseconds of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def run() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "a.jsonl"
        records.write_text('{"instruction": "Add.", "input": "1 + 1", "output": "2"}\n')
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "python -c 'import pyarrow.parquet'": [sys.executable, "-c", "import pyarrow.parquet"],
            "ittools --help": [sys.executable, "-m", "ittools", "--help"],
            "ittools head --help": [sys.executable, "-m", "ittools", "head", "--help"],
            "ittools head a.jsonl": [sys.executable, "-m", "ittools", "head", str(records)],
        }
        found = {name: statistics.median(cpu_ms(c) for _ in range(RUNS)) for name, c in commands.items()}
    return [f"{name:<58} {ms:7.1f} ms CPU" for name, ms in found.items()]
