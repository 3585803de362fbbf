"""Whether templates and datasets fit, before anything is rendered.

templates of ag_news need `text` and `label`, the file has `news` and `class`
    -> UsageError: ... name the columns as the templates do: --map text=...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ittools.errors import UsageError
from ittools.formats.rows import Rows
from ittools.formats.table_files import read_rows
from ittools.formats.tables import WHOLE, Table

LOOK = 100  # rows in which a column that some rows lack should have been seen


def columns_of(table: Table) -> frozenset[str] | None:
    """Names that the first rows have, as templates see them; null: they cannot be had without a cost."""
    if not table.files:
        return None
    file = table.files[0]
    if file.suffix == ".parquet":
        names = set(pq.read_schema(file).names)
    elif _read_whole(file):
        return None
    else:
        names = {name for _, row in islice(read_rows(file, table.about.reading), LOOK) for name in row}
    names -= {name for name, _ in table.about.left_out}
    renamed = dict(table.about.rename)
    names = (names - set(renamed.values())) | {ours for ours, theirs in renamed.items() if theirs in names}
    return frozenset(name.replace("-", "_") for name in names)


def _read_whole(file: Path) -> bool:
    """Whether a first row costs the reading of a large file."""
    return ".json" in file.suffixes and file.stat().st_size > WHOLE


def missing(needed: Mapping[str, frozenset[str]], table: Table, spec: str) -> dict[str, list[str]]:
    """By template the columns that it needs and the table has not.

    Raises:
        UsageError: that is so for every template.
    """
    names = columns_of(table)
    if names is None:
        return {}
    found = {key: sorted(fields - names) for key, fields in needed.items() if fields - names}
    if found and len(found) == len(needed):
        wanted = sorted(frozenset[str]().union(*needed.values()))
        raise UsageError(
            f"{spec}: every template needs a column that {table.entry.spec} has not; they name "
            f"{', '.join(wanted[:8])}; there are {', '.join(sorted(names)[:12])}; "
            f"name them alike: --map {next(iter(found.values()))[0]}=..."
        )
    return found


def numbered(taken: Mapping[str, frozenset[str]], table: Table) -> None:
    """`taken`: by template the columns that it takes for numbers.

    Raises:
        UsageError: one of them holds text, as CSV always does: the template would give no record, or a wrong
            one, since no text equals a number.
    """
    wanted = frozenset[str]().union(*taken.values())
    theirs = dict(table.about.rename)
    given = {labels.column for labels in table.about.labels}
    looked = {name: theirs.get(name, name) for name in wanted}
    looked = {name: column for name, column in looked.items() if not given & {name, column}}
    for name, (place, value) in sorted(_texts(table, looked).items()):
        some = [key for key, names in taken.items() if name in names]
        shown = ", ".join(some[:3]) + (", ..." if len(some) > 3 else "")
        raise UsageError(
            f"{place}: {name} is the text {value!r}, and {len(some)} of {len(taken)} templates take it for a "
            f"number ({shown}); name what the numbers stand for: --labels {name}=name,name, or {name}:1=... "
            "from 1 on; or use other templates: --only"
        )


def _texts(table: Table, columns: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Of the columns those whose first value is a text, with it and its place."""
    found: dict[str, tuple[str, Any]] = {}
    for place, row in _first_rows(table, sorted(columns.values())) if columns else ():
        for name, column in columns.items():
            value = row.get(column)
            if name not in found and value not in (None, ""):
                found[name] = place, value
    return {name: one for name, one in found.items() if isinstance(one[1], str)}


def _first_rows(table: Table, columns: Sequence[str]) -> Rows:
    """With these columns at least; no row where the first costs the reading of a large file."""
    if not table.files or _read_whole(table.files[0]):
        return iter(())
    file = table.files[0]
    if file.suffix != ".parquet":
        return islice(read_rows(file, table.about.reading), LOOK)
    try:
        with pq.ParquetFile(file) as opened:
            there = [name for name in columns if name in opened.schema_arrow.names]
            rows = next(opened.iter_batches(LOOK, columns=there)).to_pylist() if there else []
    except (pa.ArrowException, OSError, StopIteration):  # a damaged page is told where rows are read
        return iter(())
    return ((f"{file}#{number}", row) for number, row in enumerate(rows, 1))
