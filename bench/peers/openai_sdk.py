"""The openai SDK as its README has it: one AsyncOpenAI for all requests, its own two retries."""

from __future__ import annotations

import asyncio
from typing import Any

from common import KEY, MODEL, Asked, drain, measure, prompts
from openai import AsyncOpenAI


async def ask_all(wanted: Asked, http_client: Any = None) -> int:
    client = AsyncOpenAI(api_key=KEY, base_url=f"{wanted.url}/v1", http_client=http_client)

    async def ask(text: str) -> str | None:
        reply = await client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": text}]
        )
        return reply.choices[0].message.content

    async with client:
        return await drain(prompts(wanted.number), wanted.concurrency, ask)


if __name__ == "__main__":
    measure(lambda wanted: asyncio.run(ask_all(wanted)))
