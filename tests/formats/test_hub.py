"""Hub inputs, with a stand-in for `datasets`: what is asked for, and labels by name."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from ittools.formats.source import ReadOptions, open_inputs


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
