"""The model that a run starts from, as an input: by content, so that changed weights are another run."""

from __future__ import annotations

from pathlib import Path

from ittools.errors import InputError
from ittools.store.dataset import InputEntry
from ittools.store.files import sha256_file, sha256_folder, sha256_json
from ittools.store.lock import LOCK_NAME
from ittools.store.manifest import read_manifest


def model_entry(name: str) -> InputEntry:
    """A finetune output, a model directory or a hub name.

    Raises:
        InputError: a directory that a finetune run has not finished.
    """
    path = Path(name)
    if not path.exists() and _is_local(path):
        raise InputError(f"{name}: no such directory, and not a hub name")
    if not path.is_dir():
        return InputEntry(name, "model", f"name:{name}")
    manifest = read_manifest(path)
    if manifest is not None:
        if not any((path / inner).is_dir() for inner in ("model", "adapter")):
            raise InputError(f"{name}: holds no model; it is the output of `ittools {manifest['command']}`")
        return InputEntry(
            name, "finetune output", sha256_json(manifest["files"]), manifest["manifest_sha256"]
        )
    if (path / LOCK_NAME).exists():
        raise InputError(f"{path}: unfinished (no manifest.json); repeat the command that writes it")
    return InputEntry(name, "model directory", sha256_folder(path))


def _is_local(path: Path) -> bool:
    """A path rather than a hub name: it starts like one, has many parts, or lies in a folder that exists."""
    parts = path.parts
    return (
        path.is_absolute()
        or parts[0] in (".", "..", "~")
        or len(parts) > 2
        or (len(parts) == 2 and Path(parts[0]).is_dir())
    )


def model_folder(name: str, *, adapter_too: bool = False) -> str:
    """What to load for `name`: of a finetune output its model, or its adapter where that will do.

    Raises:
        InputError: the output holds an adapter only, and a whole model is needed.
    """
    folder = Path(name)
    if (folder / "model").is_dir():
        return str(folder / "model")
    if (folder / "adapter").is_dir():
        if not adapter_too:
            raise InputError(f"{name}: holds an adapter only; tune it with --merge to go on from its model")
        return str(folder / "adapter")
    return name


def template_entry(path: Path) -> InputEntry:
    return InputEntry(str(path), "chat template", sha256_file(path))
