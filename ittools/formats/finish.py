"""What rows of any format have in common: provenance, values of the right type, the rest as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from ittools.errors import InputError
from ittools.formats.conversations import fields_of_turns
from ittools.formats.rows import Row
from ittools.records.build import Record, build_record, mend_text, opened_meta
from ittools.records.schema import UNSPECIFIED_LICENSE
from ittools.records.scores import as_scores
from ittools.text.languages.codes import FAST, LINGUA, UNDETERMINED, macro_code
from ittools.text.languages.names import named

_TAG = "[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"  # BCP-47
_LANGUAGES = (named() - {"bh"}) | FAST | LINGUA | {UNDETERMINED}  # `bh` was withdrawn
PROVENANCE = ("task", "source", "license", "language", "template", "generator")
_APART = {*PROVENANCE, "parents", "scores", "meta"}  # `export --whole` and mixtures have them all
ISO_639_3 = 3  # letters of its codes, of which there are thousands
_OF_PROGRAMS = frozenset(  # of programming languages, which look like codes of others
    "ada agda apl asm awk bat cmd cpp css csv elm git hcl lua nim nix php pov qml sas scm sed sql stan svg "
    "tcl tex txt vba vim wat xml yml zig zsh".split()
)
_DOUBTFUL = re.compile(r"\\u[dD]|NaN|Infinity")
_as_held = json.JSONEncoder(ensure_ascii=True, sort_keys=True, default=str).encode
_as_json = json.JSONEncoder(ensure_ascii=True, sort_keys=True, default=str, allow_nan=False).encode
_as_text = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class Defaults:
    """What rows do not say themselves; LicenseRef-unspecified says no licence. `columns` renames:
    {"instruction": "their name"}.

    open_ended: rows may be prompts without their answers, which somebody is about to write.
    """

    source: str
    license: str = UNSPECIFIED_LICENSE
    language: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    open_ended: bool = False

    @property
    def fills(self) -> bool:
        """Whether there is anything for records of ours, which always state a source."""
        return self.language is not None or self.license not in ("", UNSPECIFIED_LICENSE)


Mapper = Callable[[Row, str, Defaults], Iterator[Record]]


def meta_json(value: Any) -> str:
    """JSON for `meta`, its names in order.

    >>> meta_json({"b": "x\\ud83dy", "a": [1, float("nan")]})
    '{"a": [1, null], "b": "x\\\\ufffdy"}'
    """
    return sound_json(value, _as_json)


def sound_json(value: Any, encode: Callable[[Any], str]) -> str:
    """JSON that every reader takes: null for NaN and Infinity, U+FFFD for half a character.

    encode: to JSON in ASCII; raises ValueError for NaN.
    """
    try:
        text = encode(value)
    except ValueError:
        text = encode(json.loads(_as_held(value), parse_constant=lambda _: None))
    if "\\ud" not in text:
        return text
    plain = _as_text(json.loads(text))
    mended = mend_text(plain)
    return text if mended is plain else encode(json.loads(mended))


def is_absent(value: Any) -> bool:
    """Whether a value says nothing: null, and what tables write for it, NaN (or Infinity)."""
    return value is None or (isinstance(value, float) and not isfinite(value))


def text_of(row: Row, name: str, place: str) -> str:
    """A text as it is, a number or truth value as JSON spells it; "" for null and NaN."""
    value = row.get(name)
    if isinstance(value, str):
        return value
    if is_absent(value):
        return ""
    if isinstance(value, (int, float)):
        return json.dumps(value)
    raise InputError(f"{place}: column {name!r} holds a {type(value).__name__}, expected text")


def finish(row: Row, place: str, defaults: Defaults, used: Iterable[str], content: dict[str, Any]) -> Record:
    """The record of a row: provenance columns it has, the rest as JSON in `meta`."""
    known: dict[str, Any] = {"source": defaults.source, "license": defaults.license}
    known["language"] = defaults.language
    for name in PROVENANCE:
        if row.get(name) not in (None, "", UNSPECIFIED_LICENSE) and _is_told(row, name):
            known[name] = row[name]
    if "language" not in row and is_language(row.get("lang")):
        known["language"], used = row["lang"], {*used, "lang"}
    known |= _lineage(row)
    if isinstance(row.get("label"), bool) and "scores" not in row:  # KTO: whether the answer is good
        known["scores"] = {"label": float(row["label"])}
        used = {*used, "label"}
    if isinstance(row.get("rejected"), str):
        known["rejected"] = row["rejected"]
    spent = {*used, *(known.keys() - PROVENANCE), *(name for name in PROVENANCE if _is_told(row, name))}
    rest = {str(key): value for key, value in row.items() if key not in spent and not is_absent(value)}
    rest |= fields_of_turns(row, used)
    if rest:
        known["meta"] = _meta(rest, place)
    return build_record(**known | content)


def _is_told(row: Row, name: str) -> bool:
    """Whether a column of provenance holds what it is for; other values stay in `meta`."""
    value = row.get(name)
    if name == "language" and value and not is_language(value):
        return isinstance(value, str) and row.keys() >= _APART
    return value is None or isinstance(value, str)


def renamed(row: Row, columns: Mapping[str, str], place: str) -> Row:
    """A row with the names of `--map`. A column whose name another takes goes to `meta`: nothing is lost.

    >>> renamed({"output": "a", "answer": "b"}, {"output": "answer"}, "")
    {'output': 'b', 'meta': '{"output": "a"}'}
    """
    theirs = set(columns.values())
    kept = {name: value for name, value in row.items() if name not in theirs}
    taken = {ours: row[name] for ours, name in columns.items() if name in row}
    aside = {name: kept[name] for name in taken if kept.get(name) is not None}
    if not aside:
        return kept | taken
    held = (kept | taken).get("meta")
    return kept | taken | {"meta": _meta(aside | ({} if held is None else {"meta": held}), place)}


def is_language(value: Any) -> bool:
    """Whether a value of `language` or `lang` is the code of one; datasets of code have others there.

    >>> [is_language(one) for one in ("de", "zh-Hans", "yue", "ceb", "sql", "cpp", "German")]
    [True, True, True, True, False, False, False]
    """
    if not isinstance(value, str) or re.fullmatch(_TAG, value) is None:
        return False
    primary = re.split("[-_]", value)[0]
    if primary in _OF_PROGRAMS:
        return False
    return len(primary) == ISO_639_3 or macro_code(value) in _LANGUAGES


def _meta(rest: Row, place: str) -> str:
    """JSON of what has no column; a `meta` that already is our JSON is merged, not wrapped once more."""
    if isinstance(rest.get("meta"), str):
        inner = opened_meta(rest["meta"])
        others = {key: value for key, value in rest.items() if key != "meta"}
        differ = any(others[name] != inner[name] for name in others.keys() & inner.keys())
        rest = others | ({"meta": inner} if differ else inner)
    try:
        return meta_json(rest)
    except (RecursionError, TypeError) as error:
        raise InputError(f"{place}: {', '.join(rest)} cannot be kept as JSON ({error})") from None


def _lineage(row: Row) -> dict[str, Any]:
    """`parents` and `scores` as our own mixtures carry them; other shapes stay in `meta`."""
    found: dict[str, Any] = {}
    parents, scores = row.get("parents"), row.get("scores")
    if isinstance(parents, list) and all(isinstance(parent, str) for parent in parents):
        found["parents"] = parents
    if as_scores(scores) is not None:
        found["scores"] = as_scores(scores)
    return found


def own_meta(value: Any, place: str, more: Row | None = None) -> str | None:
    """A JSON object as it is, unless some reader would refuse it; anything else under the key "meta".

    more: what stands beside it, and goes into it.
    """
    if more:
        held = meta_json(value) if isinstance(value, dict) else value
        return _meta(more | ({"meta": held} if held else {}), place)
    if isinstance(value, str) and value:
        opened = opened_meta(value)
        if opened == {"meta": value}:
            return _meta({"meta": value}, place)
        sound = not _DOUBTFUL.search(value) or _as_held(opened) == meta_json(opened)
        return value if sound else meta_json(opened)
    return _meta(value if isinstance(value, dict) else {"meta": value}, place) if value else None


def nested_of(row: Row, name: str, place: str) -> Any:
    """A list or mapping, or null; in CSV it stands as JSON text."""
    value = None if is_absent(row.get(name)) else row[name]
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise InputError(f"{place}: column {name!r} holds text that is not JSON") from None
    if value is not None and not isinstance(value, (list, dict)):
        raise InputError(f"{place}: column {name!r} holds a {type(value).__name__}, expected a list")
    return value
