"""Which files of a directory are ours, and how new ones take the place of old ones.

out/manifest.json, out/data/...     + .staging/data/..., .staging/README.md
    -> .replacing names both        a kill from here on leaves files that are known to be ours
    -> the manifest goes, then the old files; the new ones move in; the new manifest; .replacing goes
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from ittools.errors import StoreError, UsageError
from ittools.store.files import json_text, sync_folder, write_text
from ittools.store.lock import LOCK_NAME
from ittools.store.manifest import MANIFEST_NAME, read_manifest

STAGING = ".staging"  # finished files wait here until all of them are there
WORK = ".work"  # files that tasks exchange; gone when the command ends
REPLACING = ".replacing"
KEPT_ASIDE = frozenset({LOCK_NAME, STAGING, WORK, MANIFEST_NAME, f".{MANIFEST_NAME}.tmp", REPLACING,
                        f".{REPLACING}.tmp", "ledger", "checkpoints"})  # fmt: skip
USUAL = ("data", "dropped", "README.md")


def refuse_foreign(out: Path) -> None:
    """Nobody's files are deleted but our own: those of the manifest, or of a run that was killed.

    Raises:
        UsageError: `out` is a file, or holds files of somebody's.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; --out must name a directory")
    if out.is_dir() and not (out / LOCK_NAME).exists() and any(out.iterdir()):
        raise UsageError(f"{out}: holds files that ittools did not write; give another --out")
    foreign = sorted(foreign_files(out))
    if foreign:
        raise UsageError(
            f"{out}: holds files that ittools did not write ({', '.join(foreign[:3])}); "
            "move them away or give another --out"
        )


def foreign_files(out: Path) -> set[str]:
    """Files below `out` that neither its manifest lists nor a killed run; none when that is damaged."""
    ours = _ours(out)
    return set() if ours is None else _files(out) - ours


def _files(out: Path) -> set[str]:
    """All below `out` but what is kept aside, links as themselves."""
    names = (path.relative_to(out) for path in out.rglob("*") if not path.is_dir() or path.is_symlink())
    return {name.as_posix() for name in names if name.parts[0] not in KEPT_ASIDE}


def _ours(out: Path) -> set[str] | None:
    """Files that we wrote, by the manifest or the list of a run killed while it replaced; null: damaged."""
    try:
        manifest = read_manifest(out)
        names = json.loads((out / REPLACING).read_text("utf-8")) if (out / REPLACING).exists() else []
    except (StoreError, ValueError):
        return None
    return {*names, *(entry["path"] for entry in (manifest or {"files": []})["files"])}


def replace_contents(out: Path, staging: Path) -> None:
    """New files in, old ones out. The manifest goes first: until the end, `out` is incomplete.

    Raises:
        StoreError: somebody wrote where the new files belong, while the command ran.
    """
    new, ours = _files(staging), _ours(out)
    if ours is None:  # it is not known what was there: what has our names goes
        ours = {name for name in _files(out) if name.split("/")[0] in (*USUAL, *os.listdir(staging))}
    tops = {name.split("/")[0] for name in new}
    theirs = sorted(name for name in _files(out) - ours if name.split("/")[0] in tops)
    if theirs:
        raise StoreError(
            f"{out / theirs[0]}: somebody wrote this while the command ran; "
            "move it away and repeat the command"
        )
    write_text(out / REPLACING, json_text(sorted(ours | new)))
    (out / MANIFEST_NAME).unlink(missing_ok=True)
    sync_folder(out)
    _remove(out, ours)
    for top in sorted(staging.iterdir()):
        sync_folder(top)
        top.rename(out / top.name)
    sync_folder(out)


def _remove(out: Path, names: Iterable[str]) -> None:
    """The files, and the folders that are empty then."""
    folders = {folder for name in names for folder in (out / name).parents if folder.is_relative_to(out)}
    for name in names:
        (out / name).unlink(missing_ok=True)
    for folder in sorted(folders - {out}, key=lambda one: len(one.parts), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def replaced(out: Path) -> None:
    """The new manifest is there."""
    (out / REPLACING).unlink(missing_ok=True)


def clear(out: Path) -> None:
    """What is not finished."""
    shutil.rmtree(out / STAGING, ignore_errors=True)
    shutil.rmtree(out / WORK, ignore_errors=True)
