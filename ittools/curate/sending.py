"""What dedup compares, sent to where all nodes of a cluster see it: the input itself may stay here.

Portion(3, parts=(Part("in.parquet", 0), Part("in.parquet", 1)))
-> Portion(3, parts=(SentPart("s3://b/run/text-00003-00000.arrow", 0), ...)), the compared columns alone
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from ittools.curate.portions import Compared, Portion
from ittools.engine.exchange import get_arrays, get_table, join, put_arrays, put_table
from ittools.engine.protocol import Engine
from ittools.formats.parts import Part
from ittools.progress import Progress


@dataclass(frozen=True)
class SentPart(Part):
    """A part that is one file of the exchange, so `path` may be a URL."""

    def read(self, columns: list[str] | None = None) -> pa.Table:
        return get_table(self.path, columns)


def sent(
    portions: Sequence[Portion], compared: Compared, folder: str, engine: Engine, progress: Progress
) -> list[Portion]:
    """The same portions, to be read from `folder`. `engine` runs where the files are."""
    progress.start("dedup: send", len(portions))
    return engine.run(send, [(portion, compared, folder) for portion in portions], progress)


def send(portion: Portion, compared: Compared, folder: str) -> Portion:
    """Task: one portion's files. A part each, so that a task there reads no more at once than here."""
    if portion.segment is not None:
        path = join(folder, f"segment-{portion.number:05d}.arrays")
        put_arrays(path, **get_arrays(portion.segment))
        return replace(portion, segment=path)
    parts = []
    for number, part in enumerate(portion.parts):
        path = join(folder, f"text-{portion.number:05d}-{number:05d}.arrow")
        put_table(path, part.read(compared.columns))
        parts.append(SentPart(path, 0, part.records))
    return replace(portion, parts=tuple(parts))
