"""Values of Arrow as those of Python: points in time that Python cannot hold are text."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import read_records

from ittools.cli.app import main
from ittools.formats.arrow_rows import rows_of

NANO = 1_700_000_000_123_456_789
TEXT = "2023-11-14 22:13:20.123456789"
STAMP = pa.timestamp("ns")


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([NANO, NANO - 789], STAMP, [TEXT, datetime(2023, 11, 14, 22, 13, 20, 123456)]),
        ([[NANO, None], None], pa.list_(STAMP), [[TEXT, None], None]),
        ([[NANO, None]], pa.list_(STAMP, 2), [[TEXT, None]]),
        ([[NANO]], pa.large_list(STAMP), [[TEXT]]),
        ([{"at": [NANO]}], pa.struct([("at", pa.list_(STAMP))]), [{"at": [TEXT]}]),
        ([[("k", NANO)]], pa.map_(pa.string(), STAMP), [[("k", TEXT)]]),
        ([5], pa.time64("ns"), ["00:00:00.000000005"]),
        ([5, 5_000], pa.duration("ns"), [5, timedelta(microseconds=5)]),
        ([10**18], pa.duration("s"), [10**18]),
        ([10_000_000, 0], pa.date32(), ["29349-01-26", date(1970, 1, 1)]),
        (["a", None], pa.string(), ["a", None]),
    ],
)
def test_values_that_python_cannot_hold_are_text(values: Any, kind: pa.DataType, expected: list[Any]) -> None:
    batch = pa.table({"text": ["x"] * len(values), "value": pa.array(values, kind)})
    assert rows_of(batch) == [{"text": "x", "value": value} for value in expected]


def test_a_dictionary_of_points_in_time() -> None:
    column = pa.DictionaryArray.from_arrays([0, 1, 0], pa.array([NANO, 0], STAMP))
    assert [row["at"] for row in rows_of(pa.table({"at": column}))] == [TEXT, datetime(1970, 1, 1), TEXT]


def test_nanoseconds_in_parquet_reach_the_record(tmp_path: Path) -> None:
    path, out = tmp_path / "in.parquet", tmp_path / "out"
    columns = {
        "instruction": ["Say when it was."],
        "output": ["It was in November."],
        "at": pa.array([NANO], STAMP),
    }
    pq.write_table(pa.table(columns), path)
    assert main(["filter", str(path), "--out", str(out), "--quiet"]) == 0
    (record,) = read_records(out)
    assert json.loads(record["meta"]) == {"at": TEXT}
