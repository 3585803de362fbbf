"""The two sides of a template, as `template lint` looks at them.

"{{text}} {% if a %}Good?{% endif %} ||| {{answer_choices[label]}}"
    -> prompt "{{text}} {% if a %}Good?{% endif %}", which shows text; target "{{answer_choices[label]}}":
       label
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ittools.template.p3.apply import CHOICES, SEPARATOR
from ittools.template.p3.files import Template
from ittools.template.sandbox.tree import checked_tree, fields_of, nodes_of
from ittools.template.style import Face

NOTHING: frozenset[str] = frozenset()
_CODE = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)


def face_of(template: Template) -> Face:
    """Of a template that the sandbox accepts."""
    tree = checked_tree(template.jinja)
    sides: tuple[set[str], set[str]] = set(), set()
    meant = _meant(tree)
    for side, name in _shown(tree.body, 0)[1]:
        sides[side].add(meant.get(name, name))
    prompt, _, target = _CODE.sub(_unescaped, template.jinja).partition(SEPARATOR)
    prompts, targets = (frozenset(side & fields_of(tree)) - {CHOICES} for side in sides)
    return Face(template.name, template.place, prompt, target, prompts, targets, languages=template.languages)


def _unescaped(code: re.Match[str]) -> str:
    """Code without escapes and wide space, which are right there and slips in words."""
    return " ".join(code[0].replace("\\n", "⏎").replace("\\t", "⇥").split())


def refused_face(template: Template, trouble: str) -> Face:
    return Face(template.name, template.place, template.jinja, "", NOTHING, NOTHING, trouble)


def _shown(nodes: Sequence[Any], side: int) -> tuple[int, list[tuple[int, str]]]:
    """The side on which the nodes end, and the names that each side shows; tests show nothing."""
    found: list[tuple[int, str]] = []
    for node in nodes:
        if type(node).__name__ == "Output":
            for child in node.nodes:
                if type(child).__name__ == "TemplateData":
                    side = 1 if SEPARATOR in child.data else side
                else:
                    found += [(side, name) for name in _names(child)]
            continue
        ends = []
        for branch in _branches(node):
            end, some = _shown(branch, side)
            ends.append(end)
            found += some
        side = max(ends, default=side)
    return side, found


def _branches(node: Any) -> Iterator[Sequence[Any]]:
    if hasattr(node, "body"):
        yield node.body
    for other in getattr(node, "elif_", ()):
        yield other.body
    if getattr(node, "else_", None):
        yield node.else_


def _meant(tree: Any) -> dict[str, str]:
    """The name that another one stands for: set once, and to it alone, as in `set a = answer | lower`."""
    of: dict[str, list[str]] = {}
    for node in nodes_of(tree):
        if type(node).__name__ == "Assign" and type(node.target).__name__ == "Name":
            value = node.node
            while type(value).__name__ == "Filter":
                value = value.node
            of.setdefault(node.target.name, []).append(getattr(value, "name", ""))
    once = {name: some[0] for name, some in of.items() if len(some) == 1 and some[0]}
    for _ in range(len(once)):  # a name may be set to another that is set
        once = {name: once.get(other, other) for name, other in once.items()}
    return once


def _names(node: Any) -> Iterator[str]:
    for one in nodes_of(node):
        if type(one).__name__ == "Name":
            yield one.name
