"""`ittools filter`: drop single records, each for a counted reason; then, with quotas, what is too many.

Every rule is one function from a batch to reasons, null = keep; the first rule that speaks counts.
    ["Hi", "Name a colour."]  -> ["instruction-too-short", null]
The rules stand in `ittools.curate.rules`, one file a kind; `rules/table.py` names them all.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ittools.curate.parts import Counts, join_parts, split_part
from ittools.curate.rules import language
from ittools.curate.rules.no_input import repaired
from ittools.curate.rules.options import FilterOptions
from ittools.curate.rules.quota import Decision, Places, decide, first_places, join, parse_quotas, places
from ittools.curate.rules.reasons import because
from ittools.curate.rules.table import chosen
from ittools.engine.protocol import Engine, opened_engine
from ittools.errors import UsageError, did_you_mean
from ittools.formats.parts import Part, cut
from ittools.formats.source import open_inputs
from ittools.progress import Progress
from ittools.store.dataset import Output, writing
from ittools.store.outcome import Outcome, outcome
from ittools.text.language import known_languages, macro_code

__all__ = ["FilterOptions", "annotate", "filter_records", "reason"]

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
            with opened_engine(options, progress=progress) as engine:
                parts = cut(sources, output.work, engine=engine, progress=progress)
                _write(options, output, parts, engine, progress)
    facts = {}
    if output.finished and output.finished.get("repaired"):
        facts["repaired"] = f'{output.finished["repaired"]:,} inputs spelt "no input" and are empty now'
    return outcome(output, f"ittools dedup {options.out} --out {options.out.parent / 'dedup'}", **facts)


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
    known = known_languages(options.language_backend)
    unknown = [code for code in options.keep_language if macro_code(code) not in known]
    if unknown:
        near = did_you_mean(macro_code(unknown[0]), known)
        backend = options.language_backend
        raise UsageError(f"--keep-language {unknown[0]}: no language that {backend!r} knows{near}")
    chosen(options)
    parse_quotas(options)


def _write(
    options: FilterOptions, output: Output, parts: list[Part], engine: Engine, progress: Progress
) -> None:
    stems = [str(output.work / f"part-{i:06d}") for i in range(len(parts))]
    firsts = np.cumsum([0, *(part.records for part in parts)]).tolist()
    progress.start("filter", len(parts))
    tasks = [(part, stem, first, options) for part, stem, first in zip(parts, stems, firsts, strict=False)]
    found = engine.run(filter_part, tasks, progress)
    counts = [one for one, _ in found]
    if options.quota:
        counts = _apply_quotas(options, output, stems, engine, progress)
    funnel = join_parts(
        output, stems, counts, keep_dropped=options.keep_dropped, engine=engine, progress=progress
    )
    output.finish(funnel, repaired=sum(number for _, number in found))


def _apply_quotas(
    options: FilterOptions, output: Output, stems: list[str], engine: Engine, progress: Progress
) -> list[Counts]:
    """The second pass: one decision for the corpus, then each part is split by it."""
    quotas = parse_quotas(options)
    decision = decide(join(map(_read_places, stems), quotas), quotas)
    told = output.work / "quotas.pickle"
    told.write_bytes(pickle.dumps(decision))
    progress.start("filter: quotas", len(stems))
    tasks = [(stem, str(told), options) for stem in stems]
    return engine.run(quota_part, tasks, progress)


def filter_part(part: Part, stem: str, first: int, options: FilterOptions) -> tuple[Counts, int]:
    """Task: one part into kept and dropped; or, where quotas follow, into reasons and places. `first` is the
    part's position in the corpus. Gives the counts, and how many inputs were made empty."""
    judged, whys, mended = [], [], 0
    for batch in _batches(part.read()):
        batch, number = repaired(batch, options)
        batch = annotate(batch, options=options)
        mended += number
        judged.append(batch)
        whys.append(reason(batch, options=options))
    if not judged:
        return {}, 0
    table = pa.Table.from_batches(judged)
    if not options.quota:
        return split_part(table, pa.concat_arrays(whys), stem, keep_dropped=options.keep_dropped), mended
    _write_places(table, whys, stem, first, options)
    return {}, mended


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


def _write_places(
    table: pa.Table, whys: list[pa.StringArray], stem: str, first: int, options: FilterOptions
) -> None:
    """For the second pass: the records with their reasons, and the places of those that are kept."""
    quotas = parse_quotas(options)
    found, at = [], first
    for batch, why in zip(table.to_batches(), whys, strict=True):
        kept = np.flatnonzero(why.is_null().to_numpy(zero_copy_only=False))
        found.append(first_places(places(batch, quotas, options, at).take(kept), quotas))
        at += batch.num_rows
    Path(f"{stem}.places").write_bytes(pickle.dumps((first, join(found, quotas))))
    table = table.append_column("reason", pa.chunked_array(whys, pa.string()))
    with pa.OSFile(f"{stem}.judged.arrow", "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _read_places(stem: str) -> Places:
    path = Path(f"{stem}.places")
    if not path.exists():
        return Places([], np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int64))
    found: Places = pickle.loads(path.read_bytes())[1]
    return found


def quota_part(stem: str, decision_path: str, options: FilterOptions) -> Counts:
    """Task: one part that was judged before, split by its reasons and by the corpus' quotas."""
    if not Path(f"{stem}.judged.arrow").exists():
        return {}
    decision: Decision = pickle.loads(Path(decision_path).read_bytes())
    first = pickle.loads(Path(f"{stem}.places").read_bytes())[0]
    quotas = parse_quotas(options)
    over: list[str | None] = []
    with pa.memory_map(f"{stem}.judged.arrow") as source, pa.ipc.open_file(source) as reader:
        table = reader.read_all()
        for batch in table.to_batches():
            over += decision.over(places(batch, quotas, options, first + len(over)))
        whys = pc.coalesce(
            pa.concat_arrays([pa.array([], pa.string()), *table.column("reason").chunks]),
            because(pa.array([one is not None for one in over], pa.bool_()), "over-quota"),
        )
        return split_part(table, whys, stem, details=_details(over, whys), keep_dropped=options.keep_dropped)


def _details(over: list[str | None], whys: pa.StringArray) -> list[str | None]:
    """The quota of what went for it alone."""
    gone = pc.fill_null(pc.equal(whys, "over-quota"), False).to_pylist()
    return [one if went else None for one, went in zip(over, gone, strict=True)]
