"""The command that runs the others."""

from __future__ import annotations

from ittools.cli.command import Command
from ittools.recipes import RunOptions, run

RUN = Command(
    RunOptions,
    run,
    "Run a recipe: every step in order, each in runs/<recipe>/<step>/; finished steps are reused.",
    (
        "ittools run quickstart",
        "ittools run quickstart --dry-run",
        "ittools run self-instruct --set generate.teacher=offline --set finetune.model=tiny",
    ),
)
