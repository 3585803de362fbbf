"""Records of one chunk, column by column: an object a record costs more than its rendering.

built = Builder(chunk.about)
built.add("Is this about sports? ...", "yes", task="ag_news", template="p3/ag_news/is_sports")
built.drop("empty-target", "Is this ...", "", task=..., template=...)
built.rendered()
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ittools.formats.tables import About
from ittools.records.build import Turn, content_id, content_ids, mend_text
from ittools.records.schema import SCHEMA
from ittools.records.scores import scores_column
from ittools.template.style import Rendered

NAMES = (
    "instruction",
    "input",
    "output",
    "task",
    "template",
    "language",
    "generator",
    "license",
    "source",
    "meta",
)
RARE = ("context", "rejected", "parents", "scores")


class Builder:
    def __init__(self, about: About) -> None:
        self.about = about
        self.columns: dict[str, list[Any]] = {name: [] for name in NAMES}
        self.rare: dict[str, dict[int, Any]] = {name: {} for name in RARE}  # by record
        self.reasons: list[str | None] = []
        self.details: list[str | None] = []

    def add(
        self,
        instruction: str,
        output: str,
        *,
        task: str,
        template: str | None,
        input: str = "",
        language: str | None = None,
        license: str | None = None,
        generator: str | None = None,
        source: str | None = None,
        meta: str | None = None,
        reason: str | None = None,
        detail: str | None = None,
        **rare: Any,
    ) -> None:
        """One record; with a `reason` it goes, and `detail` says where that is seen. `meta` is JSON.

        rare: context (turns), rejected (text), parents (ids), scores (numbers by name).
        """
        about, columns = self.about, self.columns
        for name, value in rare.items():
            if value is not None and value != []:
                self.rare[name][len(self.reasons)] = value
        columns["instruction"].append(instruction)
        columns["input"].append(input)
        columns["output"].append(output)
        columns["task"].append(task)
        columns["template"].append(template)
        columns["language"].append(about.language or language)
        columns["generator"].append(generator)
        columns["license"].append(license or about.license)
        columns["source"].append(source or about.source)
        columns["meta"].append(meta)
        self.reasons.append(reason)
        self.details.append(detail)

    def drop(
        self, reason: str, instruction: str, output: str, *, detail: str | None = None, **more: Any
    ) -> None:
        self.add(instruction, output, reason=reason, detail=detail, **more)

    def rendered(self) -> Rendered:
        arrays = {name: _texts(values) for name, values in self.columns.items()}
        every = range(len(self.reasons))
        contexts = {n: _mended(turns) for n, turns in self.rare["context"].items()}
        rejected = {n: mend_text(text) for n, text in self.rare["rejected"].items()}
        scores = {n: scores_column(found) for n, found in self.rare["scores"].items()}
        content = arrays["instruction"], arrays["input"], arrays["output"]
        ids = content_ids(*content)
        unusual = sorted(contexts.keys() | rejected.keys())
        if unusual:
            listed = ids.to_pylist()
            for n in unusual:
                instruction, input, output = (column[n].as_py() for column in content)
                listed[n] = content_id(instruction, input, output, contexts.get(n), rejected.get(n))
            ids = pa.array(listed, pa.string())
        others = {
            "context": [contexts.get(n, []) for n in every],
            "rejected": [rejected.get(n) for n in every],
            "parents": [self.rare["parents"].get(n) for n in every],
            "scores": [scores.get(n) for n in every],
        }
        made = arrays | {"id": ids} | {n: pa.array(v, SCHEMA.field(n).type) for n, v in others.items()}
        batch = pa.RecordBatch.from_arrays([made[name] for name in SCHEMA.names], schema=SCHEMA)
        return Rendered(batch, pa.array(self.reasons, pa.string()), _texts(self.details))


def _mended(turns: list[Turn]) -> list[Turn]:
    return [{"role": turn["role"], "content": mend_text(turn["content"])} for turn in turns]


def _texts(values: list[Any]) -> pa.StringArray:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # lone surrogates, which JSON can spell
        return pa.array([value if value is None else mend_text(value) for value in values], pa.string())
