"""Every rule of `filter` on its own over public datasets: drops, cost, records to look at.

BENCH_DATA=folder python -m bench filter_rules          drop counts, as docs/filter.md has them
BENCH_DATA=folder python -m bench.filter_rules refusal  thirty drops of one rule, drawn at random
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bench.filter_corpora import corpora
from ittools.curate.filter import FilterOptions, annotate, reason
from ittools.curate.rules.no_input import repaired
from ittools.curate.rules.table import RULES

ASKED = ("blacklisted", "language-mismatch", "wrong-language")  # they need a value of the user's
OPEN = ("jojo ko", "gpt-4o-mini")  # instructions without outputs
SHOWN = 30
Batches = list[pa.RecordBatch]
Groups = dict[str, tuple[str, ...]]
GOOD: Groups = {
    "Alpaca": ("alpaca",),
    "Dolly": ("dolly",),
    "GPT-4, GPTeacher": ("gpt-4 answers", "gpteacher", "roleplay", "seeds en"),
    "code, maths": ("code alpaca", "humaneval", "gsm8k"),
    "Chinese": ("alpaca zh", "belle seeds zh"),
    "ko, fr, fi": ("seeds ko", "seeds fr", "oasst fr", "superni fi"),
    "SuperNI": ("superni",),
    "AG News, IMDB, BoolQ": ("ag news", "imdb", "boolq"),
}
RAW: Groups = {
    "Self-Instruct": ("self-instruct 5k",),
    "Qwen1.5, parsed": ("qwen3", "qwen final"),
    "Qwen1.5, raw": ("qwen3 raw",),
    "Mixtral": ("snail",),
    "davinci-003": ("leadawon raw", "davinci-003"),
    "davinci": ("davinci", "gpt-3 on ni"),
    "HH chosen": ("hh chosen",),
    "gpt-4o-mini, instructions": ("jojo ko", "gpt-4o-mini"),
}
OPTIONS = FilterOptions(inputs=("x",), no_input="drop")


def data() -> Path:
    where = os.environ.get("BENCH_DATA")
    if not where:
        raise SystemExit("BENCH_DATA: name the folder with the public datasets")
    return Path(where)


def mended(batches: Batches) -> Batches:
    """As the command shows them to every rule, but to the one that goes in the repair's place."""
    return [repaired(batch, FilterOptions(inputs=("x",)))[0] for batch in batches]


def drops(name: str, batches: Batches) -> int:
    return sum(pc.sum(pc.is_valid(RULES[name].reason(b, OPTIONS))).as_py() or 0 for b in batches)


def whole(batches: Batches, preset: str) -> int:
    """Drops of a preset, all its rules together."""
    options = FilterOptions(inputs=("x",), preset=preset)  # type: ignore[arg-type]
    why = (reason(annotate(batch, options=options), options=options) for batch in batches)
    return sum(pc.sum(pc.is_valid(one)).as_py() or 0 for one in why)


def run() -> list[str]:
    """Two Markdown tables, good data and raw outputs: a row a rule, a column some corpora; then costs."""
    found: dict[str, Counter[str]] = {name: Counter() for name in (*RULES, "usual", "strict")}
    sizes, seconds = Counter[str](), dict.fromkeys(RULES, 0.0)
    for corpus, raw in corpora(data()):
        batches = mended(raw)
        group = next(name for name, members in {**GOOD, **RAW}.items() if corpus in members)
        sizes[group] += sum(b.num_rows for b in batches)
        for name in _judging(corpus):
            began = time.perf_counter()
            found[name][group] += drops(name, raw if name == "no-input" else batches)
            seconds[name] += time.perf_counter() - began
        if corpus not in OPEN:
            found["usual"][group] += whole(batches, "usual")
            found["strict"][group] += whole(batches, "strict")
    dear = sorted(((s, name) for name, s in seconds.items() if s), reverse=True)
    costs = [f"{name:<28}{1e6 * s / sizes.total():8.2f} us a record" for s, name in dear]
    return [*_table(found, sizes, GOOD), "", *_table(found, sizes, RAW), "", *costs]


def _judging(corpus: str) -> list[str]:
    """The rules that can judge a corpus; where there is no output, those of instructions."""
    names = [name for name in RULES if name not in ASKED]
    return [n for n in names if n.startswith(("instruction", "needs"))] if corpus in OPEN else names


def _table(
    found: dict[str, Counter[str]], sizes: Counter[str], groups: dict[str, tuple[str, ...]]
) -> list[str]:
    shown = [group for group in groups if sizes[group]]
    lines = ["| rule | " + " | ".join(f"{group} {sizes[group]:,}" for group in shown) + " |"]
    lines.append("|---" * (len(shown) + 1) + "|")
    for name, counts in found.items():
        if any(counts[group] for group in shown):
            told = " | ".join(f"{counts[group]:,}" if counts[group] else "" for group in shown)
            lines.append(f"| `{name}` | {told} |")
    return lines


def show(name: str) -> list[str]:
    """Thirty random drops of a rule, over all corpora, ends only."""
    rows = []
    for corpus, batches in corpora(data()):
        for batch in batches if name == "no-input" else mended(batches):
            gone = batch.filter(pc.is_valid(RULES[name].reason(batch, OPTIONS)))
            rows += [(corpus, row) for row in gone.select(["instruction", "input", "output"]).to_pylist()]
    random.Random(1).shuffle(rows)
    return [
        f"{corpus}: {' | '.join(repr(_ends(text)) for text in row.values())}" for corpus, row in rows[:SHOWN]
    ]


def _ends(text: str) -> str:
    return text if len(text) < 200 else f"{text[:100]} … {text[-100:]}"


if __name__ == "__main__":
    for wanted in sys.argv[1:]:
        print(*show(wanted), sep="\n")
