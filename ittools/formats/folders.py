"""Which files of a plain folder are its data: all of a split, or an error that names what would be left out.

data/train-0.parquet, data/test-0.parquet, README.md          -> data/train-0.parquet
a.jsonl, README.txt, dataset_info.json                        -> a.jsonl, where text files are read
bbh.parquet, gsm8k.jsonl                                      -> InputError: name the files
filter/manifest.json, filter/data/..., dedup/...              -> InputError: name a step
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ittools.errors import InputError
from ittools.formats.rows import bare_suffix
from ittools.store.lock import LOCK_NAME
from ittools.store.manifest import FORMAT, MANIFEST_NAME

ROWS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")  # endings of data beside Parquet
_BESIDE = re.compile(  # what stands beside data and is none
    r"(readme|license|licence|notice|citation|changelog|requirements)\b.*"
    r"|(dataset_infos?|dataset_dict|state|metadata|metrics|config|croissant|manifest|index)\.json",
    re.IGNORECASE,
)


def parquet_of(path: Path, split: str | None) -> tuple[Path, ...]:
    """Parquet files of the split, as `datasets` lays them out: `train` where there is one, else all.

    Raises:
        InputError: no such split; other data beside them, which would be left out; outputs of ours below.
    """
    _no_outputs(path)
    every = [file for file in files_of(path) if not is_beside(file)]
    files = tuple(file for file in every if file.suffix.lower() == ".parquet")
    splits = sorted({split_of(file) for file in files})
    wanted = split or ("train" if "train" in splits else None)
    if files and wanted is not None:
        chosen_split(path, splits, wanted)
    of_split = [file for file in every if wanted is None or split_of(file) == wanted]
    others = [file for file in of_split if bare_suffix(file).lower() in ROWS]
    if files and others:
        names = ", ".join(file.relative_to(path).as_posix() for file in others[:3])
        raise InputError(
            f"{path}: has .parquet and other data ({names}{', ...' if len(others) > 3 else ''}), which would "
            "be left out; name the files themselves"
        )
    return tuple(file for file in of_split if file in files)


def files_of(path: Path) -> list[Path]:
    """All files below, but hidden ones."""
    below = (file for file in sorted(path.rglob("*")) if file.is_file())
    return [file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts)]


def is_beside(file: Path) -> bool:
    """Whether the name says that it tells of data and is none itself."""
    return _BESIDE.fullmatch(file.name) is not None


def _no_outputs(path: Path) -> None:
    """Raises InputError where datasets of ours lie below: read together their records would count twice."""
    marks = (mark for name in (MANIFEST_NAME, LOCK_NAME) for mark in path.rglob(name) if mark.parent != path)
    ours = sorted({mark.parent for mark in marks if _is_ours(mark)})
    if ours:
        raise InputError(
            f"{path}: holds {_count(ours, 'output')} of ittools, each a dataset of its own; name one: "
            + ", ".join(map(str, ours[:4]))
        )


def _is_ours(mark: Path) -> bool:
    """Whether a manifest, or the lock of a run that did not finish, is one of ours."""
    if mark.name == LOCK_NAME:
        return any((mark.parent / name).exists() for name in (MANIFEST_NAME, "data"))
    with open(mark, "rb") as file:
        return FORMAT.encode() in file.read(200)


def _count(some: Iterable[object], what: str) -> str:
    number = len(list(some))
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def split_of(file: Path) -> str:
    """`train` of `train-00000-of-00004.parquet`, as `datasets` names its files."""
    return re.split(r"[-.]", file.name, maxsplit=1)[0]


def chosen_split(path: Path, splits: list[str], wanted: str | None) -> str:
    if wanted is None:
        return "train" if "train" in splits or not splits else splits[0]
    if wanted not in splits:
        held = "; `ittools mix --heldout 0.1` makes one" if wanted == "heldout" else ""
        raise InputError(f"{path}: no split {wanted!r}; there are: {', '.join(splits)}{held}")
    return wanted
