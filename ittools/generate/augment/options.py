"""Options of `ittools augment`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ittools.errors import UsageError, did_you_mean
from ittools.formats.source import ReadOptions
from ittools.generate.augment.noise import KINDS
from ittools.generate.options import TeacherOptions, teacher_problems, unspoken
from ittools.options import argument, option
from ittools.records.schema import UNSPECIFIED_LICENSE


@dataclass(frozen=True, kw_only=True)
class AugmentOptions(TeacherOptions, ReadOptions):
    inputs: tuple[str, ...] = argument("records: what every command reads", default=())
    out: Path = option(Path("runs/augment"), "dataset directory", flags=("-o", "--out"), shapes_output=False)
    license: str = option(UNSPECIFIED_LICENSE, "SPDX licence of records that state none")
    paraphrase: int = option(0, "paraphrases of each instruction, by the teacher")
    pivot: tuple[str, ...] = option((), "translate there and back through this language, once for each")
    noise: tuple[str, ...] = option((), "noise in instructions: typos, case, punctuation, once for each")
    noise_rate: float = option(0.1, "share of words, or of marks, that get noise")
    noise_copies: int = option(1, "noisy copies of each record")
    search: tuple[str, ...] = option(
        (), "passages by BM25 from these texts or rows before the input (SAIL), once for each",
        metavar="CORPUS",
    )  # fmt: skip
    verdicts: Literal["overlap", "teacher"] = option("overlap", "who says which passages are informative")
    corpus_license: str = option(UNSPECIFIED_LICENSE, "SPDX licence of passages that state none")
    keep_originals: bool = option(False, "write the records that were augmented too")

    @property
    def asks(self) -> bool:
        """Whether a teacher is needed at all."""
        return bool(self.paraphrase or self.pivot or (self.search and self.verdicts == "teacher"))


def check(options: AugmentOptions) -> None:
    """Raises UsageError with all that is wrong."""
    problems = [*teacher_problems(options), *_own_problems(options)]
    if options.teacher == "offline":
        problems += unspoken(options.pivot)
    if problems:
        raise UsageError("; ".join(problems))


def _own_problems(options: AugmentOptions) -> Iterator[str]:
    if not (options.paraphrase or options.pivot or options.noise or options.search):
        yield "nothing to do: give --paraphrase N, --pivot LANGUAGE, --noise KIND or --search CORPUS"
    if options.paraphrase < 0 or options.noise_copies < 1:
        yield "--paraphrase must not be negative, and --noise-copies at least 1"
    for kind in options.noise:
        if kind not in KINDS:
            yield f"--noise {kind}: expected one of {', '.join(KINDS)}{did_you_mean(kind, KINDS)}"
    if not 0 < options.noise_rate <= 1:
        yield "--noise-rate is a share above 0, up to 1"
    if len(set(options.pivot)) < len(options.pivot) or len(set(options.noise)) < len(options.noise):
        yield "--pivot and --noise name each language and kind once"
