"""Public instruction and seed files, as their authors published them, to the exact record counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ittools.errors import InputError
from ittools.formats.source import ReadOptions, open_inputs

COUNTS = {
    "instruct/alpaca_52k.parquet": 52_002,
    "instruct/alpaca_data_51009-52002.json.gz": 993,
    "instruct/alpaca_zh_part-00.json.gz": 10_021,
    "instruct/alpaca_zh_unfinished_18280-21320.json.gz": 2_290,
    "instruct/claude_t45_alpagasus.json.gz": 5_305,
    "instruct/code_alpaca_2k.json.gz": 2_017,
    "instruct/dolly_3k_alpagasus.json.gz": 2_996,
    "instruct/gpteacher_roleplay.yaml.gz": 1_923,
    "instruct/gpteacher_toolformer-dedupe-only.json.gz": 7_673,
    "instruct/gpteacher_toolformer-similarity-0.6.json.gz": 2_396,
    "instruct/gpteacher_toolformer-similarity-0.7.json.gz": 3_487,
    "instruct/gpteacher_toolformer-similarity-0.9.json.gz": 5_959,
    "instruct/instructwild_seed_prompts_ch.jsonl.gz": 429,
    "instruct/instructwild_user_1.jsonl.gz": 429,
    "instruct/self_instruct_5k.jsonl.gz": 5_000,
    "instruct/user_oriented_instructions.jsonl.gz": 252,
    "seeds/belle_zh_seed_tasks.json.gz": 175,
    "seeds/code_seed_tasks.jsonl": 21,
    "seeds/merged_ko_seed_tasks.jsonl.gz": 134,
    "seeds/seed_tasks.jsonl": 175,
    "seeds/vigogne_fr_seed_tasks.jsonl.gz": 175,
    "chat/lf_alpaca_en_demo.json.gz": 999,
    "chat/oasst_fr_top1.jsonl.gz": 256,
    "chat/sharegpt_dummy_conversation.json.gz": 500,
}
# prompts without an answer, by design of their authors
UNANSWERED = {"instruct/instructwild_seed_prompts_ch.jsonl.gz", "instruct/instructwild_user_1.jsonl.gz"}


@pytest.mark.parametrize("name", COUNTS)
def test_a_published_file_gives_all_its_records(shared_data: Path, name: str) -> None:
    (source,) = open_inputs(ReadOptions(inputs=(str(shared_data / name),)))
    records = empty = 0
    for batch in source.batches():
        records += batch.num_rows
        assert all(text.strip() for text in batch.column("instruction").to_pylist())
        empty += sum(not text for text in batch.column("output").to_pylist())
    assert records == COUNTS[name]
    assert (empty == records) == (name in UNANSWERED)


def test_no_published_file_is_left_out(shared_data: Path) -> None:
    there = {
        f"{folder}/{p.name}" for folder in ("instruct", "seeds") for p in (shared_data / folder).iterdir()
    }
    assert there == {name for name in COUNTS if not name.startswith("chat/")}


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("chat/lf_c4_demo.jsonl.gz", "text"),
        ("chat/oasst_en_100_tree.jsonl.gz", "message_tree_id, prompt, tree_state"),
    ],
)
def test_what_is_no_instruction_data_is_refused_by_its_columns(
    shared_data: Path, name: str, columns: str
) -> None:
    path = shared_data / name
    (source,) = open_inputs(ReadOptions(inputs=(str(path),)))
    with pytest.raises(InputError) as refusal:
        list(source.batches())
    assert str(refusal.value).startswith(f"{path}:1: cannot map the columns {columns}; name them with --map")
