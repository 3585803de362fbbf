"""`ittools report`: one self-contained HTML page about a run or a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ittools.errors import UsageError
from ittools.options import argument, option
from ittools.progress import Progress
from ittools.report.gather import find_steps, gather, step_entries
from ittools.report.page import page
from ittools.store.dataset import writing
from ittools.store.outcome import Outcome, outcome


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    inputs: tuple[str, ...] = argument(
        "finished directories, or a run directory with them", metavar="DIRECTORY"
    )
    out: Path = option(Path("runs/report"), "output directory", flags=("-o", "--out"), shapes_output=False)
    title: str | None = option(None, "title of the page (default: the run's name)")
    browse: int = option(1_000, "records of each list to carry in the page")
    force: bool = option(False, "replace another finished output", shapes_output=False)


def report(options: ReportOptions, progress: Progress) -> Outcome:
    """Gather and write `index.html`. Raises InputError when nothing finished is there."""
    if options.browse < 1:
        raise UsageError("--browse must be at least 1")
    steps = find_steps(options.inputs)
    with writing(
        options.out, command="report", options=options, inputs=step_entries(steps), force=options.force
    ) as output:
        if not output.reused:
            progress.start("report", len(steps))
            title = options.title or _title(options)
            output.add_bytes("index.html", page(gather(steps, title, options.browse)).encode())
            output.finish(None, card=False)
    return outcome(output, "open", options.out / "index.html")


def _title(options: ReportOptions) -> str:
    first = Path(options.inputs[0]).resolve()
    return first.name if len(options.inputs) == 1 else first.parent.name
