"""What an endpoint honours: asked once each, with questions that a server which ignores them fails.

The questions go through the ledger like any other, so they are paid within the budget, repeated when
the server is busy, and answered alike in a resumed run.
"""

from __future__ import annotations

import json

from ittools.generate.ask import Asker
from ittools.generate.logprobs import top_tokens
from ittools.generate.teacher import Api, Request

TRIES = 2  # further ones: some servers know no other answer to a schema than status 500

_SCHEMA = {
    "type": "object",
    "properties": {"greeting_words": {"type": "array", "items": {"type": "string"}}},
    "required": ["greeting_words"],
    "additionalProperties": False,
}


async def offers_schema(asker: Asker, model: str, api: Api = "chat") -> bool:
    """The answer has the shape that was asked for; a refusal or prose has not."""
    schema = json.dumps(_SCHEMA)
    request = Request("probe", 0, 0, "Say hello.", model, "probe/1", 64, 0.0, schema=schema, api=api)
    answer = await asker.ask(request, retries=TRIES)
    try:
        value = json.loads(answer.text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("greeting_words"), list)


async def offers_n(asker: Asker, model: str, api: Api = "chat") -> bool:
    """Two answers came where two were asked for."""
    request = Request("probe-n", 0, 0, "Say hello.", model, "probe/1", 16, 1.0, n=2, api=api)
    answer = await asker.ask(request, retries=TRIES)
    return not answer.failed and len(answer.others) == 1


async def offers_logprobs(asker: Asker, model: str, api: Api = "chat") -> bool:
    """Alternatives with their probabilities came, more than one at the first token."""
    request = Request("probe-logprobs", 0, 0, "Say yes.", model, "probe/1", 4, 0.0, top_logprobs=5, api=api)
    answer = await asker.ask(request, retries=TRIES)
    found = top_tokens(answer)
    return not answer.failed and bool(found) and len(found[0]) > 1
