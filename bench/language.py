"""Languages: langdetect's own code against the same answers by numpy, and against py3langid by numpy.

BENCH_DATA names a folder with real texts (multilingual/lingua_testdata.parquet, instruct/alpaca_52k.parquet);
without it the texts are instructions of the offline kinds in five languages. CPU seconds, taken in turn.
`python -m bench.language BACKEND` reads texts from standard input and prints its peak memory.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa

from bench.timing import line
from ittools.text.language import Backend, identify

LIBRARY, OURS, RUNS = 500, 16_000, 5  # texts a run; the library does 500 a second


def run() -> list[str]:
    found = []
    for whose, texts in corpora().items():
        found += _compare(whose, texts)
        for backend in ("none", *get_args(Backend)[:2]):
            command = [sys.executable, "-m", "bench.language", backend]
            read = subprocess.run(command, input="\0".join(texts), capture_output=True, text=True, check=True)
            found.append(f"{f'  a process that reads {OURS:,} texts, {backend}':<58} {read.stdout.strip()}")
    return found


def corpora() -> dict[str, list[str]]:
    import pyarrow.parquet as pq

    folder = os.environ.get("BENCH_DATA")
    if not folder:
        return {"offline kinds": made(OURS)}
    labelled = pq.read_table(Path(folder) / "multilingual" / "lingua_testdata.parquet")["text"].to_pylist()
    alpaca = pq.read_table(Path(folder) / "instruct" / "alpaca_52k.parquet")["output"].to_pylist()
    sets = {"75 languages, lingua's test data": labelled, "English, Alpaca outputs": alpaca}
    return {whose: random.Random(1).sample(texts, OURS) for whose, texts in sets.items()}


def made(count: int) -> list[str]:
    from ittools.generate.offline.kind import write_instruction
    from ittools.generate.offline.kinds import KINDS

    rng = random.Random(1)
    found = []
    for _ in range(count):
        kind = rng.choice(KINDS)
        code = rng.choice(sorted(kind.phrasings))
        found.append(write_instruction(kind, code, rng.randrange(len(kind.phrasings[code])), rng))
    return found


def library() -> Callable[[str], Any]:
    """langdetect as it is meant to be used for repeatable answers: one factory, seeded, profiles sorted."""
    from langdetect import detector_factory
    from langdetect.lang_detect_exception import LangDetectException

    from ittools.text.languages.profiles import folder, names

    factory = detector_factory.DetectorFactory()
    factory.load_json_profile([(folder() / name).read_text(encoding="utf-8") for name in names()])
    factory.set_seed(0)

    def ask(text: str) -> Any:
        detector = factory.create()
        detector.append(text)
        try:
            return detector.get_probabilities()
        except LangDetectException:
            return []

    return ask


def _compare(whose: str, texts: list[str]) -> list[str]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    from ittools.text.languages import fast, langdetect

    ask, package = library(), LanguageIdentifier.from_model_file(MODEL_FILE)
    few, column = texts[:LIBRARY], pa.array(texts)
    works: dict[str, tuple[int, Callable[[], object]]] = {
        "langdetect": (LIBRARY, lambda: [ask(text) for text in few]),
        "py3langid": (LIBRARY, lambda: [package.classify(text) for text in few]),
        "langdetect by numpy": (OURS, lambda: langdetect.classify(texts)),
        "py3langid by numpy": (OURS, lambda: fast.classify(texts)),
        "identify, langdetect": (OURS, lambda: identify(column, backend="langdetect")),
        "identify, fast": (OURS, lambda: identify(column, backend="fast")),
    }
    for _, work in works.values():
        work()  # models are read
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(RUNS):
        for name, (count, work) in works.items():
            times[name].append(1e6 * _cpu(work) / count)
    each = {name: statistics.median(column) for name, column in times.items()}
    peer = each.pop("langdetect")
    title = f"{whose}: {statistics.mean(map(len, texts)):.0f} characters, beside langdetect's own"
    return [title, *(line(f"  {name}", mine, peer, "µs") for name, mine in each.items())]


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    texts = pa.array(sys.stdin.read().split("\0"))
    load = 0.0
    for name in get_args(Backend):
        if name == sys.argv[1]:
            load = _cpu(
                lambda name=name: identify(pa.array(["the first text reads the model"]), backend=name)
            )
            identify(texts, backend=name)
    status = dict(row.split(":", 1) for row in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) / 1024  # ru_maxrss begins with the parent's
    print(f"peak {peak:.0f} MB, {load:.2f} s to read the model")


if __name__ == "__main__":
    main()
