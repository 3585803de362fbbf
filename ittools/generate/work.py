"""All that a run reads, opened: prompts, a recording, seeds, inputs and topics, with their fingerprints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from ittools.formats.documents import read_documents
from ittools.formats.source import ReadOptions, open_inputs
from ittools.generate.methods.table import Inputs, read_topics
from ittools.generate.options import READS_DOCUMENTS, READS_PROMPTS, GenerateOptions
from ittools.generate.prompt_file import PromptFile
from ittools.generate.replay import replay_entries
from ittools.generate.seeds import Seed, open_seeds, read_seeds
from ittools.store.dataset import InputEntry
from ittools.store.files import sha256_file


class PromptOptions(ReadOptions):
    """Reads prompts that wait for their answers."""

    open_ended: ClassVar[bool] = True


@dataclass(frozen=True)
class Work:
    """entries: of everything read, as the manifest names it."""

    prompts: PromptFile
    seeds: list[Seed] = field(default_factory=list)
    inputs: Inputs = field(default_factory=Inputs)
    entries: list[InputEntry] = field(default_factory=list)


def read_work(options: GenerateOptions, prompts: PromptFile) -> Work:
    """A recording, seeds, prompts or documents, and topics. Raises InputError."""
    entries = [InputEntry("prompts", "prompts", prompts.hash), *replay_entries(options)]
    seeds: list[Seed] = []
    found: dict[str, Any] = {}
    reads = PromptOptions if options.method in READS_PROMPTS else ReadOptions
    read = reads(inputs=options.inputs, map=options.map, license=options.input_license)
    if options.method in READS_PROMPTS:
        sources = open_inputs(read)
        found["prompts"] = [r for source in sources for batch in source.batches() for r in batch.to_pylist()]
        entries += [source.entry for source in sources]
    elif options.method in READS_DOCUMENTS:
        found["documents"], opened = read_documents(read)
        entries += opened
    elif options.method != "magpie":
        sources = open_seeds(options.seeds)
        seeds = read_seeds(sources)
        entries += [source.entry for source in sources]
    if options.topics:
        found["topics"] = read_topics(options.topics)
        entries.append(InputEntry(str(options.topics), "topics", sha256_file(options.topics)))
    return Work(prompts, seeds, Inputs(**found), entries)
