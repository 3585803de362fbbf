"""Whether templates and datasets fit, before anything is rendered.

templates of ag_news need `text` and `label`, the file has `news` and `class`
    -> UsageError: ... name the columns as the templates do: --map text=...
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from ittools.errors import UsageError
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


def numbered(picking: Mapping[str, frozenset[str]], table: Table) -> None:
    """`picking`: by template the columns that pick an answer choice by its number.

    Raises:
        UsageError: each template picks by a column that holds text, as CSV always does: none would give a
            record.
    """
    if not table.files or not picking or not all(picking.values()):
        return
    if table.files[0].suffix == ".parquet" or _read_whole(table.files[0]):
        return
    place, row = next(read_rows(table.files[0], table.about.reading))
    theirs = dict(table.about.rename)
    given = {labels.column for labels in table.about.labels}
    values = {name: row.get(theirs.get(name, name)) for some in picking.values() for name in some - given}
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    if all(some & texts.keys() for some in picking.values()):
        name, value = sorted(texts.items())[0]
        raise UsageError(
            f"{place}: {name} is the text {value!r}, and the templates pick the answer by its number; "
            f"name what the numbers stand for: --labels {name}=name,name, or {name}:1=... from 1 on"
        )
