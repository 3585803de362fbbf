"""Checkpoints that are complete or absent.

transformers resumes silently from a checkpoint without its optimizer, and crashes on one without
its state. So a finished save is sealed with the hash of each of its files, and only a sealed,
unchanged checkpoint of the same run is resumed from; the others are removed.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ittools.store.files import json_text, sha256_file, sync_file, write_text

SEAL = "sealed.json"


def seal(checkpoint: Path, fingerprint: str) -> None:
    """Mark a checkpoint as complete: its files on disk, their hashes written last."""
    files = sorted(path for path in checkpoint.rglob("*") if path.is_file() and path.name != SEAL)
    hashes = {}
    for path in files:
        sync_file(path)
        hashes[path.relative_to(checkpoint).as_posix()] = sha256_file(path)
    write_text(checkpoint / SEAL, json_text({"fingerprint": fingerprint, "files": hashes}))


def is_whole(checkpoint: Path, fingerprint: str) -> bool:
    """Sealed by this run, and every file as it was."""
    try:
        sealed = json.loads((checkpoint / SEAL).read_text(encoding="utf-8"))
        hashes: dict[str, str] = sealed["files"]
        return sealed["fingerprint"] == fingerprint and all(
            sha256_file(checkpoint / name) == digest for name, digest in hashes.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def latest(folder: Path, fingerprint: str) -> Path | None:
    """The last whole checkpoint of this run; what is torn or of another run is removed."""
    found: list[tuple[int, Path]] = []
    for path in folder.glob("checkpoint-*"):
        if is_whole(path, fingerprint):
            found.append((int(path.name.rpartition("-")[2]), path))
        else:
            shutil.rmtree(path)
    return max(found)[1] if found else None


def sealing_callback(fingerprint: str) -> Any:
    """A Trainer callback that seals each checkpoint once it is saved."""
    from transformers import TrainerCallback

    class Sealing(TrainerCallback):  # type: ignore[misc]
        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            seal(Path(args.output_dir) / f"checkpoint-{state.global_step}", fingerprint)

    return Sealing()
