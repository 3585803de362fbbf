"""`ittools dedup`: exact duplicates, then near ones, each decided by exact Jaccard similarity.

A record goes only when one that stays is alike in instruction, in input and in output: each field's
shingle sets reach the threshold. Fields are compared as content, never as rendered text, which
would make records alike by their template. Records are taken by priority, so no two kept records
reach the threshold, and each dropped one names its kept twin and the similarity.

portions -> sketch -> equal keys -> join of all, or bands and joins of groups -> clusters -> shards
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ittools.curate.check import check_decisions, told
from ittools.curate.clusters import Clusters, TwinIds, decided, summary, write_clusters
from ittools.curate.dedup_options import DedupOptions, checked, threshold_of
from ittools.curate.near import joined, near_groups
from ittools.curate.portions import (
    Compared,
    Portion,
    portion_size,
    portioned,
    score_names,
    stored_bytes,
)  # fmt: skip
from ittools.curate.saved_index import SavedIndex, add_run, open_index, refuse_foreign_folder
from ittools.curate.semantic import embedder_entry, semantic_twins
from ittools.curate.sending import sent
from ittools.curate.sketch import Plan, ranges_of, same_records, sketch, write_firsts
from ittools.engine.exchange import is_url, put_arrays, scratch_folder
from ittools.engine.protocol import Engine, opened_beside_files, opened_engine
from ittools.errors import UsageError
from ittools.formats.emission import emit
from ittools.formats.parts import Part, cut
from ittools.formats.source import Source, open_input, open_inputs
from ittools.progress import Progress
from ittools.records.funnel import Funnel
from ittools.store.dataset import InputEntry, Output, writing
from ittools.store.files import sha256_json
from ittools.store.lock import writer_lock
from ittools.store.outcome import Outcome, outcome
from ittools.text.minhash import choose_bands, recall

JOIN_RECORDS = 400_000  # `auto` joins up to here: 800 MB with short records
JOIN_BYTES = 256 << 20  # and this much text
JOIN_PAIRS = 50_000_000  # and may look at so many pairs, ten seconds; usual text has less than four a record
SMALL_BYTES = 48 << 20  # up to here one process is sooner done than two are started


@dataclass(frozen=True)
class _Run:
    """One command while it runs."""

    options: DedupOptions
    output: Output
    engine: Engine
    progress: Progress
    folder: str  # where stages exchange files


def dedup(options: DedupOptions, progress: Progress) -> Outcome:
    """Keep one record of each cluster. Raises UsageError for options that mean nothing."""
    checked(options)
    sources = open_inputs(options)
    others = [open_input(spec, options) for spec in options.against]
    entries = [*(source.entry for source in sources), *(_known(other.entry) for other in others)]
    with ExitStack() as held:
        index = _opened_index(options, sources, held)
        if index is not None:
            entries.append(InputEntry(str(index.path), "index", index.fingerprint))
        if options.embedder is not None:
            entries.append(embedder_entry(options.embedder))
        output = held.enter_context(
            writing(options.out, command="dedup", options=options, inputs=entries, force=options.force)
        )
        if output.reused and index is not None and not index.added:
            raise UsageError(
                f"--index {index.path}: has nothing of this run, though {options.out} is finished; "
                "repeat it with --force"
            )
        if not output.reused:
            engine = held.enter_context(opened_engine(options, progress=progress))
            folder = held.enter_context(scratch_folder(options.scratch, output.work))
            _write(_Run(options, output, engine, progress, folder), sources, others, index)
    then = ("decontaminate", options.out, "--against", "EVALSET", "--out", options.out.parent / "clean")
    assert output.finished is not None
    return outcome(output, "ittools", *then, **told(output.finished))


def _known(entry: InputEntry) -> InputEntry:
    """Another dataset, in another role than an input: `a b` and `a --against b` are different runs."""
    mark = sha256_json(["against", entry.fingerprint])
    return replace(entry, kind=f"against: {entry.kind}", fingerprint=mark)


def _opened_index(options: DedupOptions, sources: Sequence[Source], held: ExitStack) -> SavedIndex | None:
    """The index, held against other runs until this one has added itself.

    A run is known by its own records, so by what it reads and as what: repeated with other options, or
    against other datasets, it is the same run, not a copy of itself.
    """
    if options.index is None:
        return None
    refuse_foreign_folder(options.index)
    held.enter_context(writer_lock(options.index, choose="--index"))
    own = [[source.entry.fingerprint for source in sources], sorted(options.map)]
    return open_index(options.index, _compared(options), own)


def _compared(options: DedupOptions) -> Compared:
    return Compared(
        on=options.on, ngram=options.ngram, unit=options.unit, keep=options.keep, score=options.score
    )


def _write(run: _Run, sources: list[Source], others: list[Source], index: SavedIndex | None) -> None:
    """Where only the exchange is shared with a cluster, the input is read and --out written here."""
    work = run.output.work if is_url(run.folder) else Path(run.folder)
    with opened_beside_files(run.options, run.engine, run.folder) as here:
        local = replace(run, engine=here)
        theirs = cut(others, work / "against", engine=here, progress=run.progress) if others else []
        parts = cut(sources, work, engine=here, progress=run.progress)
        portions = index.portions(0, 0) if index is not None else []
        size = portion_size(sum(part.records for part in [*theirs, *parts]))
        portions += portioned(theirs, _stop(portions), len(portions), size=size, known=True)
        known = len(portions)
        portions += portioned(parts, _stop(portions), known, size=size)
        plan = _plan(run, portions, [*theirs, *parts])
        there = portions
        if here is not run.engine:
            there = sent(portions, plan.compared, plan.folder, here, run.progress)
        clusters, plan = _decide(run, there, plan)
        _emit(local, parts, portions, clusters, known, plan, index)


def _stop(portions: Sequence[Portion]) -> int:
    return portions[-1].stop if portions else 0


def _plan(run: _Run, portions: Sequence[Portion], parts: Sequence[Part]) -> Plan:
    options, records = run.options, _stop(portions)
    text = stored_bytes(parts, portions)
    method = options.method
    most_pairs = None
    if method == "auto":
        # single words and a few letters are in every record: a join would compare nearly all pairs
        rare = options.unit == "words" and options.ngram > 1
        method = "join" if rare and records <= JOIN_RECORDS and text <= JOIN_BYTES else "near"
        most_pairs = JOIN_PAIRS if method == "join" else None
    threshold = threshold_of(options)
    bands, rows = choose_bands(threshold, options.perm)
    return Plan(
        folder=run.folder, compared=_compared(options), method=method, threshold=threshold,
        permutations=options.perm, bands=bands, rows=rows, ranges=ranges_of(records),
        small=text <= SMALL_BYTES, most_pairs=most_pairs,
    )  # fmt: skip


def _decide(run: _Run, portions: list[Portion], plan: Plan) -> tuple[Clusters, Plan]:
    """Who goes, for whom, and the plan by which that was decided in the end."""
    known = sum(portion.records for portion in portions if portion.known)
    _read(run, portions, plan)
    run.progress.start("dedup: equal records", plan.ranges)
    ranges = [(number, plan) for number in range(plan.ranges)]
    same = run.engine.run(same_records, ranges, run.progress, small=plan.small)
    exact = decided(same, [], known)
    away = np.zeros(_stop(portions), bool)
    away[exact.gone] = True
    gone = plan.path("away")
    put_arrays(gone, gone=away)
    if plan.method == "exact":
        return _but_known(exact, known), plan
    if run.options.embedder is not None:
        near = semantic_twins(portions, gone, known, run.options.embedder, plan, run.engine, run.progress)
        return _but_known(decided(same, near, known, "cosine"), known), plan
    found = _compare(run, portions, gone, known, plan)
    if found is None:
        run.progress.note("few different shingles: dedup goes on by MinHash bands, as with --method near")
        plan = replace(plan, method="near", most_pairs=None)
        _read(run, portions, plan)
        found = _compare(run, portions, gone, known, plan)
        assert found is not None
    return _but_known(decided(same, found, known), known), plan


def _read(run: _Run, portions: list[Portion], plan: Plan) -> None:
    """The text, once. Raises UsageError where --keep best has nothing to go by."""
    run.progress.start("dedup: read", len(portions))
    write_firsts(portions, plan)
    tasks = [(portion, plan) for portion in portions]
    scored = run.engine.run(sketch, tasks, run.progress, small=plan.small)
    ours = [portion for portion in portions if not portion.known]
    if plan.compared.keep == "best" and ours and not any(scored):
        names = score_names(ours)
        what = f"there are {', '.join(names)}" if names else "they have no scores at all"
        raise UsageError(f"--keep best --score {plan.compared.score}: no record has this score; {what}")


def _compare(run: _Run, portions: list[Portion], gone: str, known: int, plan: Plan) -> list[str] | None:
    """The files of near duplicates; null where a join would take too long."""
    if plan.method == "join":
        groups = [[plan.path("shingles", portion.number) for portion in portions]] if portions else []
    else:
        groups = near_groups(portions, gone, plan, run.engine, run.progress)
    run.progress.start("dedup: compare", len(groups))
    pairs = [(number, paths, gone, known, plan) for number, paths in enumerate(groups)]
    found = run.engine.run(joined, pairs, run.progress, small=plan.small)
    near = [path for path in found if path is not None]
    return near if len(near) == len(found) else None


def _but_known(clusters: Clusters, known: int) -> Clusters:
    """Known records may equal each other; they are nobody's to drop."""
    ours = clusters.gone >= known
    return replace(
        clusters,
        gone=clusters.gone[ours], twins=clusters.twins[ours],
        similarity=clusters.similarity[ours], codes=clusters.codes[ours],
    )  # fmt: skip


