"""litellm: `acompletion` for each prompt, its default retries."""

from __future__ import annotations

import asyncio
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it looks for prices on the network

import litellm
from common import KEY, MODEL, Asked, drain, measure, prompts


async def ask_all(wanted: Asked) -> int:
    litellm.suppress_debug_info = True

    async def ask(text: str) -> str | None:
        reply = await litellm.acompletion(
            model=f"openai/{MODEL}",
            messages=[{"role": "user", "content": text}],
            api_base=f"{wanted.url}/v1",
            api_key=KEY,
        )
        said: str | None = reply.choices[0].message.content
        return said

    return await drain(prompts(wanted.number), wanted.concurrency, ask)


if __name__ == "__main__":
    measure(lambda wanted: asyncio.run(ask_all(wanted)))
