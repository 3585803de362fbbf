"""The lower bound in Python: aiohttp and json, no retries, nothing checked, nothing written."""

from __future__ import annotations

import asyncio

import aiohttp
from common import KEY, MODEL, Asked, drain, measure, prompts


async def ask_all(wanted: Asked) -> int:
    connector = aiohttp.TCPConnector(limit=wanted.concurrency)
    headers = {"authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def ask(text: str) -> str | None:
            body = {"model": MODEL, "messages": [{"role": "user", "content": text}]}
            async with session.post(f"{wanted.url}/v1/chat/completions", json=body) as reply:
                reply.raise_for_status()
                return str((await reply.json())["choices"][0]["message"]["content"])

        return await drain(prompts(wanted.number), wanted.concurrency, ask)


if __name__ == "__main__":
    measure(lambda wanted: asyncio.run(ask_all(wanted)))
