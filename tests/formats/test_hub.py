"""Hub inputs, by a stand-in for `datasets` or by the library itself: what is asked for, labels, pictures."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from workbench import write_jsonl

from ittools.formats.source import ReadOptions, open_inputs
from ittools.formats.table_inputs import TableOptions, open_tables
from ittools.formats.tables import chunks, pieces


class Rows(list[dict[str, Any]]):
    features: ClassVar[dict[str, object]] = {
        "output": SimpleNamespace(names=["bad", "good"], str2int=None),
        "instruction": object(),
    }


class Files(list[str]):
    """As `datasets` has them: names, and beside them where each is from."""

    origin_metadata: ClassVar[list[tuple[str, ...]]] = []


@dataclass
class Builder:
    """A stand-in for the builder of a dataset, which notes what it is asked for."""

    hash: str = "1" * 40
    repo_id: str | None = "reviews"
    files: Files = field(default_factory=Files)
    asked: list[Any] = field(default_factory=list)
    info: Any = field(default_factory=lambda: SimpleNamespace(version="0.0.0"))

    @property
    def config(self) -> Any:
        return SimpleNamespace(data_files={"train": self.files})

    def load_dataset_builder(self, **arguments: Any) -> Builder:
        self.asked.append(arguments)
        return self

    def as_streaming_dataset(self, *, split: str) -> Rows:
        self.asked.append(split)
        return Rows([{"instruction": "Rate it.", "output": 1}, {"instruction": "Rate that.", "output": 0}])


def fingerprint(monkeypatch: pytest.MonkeyPatch, builder: Builder, spec: str = "hub:reviews") -> str:
    monkeypatch.setitem(sys.modules, "datasets", builder)
    [source] = open_inputs(ReadOptions(inputs=(spec,)))
    return source.entry.fingerprint


def test_a_hub_input_is_streamed_and_its_class_numbers_become_names(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = Builder()
    monkeypatch.setitem(sys.modules, "datasets", builder)
    [source] = open_inputs(ReadOptions(inputs=("hub:reviews@small",), split="test"))
    records = [row for batch in source.batches() for row in batch.to_pylist()]
    assert [(row["instruction"], row["output"]) for row in records] == [
        ("Rate it.", "good"),
        ("Rate that.", "bad"),
    ]
    assert builder.asked == [{"path": "reviews", "name": "small"}, "test"]
    assert source.entry.kind == "hub"


def test_a_dataset_of_the_hub_is_known_by_its_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    one, same, later = (fingerprint(monkeypatch, Builder(hash=digit * 40)) for digit in "112")
    assert one == same != later


def test_a_file_of_a_branch_is_known_by_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def mark(blob: str, revision: str = "main") -> str:
        def url_to_fs(url: str) -> tuple[Any, str]:
            asked.append(url)
            return SimpleNamespace(info=lambda path: {"blob_id": blob + path}), url.removeprefix("hf://")

        monkeypatch.setattr("fsspec.core.url_to_fs", url_to_fs)
        files = Files(["hf://datasets/org/name/a.parquet"])
        files.origin_metadata = [("org/name", revision)]  # type: ignore[misc]
        builder = Builder(hash="of the loader", repo_id=None, files=files)
        return fingerprint(monkeypatch, builder, "hf://datasets/org/name/a.parquet")

    assert mark("1") == mark("1") != mark("2")
    assert asked == ["hf://datasets/org/name/a.parquet"] * 3
    assert mark("1", "1" * 40) == mark("2", "1" * 40)  # a commit never moves, so nobody is asked
    assert len(asked) == 3


def test_files_that_lie_here_are_known_by_their_bytes_and_not_by_their_dates(tmp_path: Path) -> None:
    """By the real library."""
    pytest.importorskip("datasets", reason="datasets is not installed: pip install 'ittools[hub]'")

    def mark(answer: str, date: int) -> str:
        write_jsonl(tmp_path / "train.jsonl", [{"instruction": "a", "output": answer}])
        os.utime(tmp_path / "train.jsonl", (date, date))
        [source] = open_inputs(ReadOptions(inputs=(f"hub:{tmp_path}",)))
        return source.entry.fingerprint

    assert mark("b", 1) == mark("b", 2) != mark("c", 2)


def test_a_table_of_the_hub_keeps_numbers_names_classes_and_leaves_pictures_out(tmp_path: Path) -> None:
    """By the real library, on a dataset that lies here."""
    datasets = pytest.importorskip("datasets", reason="datasets is not installed: pip install 'ittools[hub]'")
    features = datasets.Features({
        "label": datasets.ClassLabel(names=["bad", "good"]),
        "picture": datasets.Image(decode=False),
        "answers": {"text": datasets.Sequence(datasets.Value("string"))},
    })  # fmt: skip
    made = {
        "label": [1, 0],
        "picture": [{"bytes": b"\xff", "path": None}] * 2,
        "answers": [{"text": ["a"]}] * 2,
    }
    datasets.Dataset.from_dict(made, features=features).to_parquet(str(tmp_path / "train.parquet"))
    [table] = open_tables(TableOptions(inputs=(f"hub:{tmp_path}",)))
    chunk = next(chunks(pieces([table], tmp_path)[0], 0))
    assert chunk.rows == [{"label": 1, "answers": {"text": ["a"]}}, {"label": 0, "answers": {"text": ["a"]}}]
    assert [(one.column, one.names) for one in chunk.about.labels] == [("label", ("bad", "good"))]
    assert dict(chunk.about.left_out) == {"picture": "bytes of an image, a sound or the like"}
