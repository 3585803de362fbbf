"""`ittools decontaminate`: drop training records that say what a record of an evaluation set says.

    eval.jsonl#7 "Janet's ducks lay 16 eggs per day. She eats three ..."
    a prompt with those words in it  -> dropped as contaminated-ngram, coverage 1.0, the span as written

The evaluation sets become one table of hashed windows, mapped into memory by every task; a task looks up the
windows of its records, and reads the few pairs that meet word by word. Each removal names its evaluation
record, the method, the coverage and the span; `contamination.parquet` has every match.
"""

from __future__ import annotations

from dataclasses import asdict

from ittools.curate.decontamination.compare import compare_part, found_file
from ittools.curate.decontamination.evaluation import read_sets
from ittools.curate.decontamination.index import Index, SetCounts, build
from ittools.curate.decontamination.options import DecontaminateOptions, Rule
from ittools.curate.decontamination.report import CONTAMINATION_FILE, facts_of, reasons_of, write_matches
from ittools.curate.parts import emit
from ittools.engine.exchange import get_table, scratch_folder
from ittools.engine.protocol import Engine, opened_engine
from ittools.errors import UsageError
from ittools.formats.parts import cut
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
    return outcome(
        output, f"ittools mix {options.out} --heldout 0.1 --out {options.out.parent / 'mix'}", **facts
    )


def _warn(counts: list[SetCounts], rule: Rule, progress: Progress) -> None:
    """Say what of the evaluation sets cannot be found. Raises UsageError where that is all of it."""
    for one in counts:
        for number, what in (
            (one.empty, "without a word"),
            (one.template, "of template text alone (--common)"),
        ):
            if number:
                progress.note(f"{one.name}: {number:,} of {one.records:,} records are {what}: not compared")
        if one.too_short and rule.windowed:
            how = (
                f"sought whole from {rule.whole} words on" if rule.whole else "compared only as equal prompts"
            )
            short = f"{one.too_short:,} of {one.records:,} records are below {rule.ngram} words"
            progress.note(f"{one.name}: {short}: {how}")
    usable = sum(one.usable_ngrams for one in counts)
    if rule.windowed and not usable and not rule.exact and not rule.whole:
        raise UsageError(
            f"no evaluation record has {rule.ngram} words that are not template text; lower --ngram"
        )


def _write(
    options: DecontaminateOptions, rule: Rule, output: Output, sources: list[Source],
    counts: list[SetCounts], folder: str, engine: Engine, progress: Progress,
) -> None:  # fmt: skip
    parts = cut(sources, output.work, engine=engine, progress=progress)
    progress.start("decontaminate", len(parts))
    tasks = [(part, folder, number, rule, options.keep_dropped) for number, part in enumerate(parts)]
    met = engine.run(compare_part, tasks, progress)
    found = [found_file(folder, number) for number in range(len(parts))]
    reasons = [reasons_of(part, get_table(file)) for part, file in zip(parts, found, strict=True)]
    progress.start("decontaminate: write", None)
    funnel = emit(
        output,
        parts,
        [reason for reason, _ in reasons],
        details=[detail for _, detail in reasons],
        keep_dropped=options.keep_dropped,
        engine=engine,
        progress=progress,
    )
    said = write_matches(output, found, met, counts, Index(folder, rule))
    output.finish(funnel, decontamination={"rule": asdict(rule), "sets": said, "all": CONTAMINATION_FILE})
