"""Rows made up to fit a template: what its syntax tree does with a name tells what stands there.

{{answer_choices[label]}} -> label: 0 or 1      {% for a in answers.text %} -> answers: {"text": ["...", ...]}
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from ittools.formats.table_files import Reading, read_rows

TEXTS = (
    "plain words",
    "<a/> b ___ c. d",
    " edges ",
    "ein Wörterbuch",
    "一二三",
    "a ||| b",
    "",
    "2",
    "two\nlines\n",
    "x" * 40,
)
STRINGS = "split lower replace strip startswith capitalize join upper".split()
LISTS = "join list random choice map unique selectattr select reject first last most_frequent min max".split()

SAME_KIND = "list unique sort selectattr rejectattr select reject default trim lower upper replace".split()


@dataclass
class Shape:
    """kind: text, number, list or mapping; a list's elements stand under "[]"."""

    kind: str = ""
    parts: dict[str, Shape] = field(default_factory=dict)
    seen: list[Any] = field(default_factory=list)  # constants that it is compared with

    def part(self, name: str) -> Shape:
        return self.parts.setdefault(name, Shape())

    def be(self, kind: str) -> Shape:
        self.kind = self.kind or kind
        return self


def shapes(*trees: Any) -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    for tree in trees:
        for _ in range(2):  # a name may be used before what it stands for is known
            for node in _all(tree):
                _learn(node, found)
    return found


def _all(tree: Any) -> list[Any]:
    found = [tree]
    for child in tree.iter_child_nodes():
        found += _all(child)
    return found


def _of(node: Any, found: dict[str, Shape]) -> Shape:
    """The shape that an expression stands for; a new one where nothing is known."""
    kind = type(node).__name__
    if kind == "Name":
        return found.setdefault(node.name, Shape())
    if kind == "Getattr" and node.attr not in [*STRINGS, "append", "index", "update", "pop", "keys", "items"]:
        return _of(node.node, found).be("mapping").part(node.attr)
    if kind == "Getitem":
        constant = node.arg.value if type(node.arg).__name__ == "Const" else None
        base = _of(node.node, found)
        if isinstance(constant, str):
            return base.be("mapping").part(constant)
        if type(node.arg).__name__ == "Slice":
            return base
        return base.be("list").part("[]")
    if kind == "Filter" and node.node is not None and node.name in SAME_KIND:
        return _of(node.node, found)
    return Shape()


def _learn(node: Any, found: dict[str, Shape]) -> None:
    kind = type(node).__name__
    if kind == "For":
        element = _of(node.iter, found).be("list").part("[]")
        _bind(node.target, element, found)
    elif kind == "Assign" and type(node.target).__name__ == "Name":
        found.setdefault(node.target.name, _of(node.node, found))
    elif kind == "Getitem":
        _of(node, found)
        if type(node.arg).__name__ in ("Name", "Getattr", "Getitem"):
            index = _of(node.arg, found)
            pairs = node.node.items if type(node.node).__name__ == "Dict" else []
            keys = [pair.key.value for pair in pairs if type(pair.key).__name__ == "Const"]
            index.seen += keys
            index.be("text" if keys and isinstance(keys[0], str) else "number")
    elif kind == "Getattr" and node.attr in STRINGS:
        _of(node.node, found).be("text")
    elif kind == "Getattr" and node.attr in ("append", "index"):
        _of(node.node, found).be("list")
    elif kind == "Getattr" and node.attr in ("keys", "items"):
        _of(node.node, found).be("mapping")
    elif kind == "Filter" and node.node is not None and node.name in LISTS:
        _of(node.node, found).be("list")
    elif kind == "Filter" and node.node is not None and node.name in ("int", "round", "float", "abs"):
        _of(node.node, found).be("number")
    elif kind == "Compare":
        _learn_compared(node, found)
    elif kind == "Slice":
        for bound in (node.start, node.stop):
            if bound is not None:
                _of(bound, found).be("number")
    elif kind in ("Add", "Sub", "Mul", "Div", "Mod"):
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if type(other).__name__ == "Const" or kind != "Add":
                text = isinstance(getattr(other, "value", 0), str)
                _of(side, found).be("text" if text else "number")
    elif kind == "Call" and getattr(node.node, "name", "") == "zip":
        for one in node.args:
            _of(one, found).be("list")


def _learn_compared(node: Any, found: dict[str, Shape]) -> None:
    sides = [node.expr, *(operand.expr for operand in node.ops)]
    constants = [side.value for side in sides if type(side).__name__ == "Const"]
    if not constants or constants == [None]:
        return
    for side in sides:
        shape = _of(side, found)
        shape.seen += constants
        if node.ops[0].op not in ("in", "notin"):
            shape.be("number" if isinstance(constants[0], (int, float)) else "text")


def _bind(target: Any, element: Shape, found: dict[str, Shape]) -> None:
    if type(target).__name__ == "Name":
        found.setdefault(target.name, element)
        if found[target.name] is not element:
            element.kind, element.parts = found[target.name].kind, found[target.name].parts
            element.seen = found[target.name].seen


def made_row(names: list[str], found: dict[str, Shape], random: Random, long: bool) -> dict[str, Any]:
    return {name: _value(found.get(name, Shape()), random, long, 0) for name in names}


def _value(shape: Shape, random: Random, long: bool, depth: int) -> Any:
    if depth > 6:
        return "deep"
    if shape.seen and random.random() < 0.7:
        return random.choice(shape.seen)
    if shape.kind == "number":
        return random.choice((0, 1, 1, 2))
    if shape.kind == "list":
        element = shape.parts.get("[]", Shape())
        return [_value(element, random, long, depth + 1) for _ in range(random.choice((3, 4)))]
    if shape.kind == "mapping":
        return {name: _value(one, random, long, depth + 1) for name, one in shape.parts.items()}
    if long and random.random() < 0.5:
        return " ".join(random.choice(TEXTS).strip() or "w" for _ in range(900))
    return random.choice(TEXTS)


def real_rows(folder: Path, number: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows of public datasets that are at hand, by the set of templates that was written for them."""
    news = ("ag_news/test.csv.gz", ("label", "title", "text"), lambda row: _numbered(row, 1))
    pairs = ("mrpc/msr_paraphrase_train.txt.gz", (), _pair)
    grammar = (
        "cola/in_domain_train.tsv.gz",
        ("from", "label", "star", "sentence"),
        lambda row: _numbered(row, 0),
    )
    feeling = ("sst2/dev.tsv.gz", ("sentence", "label"), lambda row: _numbered(row, 0))
    files = {"ag_news": news, "glue/mrpc": pairs, "glue/cola": grammar, "glue/sst2": feeling}
    for name, (file, columns, made) in files.items():
        rows = islice(read_rows(folder / "classic" / file, Reading(columns)), number)
        yield name, [made(row) for _, row in rows]
    with gzip.open(folder / "classic" / "dream" / "train.json.gz", "rt", encoding="utf-8") as handle:
        dialogues = json.load(handle)[:number]
    yield "dream", [{"dialogue": turns, **one} for turns, questions, _ in dialogues for one in questions]


def _numbered(row: dict[str, Any], first: int) -> dict[str, Any]:
    return row | {"label": int(row["label"]) - first}


def _pair(row: dict[str, Any]) -> dict[str, Any]:
    return {"sentence1": row["#1 String"], "sentence2": row["#2 String"], "label": int(row["Quality"])}
