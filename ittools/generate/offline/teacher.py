"""The embedded teacher: a rule-based writer of checkable tasks. It is not a language model.

It is asked with the same requests as one. As it cannot read, it looks at what each prompt was filled
with: it goes on with lists, answers questions about tasks, writes instances, evolves, rephrases and
answers the tasks it knows. At a set rate it errs on purpose, with duplicates, malformed lines, other
languages and broken instances, so that filters have work. Every answer that it does not spoil is
right; what it does not know it leaves empty. Same seed, same prompt: same answer.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable

from ittools.generate.offline import lists, texts
from ittools.generate.offline.kind import Kind
from ittools.generate.offline.kinds import KINDS
from ittools.generate.teacher import Request, Response

MODEL = "ittools-offline-1"
MODEL_SAID = "rule-based writer, not a language model"
LANGUAGES = tuple(sorted({language for kind in KINDS for language in kind.phrasings}))
BYTES_PER_TOKEN = 4  # a usual ratio in English; only the account uses it

Writer = Callable[["lists.Desk", Request], str]
WRITERS: dict[str, Writer] = {
    "instructions": lists.instructions,
    "classification": lists.verdict,
    "instances": lists.instances,
    "tasks": lists.tasks,
    "topics": lists.topics,
    "evolve": texts.evolved,
    "equal": texts.equal,
    "answer": texts.answer,
    "instruction": texts.instruction_for,
    "score": texts.score,
    "query": texts.query,
    "user": texts.user,
    "assistant": texts.answer,
    "paraphrase": texts.paraphrase,
    "translate": texts.translate,
    "verdict": texts.entails,
}


class OfflineTeacher:
    """A teacher in this process; `errors` is the share of answers that it spoils on purpose."""

    model = MODEL
    concurrency = 64

    def __init__(self, *, seed: int = 0, errors: float = 0.12, kinds: tuple[Kind, ...] = KINDS) -> None:
        self.seed, self.errors, self.kinds = seed, errors, kinds

    async def answer(self, request: Request) -> Response:
        text = self.write(request)
        room = request.max_tokens * BYTES_PER_TOKEN
        size = len(text.encode())
        sent = sum(len(part.encode()) for part in (request.prompt, *(text for _, text in request.before)))
        return Response(
            text if size <= room else text.encode()[:room].decode("utf-8", "ignore"),
            "stop" if size <= room else "length",
            prompt_tokens=-(-sent // BYTES_PER_TOKEN),
            completion_tokens=-(-min(size, room) // BYTES_PER_TOKEN),
        )

    async def close(self) -> None:
        return None

    def write(self, request: Request) -> str:
        """The answer to a request of one of the methods; "" to any other."""
        place = f"{self.seed}:{request.seed}:{request.round}:{request.index}:{request.prompt}"
        rng = random.Random(hashlib.sha256(place.encode()).digest())
        writer = WRITERS.get(request.stage)
        return writer(lists.Desk(rng, self.errors, self.kinds), request) if writer else ""
