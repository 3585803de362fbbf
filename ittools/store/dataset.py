"""A dataset directory as it is written: locked, staged, its manifest last.

with writing(out, command="filter", options=options, inputs=inputs) as output:
    if output.finished is None:
        with output.split("train") as shards:
            shards.write(batch)
        output.finish(funnel)
output.finished   # the manifest: of this run, or of an equal earlier one
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ittools import __version__
from ittools.errors import StoreError, UsageError
from ittools.options import resolved
from ittools.records.funnel import Funnel
from ittools.records.schema import DROPPED_SCHEMA, SCHEMA
from ittools.store.card import card_text
from ittools.store.files import sha256_file, sha256_json, write_bytes, write_text
from ittools.store.lock import writer_lock
from ittools.store.manifest import Manifest, read_manifest, write_manifest
from ittools.store.replace import STAGING, WORK, clear, refuse_foreign, replace_contents, replaced
from ittools.store.shards import FileEntry, ShardFile, ShardWriter, finished

FACETS = ("language", "license", "source", "generator", "task")
Facets = dict[str, Counter[str]]  # by facet, then by value


def no_facets() -> Facets:
    return {name: Counter() for name in FACETS}


@dataclass(frozen=True)
class InputEntry:
    """What a command read: `fingerprint` follows the content, not the name."""

    spec: str
    kind: str
    fingerprint: str
    manifest_sha256: str | None = None


@dataclass
class Output:
    """One directory being written; `finished` is its manifest once there is one."""

    path: Path
    command: str
    options: Any
    inputs: Sequence[InputEntry]
    fingerprint: str
    finished: Manifest | None = None
    reused: bool = False
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    entries: list[FileEntry] = field(default_factory=list)
    facets: Facets = field(default_factory=no_facets)

    @property
    def staging(self) -> Path:
        return self.path / STAGING

    @property
    def work(self) -> Path:
        """A scratch folder that goes with the command."""
        folder = self.path / WORK
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def split(self, name: str, schema: pa.Schema = SCHEMA) -> Iterator[CountingWriter]:
        """Shards of one split under data/; licences, languages and the like are counted."""
        with ShardWriter(self.staging / "data", name, schema) as shards:
            yield CountingWriter(shards, self.facets)
            self.entries += shards.close()

    @contextmanager
    def dropped(self, schema: pa.Schema = DROPPED_SCHEMA) -> Iterator[ShardWriter]:
        """Shards under dropped/: what went, and why."""
        with ShardWriter(self.staging / "dropped", "dropped", schema) as shards:
            yield shards
            self.entries += shards.close()

    def take_in(self, entries: Sequence[FileEntry], facets: Sequence[Facets] = ()) -> None:
        """Shards that tasks wrote below `staging`, and what each counted of its records, in order."""
        self.entries += entries
        for counted in facets:
            for name, counter in counted.items():
                self.facets[name].update(counter)

    def add_bytes(self, name: str, content: bytes) -> None:
        """Another file of the directory, such as `metrics.json`."""
        write_bytes(self.staging / name, content)
        self.add_file(name)

    def add_file(self, name: str) -> None:
        """Take in a file that was written below `staging`."""
        path = self.staging / name
        self.entries.append(FileEntry(name, sha256_file(path), path.stat().st_size))

    def finish(self, funnel: Funnel | None = None, *, card: bool = True, **facts: Any) -> Manifest:
        """Move everything to its place and write the manifest. `facts` go into it by name."""
        if funnel is not None and not funnel.adds_up():
            raise AssertionError(f"the funnel does not add up: {funnel}")
        manifest = self._manifest(funnel, facts)
        if card:
            write_text(self.staging / "README.md", card_text(manifest))
            self.add_file("README.md")
        manifest["files"] = [entry.as_json() for entry in self.entries]
        replace_contents(self.path, self.staging)
        self.finished = write_manifest(self.path, manifest)
        replaced(self.path)
        return self.finished

    def _manifest(self, funnel: Funnel | None, facts: Mapping[str, Any]) -> Manifest:
        splits: Counter[str] = Counter()
        for entry in self.entries:
            if entry.split and entry.path.startswith("data/"):
                splits[entry.split] += entry.records or 0
        counts = {name: dict(counter.most_common()) for name, counter in self.facets.items()}
        tasks = len(counts.pop("task"))
        return {
            "name": self.path.resolve().name,
            "command": self.command,
            "ittools": __version__,
            "options": resolved(self.options),
            "fingerprint": self.fingerprint,
            "inputs": [asdict(entry) for entry in self.inputs],
            "splits": dict(splits),
            "funnel": None if funnel is None else funnel.as_json(),
            "tasks": tasks,
            "languages": counts["language"],
            "licenses": counts["license"],
            "sources": counts["source"],
            "generators": counts["generator"],
            **facts,
            "files": [],
            "times": {
                "started": self.started.isoformat(timespec="seconds"),
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            },
        }


class CountingWriter:
    """A shard writer that counts languages, licences and so on as records pass."""

    def __init__(self, shards: ShardWriter, facets: Facets) -> None:
        self.shards, self.facets = shards, facets

    def write(self, batch: pa.RecordBatch) -> None:
        self.shards.write(batch)
        count_facets(batch, self.facets)


def count_facets(batch: pa.RecordBatch, facets: Facets) -> None:
    """Add the records of a batch to the counts."""
    for name, counter in facets.items():
        if name in batch.schema.names:
            for pair in pc.value_counts(batch.column(name)).to_pylist():
                if pair["values"] is not None:
                    counter[pair["values"]] += pair["counts"]


def written_shard(
    path: Path, split: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
) -> tuple[FileEntry, Facets]:
    """One shard under its final name, synced; of kept records the facets are counted too."""
    facets: Facets = {} if split == "dropped" else no_facets()
    file = ShardFile(path, schema)
    try:
        for batch in batches:
            file.write(batch)
            count_facets(batch, facets)
    except BaseException:
        file.abandon()
        raise
    return finished(path, file.close(), split), facets


@contextmanager
def writing(
    out: Path, *, command: str, options: Any, inputs: Sequence[InputEntry] = (), force: bool = False
) -> Iterator[Output]:
    """Open `out` for one command; an equal finished output is reused, another one refused.

    Raises:
        UsageError: `out` holds another finished output (and no `force`), or files of somebody's.
        StoreError: another process writes there, or the folder cannot be written.
    """
    fingerprint = sha256_json(
        {
            "command": command,
            "options": resolved(options, only_shaping=True),
            "inputs": [entry.fingerprint for entry in inputs],
            "version": __version__,
        }
    )
    refuse_foreign(out)
    try:
        with writer_lock(out):
            clear(out)  # what a killed run left
            output = Output(out, command, options, inputs, fingerprint)
            output.finished = _reusable(out, fingerprint, force)
            output.reused = output.finished is not None
            if output.reused:
                replaced(out)
                yield output
                return
            output.staging.mkdir()
            try:
                yield output
            finally:  # also of a failure: what is not finished is not left lying about
                clear(out)
    except PermissionError as error:
        raise StoreError(f"{out}: cannot write here ({error.strerror}: {error.filename})") from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS):
            raise
        raise StoreError(f"{out}: {os.strerror(error.errno)}; nothing was half written") from None


def _reusable(out: Path, fingerprint: str, force: bool) -> Manifest | None:
    if force:
        return None
    manifest = read_manifest(out)
    if manifest is None:
        return None
    if manifest["fingerprint"] == fingerprint:
        _refuse_damaged(out, manifest)
        return manifest
    raise UsageError(
        f"{out}: holds the finished output of another run of `{manifest['command']}` "
        "(other inputs, options or version); give another --out, or --force to replace it"
    )


def _refuse_damaged(out: Path, manifest: Manifest) -> None:
    for entry in manifest["files"]:
        path = out / entry["path"]
        if not path.is_file() or path.stat().st_size != entry["bytes"]:
            raise StoreError(f"{path}: missing or cut short; --force writes the directory again")
