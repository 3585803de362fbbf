"""`ittools mix`: datasets to one mixture with splits, in the layout that trainers load."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ittools.errors import UsageError, did_you_mean
from ittools.formats.parts import Part, cut
from ittools.formats.source import ReadOptions, open_inputs
from ittools.mixture.rates import draws, largest_size, rates
from ittools.options import option
from ittools.progress import Progress
from ittools.records.funnel import Funnel
from ittools.records.messages import messages_batch
from ittools.records.schema import DROPPED_SCHEMA, MESSAGES_SCHEMA, SCHEMA
from ittools.store.dataset import Output, writing
from ittools.store.dropped import dropped_batch
from ittools.store.files import json_text
from ittools.store.outcome import Outcome, outcome
from ittools.store.shards import ROW_GROUP

Ints = NDArray[np.int64]
By = Literal["input", "source", "task", "language", "license"]


@dataclass(frozen=True, kw_only=True)
class MixOptions(ReadOptions):
    out: Path = option(Path("runs/mix"), "dataset directory", flags=("-o", "--out"), shapes_output=False)
    by: By = option("input", "what a component of the mixture is")
    weight: tuple[str, ...] = option(
        (), "NAME=WEIGHT of a component, once for each", flags=("-w", "--weight")
    )
    cap: int | None = option(None, "most records that count for a component's rate, and are drawn")
    temperature: float = option(1.0, "1: by size; higher: more even (seqio)")
    size: int | None = option(None, "records in all (default: all that weights and caps leave)")
    heldout: float = option(0.0, "share of the mixture in the split `heldout`")
    heldout_by: Literal["record", "task"] = option("record", "hold out single records or whole tasks")
    layout: Literal["messages", "records"] = option("messages", "columns: conversations, or the triple")
    seed: int = option(0, "seed of the draw and the order")
    keep_dropped: bool = option(False, "write what was not drawn to dropped/")
    force: bool = option(False, "replace another finished output", shapes_output=False)


@dataclass(frozen=True)
class Index:
    """All records without their text: where each one is, and what decides about it."""

    parts: list[Part]
    part: Ints  # (records,) number of the part
    row: Ints  # (records,) position in it
    ids: list[str]
    component: list[str]
    task: list[str]


def mix(options: MixOptions, progress: Progress) -> Outcome:
    """Draw without replacement, split, shuffle, write.

    Raises:
        UsageError: a weight for no component, a share outside its range.
    """
    _check(options)
    sources = open_inputs(options)
    entries = [source.entry for source in sources]
    with writing(options.out, command="mix", options=options, inputs=entries, force=options.force) as output:
        if not output.reused:
            names = _input_names([entry.spec for entry in entries])
            parts_of = [cut([source], output.work / f"mix-{i:03d}") for i, source in enumerate(sources)]
            _write(options, output, _index(parts_of, names, options.by, progress), progress)
    then = f"ittools finetune {options.out} --model tiny --out {options.out.parent / 'finetune'}"
    assert output.finished is not None
    table = output.finished["components"]
    facts = {
        f"  {name}": f"{c['drawn']:,} of {c['records']:,} ({c['share']:.1%})" for name, c in table.items()
    }
    splits = ", ".join(f"{name} {count:,}" for name, count in output.finished["splits"].items())
    licenses = ", ".join(f"{name} {count:,}" for name, count in output.finished["licenses"].items())
    return outcome(output, then, **facts, splits=splits, licenses=licenses)


def _check(options: MixOptions) -> None:
    problems = []
    if not 0 <= options.heldout < 1:
        problems.append("--heldout is a share from 0 to below 1")
    if not 0 < options.temperature < math.inf:
        problems.append("--temperature must be a positive number")
    if options.cap is not None and options.cap < 1:
        problems.append("--cap must be at least 1")
    if options.size is not None and options.size < 1:
        problems.append("--size must be at least 1")
    if problems:
        raise UsageError("; ".join(problems))


def _input_names(specs: Sequence[str]) -> list[str]:
    """Short names of the inputs where they are unique, else the whole specs."""
    short = [Path(spec).name.split(".")[0] or spec for spec in specs]
    return short if len(set(short)) == len(short) else list(specs)


def _index(parts_of: list[list[Part]], names: list[str], by: By, progress: Progress) -> Index:
    parts = [part for parts in parts_of for part in parts]
    progress.start("mix: index", len(parts))
    index = Index(parts, np.zeros(0, np.int64), np.zeros(0, np.int64), [], [], [])
    places: list[tuple[int, int]] = []
    owners = [name for name, parts in zip(names, parts_of, strict=True) for _ in parts]
    for number, (part, owner) in enumerate(zip(parts, owners, strict=True)):
        columns = ["id", "task", *([by] if by not in ("input", "task") else [])]
        table = part.read(columns)
        index.ids.extend(table.column("id").to_pylist())
        index.task.extend(table.column("task").to_pylist())
        found = [owner] * part.records if by == "input" else table.column(by).to_pylist()
        index.component.extend(name or "(none)" for name in found)
        places += [(number, row) for row in range(part.records)]
        progress.advance()
    array = np.array(places, np.int64).reshape(-1, 2)
    return Index(parts, array[:, 0], array[:, 1], index.ids, index.component, index.task)


def _write(options: MixOptions, output: Output, index: Index, progress: Progress) -> None:
    fresh = _first_of_each_id(index.ids)
    members: dict[str, list[int]] = {}
    for record in fresh:
        members.setdefault(index.component[record], []).append(record)
    counts = {name: len(records) for name, records in members.items()}
    shares = _shares(options, counts)
    caps = {n: min(c, options.cap) if options.cap is not None else c for n, c in counts.items()}
    size = options.size or _natural_size(options, caps, shares)
    taken = draws(caps, shares, size)
    if options.size is not None and sum(taken.values()) < options.size:
        progress.note(f"only {sum(taken.values()):,} of {options.size:,} records are there to draw")
    scarce = [name for name in counts if 0 < taken[name] == caps[name]]
    if options.size is None and sum(taken.values()) < sum(caps.values()) and scarce:
        progress.note(
            f"{', '.join(scarce)} is used up: no more keep these shares with nothing drawn twice; "
            "--size draws more from the others"
        )
    chosen = np.concatenate(
        [_draw(members[name], taken[name], options.seed, name) for name in counts] or [np.zeros(0, np.int64)]
    )
    splits = _split(options, index, chosen)
    total = len(chosen)
    components = {
        name: {"records": counts[name], "drawn": taken[name], "rate": round(shares[name], 6),
               "share": round(taken[name] / total, 6) if total else 0.0}
        for name in counts
    }  # fmt: skip
    _write_splits(options, output, index, splits, progress)
    funnel = Funnel(len(index.ids), total)
    funnel.dropped["duplicate-id"] = len(index.ids) - len(fresh)
    funnel.dropped["not-drawn"] = len(fresh) - total
    funnel.dropped = +funnel.dropped
    if options.keep_dropped:
        _write_dropped(output, index, set(fresh), set(chosen.tolist()))
    if options.layout == "messages":
        output.add_bytes("dataset_info.json", _llama_factory(options.out.resolve().name, splits).encode())
    output.finish(funnel, seed=options.seed, components=components, layout=options.layout)


def _first_of_each_id(ids: list[str]) -> list[int]:
    seen: dict[str, int] = {}
    for record, name in enumerate(ids):
        seen.setdefault(name, record)
    return list(seen.values())


def _shares(options: MixOptions, counts: dict[str, int]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for pair in options.weight:
        name, _, amount = pair.rpartition("=")
        try:
            weights[name] = float(amount)
        except ValueError:
            raise UsageError(f"--weight {pair}: expected NAME=NUMBER") from None
        if name not in counts:
            near = did_you_mean(name, counts)
            raise UsageError(f"--weight {pair}: no component {name!r}{near}; there are: {', '.join(counts)}")
        if not 0 <= weights[name] < math.inf:
            raise UsageError(f"--weight {pair}: a weight is a number from 0 up")
    if weights and set(weights) != set(counts):
        missing = ", ".join(name for name in counts if name not in weights)
        raise UsageError(f"--weight is missing for: {missing} (give 0 to leave a component out)")
    if weights and not any(weights.values()):
        raise UsageError("--weight: all are 0, so nothing would be drawn")
    return rates(counts, cap=options.cap, temperature=options.temperature, weights=weights)


def _natural_size(options: MixOptions, caps: dict[str, int], shares: dict[str, float]) -> int:
    """All of it, or with weights or a temperature the most that keeps the shares exact."""
    if not options.weight and options.temperature == 1:
        return sum(caps.values())
    return largest_size(caps, shares)


def _seeded(*words: object) -> np.random.Generator:
    digest = hashlib.blake2b(repr(words).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))


def _draw(records: list[int], count: int, seed: int, name: str) -> Ints:
    drawn = _seeded("draw", seed, name).permutation(len(records))[:count]
    return np.sort(np.array(records, np.int64)[drawn])


def _split(options: MixOptions, index: Index, chosen: Ints) -> dict[str, Ints]:
    """Shuffled records per split. By hash of the id or task: growing a mixture moves no record."""
    order = chosen[_seeded("order", options.seed).permutation(len(chosen))]
    if options.heldout <= 0:
        return {"train": order}
    names = index.task if options.heldout_by == "task" else index.ids
    places = np.array([_place(options.seed, names[record]) for record in order])
    held = places < options.heldout
    if not held.any() and len(set(places)) > 1:
        held = places == places.min()  # a split that was asked for is never empty
    return {"train": order[~held], "heldout": order[held]}


def _place(seed: int, name: str) -> float:
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") / 2**64


def _write_splits(
    options: MixOptions, output: Output, index: Index, splits: dict[str, Ints], progress: Progress
) -> None:
    progress.start("mix: write", sum(len(records) for records in splits.values()))
    schema = MESSAGES_SCHEMA if options.layout == "messages" else SCHEMA
    for name, records in splits.items():
        with output.split(name, schema) as shards:
            for batch in _take(index, records, output.work):
                shards.write(messages_batch(batch) if options.layout == "messages" else batch)
                progress.advance(batch.num_rows)


def _take(index: Index, records: Ints, work: Path) -> Iterator[pa.RecordBatch]:
    """Records in the given order, a row group at a time; each part is decoded once, then mapped."""
    tables_of = _Mapped(index.parts, work)
    for first in range(0, len(records), ROW_GROUP):
        wanted = records[first : first + ROW_GROUP]
        parts = index.part[wanted]
        tables, places = [], []
        for part in np.unique(parts):
            mine = np.flatnonzero(parts == part)
            tables.append(tables_of[int(part)].take(pa.array(index.row[wanted[mine]])))
            places.append(mine)
        back = np.argsort(np.concatenate(places), kind="stable")
        table = pa.concat_tables(tables).take(pa.array(back)).combine_chunks().cast(SCHEMA)
        yield from table.to_batches()


class _Mapped:
    """Parts as uncompressed Arrow files mapped into memory: any row at the cost of that row."""

    def __init__(self, parts: list[Part], work: Path) -> None:
        self.parts, self.work = parts, work
        self._open: dict[int, pa.Table] = {}

    def __getitem__(self, number: int) -> pa.Table:
        if number not in self._open:
            path = self.work / f"mix-rows-{number:06d}.arrow"
            if not path.exists():
                table = self.parts[number].read()
                with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                    writer.write_table(table)
            with pa.memory_map(str(path)) as source:
                self._open[number] = pa.ipc.open_file(source).read_all()
        return self._open[number]


def _write_dropped(output: Output, index: Index, fresh: set[int], chosen: set[int]) -> None:
    gone = np.array([r for r in range(len(index.ids)) if r not in chosen], np.int64)
    at = 0
    with output.dropped(DROPPED_SCHEMA) as shards:
        for batch in _take(index, gone, output.work):
            numbers = gone[at : at + batch.num_rows].tolist()
            shards.write(
                dropped_batch(batch, ["not-drawn" if n in fresh else "duplicate-id" for n in numbers])
            )
            at += batch.num_rows


def _llama_factory(name: str, splits: dict[str, Ints]) -> str:
    """`dataset_info.json`, with which LLaMA-Factory reads the folder as it is."""
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant",
            "system_tag": "system"}  # fmt: skip
    return json_text({
        f"{name}_{split}" if split != "train" else name: {
            "script_url": ".", "split": split, "formatting": "sharegpt",
            "columns": {"messages": "messages"}, "tags": tags,
        } for split in splits
    })  # fmt: skip
