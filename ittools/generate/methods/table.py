"""The methods by name: what each reads, and how it is made from the options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ittools.errors import InputError
from ittools.formats.documents import Document
from ittools.formats.rows import open_text
from ittools.generate.job import Job, Method
from ittools.generate.methods.alpaca import Alpaca
from ittools.generate.methods.answer import Answer
from ittools.generate.methods.backtranslate import Backtranslate
from ittools.generate.methods.dialogue import Dialogue
from ittools.generate.methods.evolve import Evolve
from ittools.generate.methods.magpie import Magpie, marks_for
from ittools.generate.methods.self_instruct import SelfInstruct
from ittools.generate.methods.topics import Topics
from ittools.generate.options import GenerateOptions, template_of
from ittools.records.build import Record


@dataclass(frozen=True)
class Inputs:
    """What a method works on beside seeds."""

    prompts: Sequence[Record] = ()
    documents: Sequence[Document] = ()
    topics: Sequence[str] = ()


def method_for(options: GenerateOptions, job: Job, inputs: Inputs) -> Method:
    """The method that --method names. Raises UsageError when its own options do not do."""
    match options.method:
        case "self-instruct":
            return SelfInstruct(job)
        case "alpaca":
            return Alpaca(job)
        case "evolve":
            return Evolve(job, rounds=options.rounds, operations=options.operations)
        case "topics":
            return Topics(job, inputs.topics)
        case "backtranslate":
            return Backtranslate(job, inputs.documents, options.codes, min_score=options.min_score)
        case "magpie":
            marks = marks_for(options.model, template_of(options))
            return Magpie(job, marks, speaks=bool(options.language))
        case "answer":
            return Answer(job, inputs.prompts, options.codes)
        case "dialogue":
            return Dialogue(job, inputs.topics, turns=options.turns)


def read_topics(path: Path) -> list[str]:
    """A topic a line; empty lines and lines with # are left out. Raises InputError."""
    if not path.is_file():
        raise InputError(f"--topics {path}: no such file; it holds a topic a line")
    try:
        with open_text(path) as handle:
            lines = [" ".join(line.split()) for line in handle]
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 ({error.reason}); convert it with iconv") from None
    topics = list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not topics:
        raise InputError(f"--topics {path}: holds no topic; it holds one a line")
    return topics
