"""`ittools filter`: drop single records, each for a counted reason; then, with quotas, what is too many.

Every rule is one function from a batch to reasons, null = keep; the first rule that speaks counts.
    ["Hi", "Name a colour."]  -> ["instruction-too-short", null]
The rules stand in `ittools.curate.rules`, one file a kind; `rules/table.py` names them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.rules import language
from ittools.curate.rules.details import told
from ittools.curate.rules.no_input import repaired
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.quota import decide, first_places, join, parse_quotas, places
from ittools.curate.rules.quota_files import get_decision, get_places, put_decision, put_places
from ittools.curate.rules.reasons import CONTENT, because
from ittools.curate.rules.table import DETAILS, chosen
from ittools.curate.sending import SentPart
from ittools.engine import exchange
from ittools.engine.protocol import Engine, opened_beside_files, opened_engine
from ittools.errors import UsageError, did_you_mean
from ittools.formats.emission import emit, read_changed, write_changed
from ittools.formats.parts import Part, cut
from ittools.formats.source import Source, open_inputs
from ittools.progress import Progress
from ittools.records.schema import SCHEMA
from ittools.store.dataset import Output, writing
from ittools.store.outcome import Outcome, outcome
from ittools.text.language import known_languages, macro_code
from ittools.text.languages.names import named

__all__ = ["FilterOptions", "annotate", "filter_records", "reason"]

SMALL = 30_000  # records: judged in a third of a second
BATCH_BYTES = 32 << 20  # of records judged at a time, or a single one that is larger


def filter_records(options: FilterOptions, progress: Progress) -> Outcome:
    """Keep what no rule drops. Raises UsageError for options that no record could pass."""
    _check(options)
    sources = open_inputs(options)
    entries = [source.entry for source in sources]
    with writing(
        options.out, command="filter", options=options, inputs=entries, force=options.force
    ) as output:
        if not output.reused:
            with (
                opened_engine(options, progress=progress) as engine,
                exchange.scratch_folder(options.scratch, output.work) as folder,
            ):
                _write(_Run(options, output, engine, progress, folder), sources)
    facts = {}
    if number := (output.finished or {}).get("repaired"):
        many = "1 input" if number == 1 else f"{number:,} inputs"
        facts["repaired"] = f'{many} that spelt "no input", empty now'
    return outcome(output, "ittools", "dedup", options.out, "--out", options.out.parent / "dedup", **facts)


def _check(options: FilterOptions) -> None:
    if options.min_output_words > options.max_output_words:
        raise UsageError("--min-output-words is above --max-output-words: no record could pass")
    if options.min_instruction_words > options.max_instruction_words:
        raise UsageError("--min-instruction-words is above --max-instruction-words: no record could pass")
    shares = ("max_repetition", "max_repeated_lines", "max_symbols", "sure")
    wrong = [name for name in shares if not 0 <= getattr(options, name) <= 1]
    if wrong:
        raise UsageError(f"--{wrong[0].replace('_', '-')} is a share from 0 to 1")
    if not all(word.strip() for word in options.blacklist):
        raise UsageError("--blacklist: an empty word would drop every record")
    known = known_languages(options.language_backend) | set(map(macro_code, named()))
    unknown = [code for code in options.keep_language if macro_code(code) not in known]
    if unknown:
        near = did_you_mean(macro_code(unknown[0]), known)
        backend = options.language_backend
        raise UsageError(f"--keep-language {unknown[0]}: no language that {backend!r} knows{near}")
    chosen(options)
    parse_quotas(options)


@dataclass(frozen=True)
class _Run:
    """One command while it runs."""

    options: FilterOptions
    output: Output
    engine: Engine
    progress: Progress
    folder: str  # where stages exchange files


def _write(run: _Run, sources: Sequence[Source]) -> None:
    """Judge each part, then with quotas all of them, then write what stays, each text once.

    Where only the exchange is shared with a cluster, the input is read and --out written here.
    """
    work = run.output.work if exchange.is_url(run.folder) else Path(run.folder)
    with opened_beside_files(run.options, run.engine, run.folder) as here:
        parts = cut(sources, work, engine=here, progress=run.progress)
        there: Sequence[Part] = parts
        if here is not run.engine:
            run.progress.start("filter: send", len(parts))
            sent = [(part, run.folder, number, run.options) for number, part in enumerate(parts)]
            there = here.run(send_part, sent, run.progress)
        _emit(replace(run, engine=here), parts, _judged(run, there))


def send_part(part: Part, folder: str, number: int, options: FilterOptions) -> SentPart:
    """Task: what rules and quotas look at in one part, to where all nodes of a cluster see it."""
    path = exchange.join(folder, f"text-{number:06d}.arrow")
    exchange.put_table(path, part.read(_columns(options)))
    return SentPart(path, 0, part.records)


def _judged(run: _Run, parts: Sequence[Part]) -> list[Judged]:
    """What is said of each part, with the quotas too."""
    stems = [exchange.join(run.folder, f"part-{i:06d}") for i in range(len(parts))]
    firsts = np.cumsum([0, *(part.records for part in parts)]).tolist()
    small = firsts[-1] <= SMALL
    run.progress.start("filter", len(parts))
    tasks = [(*task, run.options) for task in zip(parts, stems, firsts, strict=False)]
    judged = run.engine.run(filter_part, tasks, run.progress, small=small)
    if not run.options.quota:
        return judged
    decision = exchange.join(run.folder, "quotas.arrays")
    quotas = parse_quotas(run.options)
    put_decision(decision, decide(join(map(get_places, map(_places_file, stems)), quotas), quotas))
    run.progress.start("filter: quotas", len(parts))
    again = [(part, first, one, decision, run.options)
             for part, first, one in zip(parts, firsts, judged, strict=False)]  # fmt: skip
    return run.engine.run(quota_part, again, run.progress, small=small)


def _emit(run: _Run, parts: Sequence[Part], judged: Sequence[Judged]) -> None:
    funnel = emit(
        run.output, parts, [one.reasons for one in judged],
        details=[one.details for one in judged],
        explain=partial(explained, options=run.options),
        changed=[one.changed for one in judged],
        keep_dropped=run.options.keep_dropped,
        engine=run.engine,
        progress=run.progress,
        stage="filter: write",
    )  # fmt: skip
    run.output.finish(funnel, repaired=sum(one.repaired for one in judged))


@dataclass(frozen=True)
class Judged:
    """One part: a reason for each record, null = keep; the file of what was changed; inputs made empty; where
    a quota alone drops a record, which one."""

    reasons: pa.DictionaryArray
    changed: str | None
    repaired: int
    details: pa.DictionaryArray | None = None


def filter_part(part: Part, stem: str, first: int, options: FilterOptions) -> Judged:
    """Task: the reasons of one part and, where quotas follow, its places. `first` is the part's position in
    the corpus."""
    quotas = parse_quotas(options)
    whys, new, found, mended = [], list[pa.RecordBatch](), [], 0
    at = first
    table = part.read(_columns(options))
    for batch in _batches(table):
        judged, number = repaired(batch, options)
        judged = annotate(judged, options=options)
        mended += number
        whys.append(reason(judged, options=options))
        new.append(judged.select([name for name in CHANGING if name in judged.schema.names]))
        if options.quota:
            kept = np.flatnonzero(whys[-1].is_null())
            found.append(first_places(places(judged, quotas, options, at).take(kept), quotas))
        at += batch.num_rows
    if options.quota:
        put_places(_places_file(stem), join(found, quotas))
    return Judged(_encoded(pa.chunked_array(whys, pa.string())), _changes(table, new, stem), mended)


def _places_file(stem: str) -> str:
    return f"{stem}.places.arrays"


CHANGING = ("id", "input", "language")  # by `repaired` and `annotate`


def _columns(options: FilterOptions) -> list[str]:
    """What rules and quotas look at."""
    wanted = {*CONTENT, *CHANGING, "context", "rejected", *parse_quotas(options).columns}
    return [name for name in SCHEMA.names if name in wanted]


def _changes(old: pa.Table, batches: list[pa.RecordBatch], stem: str) -> str | None:
    """The file of those columns that are not as they were; null: none is."""
    if not batches:
        return None
    new = pa.Table.from_batches(batches)
    changed = {name: new.column(name).combine_chunks() for name in CHANGING
               if not new.column(name).equals(old.column(name))}  # fmt: skip
    return write_changed(f"{stem}.changed.arrow", changed) if changed else None


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """A byte a record, for thousands of parts wait in one process."""
    return column.combine_chunks().dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))


def _batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Slices of no more than 32 MB, so that a long text costs no more than itself."""
    most = max(1, int(table.num_rows * BATCH_BYTES / max(1, table.nbytes)))
    yield from table.to_batches(max_chunksize=most)


