"""The openai SDK over its aiohttp transport."""

from __future__ import annotations

import asyncio

from common import Asked, measure
from openai import DefaultAioHttpClient
from openai_sdk import ask_all


async def over_aiohttp(wanted: Asked) -> int:
    return await ask_all(wanted, DefaultAioHttpClient())


if __name__ == "__main__":
    measure(lambda wanted: asyncio.run(over_aiohttp(wanted)))
