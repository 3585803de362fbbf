"""Datasets of the Hugging Face hub, streamed through `datasets` (imported only here).

hub:gsm8k   org/name   org/name@config   hf://datasets/org/name/file.parquet
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

from ittools.errors import InputError
from ittools.formats.rows import Row, Rows

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
    """(rows with class names for numbers, fingerprint): the revision's commit where the hub tells it.

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
        dataset = datasets.load_dataset(**arguments, split=split or "train", streaming=True)
    except Exception as error:  # many kinds, from requests to the builder: all mean "not there"
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{spec}: not a local path, and the hub gave nothing ({reason})") from None
    revision = str(getattr(dataset.info, "version", "")) + str(dataset.info.download_checksums or "")
    return dataset, f"hub:{spec}:{split or 'train'}:{revision}"


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
