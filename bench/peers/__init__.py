"""Who is compared: ours, and every peer that has its environment under $BENCH_PEERS.

Each peer gets an environment of its own, since no two agree on their dependencies (`python3.11 -m venv
$BENCH_PEERS/NAME`, then its pip install):

    openai        'openai[aiohttp]'
    litellm       litellm
    distilabel    'distilabel[openai]==1.5.3' requests beautifulsoup4    (it declares neither of the two)
    curator       bespokelabs-curator
    designer      data-designer
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.peers.common import prompts

HERE = Path(__file__).resolve().parent

Command = Callable[[str, int, int, Path], list[str]]  # url, prompts, at once (0: its own), folder


@dataclass(frozen=True)
class Contestant:
    """width: how many it sends at once when nobody says; null when somebody has to say.

    resumes: it can go on in the same folder after a kill.
    """

    name: str
    command: Command
    width: int | None = None
    resumes: bool = False


@dataclass(frozen=True)
class Ran:
    """One process: wall and CPU seconds, with the children it waited for.

    code: null at the time limit. said: its last line.
    """

    seconds: float
    cpu: float
    code: int | None
    kept: int
    said: str

    @property
    def trouble(self) -> str:
        """How it ended, where that was not well."""
        if self.code == 0:
            return ""
        return "killed at the limit" if self.code is None else f"exit {self.code}: {self.said}"


def ours(url: str, number: int, width: int, folder: Path) -> list[str]:
    """The command line as a user has it."""
    asked = folder.parent / f"prompts-{number}.jsonl"
    if not asked.exists():
        asked.write_text("".join(json.dumps({"instruction": text}) + "\n" for text in prompts(number)))
    return [
        *(sys.executable, "-m", "ittools", "generate", str(asked), "--method", "answer"),
        *("--base-url", f"{url}/v1", "-m", "served", "--structured", "off"),
        *(("-c", str(width)) if width else ()),
        *("--out", str(folder), "-q"),
    ]


def theirs(environment: str, script: str) -> Command:
    python = Path(os.environ.get("BENCH_PEERS", ""), environment, "bin", "python")
    start = [str(python), str(HERE / f"{script}.py")]
    return lambda url, number, width, folder: [*start, url, str(number), str(width), str(folder)]


OURS = Contestant("ittools", ours, 32, resumes=True)
PEERS = (
    Contestant("aiohttp, nothing else", theirs("openai", "plain_aiohttp")),
    Contestant("openai SDK", theirs("openai", "openai_sdk")),
    Contestant("openai SDK, aiohttp", theirs("openai", "openai_sdk_aiohttp")),
    Contestant("litellm", theirs("litellm", "litellm_calls")),
    Contestant("distilabel", theirs("distilabel", "distilabel_pipeline"), 50, resumes=True),
    Contestant("curator", theirs("curator", "curator_llm"), 0, resumes=True),  # no bound at all
    Contestant("DataDesigner", theirs("designer", "designer_column"), 4, resumes=True),
)


def contestants() -> tuple[list[Contestant], list[str]]:
    """Ours and the peers that are installed; a line for each that is not."""
    present, absent = [OURS], []
    for peer in PEERS:
        python = peer.command("", 0, 0, Path())[0]
        if os.environ.get("BENCH_PEERS") and Path(python).exists():
            present.append(peer)
        else:
            absent.append(f"{peer.name}: skipped, no environment of it under $BENCH_PEERS")
    return present, absent


def run_process(command: list[str], folder: Path, limit: float) -> Ran:
    """Run to its end, or kill its whole group at `limit` seconds; what it prints goes to FOLDER.log."""
    log = folder.with_suffix(".log")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = start_process(command, log)
    try:
        code: int | None = process.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        kill_group(process)
        code = None
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    lines = log.read_text(errors="replace").split("\n")
    said = next((text.strip() for text in reversed(lines) if text.strip()), "")
    return Ran(seconds, cpu, code, kept_in(folder, lines), said[:100])


def start_process(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """In a group of its own, so that it can be killed with all its children."""
    with open(log, "wb") as handle:
        return subprocess.Popen(command, stdout=handle, stderr=handle, start_new_session=True)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kept_in(folder: Path, lines: list[str]) -> int:
    """Answers kept: what a peer's script says, or the rows of our shards."""
    said = [line for line in lines if line.startswith('{"seconds"')]
    return int(json.loads(said[-1])["kept"]) if said else sum(rows for _, rows in shards(folder))


def shards(folder: Path) -> list[tuple[Path, int]]:
    """Our finished shards and their rows."""
    import pyarrow.parquet as pq

    found = (path for path in sorted(folder.rglob("*.parquet")) if "dropped" not in path.parts)
    return [(path, pq.ParquetFile(path).metadata.num_rows) for path in found]
