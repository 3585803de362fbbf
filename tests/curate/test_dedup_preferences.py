"""Dedup of what not every record has: an answer that was rejected, and the turns before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import read_records, write_jsonl

from ittools.curate.comparing import keys_and_fields, keys_and_signatures, signatures_of
from ittools.curate.dedup import dedup
from ittools.curate.dedup_options import DedupOptions
from ittools.curate.fields import texts_of
from ittools.progress import Silent
from ittools.records.schema import SCHEMA
from ittools.text.sketches import Shingling, keys_and_shingles, keys_and_slots

METHODS = ["exact", "near", "join"]
CHOSEN = " ".join(f"chosen{n}" for n in range(55))
TWENTY = " ".join(f"one{n}" for n in range(20)), " ".join(f"other{n}" for n in range(20))
Row = dict[str, Any]


def row(output: str, rejected: str | None = None, turns: str = "", **more: Any) -> Row:
    """`turns`: "system:Be kind. user:Hi"."""
    said = [turn.partition(":") for turn in turns.split("|") if turn]
    context = [{"role": role, "content": content} for role, _, content in said]
    own = {"id": "", "source": "here", "license": "CC0-1.0", "instruction": "Go on.", "input": ""}
    return own | {"output": output, "rejected": rejected, "context": context or None} | more


def kept(folder: Path, rows: list[Row], **given: Any) -> list[int]:
    source = write_jsonl(folder / "in.jsonl", [one | {"task": str(n)} for n, one in enumerate(rows)])
    options = DedupOptions(inputs=(str(source),), out=folder / "out", workers=1, force=True, **given)
    dedup(options, Silent())
    return [int(record["task"]) for record in read_records(folder / "out")]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "rows",
    [
        [row(CHOSEN, "I do not know."), row(CHOSEN, "They decided to close it for good.")],
        [row(*TWENTY), row(*TWENTY[::-1])],
        [row("Yes it is", "No"), row("Yes", "it is No")],
        [row("Yes", "No"), row("Yes"), row("Yes No")],
        [row("Fine.", None, "system:Hi|user:Ho"), row("Fine.", None, "user:Hi|assistant:Ho")],
        [row("Fine.", None, "user:Hi"), row("Fine.", input="Hi"), row("Fine.", input="user Hi")],
        [row("b", None, "user:a", input=""), row("", "b", input="user a")],
        [
            row("Fine.", None, f"user:{CHOSEN}", input="Add."),
            row("Fine.", None, f"user:{CHOSEN}", input="No."),
        ],
    ],
)
def test_what_differs_beside_a_field_is_another_record(tmp_path: Path, method: str, rows: list[Row]) -> None:
    assert kept(tmp_path, rows, method=method) == list(range(len(rows)))


@pytest.mark.parametrize("method", METHODS)
def test_what_is_equal_beside_a_field_too_goes(tmp_path: Path, method: str) -> None:
    rows = [row("Yes!", "No.", "user:Hi|assistant:Ho"), row("yes", "no", "user:hi|assistant:ho")]
    assert kept(tmp_path, rows, method=method) == [0]
    assert kept(tmp_path, [row("Yes", ""), row("Yes")], method=method) == [0]  # an empty text is none


@pytest.mark.parametrize("method", ["near", "join"])
def test_near_copies_are_found_with_what_is_beside(tmp_path: Path, method: str) -> None:
    first, second = TWENTY
    rows = [
        row(first, second, f"user:{CHOSEN}"),
        row(first + " more", second + " still", f"user:{CHOSEN} too"),
        row(first + " more", CHOSEN, f"user:{CHOSEN} too"),
    ]
    assert kept(tmp_path, rows, method=method) == [0, 2]


def test_other_records_have_the_numbers_that_they_had() -> None:
    """One with a rejected answer beside them changes nothing of theirs."""
    rows = [row("Yes it is"), row("Yes it is", "No it is not"), row("", None, "user:a b c d"), row("No")]
    table = pa.Table.from_pylist([one | {"task": "t"} for one in rows], SCHEMA)
    texts, shingling = texts_of(table, "all"), Shingling(3)
    keys, fields = keys_and_fields(texts, shingling)
    plain_keys, plain = keys_and_shingles(texts[:3], shingling)
    assert (keys == plain_keys).all(axis=1).tolist() == [True, False, False, True]
    assert [field.values.tolist() for field in fields[:3]] == [field.values.tolist() for field in plain]
    assert [field.lengths.tolist() for field in fields[3:]] == [[0, 0, 3, 0], [0, 2, 0, 0]]
    slots, plain_slots = np.empty((128, 4), np.uint32), np.empty((128, 4), np.uint32)
    assert (keys_and_signatures(texts, shingling, slots) == keys).all()
    keys_and_slots(texts[:3], shingling, plain_slots)
    assert (slots == plain_slots).all(axis=0).tolist() == [True, False, False, True]
    assert (signatures_of(fields, 128) == slots).all()


WORDS = st.lists(st.sampled_from("a b c".split()), max_size=4).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS, WORDS), min_size=1, max_size=12))
def test_exact_keys_are_equal_where_every_text_is(rows: list[tuple[str, str, str, str]]) -> None:
    records = [
        row(output, rejected or None, f"user:{turn}" if turn else "", input=text)
        for text, output, turn, rejected in rows
    ]
    table = pa.Table.from_pylist([one | {"task": "t"} for one in records], SCHEMA)
    keys, _ = keys_and_fields(texts_of(table, "all"), Shingling(3))
    spelt = [tuple(key) for key in keys.tolist()]
    assert [spelt.index(key) for key in spelt] == [rows.index(one) for one in rows]
