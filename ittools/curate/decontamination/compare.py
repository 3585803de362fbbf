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
from ittools.curate.decontamination.texts import COLUMNS, Texts, name_of, texts_of
from ittools.curate.sending import SentPart
from ittools.engine.exchange import join, put_table
from ittools.formats.parts import Part
from ittools.text.ragged import I64, offsets_of, spans, within
from ittools.text.spelled import spell

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


def send_part(part: Part, folder: str, number: int, rule: Rule) -> SentPart:
    """Task: what is compared of one part, to where all nodes of a cluster see it."""
    path = join(folder, f"text-{number:06d}.arrow")
    put_table(path, part.read(COLUMNS[rule.on]))
    return SentPart(path, 0, part.records)


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
    ends = np.append(begins[1:], len(records))
    counts = wordings.record_offsets[met + 1] - wordings.record_offsets[met]
    totals = np.add.reduceat(counts, begins) if len(begins) else counts
    found = dict(zip(records[begins].tolist(), (totals - 1).tolist(), strict=True))
    several = np.flatnonzero(ends - begins > 1)  # some may meet one evaluation record by two wordings
    begins, ends = begins[several], ends[several]
    for first, last in spans(offsets_of(totals[several]), AT_ONCE):
        some = within(begins[first:last], (ends - begins)[first:last])
        theirs = wordings.records[within(wordings.record_offsets[met[some]], counts[some])]
        most = int(theirs.max()) + 1
        each = np.unique(np.repeat(records[some], counts[some]) * most + theirs)
        own, number = np.unique(each // most, return_counts=True)
        found.update(zip(own.tolist(), (number - 1).tolist(), strict=True))
    return found


def _columns(told: Told, texts: Texts, first: int, ids: pa.ChunkedArray) -> dict[str, Any]:
    """In the order of `FOUND`, all but the detail."""
    hits = told.hits
    places, number = np.unique(texts.places[hits.texts], return_inverse=True)
    names = pa.array([name_of(place) for place in places.tolist()], pa.string())
    return {
        "number": told.records + first, "dropped": ids.take(pa.array(told.records)).cast(pa.string()),
        "in": names.take(pa.array(number)), "passage": told.passages,
        "method": pa.array(METHODS).take(pa.array(hits.methods)),
        "coverage": hits.coverage, "words": hits.words, "span": _spans(hits, texts),
    }  # fmt: skip


def _spans(hits: Hits, texts: Texts) -> pa.Array:
    """The runs as they are written, each that follows an equal one read once."""
    new = (np.diff(hits.texts, prepend=-1) != 0) | (np.diff(hits.at, prepend=-1) != 0)
    new |= np.diff(hits.words, prepend=-1) != 0
    some, found = hits[new], []
    last, read = -1, spell("")
    for text, at, words in zip(some.texts.tolist(), some.at.tolist(), some.words.tolist(), strict=True):
        if text != last:
            last, read = text, spell(texts.said[text].as_py())
        found.append(read.said(at, words))
    return pa.array(found, pa.large_string()).take(pa.array(np.cumsum(new) - 1))


def _details(columns: dict[str, Any], told: Told, beside: dict[int, int], index: Index) -> list[str | None]:
    """With the first match of each record what it is, as JSON; `others` evaluation records match too."""
    details: list[str | None] = [None] * len(told.records)
    best = np.flatnonzero(np.diff(told.records, prepend=-1))
    about = index.passages.take(pa.array(told.passages[best])).to_pylist()
    rows = pa.table({name: columns[name] for name in ("in", "method", "coverage", "words", "span")})
    bests = rows.take(pa.array(best)).to_pylist()
    for at, record, passage, row in zip(
        best.tolist(), told.records[best].tolist(), about, bests, strict=True
    ):
        said = {name: passage[name] for name in ("set", "row", "id", "of")} | row
        said |= {"coverage": round(row["coverage"], 4), "others": beside[record]}
        details[at] = json.dumps(
            {name: value for name, value in said.items() if value is not None}, ensure_ascii=False
        )
    return details
