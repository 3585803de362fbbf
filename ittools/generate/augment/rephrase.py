"""Instructions in other words: paraphrases, and translation through another language and back.

Back-translation after Sennrich et al. 2016 (aclanthology.org/P16-1009). Inputs and outputs stay; a new
wording that changes a number is dropped, as the output would no longer be its answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ittools.generate.augment.derive import Derived, derived, rewritten_reason
from ittools.generate.demonstrations import language_name
from ittools.generate.job import Job
from ittools.generate.parse import unwrapped
from ittools.generate.teacher import Request, Response
from ittools.records.build import Record

HEAT = 0.7
MOST_TOKENS = 1024


class Rephrase:
    """By the teacher of `job`."""

    def __init__(self, job: Job) -> None:
        self.job = job

    async def paraphrased(self, records: Sequence[Record], number: int, copies: int) -> list[list[Derived]]:
        requests = []
        for place, record in enumerate(records):
            prompt = self.job.prompt("paraphrase", record["language"], stop=("\n\n",),
                                     instruction=record["instruction"])  # fmt: skip
            requests += [
                self.job.request(
                    "paraphrase", number, place * copies + turn, prompt, most=MOST_TOKENS, heat=HEAT
                )
                for turn in range(copies)
            ]
        responses = await self.job.asker.ask_all(requests)
        pairs = list(zip(requests, responses, strict=True))
        return [
            [
                _rewritten(self.job, record, "paraphrase", {"paraphrase": request}, response)
                for request, response in pairs[place * copies : (place + 1) * copies]
            ]
            for place, record in enumerate(records)
        ]

    async def pivoted(
        self, records: Sequence[Record], number: int, pivots: Sequence[str]
    ) -> list[list[Derived]]:
        """There in one round of requests, back in the next."""
        there = [
            (record, pivot, self._translate(record["instruction"], record["language"], pivot, number, index))
            for index, (record, pivot) in enumerate((r, p) for r in records for p in pivots)
        ]
        outward = await self.job.asker.ask_all(request for _, _, request in there)
        texts = ["" if one.failed or one.cut else unwrapped(one.text, "instruction") for one in outward]
        back = [
            self._translate(text, pivot, record["language"] or "en", number, len(there) + index)
            for index, ((record, pivot, _), text) in enumerate(zip(there, texts, strict=True))
        ]
        asked = [request for request, text in zip(back, texts, strict=True) if text]
        answers = iter(await self.job.asker.ask_all(asked))
        made: list[Derived] = []
        for (record, pivot, request), first, text, second in zip(there, outward, texts, back, strict=True):
            asked_by = {"there": request} | ({"back": second} if text else {})
            answer = next(answers) if text else first
            made.append(_rewritten(self.job, record, "pivot", asked_by, answer, pivot=pivot, there=text))
        return [made[place * len(pivots) : (place + 1) * len(pivots)] for place in range(len(records))]

    def _translate(self, text: str, of: str | None, into: str, number: int, index: int) -> Request:
        prompt = self.job.prompt(
            "translate", into, stop=("\n\n",), text=text, other=language_name(of or "en")
        )
        return self.job.request("translate", number, index, prompt, most=MOST_TOKENS, heat=0.0)


def _rewritten(
    job: Job, record: Record, method: str, asked: dict[str, Request], response: Response, **meta: Any
) -> Derived:
    """The record under another instruction, or why that cannot be used."""
    lost = response.failed or meta.get("there") == ""  # then the answer is that of the way there
    text = "" if lost else unwrapped(response.text, "instruction")
    reason = "teacher-failed" if response.failed else "cut-off" if response.cut else None
    reason = reason or rewritten_reason(text, record["instruction"])
    made = derived(
        record, method, instruction=text, requests=asked, license=job.combined_license(record["license"]),
        generator=response.model or job.plan.model, template=job.plan.version, **meta,
    )  # fmt: skip
    return Derived(made, reason)
