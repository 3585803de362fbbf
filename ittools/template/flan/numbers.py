"""Whether answers held as text are numbers of choices, decided once for a dataset.

choices ["1", "23", "88", "7921"], answer "1"    alone: the first option by its text, the second by its number
so are all answers, "0" among them               -> numbers: "23"
answers "23", "88", "1" ...                      -> texts: "1"
choices with names of their own: {"text": [...], "label": ["1", "2"]}    -> by name, whatever the answers
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ittools.errors import InputError
from ittools.formats.rows import Row
from ittools.formats.table_files import read_rows
from ittools.formats.tables import Chunk, Piece, Table, chunks
from ittools.template.flan.answers import is_absent, number_among
from ittools.template.flan.files import TemplateFile
from ittools.template.flan.rows import Fields, each, first_text, list_of, text_of
from ittools.template.flan.shots import dataset_of

LOOK = 500  # rows of a dataset that decide


def by_number(files: Sequence[TemplateFile], tables: Sequence[Table]) -> frozenset[tuple[str, str]]:
    """(`where` of a file, dataset) of those whose answers are numbers; a pipe cannot be looked at."""
    choosing = [file for file in files if file.choices is not None]
    found: dict[tuple[str, str], bool] = {}
    for table in tables if choosing else ():
        rows = _first_rows(table)
        for file in choosing:
            key = file.where, dataset_of(table.about)
            found[key] = found.get(key, True) and are_numbers(file, rows)
    return frozenset(key for key, numbers in found.items() if numbers)


def are_numbers(file: TemplateFile, rows: Sequence[Row]) -> bool:
    """All answers there are number a choice, and one is 0 or would be another choice by its text."""
    telling = False
    for value, texts, names in _answers(file, rows):
        number = number_among(value, texts, names)
        if number is None:
            return False
        text = text_of(value)
        telling = telling or number == 0 or (text in texts and texts[number] != text)
    return telling


def _answers(file: TemplateFile, rows: Sequence[Row]) -> Iterator[tuple[object, list[str], list[str]]]:
    """(answer, texts, names) of the rows that have both; withheld ones are not there."""
    fields = Fields(file)
    for _, _, whole in each(rows, file.each):
        row = fields.cut(whole)
        texts, names = list_of(fields.raw(row, file.choices or ""))
        value = first_text(fields.raw(row, file.answer or ""))
        if texts and not is_absent(value):
            yield value, texts, names


def _first_rows(table: Table) -> list[Row]:
    """Renamed and labelled as templates see them. What cannot be read is told when it is rendered."""
    for file in table.files:
        try:
            if file.suffix == ".parquet":
                piece = Piece(str(file), "parquet", table.about, name=str(file), opens=False)
                chunk = next(chunks(piece, 0), None)
            else:
                given = list(islice(read_rows(file, table.about.reading), LOOK))
                chunk = Chunk(table.about, 0, 0, given, str(file), opens=False)
            rows = chunk.head(LOOK).rows if chunk else []
        except (InputError, UnicodeDecodeError):
            return []
        if rows:
            return rows
    return []
