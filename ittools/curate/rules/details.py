"""Where a reason can be seen: a JSON object for each dropped record, as dedup and decontaminate write them.

    told(words=[2, 1], least=3)                  -> ['{"words": 2, "least": 3}', '{"words": 1, "least": 3}']
    found(["Well, I cannot say."], "i cannot")   -> ["I cannot"]

Only dropped records come here, and only with --keep-dropped, so these may cost what a rule may not.
"""

from __future__ import annotations

import json
from itertools import repeat
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

LONGEST = 80  # characters of a text that is told
DIGITS = 4  # of a share
_STOPS = ".!?:。！： \n\t"


def told(**values: Any) -> pa.StringArray:
    """One object a record; a value is an array or list of one for each record, or one for all. Nulls are left
    out, and where nothing is left the detail is null."""
    columns = {name: value.to_pylist() if isinstance(value, pa.Array) else value
               for name, value in values.items()}  # fmt: skip
    lists = (value if isinstance(value, list) else repeat(value) for value in columns.values())
    return pa.array(
        [_object(dict(zip(columns, row, strict=True))) for row in zip(*lists, strict=False)], pa.string()
    )


def _object(values: dict[str, Any]) -> str | None:
    said = {name: _short(value) for name, value in values.items() if value is not None}
    return json.dumps(said, ensure_ascii=False) if said else None


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        return value[: LONGEST - 1] + "…"
    return round(value, DIGITS) if isinstance(value, float) else value


def found(column: pa.StringArray, pattern: str, *, ignore_case: bool = True) -> pa.StringArray:
    """What RE2 finds first, without blanks around it or the stop of a sentence before; null where it finds
    nothing. The pattern has no groups that capture."""
    flags = "(?i)" if ignore_case else ""
    first = pc.struct_field(pc.extract_regex(column, f"{flags}(?P<found>{pattern})"), "found")
    return pc.utf8_trim_whitespace(pc.utf8_ltrim(first, _STOPS))


def around(text: str, start: int, stop: int, *, more: int = 12) -> str:
    """A piece of a text and some characters on either side."""
    return text[max(0, start - more) : stop + more]
