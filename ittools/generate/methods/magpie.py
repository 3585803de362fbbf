"""Magpie (Xu et al. 2024, arXiv 2406.08464): an aligned model writes the user's turn, then answers it.

The prompt is nothing but the beginning of the model's own chat template, up to where the user speaks;
so this needs an endpoint that completes raw text. A chat endpoint adds its template by itself, and the
model would answer an empty message instead of writing one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ittools.errors import UsageError
from ittools.generate.answers import Open, answer_all, drop_open, keep_answers
from ittools.generate.checks import instruction_reason
from ittools.generate.job import Job
from ittools.generate.quotas import spread
from ittools.generate.sizes import requests_for
from ittools.generate.teacher import Request, Response

EXPECTED_YIELD = 0.6  # accepted tasks a request
HEAT, MOST_TOKENS = 1.0, 512


@dataclass(frozen=True)
class Marks:
    """A chat template's marks: round the system message, before the user's turn, before the answer."""

    system: tuple[str, str]
    user: str
    answer: str
    end: str  # of any turn
    inside: bool = False  # the system message stands in the user's turn, as where there is no such role

    def before(self, system: str) -> str:
        told = system.join(self.system) if system else ""
        return self.user + told if self.inside else told + self.user


TEMPLATES = {
    "chatml": Marks(("<|im_start|>system\n", "<|im_end|>\n"), "<|im_start|>user\n",
                    "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"),
    "llama3": Marks(("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
                    "<|start_header_id|>user<|end_header_id|>\n\n",
                    "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
    "gemma": Marks(("", "\n\n"), "<start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n",
                   "<end_of_turn>", inside=True),
    "mistral": Marks(("[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"), "[INST]", "[/INST]", "</s>"),
    "phi3": Marks(("<|system|>\n", "<|end|>\n"), "<|user|>\n", "<|end|>\n<|assistant|>\n", "<|end|>"),
}  # fmt: skip
_FAMILIES = {  # what a model's name says of its template
    "chatml": r"qwen|yi-|smollm|hermes|internlm|olmo",
    "llama3": r"llama-?3",
    "gemma": r"gemma",
    "mistral": r"mistral|mixtral|ministral",
    "phi3": r"phi-?3",
}


def marks_for(model: str, given: str | None) -> Marks:
    """The marks by name, by the model's name, or out of the user's own text with {instruction} in it.

    Raises:
        UsageError: it is none of these, or the model's name tells nothing.
    """
    if given in TEMPLATES:
        return TEMPLATES[given]
    if given is not None:
        before, found, after = given.replace("\\n", "\n").partition("{instruction}")
        if not found or not before or not after:
            raise UsageError(
                f"--pre-query {given!r}: expected one of {', '.join(TEMPLATES)}, or the text of a user's "
                "turn with {instruction} in it, such as '<|user|>\\n{instruction}<|end|>\\n<|assistant|>\\n'"
            )
        return Marks(("", "\n\n"), before, after, after.strip().split("\n")[0] or after)
    known = [name for name, pattern in _FAMILIES.items() if re.search(pattern, model, re.IGNORECASE)]
    if not known:
        raise UsageError(
            f"magpie: the chat template of {model!r} is not known; give --pre-query with one of "
            f"{', '.join(TEMPLATES)}, or the text of a user's turn with {{instruction}} in it"
        )
    return TEMPLATES[known[0]]


class Magpie:
    """One run against a completion endpoint. speaks: --language was given, so the model is told."""

    def __init__(self, job: Job, marks: Marks, *, speaks: bool) -> None:
        self.job, self.marks, self.speaks = job, marks, speaks

    async def round(self, number: int) -> bool:
        job, missing = self.job, self.job.harvest.missing()
        languages = spread(missing, requests_for(job.plan.num, sum(missing.values()), EXPECTED_YIELD))
        asked = [self._ask(number, index, language) for index, language in enumerate(languages)]
        responses = await job.asker.ask_all(request for request, _ in asked)
        chosen: list[Open] = []
        for (request, blank), response in zip(asked, responses, strict=True):
            one = self._take(request, blank, response)
            if one and missing.get(one.language, 0) > 0:
                missing[one.language] -= 1
                chosen.append(one)
            elif one:
                drop_open(self.job, one, "surplus")
        for one, samples in zip(chosen, await answer_all(job, chosen, number), strict=True):
            keep_answers(job, samples, one.language)
        return True

    def _before(self, language: str) -> str:
        system = self.job.plan.system or ""
        if self.speaks:
            told = self.job.prompt("system", language).text
            system = f"{system}\n{told}" if system else told
        return self.marks.before(system)

    def _ask(self, number: int, index: int, language: str) -> tuple[Request, Open]:
        before = self._before(language)
        prompt = self.job.prompt("query", language, stop=(self.marks.end,), before=before)
        request = self.job.request("query", number, index, prompt, most=MOST_TOKENS, heat=HEAT)
        blank = Open(
            "", "", language, requests={"query": request}, meta={"round": number}, stop=(self.marks.end,),
            values={"before": before, "after": self.marks.answer},
        )  # fmt: skip
        return request, blank

    def _take(self, request: Request, blank: Open, response: Response) -> Open | None:
        text = "" if response.failed else response.text.strip()
        one = blank.with_instruction(text)
        reason = "teacher-failed" if response.failed else "empty-instruction" if not text else None
        reason = reason or ("cut-off" if response.cut else None)
        reason = reason or instruction_reason(text, one.language, blacklist=False)
        if reason is None:
            [verdict] = self.job.novelty.judge([text], one.language)
            one.scores = self.job.novelty.scores(verdict)
            reason = None if verdict.novel else "not-novel"
        if reason:
            drop_open(self.job, one, reason)
        return None if reason else one
