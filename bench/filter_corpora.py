"""Public datasets as record batches, good ones and raw answers of teachers, from the folder BENCH_DATA.

for name, batches in corpora(folder): ...     a corpus that is not there is left out
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from ittools.formats.rows import file_rows
from ittools.formats.source import ReadOptions, open_input
from ittools.records.build import Record, build_record, record_batch

Triple = tuple[str, str, str]  # instruction, input, output
Reader = Callable[[Path], Iterator[Triple]]
RAW = "selfinstruct_raw"
BATCH = 8_192  # records


def _keyed(instruction: str, input: str, output: str) -> Reader:
    """Rows with these keys; "" is a field that they do not have."""

    def read(path: Path) -> Iterator[Triple]:
        for _, row in file_rows(path):
            yield (
                row[instruction].strip(),
                str(row.get(input) or "").strip() if input else "",
                str(row[output]).strip() if output else "",
            )

    return read


def _labelled(instruction: str, text: str, label: str) -> Reader:
    def read(path: Path) -> Iterator[Triple]:
        for _, row in file_rows(path):
            yield instruction, str(row[text]), str(row[label])

    return read


def _ag_news(path: Path) -> Iterator[Triple]:
    import csv
    import gzip

    labels = (path.parent / "classes.txt").read_text().split("\n")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        for number, title, text in csv.reader(handle):
            yield "Name the topic of this news article.", f"{title}\n{text}", labels[int(number) - 1]


def _superni(folder: Path) -> Iterator[Triple]:
    import gzip

    for path in sorted(folder.glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as handle:
            task = json.load(handle)
        if not isinstance(task, dict) or not isinstance(task.get("Definition"), (str, list)):
            continue
        said = task["Definition"]
        said = said if isinstance(said, str) else said[0]
        for one in task["Instances"][:200]:
            output = one["output"]
            yield said, one["input"], output if isinstance(output, str) else output[0]


def _instances(path: Path) -> Iterator[Triple]:
    """What a completion model wrote for `Input: ... Output: ...`, cut at the first Output."""
    for _, row in file_rows(path):
        text = row["raw_instances"].strip().removeprefix("Input:")
        given, found, wanted = text.partition("Output:")
        yield row["instruction"], given.strip() if found else "", (wanted if found else given).strip()


def _completions(path: Path) -> Iterator[Triple]:
    import pyarrow.parquet as pq

    for text in pq.read_table(path)["record_json"].to_pylist():
        row = json.loads(text)
        head, _, given = row["input"].rpartition("input:")
        yield (
            head.removeprefix("Prompt:").strip(),
            given.removesuffix("output:").strip(),
            row["output"].strip(),
        )


def _chosen(path: Path) -> Iterator[Triple]:
    """The last answer of each transcript, and what was said before it."""
    for _, row in file_rows(path):
        before, _, answer = row["chosen"].rpartition("\n\nAssistant:")
        yield before.rpartition("\n\nHuman:")[2].strip(), "", answer.strip()


_ALPACA = _keyed("instruction", "input", "output")
_PREDICTED = _keyed("instruction", "input", "response")

GOOD: dict[str, tuple[str, Reader | None]] = {  # name: path, reader (None: the tool's own)
    "alpaca": ("instruct/alpaca_52k.parquet", None),
    "dolly": ("instruct/dolly_3k_alpagasus.json.gz", None),
    "gpt-4 answers": ("chat/lf_alpaca_en_demo.json.gz", None),
    "gpteacher": ("instruct/gpteacher_toolformer-dedupe-only.json.gz", None),
    "roleplay": ("instruct/gpteacher_roleplay.yaml.gz", None),
    "seeds en": ("seeds/seed_tasks.jsonl", None),
    "code alpaca": ("instruct/code_alpaca_2k.json.gz", None),
    "humaneval": ("eval/HumanEval.jsonl.gz", _keyed("prompt", "", "canonical_solution")),
    "gsm8k": ("classic/gsm8k/train.jsonl.gz", None),
    "alpaca zh": ("instruct/alpaca_zh_part-00.json.gz", None),
    "belle seeds zh": ("seeds/belle_zh_seed_tasks.json.gz", None),
    "seeds ko": ("seeds/merged_ko_seed_tasks.jsonl.gz", None),
    "seeds fr": ("seeds/vigogne_fr_seed_tasks.jsonl.gz", None),
    "oasst fr": ("chat/oasst_fr_top1.jsonl.gz", None),
    "superni": ("superni", _superni),
    "superni fi": ("superni_fi", _superni),
}
CLASSES: dict[str, tuple[str, Reader | None]] = {
    "ag news": ("classic/ag_news/test.csv.gz", _ag_news),
    "imdb": ("classic/olora/IMDB/train.json.gz", _labelled("Is this review good?", "sentence", "label")),
    "boolq": ("classic/olora/BoolQA/train.json.gz", _labelled("Is this true?", "sentence", "label")),
}
RAWS: dict[str, tuple[str, Reader | None]] = {
    "self-instruct 5k": ("instruct/self_instruct_5k.jsonl.gz", None),
    "qwen3": (f"{RAW}/qwen3/all_generated_instances.jsonl.gz", _ALPACA),
    "qwen3 raw": (f"{RAW}/qwen3/machine_generated_instances.jsonl.gz", _instances),
    "qwen final": (f"{RAW}/qwen_final/qwen_self_instruct_full.jsonl.gz", _ALPACA),
    "snail": (f"{RAW}/snail_mixed/all_generated_instances.jsonl.gz", _ALPACA),
    "leadawon raw": (f"{RAW}/leadawon/machine_generated_instances.jsonl.gz", _instances),
    "davinci": (f"{RAW}/human_eval/davinci_predictions.jsonl.gz", _PREDICTED),
    "davinci-003": (f"{RAW}/human_eval/text-davinci-003_predictions.jsonl.gz", _PREDICTED),
    "gpt-3 on ni": (f"{RAW}/ni_v1_gpt3_outputs.parquet", _completions),
    "hh chosen": ("chat/hh_rlhf_harmless_test.jsonl.gz", _chosen),
    "jojo ko": (f"{RAW}/jojo_ko/machine_generated_instructions.jsonl.gz", _keyed("instruction", "", "")),
    "gpt-4o-mini": (f"{RAW}/gpt4omini_generated_tasks.jsonl.gz", _keyed("instruction", "", "")),
}


def corpora(folder: Path) -> Iterator[tuple[str, list[pa.RecordBatch]]]:
    """Every corpus that lies below `folder`."""
    for name, (path, reader) in {**GOOD, **CLASSES, **RAWS}.items():
        if (folder / path).exists():
            yield name, list(batches_of(name, folder / path, reader))


def batches_of(name: str, path: Path, reader: Reader | None) -> Iterable[pa.RecordBatch]:
    if reader is None:
        return open_input(str(path), ReadOptions(inputs=(str(path),))).batches()
    return _batched(_records(reader(path), name))


def _batched(records: Iterator[Record]) -> Iterator[pa.RecordBatch]:
    while rows := list(islice(records, BATCH)):
        yield record_batch(rows)


def _records(rows: Iterable[Triple], name: str) -> Iterator[Record]:
    for row in rows:
        yield build_record(*row, source=name)


def texts(batches: Iterable[pa.RecordBatch], column: str) -> list[Any]:
    return [text for batch in batches for text in batch.column(column).to_pylist()]
