"""Whether an endpoint honours a JSON schema: asked once, with a schema that prose cannot meet.

The question goes through the ledger like any other, so it is paid within the budget, repeated when
the server is busy, and answered alike in a resumed run.
"""

from __future__ import annotations

import json

from ittools.generate.ask import Asker
from ittools.generate.teacher import Request

STAGE = "probe"
TRIES = 2  # further ones: some servers know no other answer to a schema than status 500

_SCHEMA = {
    "type": "object",
    "properties": {"greeting_words": {"type": "array", "items": {"type": "string"}}},
    "required": ["greeting_words"],
    "additionalProperties": False,
}


async def offers_schema(asker: Asker, model: str) -> bool:
    """The answer has the shape that was asked for; a refusal or prose has not."""
    schema = json.dumps(_SCHEMA)
    request = Request(STAGE, 0, 0, "Say hello.", model, "probe/1", 64, 0.0, schema=schema)
    answer = await asker.ask(request, retries=TRIES)
    try:
        value = json.loads(answer.text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("greeting_words"), list)