def annotate(batch: pa.RecordBatch, *, options: FilterOptions) -> pa.RecordBatch:
    """Add `detected` and its probability, and fill `language` where null, when languages are asked for."""
    return language.annotate(batch, options, frozenset(chosen(options)))


def reason(batch: pa.RecordBatch, *, options: FilterOptions) -> pa.StringArray:
    """Why each record is dropped; null = keep. The first rule that speaks counts."""
    found = [rule.reason(batch, options) for rule in chosen(options).values()]
    return pc.coalesce(pa.nulls(batch.num_rows, pa.string()), *found).cast(pa.string())


def explained(batch: pa.RecordBatch, reasons: pa.StringArray, *, options: FilterOptions) -> pa.StringArray:
    """Where the reason of each dropped record can be seen, as JSON; null where no rule says."""
    details = pa.nulls(batch.num_rows, pa.string())
    for name in pc.unique(reasons).to_pylist():
        if name in DETAILS:
            gone = pc.equal(reasons, name)
            details = pc.replace_with_mask(details, gone, DETAILS[name](batch.filter(gone), options))
    return details


def quota_part(part: Part, first: int, judged: Judged, decision_path: str, options: FilterOptions) -> Judged:
    """Task: what was said of one part, and the corpus' quotas."""
    decision, quotas = get_decision(decision_path), parse_quotas(options)
    over: list[str | None] = []
    for batch in read_changed(part, judged.changed, ["id", *quotas.columns]).to_batches():
        over += decision.over(places(batch, quotas, options, first + len(over)))
    full = pa.array(over, pa.string())
    whys = pc.coalesce(judged.reasons.cast(pa.string()), because(full.is_valid(), "over-quota"))
    alone = pc.if_else(judged.reasons.is_null(), full, pa.scalar(None, pa.string())).dictionary_encode()
    details = pa.DictionaryArray.from_arrays(alone.indices, told(quota=alone.dictionary))
    return replace(judged, reasons=_encoded(pa.chunked_array([whys])), details=details)
