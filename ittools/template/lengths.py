"""How long a text is, in words or in tokens, and its beginning of so many.

ruler(None).counts(["One, two", "東京へ"])       -> [2, 3]
ruler("t5-small").head("a long text ...", 4)    -> its first four tokens as text
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from ittools.errors import UsageError
from ittools.formats.hub import quiet_models
from ittools.store.dataset import InputEntry
from ittools.store.files import sha256_file, sha256_json
from ittools.text.words import UNSPACED

_WORD = r"[{}]|[^\s{}]+"
_FILES = r"tokenizer.*|vocab.*|merges.*|special_tokens.*|added_tokens.*|.*\.model"


class Ruler(Protocol):
    """whole: with what a tokenizer puts around a text; pieces of a longer text go without."""

    def counts(self, texts: Sequence[str], *, whole: bool = True) -> list[int]: ...

    def head(self, text: str, most: int, *, whole: bool = True) -> str: ...


@dataclass(frozen=True)
class Words:
    """Runs of anything but white space; a letter each where a script has no spaces."""

    def counts(self, texts: Sequence[str], *, whole: bool = True) -> list[int]:
        alone = _words("[{}]")
        return [
            len(text.split())
            if text.isascii() or not alone.search(text)
            else len(_words(_WORD).findall(text))
            for text in texts
        ]

    def head(self, text: str, most: int, *, whole: bool = True) -> str:
        ends = [word.end() for word in islice(_words(_WORD).finditer(text), max(most, 0))]
        return text[: ends[-1]] if ends else ""


@dataclass(frozen=True)
class Tokens:
    name: str

    def counts(self, texts: Sequence[str], *, whole: bool = True) -> list[int]:
        return [len(ids) for ids in self._ids(texts, whole)]

    def head(self, text: str, most: int, *, whole: bool = True) -> str:
        ids = self._ids([text], whole)[0]
        if len(ids) <= most:
            return text
        return str(_loaded(self.name).decode(ids[: max(most, 0)], skip_special_tokens=True))

    def _ids(self, texts: Sequence[str], whole: bool) -> Any:
        if not texts:
            return []
        return _loaded(self.name)(list(texts), add_special_tokens=whole, verbose=False)["input_ids"]


@lru_cache(maxsize=2)
def _words(pattern: str) -> re.Pattern[str]:
    """`{}`: the letters of scripts without spaces."""
    return re.compile(pattern.replace("{}", UNSPACED))


def ruler(tokenizer: str | None) -> Ruler:
    return Tokens(tokenizer) if tokenizer else Words()


def tokenizer_entries(tokenizer: str | None) -> tuple[InputEntry, ...]:
    """The tokenizer as an input, by the bytes of its files; it is loaded once to see that it can be.

    Raises:
        UsageError: transformers is not installed, or there is no such tokenizer.
    """
    if not tokenizer:
        return ()
    _loaded(tokenizer)
    folder = Path(tokenizer)
    if not folder.is_dir():
        return (InputEntry(tokenizer, "tokenizer", sha256_json(tokenizer)),)
    files = sorted(file for file in folder.iterdir() if file.is_file() and re.fullmatch(_FILES, file.name))
    return (InputEntry(tokenizer, "tokenizer", sha256_json([[f.name, sha256_file(f)] for f in files])),)


@lru_cache(maxsize=2)
def _loaded(name: str) -> Any:
    quiet_models()
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise UsageError(
            "--tokenizer needs the train extra: pip install 'ittools[train]'; without it words are counted"
        ) from None
    try:
        return AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise UsageError(f"--tokenizer {name}: no tokenizer in this folder or of this name ({why})") from None
