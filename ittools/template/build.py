"""Records of one chunk, column by column: an object a record costs more than its rendering.

built = Builder(chunk.about)
built.add("Is this about sports? ...", "yes", task="ag_news", template="p3/ag_news/is_sports", **told(row))
built.drop("empty-target", "Is this ...", "", task=..., template=...)
built.rendered()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from ittools.formats.finish import is_language
from ittools.formats.rows import Row
from ittools.formats.tables import About, Chunk
from ittools.records.build import Turn, content_id, content_ids, mend_text, text_array
from ittools.records.schema import SCHEMA
from ittools.records.scores import ScorePair, as_scores, scores_column
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
TOLD = ("license", "source", "language", "generator")
_TELL = frozenset((*TOLD, "lang", "parents", "scores"))


def told(row: Row) -> dict[str, Any]:
    """What a row says of itself, as `Builder.add` takes it; it holds before what is said of all rows.

    >>> told({"text": "Hi", "license": "MIT", "source": None, "scores": {"quality": 4}})
    {"license": "MIT", "scores": {"quality": 4.0}}
    """
    if _TELL.isdisjoint(row):
        return {}
    found: dict[str, Any] = {n: row[n] for n in TOLD if isinstance(row.get(n), str) and row[n].strip()}
    if "language" in found and not is_language(found["language"]):  # of programs: it stays in `meta`
        del found["language"]
    if "language" not in row and is_language(row.get("lang")):
        found["language"] = row["lang"]
    parents, scores = row.get("parents"), as_scores(row.get("scores"))
    if isinstance(parents, list) and parents and all(isinstance(one, str) for one in parents):
        found["parents"] = parents
    return found | {"scores": scores} if scores else found


def of_another_kind(chunk: Chunk, has: Callable[[Row], bool]) -> bool:
    """Whether no row of the first ones has what the style reads; a single one that has not is dropped."""
    return chunk.leads and len(chunk) > 0 and not any(map(has, chunk.rows))


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
        arrays = {name: text_array(values) for name, values in self.columns.items()}
        every = range(len(self.reasons))
        contexts = {n: _mended(turns) for n, turns in self.rare["context"].items()}
        rejected = {n: mend_text(text) for n, text in self.rare["rejected"].items()}
        parents = {n: list(map(mend_text, ids)) for n, ids in self.rare["parents"].items()}
        scores = {n: _scores(found) for n, found in self.rare["scores"].items()}
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
            "parents": [parents.get(n) for n in every],
            "scores": [scores.get(n) for n in every],
        }
        made = arrays | {"id": ids} | {n: pa.array(v, SCHEMA.field(n).type) for n, v in others.items()}
        batch = pa.RecordBatch.from_arrays([made[name] for name in SCHEMA.names], schema=SCHEMA)
        return Rendered(batch, pa.array(self.reasons, pa.string()), text_array(self.details))


def _mended(turns: list[Turn]) -> list[Turn]:
    return [{"role": turn["role"], "content": mend_text(turn["content"])} for turn in turns]


def _scores(found: Mapping[str, float]) -> list[ScorePair] | None:
    return scores_column({mend_text(name): value for name, value in found.items()})
