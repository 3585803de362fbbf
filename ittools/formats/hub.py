"""Datasets of the Hugging Face hub, streamed through `datasets` (imported only here).

hub:gsm8k   org/name   org/name@config   hf://datasets/org/name/file.parquet
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ittools.errors import InputError
from ittools.formats.rows import Row, Rows
from ittools.store.files import sha256_file, sha256_json

_COMMIT = re.compile("[0-9a-f]{40}")
_MEDIA = ("Image", "Audio", "Video", "Pdf")  # features that are no text


def quiet_models() -> None:
    """Before transformers is imported: no bars, and no notes to its own developers on the screen."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    for module in ("transformers", "peft", "torch", "accelerate"):
        warnings.filterwarnings("ignore", module=rf"{module}\..*")


def hub_rows(spec: str, split: str | None) -> tuple[Callable[[], Rows], str]:
    """(rows with class names for numbers, fingerprint): of the revision's commit, or of the files' bytes.

    Raises:
        InputError: `datasets` is not installed, no network, or no such dataset.
    """
    dataset, fingerprint = _opened(spec, split)
    names = _label_names(dataset.features)
    return lambda: ((place, _with_names(row, names)) for place, row in _rows(dataset, spec)), fingerprint


def hub_table(
    spec: str, split: str | None
) -> tuple[Callable[[], Rows], str, dict[str, list[str]], list[str]]:
    """(rows as they are, fingerprint, names of classes by column, columns left out). Raises as `hub_rows`."""
    dataset, fingerprint = _opened(spec, split)
    features = dataset.features or {}
    left_out = [name for name, feature in features.items() if type(feature).__name__ in _MEDIA]
    if left_out:
        dataset = dataset.remove_columns(left_out)
    return lambda: _rows(dataset, spec), fingerprint, _label_names(features), left_out


def _opened(spec: str, split: str | None) -> tuple[Any, str]:
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # its retries would fill the screen
    try:
        import datasets
    except ImportError:
        raise InputError(f"{spec}: hub inputs need `pip install 'ittools[hub]'`") from None
    name, _, config = spec.removeprefix("hub:").partition("@")
    arguments: dict[str, Any] = {"path": name, "name": config or None}
    if spec.startswith("hf://"):
        kind = "parquet" if name.endswith(".parquet") else "json"
        arguments = {"path": kind, "data_files": {"train": name}}
    try:
        builder = datasets.load_dataset_builder(**arguments)
        dataset = builder.as_streaming_dataset(split=split or "train")
        revision = _revision(builder)
    except Exception as error:  # many kinds, from requests to the builder: all mean "not there"
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{spec}: not a local path, and the hub gave nothing ({reason})") from None
    return dataset, f"hub:{spec}:{split or 'train'}:{revision}"


def _revision(builder: Any) -> str:
    """What the dataset is now: its version, of a repository the commit, and its files.

    `datasets` tells of each file (repository, revision) on the hub, a mark of the server elsewhere; of files
    that lie here, whose mark is a date, the bytes count.
    """
    files = [file for some in (builder.config.data_files or {}).values() for file in _marks(some)]
    commit = builder.hash if builder.repo_id or not files else None  # elsewhere it holds dates of files
    return sha256_json([str(builder.info.version), commit, sorted(files)])


def _marks(files: Any) -> Iterator[list[str]]:
    for file, origin in zip(files, files.origin_metadata, strict=False):
        if Path(file).is_file():
            yield [Path(file).name, sha256_file(Path(file))]
        elif len(origin) == 2 and not _COMMIT.fullmatch(origin[1]):  # a branch, which moves
            yield [file, _blob_of(file)]
        else:
            yield [file, *map(str, origin)]


def _blob_of(file: str) -> str:
    """Git's hash of the file's content, which the hub tells without a download."""
    from fsspec.core import url_to_fs

    system, path = url_to_fs(file)
    return str(system.info(path)["blob_id"])


def _rows(dataset: Any, spec: str) -> Rows:
    for number, row in enumerate(dataset, start=1):
        yield f"{spec}#{number}", row


def _label_names(features: Any) -> dict[str, list[str]]:
    found = (features or {}).items()
    return {key: list(f.names) for key, f in found if hasattr(f, "names") and hasattr(f, "str2int")}


def _with_names(row: Row, names: dict[str, list[str]]) -> Row:
    """Class numbers as their names; -1 (no label) as an empty text."""
    return {
        key: (names[key][value] if value is not None and value >= 0 else "") if key in names else value
        for key, value in row.items()
    }
