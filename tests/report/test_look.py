"""`head`: records as they stand, and of dropped ones why they went."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbench import Cli, numbered, read_records, write_jsonl

from ittools.records.build import build_record, record_batch
from ittools.store.dropped import dropped_batch

ROWS = [
    *numbered(2),
    {"instruction": "Hi", "output": "x"},
    {"instruction": "Name a fruit, please.", "output": "I'm sorry, but I can't say."},
    {"instruction": "Name a fruit, please.", "output": ""},
]


@pytest.fixture
def out(tmp_path: Path, cli: Cli) -> Path:
    source = write_jsonl(tmp_path / "in.jsonl", ROWS)
    ran = cli("filter", source, "--preset", "strict", "--keep-dropped", "--out", tmp_path / "out")
    assert ran.code == 0
    return tmp_path / "out"


SHOWN = """\
── 1  {}  in  in  LicenseRef-unspecified
      reason  instruction-too-short
      detail  words: 1, least: 3
 instruction  Hi
      output  x
── 2  {}  in  in  LicenseRef-unspecified
      reason  refusal
      detail  found: I'm sorry, but I can't
 instruction  Name a fruit, please.
      output  I'm sorry, but I can't say.
── 3  {}  in  in  LicenseRef-unspecified
      reason  empty-output
 instruction  Name a fruit, please.
"""


@pytest.mark.parametrize("place", ["dropped", "dropped/dropped-00000-of-00001.parquet"])
def test_dropped_records_are_shown_with_reason_and_detail(out: Path, cli: Cli, place: str) -> None:
    gone = read_records(out, "dropped", "dropped")
    ran = cli("head", out / place)
    assert (ran.code, ran.out) == (0, SHOWN.format(*(row["id"][:8] for row in gone)))


def test_json_has_the_columns_as_they_were_written(out: Path, cli: Cli) -> None:
    found = json.loads(cli("head", out / "dropped", "-n", 2, "--json").out)
    assert found == [row | {"scores": {}} for row in read_records(out, "dropped", "dropped")[:2]]
    assert [(row["reason"], row["detail"]) for row in found] == [
        ("instruction-too-short", '{"words": 1, "least": 3}'),
        ("refusal", '{"found": "I\'m sorry, but I can\'t"}'),
    ]


def test_kept_records_have_neither(out: Path, cli: Cli) -> None:
    assert "reason" not in cli("head", out).out
    assert all("reason" not in row for row in json.loads(cli("head", out, "--json").out))


def test_twins_and_spans_of_other_commands_are_told_too(tmp_path: Path, cli: Cli) -> None:
    rows = [{"instruction": f"Say the {n} words", "output": "the same long answer"} for n in (1, 1, 2)]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    against = write_jsonl(tmp_path / "eval.jsonl", rows[2:])
    assert cli("dedup", source, "--keep-dropped", "--out", tmp_path / "dedup").code == 0
    (gone,) = read_records(tmp_path / "dedup", "dropped", "dropped")
    kept = json.loads(gone["detail"])["kept"]
    shown = cli("head", tmp_path / "dedup/dropped").out.splitlines()
    assert shown[1:3] == ["      reason  exact-duplicate", f"      detail  kept: {kept}, jaccard: 1.0"]
    words = ("--against", against, "--keep-dropped", "--out", tmp_path / "clean")
    assert cli("decontaminate", source, *words).code == 0
    shown = cli("head", tmp_path / "clean/dropped").out.splitlines()
    assert shown[1:3] == [
        "      reason  contaminated-exact",
        "      detail  set: eval, row: 1, of: prompt, in: prompt, method: exact, coverage: 1.0, words: 4, "
        "span: Say the 2 words, others: 0",
    ]


@pytest.mark.parametrize(
    ("detail", "lines"),
    [
        (None, []),
        ("quota: of an older run", ["      detail  quota: of an older run"]),
        ("[1, 2]", ["      detail  [1, 2]"]),
        ('{"most": 0.5, "found": "a\\u001b[2Jb"}', ["      detail  most: 0.5, found: a␛[2Jb"]),
        (
            json.dumps({"row": 7, "span": "two\nlines", "long": "x" * 61}),
            ["      detail  row: 7", "        span  two", "              lines", f"        long  {'x' * 61}"],
        ),
    ],
)
def test_any_detail_is_readable(tmp_path: Path, cli: Cli, detail: str | None, lines: list[str]) -> None:
    batch = dropped_batch(record_batch([build_record("Go on.", "", "yes", source="s")]), ["why"], [detail])
    pq.write_table(pa.Table.from_batches([batch]), tmp_path / "one.parquet")
    shown = cli("head", tmp_path / "one.parquet").out.splitlines()
    assert shown[1:-2] == ["      reason  why", *lines]


def test_nothing_dropped_is_no_record(tmp_path: Path, cli: Cli) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", numbered(2))
    assert cli("filter", source, "--keep-dropped", "--out", tmp_path / "out").code == 0
    assert cli("head", tmp_path / "out/dropped").out == "no records\n"
