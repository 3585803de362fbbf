"""curator: one LLM over a dataset. Without a rate set by hand it sends 200 requests a minute, so one is
set that never binds; 429s then meet its own ten retries."""

from __future__ import annotations

import logging
import os
from importlib.util import find_spec
from pathlib import Path

from common import KEY, MODEL, Asked, measure, prompts

UNBOUND = 10_000_000  # a minute


def prepare() -> None:
    """Nothing from the network: no telemetry, no prices, and the token table that litellm brings along."""
    found = find_spec("litellm")
    assert found is not None
    assert found.origin is not None
    os.environ |= {
        "TELEMETRY_ENABLED": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "HF_DATASETS_OFFLINE": "1",
        "TIKTOKEN_CACHE_DIR": str(Path(found.origin).parent / "litellm_core_utils" / "tokenizers"),
    }


def run(wanted: Asked) -> int:
    from bespokelabs import curator

    logging.disable(logging.WARNING)

    class Answer(curator.LLM):  # type: ignore[misc]
        def prompt(self, input: dict[str, str]) -> str:
            return input["instruction"]

    llm = Answer(
        model_name=MODEL,
        backend="openai",
        backend_params={
            "base_url": f"{wanted.url}/v1",
            "api_key": KEY,
            "max_requests_per_minute": UNBOUND,
            "max_tokens_per_minute": UNBOUND * 10_000,
            "max_concurrent_requests": wanted.concurrency or None,
            "require_all_responses": False,
        },
    )
    rows = [{"instruction": text} for text in prompts(wanted.number)]
    found = llm(rows, working_dir=wanted.folder)
    return sum(bool(answer) for answer in found.dataset["response"])


if __name__ == "__main__":
    prepare()
    measure(run)
