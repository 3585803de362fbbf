"""Documents and passages: plain text to read, from text files, folders of them, or rows with a text.

notes.txt       one document a paragraph (blank lines between)
folder/         one document a .txt or .md file
rows            a column `text` (or passage, content, document, body); `title` where there is one
SQuAD           the passages that its questions are about
records         their outputs, with their licence, language and id
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ittools.errors import InputError
from ittools.formats.questions import is_squad
from ittools.formats.rows import COMPRESSED, Row, bare_suffix, file_rows, open_text
from ittools.formats.source import ReadOptions, open_input
from ittools.records.build import mend_text
from ittools.records.schema import UNSPECIFIED_LICENSE
from ittools.store.dataset import InputEntry
from ittools.store.files import sha256_file, sha256_json
from ittools.store.lock import LOCK_NAME
from ittools.store.manifest import MANIFEST_NAME

TEXTS = ("text", "passage", "content", "document", "body")
PLAIN = (".txt", ".md")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True)
class Document:
    """One text. ids: of the record it comes from, where it comes from one."""

    text: str
    source: str
    title: str = ""
    license: str = UNSPECIFIED_LICENSE
    language: str | None = None
    ids: tuple[str, ...] = ()


def read_documents(options: ReadOptions) -> tuple[list[Document], list[InputEntry]]:
    """All documents in order; those without a letter are left out.

    Raises:
        InputError: a file that cannot be read, rows without a text, nothing at all.
    """
    found: list[Document] = []
    entries: list[InputEntry] = []
    for spec in options.inputs:
        documents, entry = _opened(spec, options)
        found += [one for one in documents if any(map(str.isalnum, one.text))]
        entries.append(entry)
    if not found:
        raise InputError("no document in " + ", ".join(options.inputs))
    return found, entries


def _opened(spec: str, options: ReadOptions) -> tuple[Iterable[Document], InputEntry]:
    path = Path(spec)
    if path.is_file() and bare_suffix(path).lower() in PLAIN:
        return _paragraphs(path, options), _entry(spec, [path])
    if path.is_dir() and not (path / MANIFEST_NAME).exists() and not (path / LOCK_NAME).exists():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in PLAIN and file.is_file())
        if files:
            return (_document(_text_of(file), file.stem, options) for file in files), _entry(spec, files)
    if path.is_file() and bare_suffix(path).lower() != ".parquet":
        place, first = next(iter(file_rows(path)))
        if is_squad(first):
            return list(_passages(first, place, path, options)), _entry(spec, [path])
        name = _text_column(first)
        if name and not options.map:
            return _rows(path, name, options), _entry(spec, [path])
    source = open_input(spec, options)
    records = (record for batch in source.batches() for record in batch.to_pylist())
    return _of_records(records), source.entry


def _entry(spec: str, files: list[Path]) -> InputEntry:
    """The names count too: they become titles and sources."""
    return InputEntry(spec, "documents", sha256_json([[_stem(file), sha256_file(file)] for file in files]))


def _stem(path: Path) -> str:
    """`notes` for `notes.txt` and `notes.txt.gz`."""
    return Path(path.stem).stem if path.suffix in COMPRESSED else path.stem


def _text_column(row: Row) -> str | None:
    if {"instruction", "messages", "conversations"} & set(row):
        return None
    there = [name for name in TEXTS if isinstance(row.get(name, 0), str | None)]
    return min(there, key=lambda name: row[name] is None, default=None)  # the first row may have none


def _text_of(path: Path) -> str:
    try:
        with open_text(path) as handle:
            return handle.read().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 ({error.reason}); convert it with iconv") from None
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def _document(text: str, title: str, options: ReadOptions, source: str | None = None) -> Document:
    return Document(
        mend_text(text.strip()), options.source or source or title, mend_text(title), options.license,
        options.language,
    )  # fmt: skip


def _paragraphs(path: Path, options: ReadOptions) -> Iterator[Document]:
    parts = _PARAGRAPH.split(_text_of(path))
    return (_document(part, "", options, _stem(path)) for part in parts if part.strip())


def _rows(path: Path, name: str, options: ReadOptions) -> Iterator[Document]:
    for place, row in file_rows(path):
        if row.get(name, 0) is None:
            continue
        if not isinstance(row.get(name), str):
            raise InputError(f"{place}: no text in the column {name!r}")
        title = row.get("title") if isinstance(row.get("title"), str) else ""
        own = row.get("license")
        document = _document(row[name], str(title), options, _stem(path))
        language = row.get("language")
        yield Document(
            document.text, document.source, document.title,
            own if isinstance(own, str) and own else document.license,
            language if isinstance(language, str) and language else document.language,
        )  # fmt: skip


def _passages(row: Row, place: str, path: Path, options: ReadOptions) -> Iterator[Document]:
    """Each passage once, with its article's title."""
    for article in row["data"]:
        for paragraph in article["paragraphs"]:
            if not isinstance(paragraph, dict) or not isinstance(paragraph.get("context"), str):
                raise InputError(
                    f"{place}: a paragraph of {article.get('title', '?')!r} has no text in `context`"
                )
            title = article.get("title")
            yield _document(
                paragraph["context"], title if isinstance(title, str) else "", options, _stem(path)
            )


def _of_records(records: Iterable[Row]) -> Iterator[Document]:
    for record in records:
        yield Document(
            record["output"], record["source"], "", record["license"], record["language"], (record["id"],)
        )
