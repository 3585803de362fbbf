"""Peak memory of a whole process tree; run by itself: a million records through filter and export.

`watched(command, log)` samples PSS (a page that n processes share counts 1/n in each) of every process in
the command's session. What counts is anonymous and shared memory: pages of mapped files can be dropped by
the kernel at any time, so a memory cgroup does not kill for them either; they are given apart.
`memory_mb` kills the session where a sample is above it: coarser than `systemd-run --scope -p MemoryMax=1G
-p MemorySwapMax=0 ...`, which kills at the first page too many, but it needs no right to make cgroups.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.novelty import instructions

RECORDS = 1_000_000
EVERY, SELDOM = 0.03, 0.2  # seconds between samples, in the first three seconds and after twenty
TICKS = os.sysconf("SC_CLK_TCK")  # a second
PAGE_MB = os.sysconf("SC_PAGESIZE") / 2**20


@dataclass(frozen=True)
class Watched:
    """code: null where it was killed, and `ended` says why. cpu: user and system seconds.

    peak_mb: anonymous and shared. mapped_mb: the same with pages of files. Both sampled, so a little low.
    """

    seconds: float
    cpu: float
    code: int | None
    peak_mb: float
    mapped_mb: float
    ended: str
    said: str

    @property
    def well(self) -> bool:
        return self.code == 0


def watched(
    command: list[str], log: Path, *, limit: float = 600, memory_mb: float | None = None, samples: bool = True
) -> Watched:
    """Run to its end, to `limit` seconds or to `memory_mb`; what it prints goes to `log`.

    Each sample walks the page tables of the process while it waits for memory: a run that is timed goes
    without `samples`, with peaks of 0.
    """
    began = time.perf_counter()
    with open(log, "wb") as handle:
        process = subprocess.Popen(command, stdout=handle, stderr=handle, start_new_session=True)
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        found = _sampled(process.pid, began, limit, memory_mb) if samples else _awaited(process.pid, limit)
        cpu, status, peak, mapped, ended = found
    finally:
        signal.signal(signal.SIGTERM, before)
        _end_session(process.pid)  # nobody stays behind, whoever is interrupted
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Watched(
        seconds, cpu, None if ended else process.returncode, peak, mapped, ended, last_line(log),
    )  # fmt: skip


def _sampled(
    session: int, began: float, limit: float, memory_mb: float | None
) -> tuple[float, int, float, float, str]:
    """(CPU seconds, exit status, peak MB, with mapped files, why it was killed), once the process has ended.

    The kernel counts the CPU of children that were waited for; a fork server's never are, so what the
    samples saw counts where it is more.
    """
    peak = mapped = 0.0
    ended, seen, over = "", dict[int, float | None](), os.pidfd_open(session)
    try:
        while True:
            pid, status, used = os.wait4(session, os.WNOHANG)
            if pid:
                cpu = sum(seconds or 0 for seconds in seen.values())
                return max(cpu, used.ru_utime + used.ru_stime), status, peak, mapped, ended
            now, with_files = session_mb(session, seen, unless_below=peak)
            peak, mapped = max(peak, now), max(mapped, with_files)
            if time.perf_counter() - began > limit:
                ended = ended or f"killed after {limit:.0f} s"
            if memory_mb is not None and now > memory_mb:
                ended = ended or f"killed above {memory_mb:,.0f} MB"
            if ended:
                os.killpg(session, signal.SIGKILL)
            pause = EVERY if memory_mb else min(max(EVERY, (time.perf_counter() - began) / 100), SELDOM)
            select.select([over], [], [], pause)  # wakes when the process ends
    finally:
        os.close(over)


def _awaited(session: int, limit: float) -> tuple[float, int, float, float, str]:
    """As `_sampled`, of the CPU of children that were waited for."""
    over = os.pidfd_open(session)
    try:
        ended = "" if select.select([over], [], [], limit)[0] else f"killed after {limit:.0f} s"
    finally:
        os.close(over)
    if ended:
        os.killpg(session, signal.SIGKILL)
    _, status, used = os.wait4(session, 0)
    return used.ru_utime + used.ru_stime, status, 0.0, 0.0, ended


def session_mb(
    session: int, seen: dict[int, float | None], *, unless_below: float = 0.0
) -> tuple[float, float]:
    """(anonymous and shared MB, the same with mapped files) of all processes of a session.

    seen: CPU seconds of each process, null where it is of another session. RSS is cheap and never below
    PSS: where its sum is below `unless_below`, PSS is not asked for.
    """
    members = _members(session, seen)
    if sum(map(_rss_mb, members)) < unless_below:
        return 0.0, 0.0
    totals = [0.0, 0.0]
    for pid in members:
        sizes = _rollup(pid)
        totals[0] += (sizes.get("Pss_Anon", 0) + sizes.get("Pss_Shmem", 0)) / 1024
        totals[1] += sizes.get("Pss", 0) / 1024
    return totals[0], totals[1]


def _members(session: int, seen: dict[int, float | None]) -> list[int]:
    found = []
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        if pid in seen and seen[pid] is None:
            continue
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        if int(stat[3]) == session:  # state, ppid, pgrp, session, ... utime and stime 11 and 12
            seen[pid] = (int(stat[11]) + int(stat[12])) / TICKS
            found.append(pid)
        else:
            seen[pid] = None
    return found


def _rss_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB
    except (OSError, IndexError):
        return 0.0


def _rollup(pid: int) -> dict[str, int]:
    """{"Pss": kB, "Pss_Anon": kB, ...}; empty where the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}


def _end_session(session: int) -> None:
    for pid in _members(session, {}):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return next((text.strip() for text in reversed(lines) if text.strip()), "")


def write_records(path: Path, count: int) -> None:
    rng = random.Random(5)
    openings = instructions(2_000, 7)
    words = " ".join(openings).split()
    with open(path, "w", encoding="utf-8") as handle:
        for number in range(count):
            output = " ".join(rng.choices(words, k=40))
            row = {"instruction": f"{rng.choice(openings)} ({number})", "input": "", "output": output}
            handle.write(json.dumps(row) + "\n")


def run(count: int = RECORDS) -> list[str]:
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write_records(base / "in.jsonl", count)
        steps = {
            "filter": ["filter", str(base / "in.jsonl"), "--out", str(base / "filter"), "-q"],
            "export": ["export", str(base / "filter"), "--to", "alpaca", "--out", str(base / "x.json"), "-q"],
        }
        for name, arguments in steps.items():
            ran = watched([sys.executable, "-m", "ittools", *arguments], base / "log")
            trouble = "" if ran.well else f"   {ran.ended or ran.said}"
            lines.append(f"{name} of {count:,} records: {ran.seconds:.1f} s, {ran.cpu:.1f} s of CPU, "
                         f"all processes {ran.peak_mb:,.0f} MB{trouble}")  # fmt: skip
    return lines
