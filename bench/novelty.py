"""One candidate's ROUGE-L against 50,000 instructions: ours against rouge_score as Self-Instruct calls it."""

from __future__ import annotations

import random
import statistics
from pathlib import Path

from bench.timing import line, seconds
from ittools.generate.offline.kind import write_instruction
from ittools.generate.offline.kinds import KINDS
from ittools.text.rouge import Pool

ALPACA = Path(__file__).parents[2] / "shared" / "data" / "instruct" / "alpaca_52k.parquet"
POOL, BATCH, MOST = 50_000, 100, 0.7
ALONE, JUDGED, PEERS = 200, 400, 3  # candidates a run: by `twin`, by `judge`, by rouge_score (a second each)
RUNS = 5


def instructions(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    found = []
    while len(found) < count:
        kind = rng.choice(KINDS)
        found.append(write_instruction(kind, "en", rng.randrange(len(kind.phrasings["en"])), rng))
    return found


def real_instructions(count: int) -> tuple[str, list[str]]:
    """(whose, the instructions): Alpaca's where they are beside the checkout, else ours."""
    if not ALPACA.is_file():
        return "offline kinds", instructions(count, 1)
    import pyarrow.parquet as pq

    found = pq.read_table(ALPACA, columns=["instruction"])["instruction"].to_pylist()
    random.Random(1).shuffle(found)
    return "Alpaca", found[:count]


def run() -> list[str]:
    from rouge_score import rouge_scorer

    whose, texts = real_instructions(POOL + RUNS * JUDGED)
    texts, fresh = texts[:POOL], texts[POOL:]
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    building = [seconds(lambda: Pool(texts)) for _ in range(RUNS)]
    pool = Pool(texts)

    def one_at_a_time() -> object:
        return [pool.twin(text, MOST) for text in fresh[:ALONE]]

    def in_batches(candidates: list[str]) -> object:
        return [pool.judge(candidates[at : at + BATCH], MOST) for at in range(0, JUDGED, BATCH)]

    def peer() -> object:
        return [[scorer.score(t, c)["rougeL"].fmeasure > MOST for t in texts] for c in fresh[:PEERS]]

    times = []
    for number in range(RUNS):  # in turn; the judged are new each time, for the pool keeps the novel ones
        new = fresh[number * JUDGED :][:JUDGED]
        times.append((seconds(one_at_a_time), seconds(lambda new=new: in_batches(new)), seconds(peer)))
    alone, judged, peers = (statistics.median(column) for column in zip(*times, strict=True))
    each = 1e3 * peers / PEERS
    return [
        line(f"ROUGE-L decision beside {POOL:,} ({whose}), `twin`", 1e3 * alone / ALONE, each, "ms"),
        line(f"the same, ten nearest and mean, `judge` by {BATCH}", 1e3 * judged / JUDGED, each, "ms"),
        f"{f'a pool of {POOL:,} instructions':<58} ours {statistics.median(building):9.4f} s",
    ]