def _emit(
    run: _Run,
    parts: list[Part],
    portions: list[Portion],
    clusters: Clusters,
    known: int,
    plan: Plan,
    index: SavedIndex | None,
) -> None:
    kept_ids = TwinIds(portions, clusters)
    firsts = np.cumsum([sum(p.records for p in portions[:known]), *(part.records for part in parts)])
    spans = [(int(first), part.records) for first, part in zip(firsts, parts, strict=False)]
    keep_dropped = run.options.keep_dropped
    funnel: Funnel = emit(
        run.output,
        parts,
        [clusters.reasons_of(*span) for span in spans],
        details=[clusters.details_of(*span, kept_ids) for span in spans] if keep_dropped else None,
        keep_dropped=keep_dropped,
        stage="dedup: write",
        engine=run.engine,
        progress=run.progress,
    )
    write_clusters(run.output, clusters, portions, kept_ids)
    facts: dict[str, Any] = {"clusters": summary(clusters, portions, kept_ids), "method": plan.method}
    if plan.method == "near":
        facts["minhash"] = {
            "permutations": plan.permutations, "bands": plan.bands, "rows": plan.rows,
            "recall_at_threshold": round(recall(plan.threshold, plan.bands, plan.rows), 4),
        }  # fmt: skip
    facts |= check_decisions(run.options, portions, known, clusters, plan, run.engine, run.progress)
    if index is not None:
        add_run(index, portions[known:], clusters.gone, plan.compared, run.engine, run.progress)
    run.output.finish(funnel, **facts)
