"""The corpus pipeline in DuckDB: SQL, an Arrow function in numpy for the sketches, scipy for components."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from corpus_common import BANDS, SEED, SHARD, Asked, Counts, band_keys, first_of_each, measure
from duckdb.sqltypes import UBIGINT

GOOD = """
    len(string_split(trim(instruction), ' ')) BETWEEN 3 AND 500
    AND len(string_split(trim(output), ' ')) BETWEEN 1 AND 4000
    AND trim(output) NOT IN ('', trim(instruction), trim(input))
"""
WORDS = "string_split(trim(regexp_replace(lower(output), '[^\\w]+', ' ', 'g')), ' ')"


def pipeline(asked: Asked) -> Counts:
    connection = duckdb.connect()  # its tables go to the temporary directory when memory is short
    connection.execute(f"SET temp_directory = '{asked.out}/.tmp'")
    if asked.limit_mb:  # numpy, scipy and Arrow need the rest
        connection.execute(f"SET memory_limit = '{asked.limit_mb // 2} MB'")
    lists = connection.list_type(UBIGINT)
    connection.create_function("band_keys", sketch, [lists], lists, type="arrow")
    source = f"read_parquet('{asked.source}', file_row_number = true)"
    connection.execute(f"""
        CREATE TABLE sketched AS
        SELECT file_row_number AS row, band_keys(list_transform({WORDS}, lambda word: hash(word))) AS keys
        FROM {source} WHERE {GOOD}
    """)
    rows = numbers(connection, "SELECT row FROM sketched ORDER BY row")["row"]
    stars = numbers(
        connection,
        """
        SELECT first, unnest(rows) AS row FROM (
            SELECT min(row) AS first, list(row) AS rows
            FROM (SELECT row, unnest(keys) AS key FROM sketched) GROUP BY key HAVING count(*) > 1)
    """,
    )
    connection.execute("DROP TABLE sketched")
    kept = pa.table({"row": first_of_each(rows, stars["row"], stars["first"])})
    connection.register("kept", kept)
    written = write(connection, source, asked)
    connection.close()
    return Counts(len(rows), len(kept), written)


def sketch(lists: pa.ChunkedArray) -> pa.Array:
    column = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    lengths = np.diff(column.offsets.to_numpy())
    keys = band_keys(column.flatten().to_numpy(), lengths.astype(np.int64))
    return pa.ListArray.from_arrays(np.arange(len(keys) + 1, dtype=np.int32) * BANDS, keys.ravel())


def numbers(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, np.ndarray]:
    found = connection.execute(query).fetchnumpy()
    return {name: np.asarray(values, np.int64) for name, values in found.items()}


def write(connection: duckdb.DuckDBPyConnection, source: str, asked: Asked) -> int:
    """The SIZE records whose ids hash lowest, in that order; shards of about SHARD records."""
    answer = connection.execute(f"""
        COPY (
            SELECT records.* EXCLUDE (file_row_number) FROM {source} AS records
            SEMI JOIN kept ON records.file_row_number = kept.row
            ORDER BY hash(id || '{SEED}'), file_row_number LIMIT {asked.size}
        ) TO '{asked.out}' (
            FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE {SHARD // 5},
            ROW_GROUPS_PER_FILE 5, OVERWRITE_OR_IGNORE)
    """).fetchone()
    return int(answer[0]) if answer else 0


if __name__ == "__main__":
    measure(pipeline)
