"""A strict YAML reader for files of others: no aliases, no duplicate keys, bounded, with lines.

Plain scalars follow the YAML 1.2 core schema, so `no` is text and `12:30` is not a number.
It builds from parser events without recursion: deep nesting is an error, not a crash.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import yaml

from ittools.errors import InputError

MAX_DEPTH = 50
MAX_CHARACTERS = 64 << 20
MAX_DIGITS = 4_000  # Python refuses to convert more than 4,300

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None,
          "true": True, "True": True, "TRUE": True,
          "false": False, "False": False, "FALSE": False}  # fmt: skip


Lines = dict[tuple[str, ...], int]  # path of keys -> line of the last of them


def load_yaml(text: str, *, where: str, lines: Lines | None = None) -> Any:
    """The one document in `text`. `where` names it in errors, which add the line.

    `lines`, when given, is filled with the line of every key.

    Raises:
        InputError: not YAML, or aliases, tags, duplicate keys, too deep, too large.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"{where}: larger than {MAX_CHARACTERS >> 20} MiB of YAML")
    try:
        return _Builder(where, lines if lines is not None else {}).build(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{where}:{line}: not YAML ({error.problem})") from None
    except yaml.YAMLError as error:
        raise InputError(f"{where}: not YAML ({' '.join(str(error).split())})") from None


class _Builder:
    def __init__(self, where: str, lines: Lines) -> None:
        self.where, self.lines = where, lines
        self.root: list[Any] = []
        self.open: list[Any] = [self.root]  # containers not yet closed, outermost first
        self.keys: list[Any] = [None]  # per open mapping: the key that waits for its value

    def build(self, text: str) -> Any:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        for event in yaml.parse(text, Loader=loader):
            self._take(event)
        if len(self.root) > 1:
            raise InputError(f"{self.where}: holds {len(self.root)} documents, expected one")
        return self.root[0] if self.root else None

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._fail(event, "aliases (*name) are not allowed")
        tag = getattr(event, "tag", None)
        if tag:
            self._fail(event, f"tags ({tag}) are not allowed")
        if isinstance(event, yaml.ScalarEvent):
            self._add(event, self._scalar(event))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if len(self.open) > MAX_DEPTH:
                self._fail(event, f"nested deeper than {MAX_DEPTH}")
            container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._add(event, container)
            self.open.append(container)
            self.keys.append(_NO_KEY)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.open.pop()
            self.keys.pop()
            if isinstance(self.open[-1], dict):
                self.keys[-1] = _NO_KEY

    def _add(self, event: yaml.Event, value: Any) -> None:
        container = self.open[-1]
        if isinstance(container, list):
            container.append(value)
        elif self.keys[-1] is _NO_KEY:
            if isinstance(value, (dict, list)):
                self._fail(event, "a key must be a word")
            key = event.value if isinstance(event, yaml.ScalarEvent) else value
            if key in container:
                self._fail(event, f"the key {key!r} stands twice")
            self.keys[-1] = key
            path = tuple(str(k) for k in self.keys[1:] if k is not _NO_KEY)
            self.lines[path] = _line(event)
        else:
            container[self.keys[-1]] = value
            if not isinstance(value, (dict, list)):  # a container keeps its key until it ends
                self.keys[-1] = _NO_KEY

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        text = event.value
        if event.style:  # quoted or block: always text
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.match(text):
            if len(text) > MAX_DIGITS:
                self._fail(event, f"a number of {len(text):,} digits")
            return int(text)
        return float(text) if _FLOAT.match(text) else text

    def _fail(self, event: yaml.Event, problem: str) -> NoReturn:
        raise InputError(f"{self.where}:{_line(event)}: {problem}")


_NO_KEY = object()


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
