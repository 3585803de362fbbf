"""A generation killed again and again: is anything bought twice that was already in hand?

    BENCH_PEERS=FOLDER python -m bench paid

The server counts purchases of each prompt; after each kill the client's own ledger says which answers
it holds. What was in flight may be bought again: that many at most for each kill.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.peers import OURS, Contestant, contestants, kill_group, run_process, shards, start_process
from bench.server import Served, served

NUMBER, WIDE, LATENCY = 2_000, 64, 0.05
KILLS, PEER_KILLS = 20, 2
LIMIT = 120.0  # seconds for one attempt; distilabel's resume was seen to hang
STARTS, POLL = 0.5, 0.005  # seconds: into start-up, for the first kill; between looks
ARRIVES = 0.1  # seconds for what was already on the wire to be counted


@dataclass
class Toll:
    """What the kills cost. bought again: in all, after a delivery, and what the client's file held."""

    kills: int = 0
    ended: str = "finished"
    kept: int = 0
    again: int = 0
    delivered_again: int = 0
    held_again: int = 0


def run() -> Iterator[str]:
    yield f"{NUMBER:,} requests, {WIDE} at once, {LATENCY:g} s each, killed with -9 and started again"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as base:
        quiet, troubled = Path(base) / "quiet", Path(base) / "troubled"
        with served(latency=LATENCY) as server:
            run_process(OURS.command(server.url, NUMBER, WIDE, quiet), quiet, LIMIT)
        yield line(OURS, killed(OURS, troubled, KILLS), KILLS)
        left, right = hashes(quiet), hashes(troubled)
    differ = [name for name in sorted(left.keys() | right.keys()) if left.get(name) != right.get(name)]
    yield f"shards unlike those of a run left alone: {len(differ)} of {len(left)} {' '.join(differ)}"
    present, absent = contestants()
    yield from absent
    for peer in present:
        if peer.resumes and peer is not OURS:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as base:
                yield line(peer, killed(peer, Path(base) / "out", PEER_KILLS), PEER_KILLS)


def line(one: Contestant, toll: Toll, kills: int) -> str:
    held = f"{toll.held_again} that its own file held, " if one.name in ("ittools", "curator") else ""
    return (
        f"{one.name:<14}{toll.kills} of {kills} kills, then {toll.ended}, {toll.kept:,} kept. Bought again: "
        f"{held}{toll.delivered_again} delivered before a kill, {toll.again} in all "
        f"({toll.kills * WIDE} can be in flight)"
    )


def killed(one: Contestant, folder: Path, kills: int) -> Toll:
    """Kill at moments spread over the run, from start-up to the last answer; then let it finish."""
    toll, rng = Toll(), random.Random(0)
    delivered: list[dict[str, int]] = []  # at each kill, how often each delivered prompt was bought
    held: list[dict[str, int]] = []  # the same for what the client's own file held
    with served(latency=LATENCY) as server:
        command = one.command(server.url, NUMBER, WIDE, folder)
        for target in targets(kills):
            toll.ended = kill_at(server, command, folder, target, rng.uniform(0, LATENCY))
            if toll.ended != "killed":
                break
            time.sleep(ARRIVES)
            toll.kills += 1
            counts = server.stats(prompts=True)["prompts"]
            delivered.append({text: bought for text, (bought, got) in counts.items() if got})
            held.append({text: counts[text][0] for text in HELD[one.name](folder)})
        else:
            ran = run_process(command, folder, LIMIT)
            toll.kept = ran.kept
            toll.ended = {0: "finished", None: "hung"}.get(ran.code, f"failed ({ran.code})")
        seen = server.stats(prompts=True)
    final = {text: bought for text, (bought, _) in seen["prompts"].items()}
    toll.again = seen["again"]
    toll.held_again, toll.delivered_again = bought_since(held, final), bought_since(delivered, final)
    return toll


def targets(kills: int) -> list[int]:
    """Answers delivered when the kill comes: many kills also meet start-up and the end, few the middle."""
    if kills > PEER_KILLS:
        return [round(NUMBER * place / (kills - 1)) for place in range(kills)]
    return [round(NUMBER * place / (kills + 1)) for place in range(1, kills + 1)]


def kill_at(server: Served, command: list[str], folder: Path, target: int, later: float) -> str:
    """Start, wait until `target` prompts are answered and `later` seconds, kill: "killed".

    Otherwise "ended before its kill", or "hung" past the limit.
    """
    until = time.monotonic() + LIMIT
    process = start_process(command, folder.with_suffix(".log"))
    time.sleep(STARTS if not target else 0)
    while server.stats()["answered"] < target and process.poll() is None and time.monotonic() < until:
        time.sleep(POLL)
    time.sleep(later)
    if process.poll() is not None:
        return f"ended before its kill ({process.returncode})"
    kill_group(process)
    return "killed" if time.monotonic() < until else "hung"


def in_ledger(folder: Path) -> set[str]:
    """Prompts whose answers our ledger holds, read from a copy: opening the file itself would mend it."""
    found = next(folder.rglob("ledger.sqlite"), None) if folder.exists() else None
    if found is None:
        return set()
    with tempfile.TemporaryDirectory() as aside:
        for path in (found, found.with_name(found.name + "-wal")):
            if path.exists():
                shutil.copy(path, aside)
        with closing(sqlite3.connect(Path(aside) / found.name)) as ledger:
            if not ledger.execute("SELECT 1 FROM sqlite_master WHERE name = 'responses'").fetchall():
                return set()
            rows = ledger.execute("SELECT request FROM intents JOIN responses USING (key)").fetchall()
    return {json.loads(request)["prompt"] for (request,) in rows}


def in_responses(folder: Path) -> set[str]:
    """Prompts whose answers stand in curator's responses_*.jsonl; its last line may be torn."""
    found = set()
    for path in folder.rglob("responses_*.jsonl"):
        for text in path.read_text(errors="replace").splitlines():
            with suppress(ValueError):
                found.add(json.loads(text)["generic_request"]["messages"][-1]["content"])
    return found


HELD: dict[str, Callable[[Path], set[str]]] = {
    "ittools": in_ledger,
    "curator": in_responses,
    "distilabel": lambda folder: set(),  # whole batches, pickled
    "DataDesigner": lambda folder: set(),  # whole row groups of 1,000
}


def bought_since(then: list[dict[str, int]], final: dict[str, int]) -> int:
    """Prompts bought once more after a kill at which they were in hand."""
    return len({text for counts in then for text, bought in counts.items() if final[text] > bought})


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path, _ in shards(folder)}
