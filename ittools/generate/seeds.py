"""Seed tasks: from any readable input, or the ones that come with ittools."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import ittools
from ittools.errors import InputError
from ittools.formats.source import ReadOptions, Source, open_inputs
from ittools.generate.demonstrations import Demonstration
from ittools.records.build import Record
from ittools.text.language import primary_code

FEWEST_OWN = 8  # seeds in a language below which all languages' seeds are shown


@dataclass(frozen=True)
class Seed:
    """A task to show, and the ids of the records it stands for."""

    task: Demonstration
    ids: tuple[str, ...]


def builtin(folder: str) -> Path:
    """`seeds` or `recipes`: inside the installed package, or beside it in a checkout."""
    package = Path(ittools.__file__).parent
    inside = package / "builtin" / folder
    return inside if inside.is_dir() else package.parent / folder


def open_seeds(paths: tuple[str, ...]) -> list[Source]:
    """Sources of the given seeds; of ittools' own where none is given."""
    own = tuple(str(path) for path in sorted(builtin("seeds").glob("*.jsonl")))
    return open_inputs(ReadOptions(inputs=paths or own))


def read_seeds(sources: list[Source]) -> list[Seed]:
    """Records grouped to tasks by instruction, in order. Raises InputError when there are none."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for source in sources:
        for batch in source.batches():
            for record in batch.to_pylist():
                if record["instruction"].strip():
                    groups.setdefault((record["language"] or "en", record["instruction"]), []).append(record)
    if not groups:
        raise InputError("no seed task in " + ", ".join(source.entry.spec for source in sources))
    return [_seed(language, records) for (language, _), records in groups.items()]


def _seed(language: str, records: list[Record]) -> Seed:
    pairs = tuple((r["input"], r["output"]) for r in records if r["output"].strip())
    task = Demonstration(records[0]["instruction"], pairs, _is_classification(records[0]), language)
    return Seed(task, tuple(r["id"] for r in records))


def _is_classification(record: Record) -> bool:
    """What the record's `meta` says of it; somebody else's `meta` may be anything."""
    try:
        meta = json.loads(record["meta"] or "{}")
    except ValueError:
        return False
    return isinstance(meta, dict) and bool(meta.get("is_classification"))


def in_language(seeds: list[Seed], language: str) -> list[Seed]:
    """The language's own seeds where there are enough, else all of them."""
    own = [seed for seed in seeds if primary_code(seed.task.language) == primary_code(language)]
    return own if len(own) >= FEWEST_OWN else seeds
