"""Columns that templates take for numbers: with text in them an answer would be missing, or wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ittools.errors import UsageError
from ittools.template.options import StyleOptions
from ittools.template.preview import first_records
from ittools.template.sandbox.numbers import numbers_of
from ittools.template.sandbox.tree import checked_tree

CHOSEN = "{% if label == 1 %}yes{% else %}no{% endif %}"
FILE = """
dataset: mine
templates:
  a: !Template
    name: good
    jinja: 'Is {{text}} good? ||| CHOSEN'
""".replace("CHOSEN", CHOSEN)


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_a_text_is_never_taken_for_the_number_it_is_compared_with(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows.{ending}"
    if ending == "parquet":
        pq.write_table(pa.table({"text": ["bad", "good"], "label": [None, "1"]}), path)
    else:
        sign = "," if ending == "csv" else "\t"
        path.write_text(f"text{sign}label\nbad{sign}\ngood{sign}1\n", encoding="utf-8")
    templates = tmp_path / "templates.yaml"
    templates.write_text(FILE, encoding="utf-8")
    options = StyleOptions(inputs=(str(path),), style="p3", templates=str(templates))
    with pytest.raises(UsageError, match=r"rows\.\w+[:#][23]: label is the text '1', and 1 of 1 templates"):
        list(first_records(options))
    named = replace(options, labels=("label=no,yes",))
    assert [record["output"] for record in first_records(named)][1:] == ["yes"]


@pytest.mark.parametrize(
    ("jinja", "taken"),
    [
        ("{{answer_choices[label]}}", "label"),
        ("{{ ['no', 'yes'][label] }}", "label"),
        ("{{ ['no', 'yes'][label - 1] }}", "label"),
        ("{{ ['no', 'yes'][label | default(0)] }}", "label"),
        ("{{ (['yes', 'no'] | reverse | list)[label] }}", "label"),
        ("{% set words = 'no|yes'.split('|') %}{{ words[label] }}", "label"),
        ("{{ {0: 'no', 1: 'yes'}[label] }}", "label"),
        (CHOSEN, "label"),
        ("{{ 'yes' if 0 < stars <= 3 else 'no' }}", "stars"),
        ("{% if label in [0, 1] %}{{text}}{% endif %}", "label"),
        ("{% if label == -1 %}{{text}}{% endif %}", "label"),
        ("{% if label != -1 %}{{label}}{% endif %}", ""),
        ("{% if label | int == 1 %}yes{% endif %}", ""),
        ("{% if text | length == 1 %}yes{% endif %}", ""),
        ("{% if label == 'good' or label == 1 %}yes{% endif %}", ""),
        ("{% if label in ('1', 1) %}yes{% endif %}", ""),
        ("{% if label is string %}{{label}}{% else %}{{ ['a', 'b'][label] }}{% endif %}", ""),
        ("{{ ['no', 'yes'][label | int] }}", ""),
        ("{{ {'0': 'no', '1': 'yes'}[label] }}", ""),
        ("{% for n in numbers %}{% if n == 1 %}yes{% endif %}{% endfor %}", ""),
        ("{{ text[0] }} {{ choices[label] }}", ""),
    ],
)
def test_columns_that_are_taken_for_numbers_are_read_off_the_template(jinja: str, taken: str) -> None:
    assert numbers_of(checked_tree(f"{{{{text}}}} ||| {jinja}"), "answer_choices") == set(taken.split())
