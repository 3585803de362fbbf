"""Exchange: what is put is got, whole or not at all, from a folder and from a URL."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ittools.engine import exchange
from ittools.engine.exchange import (
    get_arrays,
    get_table,
    join,
    put_arrays,
    put_table,
    remove,
    scratch_folder,
)
from ittools.errors import StoreError, UsageError

PLACES = ("local", "url")
DTYPES = st.one_of(
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.integer_dtypes(),
    hnp.floating_dtypes(),
    hnp.boolean_dtypes(),
    hnp.byte_string_dtypes(),
    hnp.unicode_string_dtypes(),
    hnp.datetime64_dtypes(),
    hnp.array_dtypes(),
)
ARRAYS = DTYPES.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=5))
)
TABLE = pa.table(
    {"id": ["a", None, "ö"], "number": pa.array([1, 2, 3], pa.uint64()), "tags": [["x"], [], None]}
)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder that does not exist yet."""
    if request.param == "local":
        return str(tmp_path / "new" / "folder")
    pytest.importorskip("fsspec", reason="URLs need fsspec")
    where = f"memory://{tmp_path.name}"
    remove(where)
    return where


def equal(one: np.ndarray[Any, Any], two: np.ndarray[Any, Any]) -> bool:
    """The same type, shape and bytes: a NaN is equal to itself."""
    return (one.dtype, one.shape, one.tobytes()) == (two.dtype, two.shape, two.tobytes())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(arrays=st.dictionaries(st.text(min_size=1), ARRAYS, max_size=3))
def test_arrays_come_back_as_they_were(place: str, arrays: dict[str, Any]) -> None:
    where = join(place, "some.arrays")
    exchange.put_arrays(where, **arrays)
    found = get_arrays(where)
    assert list(found) == list(arrays)
    assert all(equal(found[name], array) for name, array in arrays.items())


@pytest.mark.parametrize("size", [10, exchange.MAPPED])  # read, and mapped into memory
def test_rows_and_names_are_read_alone(place: str, size: int) -> None:
    where = join(place, "a")
    number, pair = np.arange(size), np.arange(2 * size, dtype=np.uint8).reshape(size, 2)
    put_arrays(where, number=number, pair=pair, short=np.arange(4), single=np.array(7))
    assert list(get_arrays(where, names=("pair",))) == ["pair"]
    found = get_arrays(where, rows=(3, 9))
    assert found["number"].tolist() == [3, 4, 5, 6, 7, 8]
    assert equal(found["pair"], pair[3:9])
    assert found["short"].tolist() == [3]
    assert found["single"] == 7
    assert not found["pair"].flags.writeable


def test_what_is_mapped_outlives_its_file(tmp_path: Path) -> None:
    array = np.arange(exchange.MAPPED)
    put_arrays(tmp_path / "a", array=array)
    found = get_arrays(tmp_path / "a")
    remove(tmp_path / "a")
    assert equal(found["array"], array)


def test_columns_and_slices_of_arrays_are_written_in_c_order(place: str) -> None:
    table = np.arange(12).reshape(3, 4)
    put_arrays(join(place, "a"), turned=table.T, every=table[:, ::2])
    found = get_arrays(join(place, "a"))
    assert equal(found["turned"], np.ascontiguousarray(table.T))
    assert equal(found["every"], table[:, ::2].copy())


def test_objects_are_refused(place: str) -> None:
    with pytest.raises(TypeError, match=r"^a: arrays of objects have no fixed width$"):
        put_arrays(join(place, "a"), a=np.array([[], None], object))


def test_a_table_comes_back_whole_or_by_column(place: str) -> None:
    where = join(place, "t")
    put_table(where, TABLE)
    assert get_table(where).equals(TABLE)
    assert get_table(where, ["tags", "id"]).equals(TABLE.select(["tags", "id"]))
    put_table(where, TABLE.slice(0, 0))
    assert get_table(where).equals(TABLE.slice(0, 0))


@pytest.mark.parametrize("get", [get_arrays, get_table])
def test_a_missing_file_is_named(place: str, get: Any) -> None:
    with pytest.raises(StoreError, match=r"/none: missing; were the files of this run removed"):
        get(join(place, "none"))


