"""The command lines of docs/template/flan.md, run as they stand there on the public datasets."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from workbench import Cli, manifest_of, read_records

DOCS = Path(__file__).parents[3] / "docs" / "template" / "flan.md"
LINES = re.findall(r"^    (ittools template classic/.*)$", DOCS.read_text(encoding="utf-8"), re.M)
COUNTS = (5_000, 5_000, 5_000, 4_076, 6_116, 7_473, 2_061, 2_000, 3_000, 2_000)


@pytest.mark.parametrize(("line", "count"), [*zip(LINES, COUNTS, strict=True)])
def test_a_documented_command_renders_every_row(
    cli: Cli, tmp_path: Path, shared_data: Path, line: str, count: int
) -> None:
    words = [word.replace("classic/", f"{shared_data}/classic/") for word in shlex.split(line)[1:]]
    ran = cli(*words, "--keep-dropped", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    manifest, found = manifest_of(tmp_path / "out"), read_records(tmp_path / "out")
    assert (len(found), sum(manifest["funnel"]["dropped"].values())) == (count, 0)
    assert len({row["template"] for row in found}) >= 8
    assert {row["task"] for row in found} == {words[words.index("--task") + 1]}


def test_gsm8k_has_reasoning_without_marks_and_its_number_last(
    cli: Cli, tmp_path: Path, shared_data: Path
) -> None:
    path = shared_data / "classic" / "gsm8k" / "train.jsonl.gz"
    options = ("--templates", "arithmetic-cot", "--only", "write-down-each-step", "--out", tmp_path / "out")
    assert cli("template", path, *options).code == 0
    for row in read_records(tmp_path / "out"):
        assert "<<" not in row["output"]
        assert "####" not in row["output"]
        assert re.fullmatch(r"-?[\d,.]+", row["output"].rpartition("\n")[2])


def test_tweets_have_their_labels_beside_them(cli: Cli, tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "classic" / "tweeteval"
    labels = (folder / "irony_train_labels.txt").read_text(encoding="utf-8").split()
    beside = f"label={folder / 'irony_train_labels.txt'}"
    texts = folder / "irony_train_text.txt.gz"
    ran = cli("template", texts, "--beside", beside, "--templates", "irony", "--out", tmp_path / "o")
    assert ran.code == 0, ran.err
    found = read_records(tmp_path / "o")
    assert len(found) == len(labels) == 2_862
    seen = 0
    for row, label in zip(found, labels, strict=True):
        words = sorted(json.loads(row["meta"]).get("options", []))
        if words == ["ironic", "not ironic"] and row["output"] in words:
            assert row["output"] == ("not ironic", "ironic")[int(label)]
            seen += 1
    assert seen > 300
