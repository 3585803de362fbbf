"""One part of the training data against the index: which records go, and for which evaluation record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ittools.curate.decontamination.index import Index
from ittools.curate.decontamination.judge import METHODS, NGRAM, Hits, hits_of
from ittools.curate.decontamination.options import Rule
from ittools.curate.decontamination.texts import COLUMNS, Texts, texts_of
from ittools.engine.exchange import join, put_table
from ittools.formats.parts import Part
from ittools.text.ragged import I64, offsets_of, spans, within
from ittools.text.spelled import Spelling, spell

BATCH = 8_192  # records; 2,048 cost half as much again, 16,384 the same
MOST = 100  # matches told of one record; all count in `others` and for each evaluation set
AT_ONCE = 1 << 22  # evaluation records counted at a time
FOUND = pa.schema([
    ("number", pa.int64()), ("dropped", pa.string()), ("in", pa.string()), ("passage", pa.int64()),
    ("method", pa.string()), ("coverage", pa.float64()), ("words", pa.int64()), ("span", pa.large_string()),
    ("detail", pa.string()),
])  # fmt: skip


@dataclass(frozen=True)
class Met:
    """What of the evaluation sets one part meets: wordings, and records that go for each set."""

    wordings: I64
    dropped: I64


@dataclass(frozen=True)
class Told:
    """Matches by record, the best first; hits: `passages[i]` is a member of `hits.wordings[i]`."""

    records: I64
    hits: Hits
    passages: I64

    def first(self, most: int) -> Told:
        """The best of each record."""
        place = np.arange(len(self.records)) - np.searchsorted(self.records, self.records)
        keep = place < most
        return Told(self.records[keep], self.hits[keep], self.passages[keep])


def compare_part(part: Part, folder: str, number: int, rule: Rule, detailed: bool) -> Met:
    """Task: matches of the records of one part, those of a record together, to `found-<number>.arrow`."""
    table, index = part.read(COLUMNS[rule.on]), Index(folder, rule)
    found = [FOUND.empty_table()]
    wordings = [np.zeros(0, np.int64)]
    dropped = np.zeros(len(index.wordings.set_sizes), np.int64)
    for first in range(0, table.num_rows, BATCH):
        some = table.slice(first, BATCH)
        texts = texts_of(some, rule.on)
        hits = hits_of(texts.said, texts.asked, index)
        records = texts.records[hits.texts]
        wordings.append(np.unique(hits.wordings))
        pairs = np.unique(records * len(dropped) + index.wordings.sets[hits.wordings])
        dropped += np.bincount(pairs % len(dropped), minlength=len(dropped))
        told = ranked(hits, records, index)
        columns = _columns(told, texts, first, some.column("id"))
        details = _details(columns, told, others(hits, records, index), index) if detailed else None
        columns["detail"] = details or [None] * len(told.records)
        found.append(pa.table(columns, schema=FOUND))
    put_table(found_file(folder, number), pa.concat_tables(found).combine_chunks())
    return Met(np.unique(np.concatenate(wordings)), dropped)


def found_file(folder: str, number: int) -> str:
    return join(folder, f"found-{number:06d}.arrow")


def ranked(hits: Hits, records: I64, index: Index) -> Told:
    """The best `MOST` of each record: an equal prompt, a whole short record, then by coverage and words."""
    members, offsets = index.wordings.members, index.wordings.member_offsets
    some = _sorted(records, hits, members[offsets[hits.wordings]]).first(MOST)
    begins = offsets[some.hits.wordings]
    counts = np.minimum(offsets[some.hits.wordings + 1] - begins, MOST)
    each = np.repeat(np.arange(len(counts)), counts)
    return _sorted(some.records[each], some.hits[each], members[within(begins, counts)]).first(MOST)


def _sorted(records: I64, hits: Hits, passages: I64) -> Told:
    certain = np.minimum(hits.methods, NGRAM)
    order = np.lexsort((hits.texts, passages, -hits.words, -hits.coverage, certain, records))
    return Told(records[order], hits[order], passages[order])


def others(hits: Hits, records: I64, index: Index) -> dict[int, int]:
    """By record how many evaluation records it meets beside the best one."""
    wordings = index.wordings
    order = np.argsort(records, kind="stable")
    records, met = records[order], hits.wordings[order]
    begins = np.flatnonzero(np.diff(records, prepend=-1))
    counts = wordings.record_offsets[met + 1] - wordings.record_offsets[met]
    ends = np.append(begins[1:], len(records))
    found: dict[int, int] = {}
    totals = np.add.reduceat(counts, begins) if len(begins) else counts
    for first, last in spans(offsets_of(totals), AT_ONCE):
        some = slice(begins[first], ends[last - 1])
        theirs = wordings.records[within(wordings.record_offsets[met[some]], counts[some])]
        most = int(theirs.max()) + 1
        own, number = np.unique(
            np.unique(np.repeat(records[some], counts[some]) * most + theirs) // most, return_counts=True
        )
        found.update(zip(own.tolist(), (number - 1).tolist(), strict=True))
    return found


def _columns(told: Told, texts: Texts, first: int, ids: pa.ChunkedArray) -> dict[str, Any]:
    """In the order of `FOUND`, all but the detail."""
    hits = told.hits
    return {
        "number": told.records + first, "dropped": ids.take(pa.array(told.records)).cast(pa.string()),
        "in": [texts.name(text) for text in hits.texts.tolist()], "passage": told.passages,
        "method": [METHODS[method] for method in hits.methods.tolist()],
        "coverage": hits.coverage, "words": hits.words, "span": _spans(hits, texts),
    }  # fmt: skip


def _spans(hits: Hits, texts: Texts) -> list[str]:
    """The runs as they are written; hits of one text stand together, or nearly so."""
    found, last, read = [], -1, Spelling(b"", b"", hits.at, hits.at)
    said: dict[tuple[int, int], str] = {}
    for text, at, words in zip(hits.texts.tolist(), hits.at.tolist(), hits.words.tolist(), strict=True):
        if text != last:
            last, read, said = text, spell(texts.said[text].as_py()), {}
        if (at, words) not in said:
            said[at, words] = read.said(at, words)
        found.append(said[at, words])
    return found


def _details(columns: dict[str, Any], told: Told, beside: dict[int, int], index: Index) -> list[str | None]:
    """With the first match of each record what it is, as JSON; `others` evaluation records match too."""
    details: list[str | None] = [None] * len(told.records)
    best = np.flatnonzero(np.diff(told.records, prepend=-1))
    about = index.passages.take(pa.array(told.passages[best])).to_pylist()
    for at, record, passage in zip(best.tolist(), told.records[best].tolist(), about, strict=True):
        said = {"set": passage["set"], "row": passage["row"], "id": passage["id"], "of": passage["of"],
                "in": columns["in"][at], "method": columns["method"][at],
                "coverage": round(float(columns["coverage"][at]), 4), "words": int(columns["words"][at]),
                "span": columns["span"][at], "others": beside[record]}  # fmt: skip
        details[at] = json.dumps(
            {name: value for name, value in said.items() if value is not None}, ensure_ascii=False
        )
    return details
