"""What rows of any format have in common: provenance, values of the right type, the rest as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ittools.errors import InputError
from ittools.formats.rows import Row
from ittools.records.build import Record, build_record, opened_meta
from ittools.records.schema import UNSPECIFIED_LICENSE
from ittools.records.scores import as_scores
from ittools.text.languages.codes import FAST, LINGUA, UNDETERMINED, macro_code

_TAG = "[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"  # BCP-47
_ISO_639_1 = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz "
    "ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii "
    "ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi "
    "mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw "
    "sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk "
    "ur uz ve vi vo wa wo xh yi yo za zh zu".split()
)
_LANGUAGES = _ISO_639_1 | FAST | LINGUA | {UNDETERMINED}
meta_json = json.JSONEncoder(ensure_ascii=True, sort_keys=True, default=str).encode


@dataclass(frozen=True)
class Defaults:
    """What rows do not say themselves. `columns` renames: {"instruction": "their name"}.

    open_ended: rows may be prompts without their answers, which somebody is about to write.
    """

    source: str
    license: str = UNSPECIFIED_LICENSE
    language: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    open_ended: bool = False


Mapper = Callable[[Row, str, Defaults], Iterator[Record]]


def text_of(row: Row, name: str, place: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return str(value)
    raise InputError(f"{place}: column {name!r} holds a {type(value).__name__}, expected text")


def finish(row: Row, place: str, defaults: Defaults, used: Iterable[str], content: dict[str, Any]) -> Record:
    """The record of a row: provenance columns it has, the rest as JSON in `meta`."""
    known: dict[str, Any] = {"source": defaults.source, "license": defaults.license}
    known["language"] = defaults.language
    for name in ("task", "source", "license", "language", "template", "generator"):
        if isinstance(row.get(name), str) and row[name]:
            known[name] = row[name]
    if "language" not in row and is_language(row.get("lang")):
        known["language"], used = row["lang"], {*used, "lang"}
    known |= _lineage(row)
    if isinstance(row.get("label"), bool) and "scores" not in row:  # KTO: whether the answer is good
        known["scores"] = {"label": float(row["label"])}
        used = {*used, "label"}
    if isinstance(row.get("rejected"), str):
        known["rejected"] = row["rejected"]
    spent = set(used) | known.keys() | {"task", "template", "generator"}
    rest = {str(key): value for key, value in row.items() if key not in spent and value is not None}
    if rest:
        known["meta"] = _meta(rest, place)
    return build_record(**known | content)


def is_language(value: Any) -> bool:
    """Whether a value of `lang` is the code of a language; datasets of code have others there.

    >>> [is_language(one) for one in ("de", "zh-Hans", "yue", "sql", "cpp", "German")]
    [True, True, True, False, False, False]
    """
    if not isinstance(value, str) or re.fullmatch(_TAG, value) is None:
        return False
    return macro_code(value) in _LANGUAGES


def _meta(rest: Row, place: str) -> str:
    """JSON of what has no column; a `meta` that already is our JSON is merged, not wrapped once more."""
    if isinstance(rest.get("meta"), str):
        inner = opened_meta(rest["meta"])
        rest = {key: value for key, value in rest.items() if key != "meta"} | inner
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


def own_meta(value: Any, place: str) -> str | None:
    """A JSON object as it is; anything else under the key "meta"."""
    if isinstance(value, str) and value:
        return value if opened_meta(value) != {"meta": value} else _meta({"meta": value}, place)
    return _meta(value if isinstance(value, dict) else {"meta": value}, place) if value else None


def nested_of(row: Row, name: str, place: str) -> Any:
    """A list or mapping, or null; in CSV it stands as JSON text."""
    value = row.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise InputError(f"{place}: column {name!r} holds text that is not JSON") from None
    if value is not None and not isinstance(value, (list, dict)):
        raise InputError(f"{place}: column {name!r} holds a {type(value).__name__}, expected a list")
    return value
