"""A stand-in for a teacher, to learn what a run would ask: answers of the usual form and size, no sense.

It lets the method itself build its real prompts, from the real seeds and inputs, without a server.
"""

from __future__ import annotations

import json
import random

from ittools.generate.teacher import Request, Response

ANSWER_WORDS = {  # of one usual answer, or of one task in a list
    "instructions": 16, "instances": 30, "tasks": 45, "topics": 2, "evolve": 18, "answer": 110,
    "instruction": 20, "query": 25, "user": 30, "assistant": 110, "paraphrase": 16, "translate": 18,
}  # fmt: skip
VERDICTS = {"classification": "No", "equal": "No", "score": "5", "verdict": "informative"}
INSTANCES = 2
NOT_NEW = 0.2  # share of listed tasks that say what is known; real teachers repeat themselves
SYLLABLES = "ba de fi go lu ma ne pi ro su ta ve wi xo yu za".split()
BYTES_PER_TOKEN = 4


class Rehearsal:
    """Answers at once, the same to the same request."""

    concurrency = 64

    def __init__(self, model: str) -> None:
        self.model = model

    async def answer(self, request: Request) -> Response:
        rng = random.Random(request.key)
        text = self._text(request, rng)
        sent = len(request.prompt.encode()) + sum(len(content.encode()) for _, content in request.before)
        others = tuple(self._text(request, rng) for _ in range(request.n - 1))
        came = sum(len(one.encode()) for one in (text, *others))
        return Response(text, "stop", sent, came, others=others)  # bytes, not tokens: see `plan`

    async def close(self) -> None:
        return None

    def _text(self, request: Request, rng: random.Random) -> str:
        stage, count = request.stage, int(request.values.get("count", 8))
        size = ANSWER_WORDS.get(stage, 20)
        if stage in VERDICTS:
            return "Yes" if stage == "classification" and rng.random() < 0.25 else VERDICTS[stage]
        if stage in ("instructions", "topics"):
            shown = list(request.values.get("shown", ())) or ["Say what is known."]
            tasks = [
                rng.choice(shown) if stage == "instructions" and rng.random() < NOT_NEW else _words(rng, size)
                for _ in range(count)
            ]
            return json.dumps({stage: tasks})
        if stage == "instances":
            pairs = [
                {"input": _words(rng, size // 2), "output": _words(rng, size // 2)} for _ in range(INSTANCES)
            ]
            return json.dumps({"instances": pairs})
        if stage == "tasks":
            third = size // 3
            names = ("instruction", "input", "output")
            return json.dumps({"tasks": [{n: _words(rng, third) for n in names} for _ in range(count)]})
        if stage == "evolve":
            return f"{request.values.get('task', '')} {_words(rng, size)}"
        return _words(rng, size)


def _words(rng: random.Random, count: int) -> str:
    """Words unlike any that came before, about as long as usual ones."""
    return " ".join("".join(rng.choices(SYLLABLES, k=rng.randint(1, 4))) for _ in range(count)).capitalize()
