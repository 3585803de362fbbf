"""`ittools decontaminate`: drop training records that say what a record of an evaluation set says.

    eval.jsonl#7 "Janet's ducks lay 16 eggs per day. She eats three ..."
    a prompt with those words in it  -> dropped as contaminated-ngram, coverage 1.0, the span as written

The evaluation sets become one table of hashed windows, mapped into memory by every task; a task looks up the
windows of its records, and reads the few pairs that meet word by word. Each removal names its evaluation
record, the method, the coverage and the span; `contamination.parquet` has every match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ittools.curate.decontamination.compare import Met, compare_part, found_file, send_part
from ittools.curate.decontamination.evaluation import read_sets
from ittools.curate.decontamination.index import Index, SetCounts, build
from ittools.curate.decontamination.options import DecontaminateOptions, Rule
from ittools.curate.decontamination.report import CONTAMINATION_FILE, facts_of, reasons_of, write_matches
from ittools.engine.exchange import get_table, is_url, scratch_folder
from ittools.engine.protocol import Engine, opened_beside_files, opened_engine
from ittools.errors import UsageError
from ittools.formats.emission import emit
from ittools.formats.parts import Part, cut
from ittools.formats.source import Source, open_inputs
from ittools.progress import Progress
from ittools.store.dataset import Output, writing
from ittools.store.outcome import Outcome, outcome

__all__ = ["DecontaminateOptions", "decontaminate"]


def decontaminate(options: DecontaminateOptions, progress: Progress) -> Outcome:
    """Keep what no evaluation record is in.

    Raises:
        UsageError: no evaluation set, no method that is on, or nothing in the sets that it could find.
        InputError: an input or an evaluation set that cannot be read.
    """
    rule = Rule.of(options)
    sources, sets = open_inputs(options), read_sets(options)
    entries = [*(source.entry for source in sources), *sets.entries]
    with writing(
        options.out, command="decontaminate", options=options, inputs=entries, force=options.force
    ) as output:
        if not output.reused:
            with (
                opened_engine(options, progress=progress) as engine,
                scratch_folder(options.scratch, output.work / "evaluation") as folder,
            ):
                counts = build(sets, rule, folder)
                _warn(counts, rule, progress)
                _write(options, rule, output, sources, counts, folder, engine, progress)
    manifest = output.finished or {}
    facts = facts_of(manifest["decontamination"]["sets"])
    then = ("mix", options.out, "--heldout", 0.1, "--out", options.out.parent / "mix")
    return outcome(output, "ittools", *then, **facts)


def _warn(counts: list[SetCounts], rule: Rule, progress: Progress) -> None:
    """Say what of the evaluation sets cannot be found. Raises UsageError where that is all of it."""
    if not any(one.findable for one in counts):
        raise UsageError(
            f"no evaluation record could be found: none has {rule.ngram} words that are not template text"
            + (f", nor {rule.whole} to be sought whole" if rule.whole else "")
            + "; lower --ngram or --whole, or leave --exact on"
        )
    for one in counts:
        for number, what in (
            (one.empty, "without a word: not compared"),
            (one.template, "template text alone (--common): not sought by n-grams"),
        ):
            if number:
                progress.note(f"{one.name}: {number:,} of {one.records:,} records are {what}")
        if one.too_short and rule.windowed:
            rest = "only as equal prompts" if rule.exact and rule.on != "output" else "not at all"
            how = f"sought whole from {rule.whole} words on, shorter ones {rest}" if rule.whole else rest
            short = f"{one.too_short:,} of {one.records:,} records are below {rule.ngram} words"
            progress.note(f"{one.name}: {short}: {how}")
        if not one.findable:
            progress.note(f"{one.name}: no record of it could be found")


def _write(
    options: DecontaminateOptions, rule: Rule, output: Output, sources: list[Source],
    counts: list[SetCounts], folder: str, engine: Engine, progress: Progress,
) -> None:  # fmt: skip
    """Where only the exchange is shared with a cluster, the input is read and --out written here."""
    work = output.work if is_url(folder) else Path(folder)
    with opened_beside_files(options, engine, folder) as here:
        parts = cut(sources, work, engine=here, progress=progress)
        there: Sequence[Part] = parts
        if here is not engine:
            progress.start("decontaminate: send", len(parts))
            sent = [(part, folder, number, rule) for number, part in enumerate(parts)]
            there = here.run(send_part, sent, progress)
        progress.start("decontaminate", len(parts))
        tasks = [(part, folder, number, rule, options.keep_dropped) for number, part in enumerate(there)]
        met = engine.run(compare_part, tasks, progress)
        _emit(options, rule, output, parts, met, counts, folder, here, progress)


def _emit(
    options: DecontaminateOptions, rule: Rule, output: Output, parts: list[Part], met: list[Met],
    counts: list[SetCounts], folder: str, engine: Engine, progress: Progress,
) -> None:  # fmt: skip
    found = [found_file(folder, number) for number in range(len(parts))]
    reasons = [reasons_of(part, get_table(file)) for part, file in zip(parts, found, strict=True)]
    funnel = emit(
        output,
        parts,
        [reason for reason, _ in reasons],
        details=[detail for _, detail in reasons],
        keep_dropped=options.keep_dropped,
        stage="decontaminate: write",
        engine=engine,
        progress=progress,
    )
    said = write_matches(output, found, met, counts, Index(folder, rule))
    output.finish(funnel, decontamination={"rule": asdict(rule), "sets": said, "all": CONTAMINATION_FILE})
