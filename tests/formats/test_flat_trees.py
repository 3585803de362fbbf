"""Trees from messages one a row: damaged files and chains of any depth are told, without a traceback."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, write_jsonl

from ittools.errors import InputError
from ittools.formats.oasst import Follow, threads, trees_of
from ittools.formats.table_inputs import TableOptions, open_tables
from ittools.formats.tables import pieces


def chain(length: int, tree: str = "t") -> list[dict[str, Any]]:
    return [
        {"message_id": f"{tree}{n}", "parent_id": f"{tree}{n - 1}" if n else None, "message_tree_id": tree,
         "role": ("prompter", "assistant")[n % 2], "text": f"text {n} of {tree} " + "long " * 40}
        for n in range(length)
    ]  # fmt: skip


def test_a_damaged_file_of_flat_messages_is_named(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "flat.parquet"
    pq.write_table(pa.Table.from_pylist(chain(4_000)), path, row_group_size=2_000, write_page_checksum=True)
    clean = bytearray(path.read_bytes())
    for at in range(len(clean) // 2, len(clean) // 2 + 40):
        clean[at] ^= 0xFF
    path.write_bytes(clean)
    ran = cli("template", "--style", "oasst", path, "--out", tmp_path / "out")
    assert (ran.code, ran.err.splitlines()[-1].split(" (")[0]) == (
        1,
        f"ittools template: {path}: damaged Parquet in row group 1",
    )


def test_a_chain_of_any_depth_gives_its_thread() -> None:
    deep = 2 * sys.getrecursionlimit()
    [(_, row)] = trees_of((f"f:{n}", row) for n, row in enumerate(chain(deep), 1))
    [thread] = threads(row["prompt"], Follow())
    assert len(thread.nodes) == deep


def test_a_chain_that_is_too_deep_to_be_kept_is_named(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "flat.jsonl", [*chain(3, "flat"), *chain(3_000, "deep")])
    [table] = open_tables(TableOptions(inputs=(str(path),)))
    with pytest.raises(InputError, match=r"flat\.jsonl:4: the tree 'deep' is nested too deep to be read"):
        pieces([table], tmp_path)


def test_a_long_conversation_of_flat_messages_is_read(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "flat.jsonl", chain(200))
    [table] = open_tables(TableOptions(inputs=(str(path),)))
    assert len(pieces([table], tmp_path)) == 1


def test_the_order_of_threads_is_depth_first() -> None:
    def node(name: str, *replies: dict[str, Any]) -> dict[str, Any]:
        role = "prompter" if len(name) % 2 else "assistant"
        return {"message_id": name, "role": role, "text": name, "replies": list(replies)}

    tree = node("a", node("ab", node("abc", node("abcd"), node("abce"))), node("ac"), node("ad"))
    assert [thread.nodes[-1]["text"] for thread in threads(tree, Follow())] == ["abcd", "abce", "ac", "ad"]
