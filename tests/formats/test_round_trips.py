"""Alpaca, ShareGPT, messages, prompt-completion, OASST threads: through each and through all, all is kept."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import Cli

from ittools.errors import InputError
from ittools.formats.export import ExportOptions, export
from ittools.formats.mapping import Defaults, map_rows
from ittools.formats.rows import file_rows
from ittools.formats.shapes import Format, Shape, row_of
from ittools.formats.source import ReadOptions, open_inputs
from ittools.progress import Silent
from ittools.records.build import build_record, opened_meta, record_batch
from ittools.records.messages import messages_batch, to_messages

Record = dict[str, Any]
TRIP: tuple[Format, ...] = ("alpaca", "sharegpt", "messages", "prompt-completion", "oasst")
PIECES = ("", " ", "\n\n", "Add.", "1 + 1", "Zähle", "עברית", "🦊\u200d🔥", "a\\b",
          "\u2028", "\ufeff", '"quoted"', "<|im_end|>", "{{x}}", "\x00", "\t", "\r\n", "Human: hi", "e\u0301",
          "数えて")  # fmt: skip


def generated(count: int, seed: int) -> Iterator[Record]:
    """Records of every kind that all five formats hold: texts of any script, empty ones, earlier turns."""
    drawn = random.Random(seed)

    def text() -> str:
        return "".join(drawn.choice(PIECES) for _ in range(drawn.randrange(5)))

    for number in range(count):
        context = [{"role": "system", "content": f"s{text()}"}] if drawn.random() < 0.3 else []
        for _ in range(drawn.choice((0, 0, 1, 3))):
            context += [{"role": "user", "content": text()}, {"role": "assistant", "content": text()}]
        yield build_record(
            f"{text()}{number if drawn.random() < 0.9 else ''}", drawn.choice(("", text())), text(),
            context=context, rejected=drawn.choice((None, None, text())), source=f"s{number % 7}",
            task=f"t{number % 9}", license=drawn.choice(("MIT", "CC0-1.0")),
            language=drawn.choice((None, "de", "zh")), generator=drawn.choice((None, "m")),
            template=drawn.choice((None, "p3/x/y")), parents=drawn.choice((None, ["a"], ["a", "b"])),
            scores=drawn.choice((None, {"q": 0.5}, {"q": 1.0, "r": -2.0})),
            meta=drawn.choice((None, '{"x": 1}', '{"tools": "[]"}')),
        )  # fmt: skip


def put(path: Path, records: Sequence[Record]) -> Path:
    pq.write_table(pa.Table.from_batches([record_batch(records)]), path)
    return path


def read(path: Path) -> list[Record]:
    (opened,) = open_inputs(ReadOptions(inputs=(str(path),)))
    return [row for batch in opened.batches() for row in batch.to_pylist()]


def trip(source: Path, target: Path, to: Format, *, whole: bool = True) -> Path:
    export(ExportOptions(inputs=(str(source),), out=str(target), to=to, whole=whole), Silent())
    return target


def plain(records: Sequence[Record]) -> list[Record]:
    return [record | {"meta": opened_meta(record["meta"])} for record in records]


@pytest.mark.parametrize("to", TRIP)
def test_ten_thousand_records_come_back_with_every_column(tmp_path: Path, to: Format) -> None:
    records = list(generated(10_000, 1))
    assert len({record["id"] for record in records}) > 9_000
    back = read(trip(put(tmp_path / "in.parquet", records), tmp_path / "out.jsonl", to))
    assert [record["id"] for record in back] == [record["id"] for record in records]
    assert plain(back) == plain(records)


def test_a_thousand_records_come_back_from_a_journey_through_all_formats(tmp_path: Path) -> None:
    records = list(generated(1_000, 2))
    here = put(tmp_path / "in.parquet", records)
    for number, to in enumerate((*TRIP, *reversed(TRIP))):
        here = trip(here, tmp_path / f"{number}.{'json' if number % 2 else 'jsonl'}", to)
    assert plain(read(here)) == plain(records)


@pytest.mark.parametrize("to", TRIP)
def test_bare_formats_carry_the_content_of_records_without_an_input_or_a_rejected_output(
    tmp_path: Path, to: Format
) -> None:
    records = [r for r in generated(2_000, 3) if r["rejected"] is None and (not r["input"] or to == "alpaca")]
    back = read(trip(put(tmp_path / "in.parquet", records), tmp_path / "out.jsonl", to, whole=False))
    assert [record["id"] for record in back] == [record["id"] for record in records]


TEXT = st.text(max_size=8)
TURN = st.tuples(st.sampled_from(["system", "user", "assistant", "function_call", "tool"]), TEXT)


def held(turns: list[dict[str, str]], rejected: str | None, to: Format) -> bool:
    """Whether a format has a place for these turns, as its own documents say."""
    first = bool(turns) and turns[0]["role"] == "system"
    roles = [turn["role"] for turn in turns[first:]]
    if to == "alpaca":
        return not (first and not turns[0]["content"]) and roles == ["user", "assistant"] * (len(roles) // 2)
    if to == "oasst":
        return set(roles) <= {"user", "assistant"}
    return to != "preference" or rejected is not None


@given(st.lists(TURN, max_size=4), TEXT, TEXT, TEXT, st.none() | TEXT, st.sampled_from([*TRIP, "preference"]))
@settings(deadline=None, max_examples=300)
def test_any_record_comes_back_or_is_refused_by_its_id(
    context: list[tuple[str, str]],
    instruction: str,
    input: str,
    output: str,
    rejected: str | None,
    to: Format,
) -> None:
    turns = [{"role": role, "content": text} for role, text in context]
    record = build_record(instruction, input, output, context=turns, rejected=rejected, source="s")
    if not held(turns, rejected, to):
        with pytest.raises(InputError, match=f"^record {record['id']}: {to} "):
            row_of(record, Shape(to, whole=True))
        return
    row = json.loads(json.dumps(row_of(record, Shape(to, whole=True))))
    (back,) = map_rows([("f:1", row)], Defaults("x"))
    assert {**back, "meta": None} == {**record, "meta": None}


@given(st.lists(st.tuples(st.lists(TURN, max_size=3), st.sampled_from(["", "a"]), TEXT), max_size=4))
@settings(deadline=None)
def test_the_messages_layout_is_that_of_single_records(
    some: list[tuple[list[tuple[str, str]], str, str]],
) -> None:
    """Also where the answer to a tool has no instruction."""
    records = [
        build_record(said, "", out, context=[{"role": r, "content": t} for r, t in turns], source="s")
        for turns, said, out in some
    ]
    batch = messages_batch(record_batch(records))
    assert batch.column("messages").to_pylist() == [to_messages(record) for record in records]


def test_what_a_bare_format_has_no_place_for_is_counted(tmp_path: Path, cli: Cli) -> None:
    records = [build_record("a", "b", "c", source="s"), build_record("a", "", "c", rejected="d", source="s")]
    source = put(tmp_path / "in.parquet", records)
    ran = cli("export", source, "--to", "messages", "--out", tmp_path / "m.jsonl")
    assert ran.err.splitlines()[-1] == (
        "export: messages has no place for 1 inputs apart from their instructions, 1 rejected outputs; "
        "--whole keeps them in columns of their own"
    )
    for more in (("--to", "jsonl"), ("--to", "messages", "--whole")):
        assert "no place" not in cli("export", source, *more, "--out", tmp_path / "x.jsonl", "--force").err
    assert "1 rejected outputs; --whole" in cli("export", source, "--to", "alpaca").err


def test_preferences_are_written_as_trl_reads_them(tmp_path: Path, cli: Cli) -> None:
    source = put(tmp_path / "in.parquet", [build_record("a", "b", "c", rejected="d", source="s")])
    (line,) = cli("export", source, "--to", "preference").out.splitlines()
    assert json.loads(line) == {
        "prompt": [{"role": "user", "content": "a\n\nb"}],
        "chosen": [{"role": "assistant", "content": "c"}],
        "rejected": [{"role": "assistant", "content": "d"}],
    }
    none = put(tmp_path / "none.parquet", [build_record("a", "b", "c", source="s")])
    ran = cli("export", none, "--to", "preference")
    assert ran.code == 1
    assert "preference needs a rejected output, and it has none; export it --to prompt-completion" in ran.err


def test_a_conversation_with_tools_comes_back_to_sharegpt(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "chat" / "lf_glaive_toolcall_en_demo.json.gz"
    (opened,) = open_inputs(ReadOptions(inputs=(str(path),)))
    records = [row for batch in opened.batches() for row in batch.to_pylist()]
    target = trip(path, tmp_path / "out.jsonl", "sharegpt", whole=False)
    written = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert written == [row for _, row in file_rows(path)]
    assert [row["id"] for row in read(target)] == [row["id"] for row in records]
    assert sum(not row["instruction"] for row in records) == 101  # answers to a tool


def test_every_format_is_one_of_the_commands() -> None:
    assert set(get_args(Format)) == {*TRIP, "preference", "jsonl", "csv"}
