"""The manifest: what a directory holds and how it came to be. Written last; present = complete.

It carries its own hash, so a flipped bit in it shows as one in a shard does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ittools.errors import StoreError
from ittools.store.files import json_text, sha256_json, write_text

MANIFEST_NAME = "manifest.json"
FORMAT = "ittools-dataset/1"

Manifest = dict[str, Any]


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest of a directory; null when there is none, so the directory is not complete.

    Raises:
        StoreError: it cannot be parsed, or its own hash does not fit.
    """
    path = directory / MANIFEST_NAME
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise StoreError(f"{path}: damaged (not UTF-8); write the directory again with --force") from None
    try:
        manifest = json.loads(text)
        own_hash = manifest.pop("manifest_sha256")
    except (ValueError, KeyError, AttributeError, TypeError):
        raise StoreError(
            f"{path}: damaged (not a manifest); write the directory again with --force"
        ) from None
    intact = own_hash == sha256_json(manifest)
    manifest["manifest_sha256"] = own_hash
    if not intact or text != json_text(manifest):
        raise StoreError(
            f"{path}: damaged (its own hash does not fit); write the directory again with --force"
        )
    return manifest  # type: ignore[no-any-return]


def write_manifest(directory: Path, manifest: Manifest) -> Manifest:
    """Write the manifest with its own hash added; the last act of every command."""
    sealed = {"format": FORMAT, **manifest}
    sealed["manifest_sha256"] = sha256_json(sealed)
    write_text(directory / MANIFEST_NAME, json_text(sealed))
    return sealed
