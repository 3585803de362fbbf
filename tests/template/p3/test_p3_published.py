"""What T0 published of P3: our rendering of the same rows by the same templates is the same text."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
from workbench import Cli

ENDS = "<|endoftext|>"


def published(shared_data: Path, name: str) -> list[tuple[str, str]]:
    """Prompts and completions of one template, as far as T0's own ends are taken off."""
    rows = pq.read_table(shared_data / "promptsource" / "t0_rendered.parquet").to_pylist()
    return [(row["prompt"].strip(), row["completion"].removesuffix(ENDS).strip())
            for row in rows if row["dataset_template"] == name]  # fmt: skip


def ours(out: Path) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for file in sorted((out / "data").glob("*.parquet")):
        for record in pq.read_table(file, columns=["template", "instruction", "output"]).to_pylist():
            pair = record["instruction"], record["output"]
            found.setdefault(record["template"].rpartition("/")[2], []).append(pair)
    return found


def test_dream_is_what_t0_published_but_for_the_dialogue_that_it_cut(
    shared_data: Path, tmp_path: Path, cli: Cli
) -> None:
    """All but ten of sixty records of each template; in those T0 has less of one dialogue."""
    with gzip.open(shared_data / "classic" / "dream" / "train.json.gz", "rt", encoding="utf-8") as handle:
        dialogues = json.load(handle)[:200]
    rows = [{"dialogue": turns, **question} for turns, questions, _ in dialogues for question in questions]
    (tmp_path / "dream.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    templates = shared_data / "promptsource" / "dream"
    ran = cli("template", tmp_path / "dream.jsonl", "--style", "p3", "--templates", templates,
              "--no-truncate", "-o", tmp_path / "out", "-q")  # fmt: skip
    assert ran.code == 0, ran.err
    found = ours(tmp_path / "out")
    assert len(found) == 5
    for name, pairs in found.items():
        theirs = published(shared_data, "dream_" + name.replace("-", "_").replace(" ", "_").lower())
        assert len(theirs) == 60, name
        known = set(pairs)
        assert sum(pair in known for pair in theirs) == 50, name


def plain(text: str) -> str:
    """Without space and quote marks, with which GLUE's copy of the corpus differs from the original."""
    return re.sub(r"[\s\"'`]", "", text)


def test_mrpc_is_what_t0_published_but_for_space_and_quotes(
    shared_data: Path, tmp_path: Path, cli: Cli
) -> None:
    corpus = shared_data / "classic" / "mrpc" / "msr_paraphrase_train.txt.gz"
    templates = shared_data / "promptsource" / "glue" / "mrpc"
    ran = cli("template", corpus, "--style", "p3", "--templates", templates,
              "--map", "sentence1=#1 String,sentence2=#2 String,label=Quality", "--labels", "label=no,yes",
              "-o", tmp_path / "out", "-q")  # fmt: skip
    assert ran.code == 0, ran.err
    found = ours(tmp_path / "out")
    assert len(found) == 7
    for name, pairs in found.items():
        theirs = published(shared_data, "glue_mrpc_" + name.replace(" ", "_"))
        known = {(plain(prompt), plain(target)) for prompt, target in pairs}
        assert [pair for pair in theirs if (plain(pair[0]), plain(pair[1])) not in known] == [], name
        assert len(theirs) == 60, name
