"""One candidate's ROUGE-L against a pool: ours against rouge_score as Self-Instruct calls it."""

from __future__ import annotations

import random

from bench.timing import compare, line
from ittools.generate.offline.kind import write_instruction
from ittools.generate.offline.kinds import KINDS
from ittools.text.rouge import Pool

POOL = 2_000  # rouge_score takes about 30 ms a thousand; the ratio does not change with the size


def instructions(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    found = []
    while len(found) < count:
        kind = rng.choice(KINDS)
        found.append(write_instruction(kind, "en", rng.randrange(len(kind.phrasings["en"])), rng))
    return found


def run() -> list[str]:
    from rouge_score import rouge_scorer

    texts = instructions(POOL, 1)
    candidates = instructions(3, 2)
    pool = Pool(texts)
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    ours, peer = compare(
        lambda: [pool.scores(c) for c in candidates],
        lambda: [[scorer.score(c, t)["rougeL"].fmeasure for t in texts] for c in candidates],
        runs=3,
    )
    return [line(f"ROUGE-L of 3 candidates against {POOL:,} (rouge_score)", ours, peer)]
