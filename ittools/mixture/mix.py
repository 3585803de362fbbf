"""`ittools mix`: datasets to one mixture with splits, in the layout that trainers load."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ittools.engine.protocol import Engine, EngineOptions, opened_engine
from ittools.errors import UsageError, did_you_mean
from ittools.formats.parts import cut
from ittools.formats.source import ReadOptions, open_inputs
from ittools.mixture.index import By, HeldoutBy, Index, Ints, first_of_each_id, index_of
from ittools.mixture.rates import draws, largest_size, rates
from ittools.mixture.shuffle import Layout, Order, write_orders
from ittools.options import option
from ittools.progress import Progress
from ittools.records.funnel import Funnel
from ittools.store.dataset import InputEntry, Output, writing
from ittools.store.files import json_text, sha256_json
from ittools.store.outcome import Outcome, outcome

Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class MixOptions(EngineOptions, ReadOptions):
    out: Path = option(Path("runs/mix"), "dataset directory", flags=("-o", "--out"), shapes_output=False)
    by: By = option("input", "what a component of the mixture is")
    weight: tuple[str, ...] = option(
        (), "NAME=WEIGHT of a component, once for each", flags=("-w", "--weight")
    )
    cap: int | None = option(None, "most records that count for a component's rate, and are drawn")
    temperature: float = option(1.0, "1: by size; higher: more even (seqio)")
    size: int | None = option(None, "records in all (default: all that weights and caps leave)")
    heldout: float = option(0.0, "share of the mixture in the split `heldout`")
    heldout_by: HeldoutBy = option(
        "record", "hold out single records, whole tasks, or all that comes from one parent (a seed, a tree)"
    )
    layout: Layout = option("messages", "columns: conversations, or the triple")
    seed: int = option(0, "seed of the draw and the order")
    keep_dropped: bool = option(False, "write what was not drawn to dropped/")
    force: bool = option(False, "replace another finished output", shapes_output=False)


def mix(options: MixOptions, progress: Progress) -> Outcome:
    """Draw without replacement, split, shuffle, write.

    Raises:
        UsageError: a weight for no component, a share outside its range.
    """
    _check(options)
    sources = open_inputs(options)
    names = _input_names([source.entry.spec for source in sources])
    entries = [_named(source.entry, name) for source, name in zip(sources, names, strict=True)]
    with writing(options.out, command="mix", options=options, inputs=entries, force=options.force) as output:
        if not output.reused:
            hashed = (options.seed, options.heldout_by)
            with opened_engine(options, progress=progress) as engine:
                parts_of = [
                    cut([source], output.work / f"mix-{i:03d}", engine=engine, progress=progress)
                    for i, source in enumerate(sources)
                ]
                index = index_of(
                    parts_of, names, options.by, hashed if options.heldout else None, engine, progress
                )
                _write(options, output, index, names, (engine, progress))
    then = ("finetune", options.out, "--model", "tiny", "--out", options.out.parent / "finetune")
    assert output.finished is not None
    table = output.finished["components"]
    facts = {
        f"  {name}": f"{c['drawn']:,} of {c['records']:,} ({c['share']:.1%})" for name, c in table.items()
    }
    splits = ", ".join(f"{name} {count:,}" for name, count in output.finished["splits"].items())
    licenses = ", ".join(f"{name} {count:,}" for name, count in output.finished["licenses"].items())
    return outcome(output, "ittools", *then, **facts, splits=splits, licenses=licenses)


def _check(options: MixOptions) -> None:
    problems = []
    if not 0 <= options.heldout < 1:
        problems.append("--heldout is a share from 0 to below 1")
    if options.heldout_by != "record" and not options.heldout:
        problems.append(f"--heldout-by {options.heldout_by} says how, --heldout how much: give both")
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


def _named(entry: InputEntry, name: str) -> InputEntry:
    """The draw follows from the names of the inputs, too."""
    return replace(entry, fingerprint=sha256_json([entry.fingerprint, name]))


def _write(
    options: MixOptions, output: Output, index: Index, inputs: list[str], how: tuple[Engine, Progress]
) -> None:
    fresh = first_of_each_id(index.keys)
    members = _members(index, fresh)
    counts = {name: len(records) for name, records in members.items()}
    empty = {*index.names, *(inputs if options.by == "input" else ())} - counts.keys()
    shares = _shares(options, counts, empty)
    taken = _taken(options, counts, shares, how[1])
    drawn = [_draw(members[name], taken[name], options.seed, name) for name in counts]
    chosen = np.concatenate([np.zeros(0, np.int64), *drawn])
    splits = _split(options, index, chosen, how[1])
    total = len(chosen)
    components = {
        name: {"records": counts[name], "drawn": taken[name], "rate": round(shares[name], 6),
               "share": round(taken[name] / total, 6) if total else 0.0}
        for name in counts
    }  # fmt: skip
    orders = [Order(name, records, options.layout) for name, records in splits.items()]
    if options.keep_dropped:
        orders.append(_left(chosen, fresh))
    write_orders(output, index.parts, orders, *how)
    funnel = Funnel(index.records, total)
    funnel.dropped["duplicate-id"] = index.records - sum(counts.values())
    funnel.dropped["not-drawn"] = sum(counts.values()) - total
    funnel.dropped = +funnel.dropped
    if options.layout == "messages":
        output.add_bytes("dataset_info.json", _llama_factory(options.out.resolve().name, splits).encode())
    output.finish(funnel, seed=options.seed, components=components, layout=options.layout)


def _members(index: Index, fresh: Bools) -> dict[str, Ints]:
    """The records of each component that may be drawn; components in the order of their first ones."""
    records = np.flatnonzero(fresh)
    component = index.component[records]
    codes, firsts = np.unique(component, return_index=True)
    return {index.names[code]: records[component == code] for code in codes[np.argsort(firsts)]}


def _taken(
    options: MixOptions, counts: dict[str, int], shares: dict[str, float], progress: Progress
) -> dict[str, int]:
    """How many of each component are drawn; says what is not there to draw."""
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
    return taken


def _left(chosen: Ints, fresh: Bools) -> Order:
    """What was not drawn, in the order of the inputs."""
    left = np.ones(len(fresh), bool)
    left[chosen] = False
    records = np.flatnonzero(left)
    return Order("dropped", records, "records", fresh[records])


def _shares(options: MixOptions, counts: dict[str, int], empty: set[str]) -> dict[str, float]:
    """The rates of the components; `empty` are those without a record, whose weight can only be 0."""
    weights: dict[str, float] = {}
    for pair in options.weight:
        name, _, amount = pair.rpartition("=")
        try:
            weights[name] = float(amount)
        except ValueError:
            raise UsageError(f"--weight {pair}: expected NAME=NUMBER") from None
        if name in empty and weights[name] == 0:
            del weights[name]
            continue
        if name in empty:
            raise UsageError(
                f"--weight {pair}: {name!r} has no record to draw (none at all, or all of them stand in "
                f"inputs before it too); give {name}=0 to leave it out"
            )
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


def _draw(records: Ints, count: int, seed: int, name: str) -> Ints:
    drawn: Ints = np.sort(records[_seeded("draw", seed, name).permutation(len(records))[:count]])
    return drawn


def _split(options: MixOptions, index: Index, chosen: Ints, progress: Progress) -> dict[str, Ints]:
    """Shuffled records per split. By hash of the id, task or eldest: growing a mixture moves no record, but
    for one whose parent's parent comes to stand in it.

    Raises:
        UsageError: they all belong together, so that nothing would be left to train on.
    """
    order = chosen[_seeded("order", options.seed).permutation(len(chosen))]
    if index.places is None:
        return {"train": order}
    places = index.places[order]
    held = places < options.heldout
    if not held.any() and len(places):  # a split that was asked for is never empty
        held = places == _least(places, options.heldout)
    if len(places) and held.all():
        raise UsageError(
            f"--heldout {options.heldout} --heldout-by {options.heldout_by}: all {len(places):,} records "
            "would be held out, for what belongs together stays together; another --heldout-by splits them"
        )
    share = held.sum() / max(1, len(held))
    if not options.heldout / 2 <= share <= 2 * options.heldout and options.heldout_by != "record":
        progress.note(
            f"held out {held.sum():,} of {len(held):,} records ({share:.1%}, asked for "
            f"{options.heldout:.1%}): what belongs to one {options.heldout_by} stays together"
        )
    return {"train": order[~held], "heldout": order[held]}


def _least(places: NDArray[np.float64], share: float) -> float:
    """The place of the group to hold out: the first one that is not far larger than what was asked for."""
    groups, sizes = np.unique(places, return_counts=True)
    return float(groups[sizes <= max(2 * share * len(places), sizes.min())][0])


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
