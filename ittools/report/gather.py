"""What a report shows, gathered from finished directories."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ittools.errors import InputError
from ittools.formats.source import ReadOptions, open_input
from ittools.records.build import Record
from ittools.records.scores import scores_dict
from ittools.store.dataset import InputEntry
from ittools.store.manifest import Manifest, read_manifest
from ittools.store.shards import read_shard
from ittools.text.rouge import Pool, pool_for

NOVELTY_LIMIT = 3_000  # records whose nearest neighbour is computed when no score is there
VERBS = 16

# what opens a sentence without being its verb, in the commonest languages
NOT_VERBS = frozenset(
    "a an the this these here there what which who how why when where is are does do can could you your i"
    " my in on at for from of to and ein eine einen einem der die das den dem diese dieser hier was welche"
    " welcher welches wie warum wann wo ist sind du dein ich mit von aus für zu im auf nach un une la le les"
    " des ce cette voici quel quelle quels quelles comment pourquoi quand est tu je en de el los las una"
    " unos este esta qué cuál cómo cuándo por para es son il lo gli i di un' che quale quali come se".split()
)


@dataclass(frozen=True)
class Step:
    """One finished directory of the run."""

    name: str
    path: Path
    manifest: Manifest

    @property
    def has_records(self) -> bool:
        return any(e["path"].startswith("data/") and e.get("split") != "predictions"
                   for e in self.manifest["files"])  # fmt: skip


@dataclass
class Facts:
    """Everything on the page. `kept` and `dropped` are the records to browse."""

    title: str
    steps: list[Step]
    subject: str
    records: int = 0
    lengths: dict[str, list[int]] = field(default_factory=dict)
    facets: dict[str, Counter[str]] = field(default_factory=dict)
    nearest: list[float] = field(default_factory=list)
    verbs: Counter[str] = field(default_factory=Counter)
    kept: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, Any] | None = None
    predictions: list[dict[str, Any]] = field(default_factory=list)
    loss_picture: str | None = None  # base64 PNG
    training: dict[str, Any] | None = None


def find_steps(inputs: tuple[str, ...]) -> list[Step]:
    """The named directories, or the finished ones inside a run directory, in the order they ran.

    Raises:
        InputError: nothing finished there.
    """
    found: list[Step] = []
    for name in inputs:
        path = Path(name)
        folders = [path] if (path / "manifest.json").exists() else sorted(p for p in _folders(path))
        for folder in folders:
            manifest = read_manifest(folder)
            if manifest is not None and manifest["command"] != "report":
                found.append(Step(folder.name, folder, manifest))
    if not found:
        raise InputError(f"{', '.join(inputs)}: no finished directory (manifest.json) there or inside")
    return sorted(found, key=lambda step: _depth(step, found))


def _folders(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        raise InputError(f"{path}: no such directory")
    return (folder for folder in path.iterdir() if folder.is_dir())


def _depth(step: Step, steps: list[Step]) -> tuple[int, str]:
    """How many of the others stand before it, by which manifest reads which."""
    by_hash = {other.manifest["manifest_sha256"]: other for other in steps}
    parents = [by_hash[e["manifest_sha256"]] for e in step.manifest["inputs"]
               if e.get("manifest_sha256") in by_hash]  # fmt: skip
    return (1 + max(_depth(parent, steps)[0] for parent in parents) if parents else 0), step.name


def step_entries(steps: list[Step]) -> list[InputEntry]:
    return [
        InputEntry(
            str(s.path), "dataset directory", s.manifest["manifest_sha256"], s.manifest["manifest_sha256"]
        )
        for s in steps
    ]


def gather(steps: list[Step], title: str, browse: int) -> Facts:
    """Read the last directory with records, and the small files of all."""
    with_records = [step for step in steps if step.has_records]
    subject = with_records[-1] if with_records else steps[-1]
    facts = Facts(title, steps, subject.name)
    if with_records:
        _read_records(facts, subject, browse)
    for step in steps:
        facts.dropped += _dropped(step, browse - len(facts.dropped))
        if step.manifest["command"] == "evaluate":
            facts.metrics = step.manifest["metrics"]
            facts.predictions = _predictions(step, browse)
        if step.manifest["command"] == "finetune":
            facts.training = step.manifest["training"]
            facts.loss_picture = _picture(step.path / "loss.png")
    return facts


def _picture(path: Path) -> str | None:
    """As base64; null when the file is gone, which `verify` tells and a report survives."""
    return base64.b64encode(path.read_bytes()).decode() if path.is_file() else None


def _read_records(facts: Facts, step: Step, browse: int) -> None:
    pools: dict[str, Pool] = {}
    facts.lengths = {name: [] for name in ("instruction", "input", "output")}
    facts.facets = {name: Counter() for name in ("language", "source", "license", "generator")}
    for record in _all_records(step):
        facts.records += 1
        for name, lengths in facts.lengths.items():
            if record[name]:
                lengths.append(len(record[name]))
        for name, counter in facts.facets.items():
            counter[record[name] or "(none)"] += 1
        verb = _leading(record["instruction"])
        if verb and verb not in NOT_VERBS:
            facts.verbs[verb] += 1
        score = _novelty(record, pools, facts.records)
        if score is not None:
            facts.nearest.append(score)
        if len(facts.kept) < browse:
            facts.kept.append(_shown(record))


def _all_records(step: Step) -> Iterator[Record]:
    for split in step.manifest["splits"]:
        source = open_input(str(step.path), ReadOptions(inputs=(str(step.path),), split=split))
        for batch in source.batches():
            for record in batch.to_pylist():
                yield record | {"split": split}


def _novelty(record: Record, pools: dict[str, Pool], number: int) -> float | None:
    """ROUGE-L to the nearest earlier instruction: as scored when made, or computed here."""
    known = scores_dict(record["scores"]).get("rouge_l_max")
    if known is not None or number > NOVELTY_LIMIT:
        return known
    language = record["language"] or "en"
    pool = pools.setdefault(language, pool_for(language))
    scores = pool.scores(record["instruction"])
    pool.add(record["instruction"])
    return float(scores.max()) if len(scores) else None


def _leading(instruction: str) -> str:
    """The first word: it is the verb of most instructions."""
    words = instruction.split()
    return words[0].strip(".,:;!?\"'()¿¡").lower() if words else ""


def _shown(record: Record) -> dict[str, Any]:
    names = ("id", "instruction", "input", "output", "task", "source", "license", "language", "split")
    return {name: record.get(name) for name in names}


def _dropped(step: Step, most: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for entry in step.manifest["files"]:
        if entry["path"].startswith("dropped/") and len(rows) < most:
            for batch in read_shard(step.path / entry["path"]):
                for row in batch.slice(0, max(0, most - len(rows))).to_pylist():
                    rows.append(_shown(row) | {"reason": row["reason"], "detail": row["detail"],
                                               "step": step.name})  # fmt: skip
    return rows


def _predictions(step: Step, most: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for entry in step.manifest["files"]:
        if entry["path"].startswith("data/"):
            for batch in read_shard(step.path / entry["path"]):
                rows += batch.slice(0, max(0, most - len(rows))).to_pylist()
    return rows