@pytest.mark.parametrize("content", [b"", b"PK", b"ittools arrays 1\n", b"x" * 500])
@pytest.mark.parametrize("get", [get_arrays, get_table])
def test_another_file_is_refused(tmp_path: Path, get: Any, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(StoreError, match=r"/a: damaged exchange file \("):
        get(tmp_path / "a")


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    put_arrays(tmp_path / "a", one=np.arange(9), two=np.arange(5, dtype=np.uint8))
    put_table(tmp_path / "t", TABLE)
    name, get = data.draw(st.sampled_from([("a", get_arrays), ("t", get_table)]))
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(StoreError, match="damaged exchange file"):
        get(tmp_path / name)


class FullDisk:
    """A file that takes its first piece and no other."""

    def __init__(self, handle: Any) -> None:
        self.handle, self.pieces = handle, 0

    def write(self, piece: Any) -> None:
        self.pieces += 1
        if self.pieces > 1:
            raise OSError(28, "No space left on device")
        self.handle.write(piece)

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self.handle.close()


class Full(io.BytesIO):
    """The same in memory."""

    def write(self, piece: Any) -> int:
        if self.tell():
            raise OSError(28, "No space left on device")
        return super().write(piece)


@pytest.mark.parametrize("before", [False, True])
def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    where = tmp_path / "a"
    if before:
        put_arrays(where, old=np.arange(3))
    with monkeypatch.context() as patched:
        patched.setattr(exchange, "open", lambda *how: FullDisk(open(*how)), raising=False)  # noqa: SIM115
        with pytest.raises(OSError, match="No space left"):
            put_arrays(where, new=np.arange(3))
    assert [path.name for path in tmp_path.iterdir()] == (["a"] if before else [])
    if before:
        assert list(get_arrays(where)) == ["old"]


def test_an_object_store_is_put_nothing_when_the_writing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec", reason="URLs need fsspec")
    where = "memory://whole/or/none"
    with monkeypatch.context() as patched:
        patched.setattr("ittools.engine.exchange.io.BytesIO", Full)
        with pytest.raises(OSError, match="No space left"):
            put_arrays(where, new=np.arange(3))
    with pytest.raises(StoreError, match="missing"):
        get_arrays(where)


def test_removing_takes_files_and_folders_and_does_not_mind_none(place: str) -> None:
    put_arrays(join(place, "x/a"), a=np.arange(1))
    put_arrays(join(place, "x/b"), a=np.arange(1))
    remove(join(place, "x/a"))
    remove(join(place, "x/a"))
    with pytest.raises(StoreError, match="missing"):
        get_arrays(join(place, "x/a"))
    assert get_arrays(join(place, "x/b"))
    remove(join(place, "x"))
    with pytest.raises(StoreError, match="missing"):
        get_arrays(join(place, "x/b"))


def test_names_are_joined_as_their_place_asks() -> None:
    assert join("s3://bucket/run/", "a/b") == "s3://bucket/run/a/b"
    assert join(Path("run"), "a") == "run/a"


def test_an_unknown_kind_of_url_is_a_wrong_option() -> None:
    pytest.importorskip("fsspec", reason="URLs need fsspec")
    with pytest.raises(UsageError, match=r"^nowhere://a/b: "):
        put_arrays("nowhere://a/b", a=np.arange(1))


def test_scratch_is_the_work_folder_or_one_below_what_was_named(place: str, tmp_path: Path) -> None:
    with scratch_folder(None, tmp_path) as folder:
        assert folder == str(tmp_path)
    with scratch_folder(place, tmp_path) as folder:
        assert folder.startswith(join(place, "ittools-"))
        put_arrays(join(folder, "a"), a=np.arange(1))
    with pytest.raises(StoreError, match="missing"):
        get_arrays(join(folder, "a"))


def test_scratch_of_a_killed_run_is_replaced_and_that_of_another_is_not(place: str, tmp_path: Path) -> None:
    with scratch_folder(place, tmp_path / "one") as folder, scratch_folder(place, tmp_path / "two") as other:
        assert folder != other
        put_arrays(join(folder, "left"), a=np.arange(1))
        with scratch_folder(place, tmp_path / "one") as again:
            assert again == folder
            with pytest.raises(StoreError, match="missing"):
                get_arrays(join(again, "left"))
