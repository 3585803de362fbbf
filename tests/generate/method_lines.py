"""The command line of every method, with inputs that the offline teacher knows."""

from __future__ import annotations

import json
import random
from pathlib import Path

from ittools.generate.offline.kinds import KINDS
from ittools.generate.offline.solve import whole_task

METHODS = ("self-instruct", "alpaca", "evolve", "topics", "backtranslate", "magpie", "answer", "dialogue")
OF_SEEDS = ("self-instruct", "alpaca", "evolve", "topics", "magpie", "dialogue")


def own_options(method: str, folder: Path, count: int = 60) -> list[str]:
    """What the method needs beyond --method; files are written to `folder`."""
    named = ["--method", method]
    if method == "magpie":
        return [*named, "--api", "completions", "--pre-query", "chatml"]
    if method == "answer":
        return [*named, str(prompts_file(folder, count))]
    if method == "backtranslate":
        return [*named, str(documents_file(folder, count))]
    return named


def prompts_file(folder: Path, count: int) -> Path:
    """Tasks of the offline teacher's kinds, without answers."""
    path, rng, rows = folder / "prompts.jsonl", random.Random(11), {}
    while len(rows) < count:
        language = rng.choice(("en", "de"))
        kind = rng.choice([kind for kind in KINDS if language in kind.phrasings])
        instruction, _, given = whole_task(kind, language, rng).partition("\n\n")
        rows[instruction, given] = {"instruction": instruction, "input": given, "language": language}
    path.write_text("\n".join(map(json.dumps, rows.values())))
    return path


def documents_file(folder: Path, count: int) -> Path:
    path = folder / "documents.jsonl"
    names = ("tides", "stones", "harbours", "lanterns", "orchards", "bridges", "winters")
    rows = [
        {"text": f"Notes on {names[n % 7]} number {n}. They were written down in one long evening, and "
                 f"nobody has read them since the {n}th day.", "title": f"Note {n}", "license": "CC0-1.0"}
        for n in range(count)
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)))
    return path
