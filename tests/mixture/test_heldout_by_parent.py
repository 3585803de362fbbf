"""`mix --heldout-by parent`: all that comes from one seed, record or tree stands on one side."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import Cli, read_records

from ittools.mixture.index import _family_places, first_parents, id_keys
from ittools.records.build import build_record, record_batch

Record = dict[str, Any]


def record(text: str, *parents: str) -> Record:
    return build_record(text, "", "answer", source="s", parents=list(parents) or None)


def put(path: Path, rows: list[Record]) -> Path:
    pq.write_table(pa.Table.from_batches([record_batch(rows)]), path)
    return path


def sides(directory: Path) -> dict[str, set[str]]:
    return {name: {row["id"] for row in read_records(directory, name)} for name in ("train", "heldout")}


def eldest(row: Record, by_id: dict[str, Record]) -> str:
    """The oracle: first parents, one step at a time."""
    while row["parents"] and row["parents"][0] in by_id:
        row = by_id[row["parents"][0]]
    return row["parents"][0] if row["parents"] else row["id"]


def test_no_family_stands_on_both_sides(tmp_path: Path, cli: Cli) -> None:
    drawn = random.Random(5)
    rows = [record(f"seed {n}") for n in range(60)]
    for n in range(300):
        above = drawn.choice(rows)["id"] if drawn.random() < 0.8 else f"tree-{drawn.randrange(20)}"
        rows.append(record(f"made {n}", above, *(rows[k]["id"] for k in range(drawn.randrange(3)))))
    by_id = {row["id"]: row for row in rows}
    drawn.shuffle(rows)
    one, two = put(tmp_path / "one.parquet", rows[:150]), put(tmp_path / "two.parquet", rows[150:])
    how = ("--heldout", 0.3, "--heldout-by", "parent", "--layout", "records")
    assert cli("mix", one, two, *how, "--out", tmp_path / "mix").code == 0
    found = sides(tmp_path / "mix")
    families = {name: {eldest(by_id[one], by_id) for one in ids} for name, ids in found.items()}
    assert len(found["train"]) + len(found["heldout"]) == len(rows)
    assert families["train"].isdisjoint(families["heldout"])
    assert all(len(names) > 10 for names in families.values())
    assert cli("mix", two, one, *how, "--workers", 2, "--out", tmp_path / "again").code == 0
    assert sides(tmp_path / "again") == found


def test_by_record_the_same_families_are_torn_apart(tmp_path: Path, cli: Cli) -> None:
    rows = [record(f"made {n}", "seed") for n in range(40)]
    path = put(tmp_path / "in.parquet", rows)
    for by, torn in (("record", True), ("parent", False)):
        out = tmp_path / by
        how = ("--heldout", 0.5, "--heldout-by", by, "--layout", "records")
        ran = cli("mix", path, *how, "--out", out)
        assert ran.code == (0 if torn else 2)
        assert min(map(len, sides(out).values())) > 0 if torn else "all 40 records would be held" in ran.err


@given(st.lists(st.integers(-3, 11), min_size=1, max_size=12), st.integers(0, 3))
@settings(deadline=None)
def test_a_place_is_the_eldests_whoever_stands_between(above: list[int], seed: int) -> None:
    """Record n comes from record above[n], where that is an earlier one, else from one that is not here."""
    names = [record(str(n))["id"] for n in range(len(above))]
    parents = [[names[k]] if 0 <= k < n else [f"away {k}"] if k < 0 else None for n, k in enumerate(above)]
    by_id = {name: {"id": name, "parents": some} for name, some in zip(names, parents, strict=True)}
    keys = id_keys(pa.array(names))
    first = first_parents(
        pa.chunked_array([pa.array(parents, pa.list_(pa.string()))]), pa.chunked_array([names])
    )
    places = _family_places(keys, id_keys(first), seed)
    assert places.min() >= 0
    assert places.max() <= 1
    of = [eldest(row, by_id) for row in by_id.values()]
    same = np.array([[one == other for other in of] for one in of])
    assert ((places[:, None] == places[None, :]) == same).all()


def test_parents_that_go_in_a_circle_end() -> None:
    keys = id_keys(pa.array(["a", "b", "c"]))
    assert len(_family_places(keys, keys[[1, 2, 0]], 0)) == 3


@pytest.mark.parametrize("parents", [[], [[]], [None], [[None, "x"]]])
def test_nothing_in_parents_is_no_parent(parents: list[list[str] | None]) -> None:
    column = pa.chunked_array([pa.array(parents, pa.list_(pa.string()))])
    ids = pa.chunked_array([pa.array(["own"] * len(parents), pa.string())])
    assert first_parents(column, ids).to_pylist() == ["own"] * len(parents)
