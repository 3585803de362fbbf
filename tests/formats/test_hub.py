"""Hub inputs, by a stand-in for `datasets` or by the library itself: what is asked for, labels, pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from ittools.formats.source import ReadOptions, open_inputs
from ittools.formats.table_inputs import TableOptions, open_tables
from ittools.formats.tables import chunks, pieces


class Rows(list[dict[str, Any]]):
    info = SimpleNamespace(version="1.0.0", download_checksums=None)
    features: ClassVar[dict[str, object]] = {
        "output": SimpleNamespace(names=["bad", "good"], str2int=None),
        "instruction": object(),
    }


def test_a_hub_input_is_streamed_and_its_class_numbers_become_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def load_dataset(**arguments: Any) -> Rows:
        asked.append(arguments)
        return Rows([{"instruction": "Rate it.", "output": 1}, {"instruction": "Rate that.", "output": 0}])

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    [source] = open_inputs(ReadOptions(inputs=("hub:reviews@small",), split="test"))
    records = [row for batch in source.batches() for row in batch.to_pylist()]
    assert [(row["instruction"], row["output"]) for row in records] == [
        ("Rate it.", "good"),
        ("Rate that.", "bad"),
    ]
    assert asked == [{"path": "reviews", "name": "small", "split": "test", "streaming": True}]
    assert source.entry.kind == "hub"


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
