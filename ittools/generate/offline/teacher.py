"""The embedded teacher: a rule-based writer of checkable tasks. It is not a language model.

It is asked with the same prompts as one: it reads the demonstrations, goes on with the list,
answers the classification question and writes instances. At a set rate it errs on purpose, with
duplicates, malformed lines, other languages and broken instances, so that filters have work.
Every answer that it does not spoil is right. Same seed, same prompt: same answer.
"""

from __future__ import annotations

import hashlib
import json
import random
import re

from ittools.generate.offline.kind import Kind, Task, read_instruction, write_instruction
from ittools.generate.offline.kinds import KINDS
from ittools.generate.self_instruct import prompts
from ittools.generate.teacher import Request, Response

MODEL = "ittools-offline-1"
MODEL_SAID = "rule-based writer, not a language model"
LANGUAGES = tuple(sorted({language for kind in KINDS for language in kind.phrasings}))
BYTES_PER_TOKEN = 4  # a usual ratio in English; only the account uses it

_SHOWN = re.compile(r"^\d+\. (.+)$", re.MULTILINE)
_TASK = re.compile(r"^Task: (.+)$", re.MULTILINE)
_LANGUAGE = re.compile(r"^Every task is written in (\w+)\.$", re.MULTILINE)
_CODES = {name: code for code, name in prompts.LANGUAGE_NAMES.items()}


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
        return Response(
            text if size <= room else text.encode()[:room].decode("utf-8", "ignore"),
            "stop" if size <= room else "length",
            prompt_tokens=-(-len(request.prompt.encode()) // BYTES_PER_TOKEN),
            completion_tokens=-(-min(size, room) // BYTES_PER_TOKEN),
        )

    async def close(self) -> None:
        return None

    def write(self, request: Request) -> str:
        """The answer to a prompt of `self_instruct.prompts`; "" to any other."""
        place = f"{self.seed}:{request.seed}:{request.round}:{request.index}:{request.prompt}"
        rng = random.Random(hashlib.sha256(place.encode()).digest())
        prompt = request.prompt
        if prompt.startswith((prompts.INSTRUCTIONS_HEADER, prompts.CLASSES_HEADER)):
            return self._instructions(prompt, rng, structured=request.schema is not None)
        if prompt.startswith(prompts.QUESTION_HEADER):
            return self._verdict(prompt, rng)
        if prompt.startswith((prompts.INPUT_FIRST_HEADER, prompts.LABEL_FIRST_HEADER)):
            return self._instances(prompt, rng, structured=request.schema is not None)
        return ""

    def _spoils(self, rng: random.Random) -> bool:
        return rng.random() < self.errors

    def _instructions(self, prompt: str, rng: random.Random, *, structured: bool) -> str:
        shown = _SHOWN.findall(prompt)
        asked = _LANGUAGE.search(prompt)
        language = _CODES.get(asked.group(1), "en") if asked else "en"
        only_classes = prompt.startswith(prompts.CLASSES_HEADER)
        written: list[str] = []
        while len(written) < prompts.TASKS_ASKED:
            task = self._instruction(rng, language, only_classes)
            if self._spoils(rng):
                written.append(self._spoiled_instruction(task, shown, rng, language))
            elif task not in written and task not in shown:
                written.append(task)
        if structured:
            return json.dumps({"tasks": written}, ensure_ascii=False)
        first = len(shown) + 1
        lines = [f"{number}. {task}" for number, task in enumerate(written, start=first)]
        goes_on = prompt.endswith(f"{first}.")  # a completion endpoint: our number stands already
        return "\n".join(lines).removeprefix(f"{first}.") if goes_on else "\n".join(lines)

    def _instruction(self, rng: random.Random, language: str, only_classes: bool) -> str:
        known = [
            kind
            for kind in self.kinds
            if language in kind.phrasings and (kind.is_classification or not only_classes)
        ]
        if not known:  # no such language: it says so in the only way it can, in English
            language, known = "en", list(self.kinds)
        kind = rng.choice(known)
        return write_instruction(kind, language, rng.randrange(len(kind.phrasings[language])), rng)

    def _spoiled_instruction(self, task: str, shown: list[str], rng: random.Random, language: str) -> str:
        fault = rng.choice(("copy", "short", "picture", "punctuation", "language"))
        if fault == "copy" and shown:
            return rng.choice(shown)
        if fault == "short":
            return " ".join(task.split()[:2])
        if fault == "picture":
            return f"{task.rstrip('.')} and draw a picture of it."
        if fault == "punctuation":
            return f"- {task}"
        others = [other for other in LANGUAGES if other != language]
        return self._instruction(rng, rng.choice(others), only_classes=False)

    def _task(self, prompt: str) -> Task | None:
        asked = _TASK.findall(prompt)
        return read_instruction(asked[-1], self.kinds) if asked else None

    def _verdict(self, prompt: str, rng: random.Random) -> str:
        task = self._task(prompt)
        yes = task is not None and task.kind.is_classification
        if self._spoils(rng):  # right, but not the one word that was asked for
            return "Yes, this is a classification task." if yes else "The answer is no."
        return "Yes" if yes else "No"

    def _instances(self, prompt: str, rng: random.Random, *, structured: bool) -> str:
        task = self._task(prompt)
        if task is None:
            return ""
        pairs = _pairs(task, rng)
        if self._spoils(rng):
            pairs = _spoiled_pairs(pairs, rng)
        if structured:
            listed = [{"input": given, "output": wanted} for given, wanted in pairs]
            return json.dumps({"instances": listed}, ensure_ascii=False)
        if prompt.startswith(prompts.LABEL_FIRST_HEADER):
            return "\n".join(f"Class label: {wanted}\nInput: {given}" for given, wanted in pairs)
        if not pairs[0][0]:
            return f"Output: {pairs[0][1]}"
        return "\n".join(
            f"Example {number}\nInput: {given}\nOutput: {wanted}"
            for number, (given, wanted) in enumerate(pairs, start=1)
        )


def _pairs(task: Task, rng: random.Random) -> list[tuple[str, str]]:
    """One to three instances; of a classification task one a label, as far as they turn up."""
    first = task.kind.make(rng, task.parameters, task.language)
    if not first[0]:
        return [first]
    labels = task.kind.labels.get(task.language, ())
    wanted = min(len(labels), 5) if labels else rng.randint(1, 3)
    found = {first[1] if labels else first[0]: first}
    for _ in range(60):
        if len(found) >= wanted:
            break
        pair = task.kind.make(rng, task.parameters, task.language)
        found.setdefault(pair[1] if labels else pair[0], pair)
    return list({given: (given, wanted) for given, wanted in found.values()}.values())


def _spoiled_pairs(pairs: list[tuple[str, str]], rng: random.Random) -> list[tuple[str, str]]:
    given, wanted = pairs[0]
    fault = rng.choice(("empty", "echo", "contradiction", "colon"))
    if fault == "empty":
        return [(given, "")]
    if fault == "echo":
        return [(wanted, wanted)]
    if fault == "contradiction" and given:
        return [(given, wanted), (given, wanted[::-1] + ".")]
    return [(given, wanted.rstrip(".") + ":")]
