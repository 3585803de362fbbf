"""Public files as their authors published them: all their records and rows, or the reason there are none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from published import ACCOUNT, FOLDERS, Count

from ittools.errors import InputError
from ittools.formats.source import ReadOptions, open_inputs
from ittools.formats.table_inputs import TableOptions, open_tables
from ittools.formats.tables import chunks, pieces

Row = dict[str, Any]

# prompts without an answer, by design of their authors
UNANSWERED = {
    "instruct/instructwild_seed_prompts_ch.jsonl.gz", "instruct/instructwild_user_1.jsonl.gz",
    "selfinstruct_raw/gpt4omini_generated_tasks.jsonl.gz",
    *(f"selfinstruct_raw/{name}.gz" for name in (
        "jojo_ko/machine_generated_instructions.jsonl", "leadawon/machine_generated_instances.jsonl",
        "leadawon/machine_generated_instructions.jsonl", "qwen3/is_clf_or_not.jsonl",
        "qwen3/machine_generated_instances.jsonl", "qwen3/machine_generated_instructions.jsonl",
        "snail_mixed/is_clf_or_not_template_1.jsonl")),
    "selfinstruct_raw/leadawon/is_clf_or_not_text-davinci-003_template_1.jsonl",
}  # fmt: skip


def records(path: Path) -> Iterator[Row]:
    for source in open_inputs(ReadOptions(inputs=(str(path),))):
        for batch in source.batches():
            yield from batch.to_pylist()


def rows(path: Path, work: Path, **how: Any) -> Iterator[Row]:
    for number, piece in enumerate(pieces(open_tables(TableOptions(inputs=(str(path),), **how)), work)):
        for chunk in chunks(piece, number):
            yield from chunk.rows


def test_no_published_file_is_left_out(shared_data: Path) -> None:
    there = {
        path.relative_to(shared_data).as_posix() for f in FOLDERS for path in (shared_data / f).rglob("*.*")
    }
    assert there == ACCOUNT.keys()
    assert {path.name for path in shared_data.iterdir() if path.is_dir()} == set(FOLDERS)


def counted_or_refused(found: Iterator[Row], expected: Count, path: Path) -> None:
    if isinstance(expected, int):
        assert sum(1 for _ in found) == expected
        return
    with pytest.raises(InputError) as refusal:
        list(found)
    assert str(refusal.value).startswith(str(path))
    assert expected in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ACCOUNT)
def test_a_published_file_gives_all_its_records_or_says_why_not(shared_data: Path, name: str) -> None:
    counted_or_refused(records(shared_data / name), ACCOUNT[name][0], shared_data / name)


@pytest.mark.parametrize("name", ACCOUNT)
def test_a_published_file_gives_all_its_rows_or_says_why_not(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    counted_or_refused(rows(shared_data / name, tmp_path), ACCOUNT[name][1], shared_data / name)


@pytest.mark.parametrize("name", [name for name, (count, _) in ACCOUNT.items() if isinstance(count, int)])
def test_every_record_asks_something_and_most_answer_it(shared_data: Path, name: str) -> None:
    empty = total = 0
    for record in records(shared_data / name):
        answers_tool = bool(record["context"]) and record["context"][-1]["role"] == "tool"
        assert record["instruction"].strip() or answers_tool
        total, empty = total + 1, empty + (not record["output"].strip())
    assert (empty == total) == (name in UNANSWERED)


WITHOUT_HEADER: dict[str, tuple[str, int]] = {
    "classic/ag_news/test.csv.gz": ("label,title,text", 5_000),
    "classic/sst2/train.tsv.gz": ("text,label", 5_000),
    "classic/cola/in_domain_train.tsv.gz": ("source,label,mark,text", 5_000),
    "classic/strategyqa_cot/strategyqa_train.tsv.gz": ("question,answer,rationale", 2_061),
    "classic/dream/train.json.gz": ("dialogue,questions,id", 3_869),
}


@pytest.mark.parametrize("name", WITHOUT_HEADER)
def test_a_file_without_a_header_gives_its_first_row_too(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    columns, count = WITHOUT_HEADER[name]
    found = list(rows(shared_data / name, tmp_path, columns=columns))
    assert len(found) == count
    assert all(list(row) == columns.split(",") for row in found)


def test_mrpc_loses_no_row_to_its_bare_quotes_and_no_name_to_its_mark(
    shared_data: Path, tmp_path: Path
) -> None:
    found = list(rows(shared_data / "classic/mrpc/msr_paraphrase_train.txt.gz", tmp_path))
    assert list(found[0]) == ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"]
    assert len(found) == 4_076  # with the header 4,077 lines; CSV's quoting would leave 3,963
    assert {row["Quality"] for row in found} == {"0", "1"}
    assert sum('"' in row["#1 String"] for row in found) > 500


def test_texts_and_labels_in_two_files_are_one_table(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "classic/tweeteval"
    found = list(rows(
        folder / "irony_train_text.txt.gz", tmp_path, beside=(f"label={folder / 'irony_train_labels.txt'}",),
        labels=(f"label=@{folder / 'irony_mapping.txt'}",),
    ))  # fmt: skip
    texts = (folder / "irony_train_labels.txt").read_text().split()
    assert [row["label"] for row in found] == [int(text) for text in texts]
    assert len(found) == 2_862


def test_label_names_come_from_a_json_list(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "classic/olora/MNLI"
    found = list(rows(folder / "train.json.gz", tmp_path, labels=(f"label=@{folder / 'labels.json'}",)))
    assert {row["label"] for row in found} == {0, 1, 2}
    plain = list(rows(folder / "train.json.gz", tmp_path))
    names = json.loads((folder / "labels.json").read_text())
    assert [names[row["label"]] for row in found] == [row["label"] for row in plain]


def test_squad_gives_a_row_and_a_record_a_question(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "multilingual/xquad.th.json.gz"
    first = next(rows(path, tmp_path))
    start, text = first["answers"]["answer_start"][0], first["answers"]["text"][0]
    assert first["context"][start : start + len(text)] == text == "308"  # so a mark within a text stays there
    record = next(records(path))
    assert (record["instruction"], record["input"], record["output"]) == (
        first["question"],
        first["context"],
        "308",
    )


def test_choices_that_are_spelt_as_text_are_choices(shared_data: Path) -> None:
    record = next(records(shared_data / "eval/mmlu_redux_questions.parquet"))
    assert record["input"] == "A. True, True\nB. False, False\nC. True, False\nD. False, True"
    assert record["output"] == "True, True"
    assert all(one["output"] for one in records(shared_data / "eval/mmlu_redux_questions.parquet"))


def test_judgements_preferences_and_languages_find_their_columns(shared_data: Path) -> None:
    kto = list(records(shared_data / "chat/lf_kto_en_demo.json.gz"))
    scores = [one["scores"] for one in kto]
    assert sum(score == [{"name": "label", "value": 1.0}] for score in scores) == 150
    assert sum(score == [{"name": "label", "value": 0.0}] for score in scores) == 150
    for name, rejected in (("lf_dpo_en_demo.json.gz", 300), ("hh_rlhf_harmless_test.jsonl.gz", 2_312)):
        assert sum(one["rejected"] is not None for one in records(shared_data / "chat" / name)) == rejected
    assert len({one["language"] for one in records(shared_data / "multilingual/mgsm.parquet")}) == 11
