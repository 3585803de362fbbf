"""Shapes: maps, shuffles and merges come to the same bytes on any engine with any number of workers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shape_tasks as job
from hypothesis import given
from hypothesis import strategies as st

from ittools.engine.exchange import Arrays, get_arrays, join, remove
from ittools.engine.inline import Inline
from ittools.engine.protocol import EngineName, EngineOptions, opened_engine
from ittools.engine.shapes import PARTITION, gather, merge_pairs, partitions_for, scatter, shuffle
from ittools.errors import IttoolsError
from ittools.progress import Silent


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the job leaves when nothing is spread and nothing dies."""
    folder = tmp_path_factory.mktemp("whole")
    job.whole_job(Inline(), str(folder))
    return job.digests(folder)


def test_parts_partitions_and_pairs_come_to_one_sort(tmp_path: Path) -> None:
    found = get_arrays(job.whole_job(Inline(), str(tmp_path)))
    assert {name: array.tolist() for name, array in found.items()} == {
        name: array.tolist() for name, array in job.expected().items()
    }


def test_only_what_the_caller_named_is_left(whole: dict[str, str]) -> None:
    parts = [f"write_part-{index:06d}" for index in range(job.PARTS)]
    partitions = [f"partition-{index:03d}" for index in range(job.PARTITIONS)]
    assert sorted(whole) == sorted([*parts, *partitions, "join_two-02-000000"])


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_processes_write_the_same_bytes(tmp_path: Path, whole: dict[str, str], workers: int) -> None:
    with opened_engine(EngineOptions(engine="processes", workers=workers)) as engine:
        job.whole_job(engine, str(tmp_path))
    assert job.digests(tmp_path) == whole


def test_a_killed_worker_changes_no_byte(tmp_path: Path, whole: dict[str, str]) -> None:
    marker = tmp_path / "marker"
    with opened_engine(EngineOptions(engine="processes", workers=2)) as engine:
        job.whole_job(engine, str(tmp_path / "out"), str(marker))
    assert marker.exists()
    assert job.digests(tmp_path / "out") == whole


def test_a_url_is_a_place_like_another() -> None:
    pytest.importorskip("fsspec", reason="URLs need fsspec")
    remove("memory://shapes")
    found = get_arrays(job.whole_job(Inline(), "memory://shapes/run"))
    assert found["number"].tolist() == job.expected()["number"].tolist()


def emitted(keys: list[int]) -> Arrays:
    return {"key": np.array(keys, np.uint64), "place": np.arange(len(keys))}


def seen(partition: int, records: Arrays) -> tuple[list[int], list[int]]:
    return records["key"].tolist(), records.get("place", np.zeros(0, int)).tolist()


@given(
    tasks=st.lists(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 9), max_size=8), max_size=4),
    partitions=st.integers(1, 6),
)
def test_each_record_comes_to_its_partition_by_key_then_in_order(
    tmp_path_factory: pytest.TempPathFactory, tasks: list[list[int]], partitions: int
) -> None:
    found = shuffle(
        Inline(),
        emitted,
        [(keys,) for keys in tasks],
        seen,
        where=str(tmp_path_factory.mktemp("shuffle")),
        partitions=partitions,
    )
    pairs = [(key, place) for keys in tasks for place, key in enumerate(keys)]
    for partition in range(partitions):
        mine = sorted((pair for pair in pairs if pair[0] % partitions == partition), key=lambda pair: pair[0])
        assert found[partition] == ([key for key, _ in mine], [place for _, place in mine])


def test_there_may_be_more_partitions_than_16_bits_count(tmp_path: Path) -> None:
    keys, file = [70_001, 5, 69_999, 140_001, 5], str(tmp_path / "a")
    scatter(keys, file, fn=emitted, partitions=70_000)
    assert gather(1, fn=seen, files=[file], options=()) == ([70_001, 140_001], [0, 3])
    assert gather(5, fn=seen, files=[file], options=()) == ([5, 5], [1, 4])
    assert gather(69_999, fn=seen, files=[file], options=()) == ([69_999], [2])
    assert gather(2, fn=seen, files=[file], options=()) == ([], [])


def unkeyed(number: int) -> Arrays:
    return {"place": np.arange(number)}


def test_records_without_a_key_are_a_fault_of_the_task_that_made_them(tmp_path: Path) -> None:
    with pytest.raises(
        IttoolsError, match=r"^unkeyed, task 1 of 1 \(3\): TypeError: unkeyed must emit `key`"
    ):
        shuffle(Inline(), unkeyed, [(3,)], seen, where=str(tmp_path), partitions=2)


def bracket(left: str, right: str, target: str, mark: str) -> str:
    Path(target).write_text("")
    return f"({left}{mark}{right})"


@pytest.mark.parametrize("engine", ["inline", "processes"])
@pytest.mark.parametrize(
    ("leaves", "merged"),
    [
        ("a", "a"),
        ("ab", "(a+b)"),
        ("abcde", "(((a+b)+(c+d))+e)"),
        ("abcdefg", "(((a+b)+(c+d))+((e+f)+g))"),
    ],
)
def test_neighbours_are_merged_two_by_two(
    tmp_path: Path, engine: EngineName, leaves: str, merged: str
) -> None:
    with opened_engine(EngineOptions(engine=engine, workers=2)) as opened:
        found = merge_pairs(opened, bracket, list(leaves), where=str(tmp_path), options=("+",))
    assert found == merged
    left = [path.name for path in tmp_path.iterdir()]
    assert left == ([] if len(leaves) == 1 else [f"bracket-{(len(leaves) - 1).bit_length() - 1:02d}-000000"])


def test_nothing_cannot_be_merged(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to merge"):
        merge_pairs(Inline(), bracket, [], where=str(tmp_path), progress=Silent())


def test_partitions_follow_from_the_bytes_alone() -> None:
    assert [partitions_for(n, 8) for n in (0, 1, PARTITION // 8, PARTITION // 8 + 1)] == [1, 1, 1, 2]


def test_a_target_is_named_by_its_stage_and_its_place(tmp_path: Path) -> None:
    assert job.write_part(0, join(tmp_path, "write_part-000000")) == f"{tmp_path}/write_part-000000"
