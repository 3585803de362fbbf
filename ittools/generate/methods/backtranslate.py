"""Instruction back-translation (Humpback, Li et al. 2023, arXiv 2308.06259): documents become outputs.

For each document the teacher writes the instruction that it answers, then scores the pair from 1 to
5 (self-curation). Where the endpoint gives log-probabilities the score is the expected value over the
digits, which tells more than the digit alone; pairs below `min_score` are dropped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ittools.formats.documents import Document
from ittools.generate.answers import whole
from ittools.generate.checks import instruction_reason
from ittools.generate.job import Job
from ittools.generate.logprobs import expected_digit
from ittools.generate.parse import unwrapped
from ittools.generate.teacher import Request, Response
from ittools.records.build import Record

AT_ONCE = 4_096  # documents in one round
EXPECTED_YIELD = 0.7  # accepted pairs a document, to size a round
MOST_SHOWN = 12_000  # characters of a document; longer ones are dropped, a cut text is no answer
HEAT = 0.7
DIGITS = (1, 5)
_SCORE = re.compile(r"(?<![\d.,])[1-5](?:\.\d{1,2})?(?!\d|[.,]\d)")


@dataclass
class _Pair:
    document: Document
    language: str
    request: Request
    instruction: str = ""
    question: Request | None = None
    score: float | None = None


class Backtranslate:
    """One run over documents, in their order."""

    def __init__(
        self,
        job: Job,
        documents: Sequence[Document],
        languages: Sequence[str] = (),
        *,
        min_score: float = 4.0,
    ) -> None:
        self.job, self.documents, self.languages, self.min_score = job, documents, languages, min_score
        self.at = 0

    async def round(self, number: int) -> bool:
        left = AT_ONCE if self.job.plan.num is None else self.job.plan.num - self.job.harvest.tasks
        chosen = self.documents[self.at : self.at + min(AT_ONCE, math.ceil(left / EXPECTED_YIELD))]
        asked = [self._ask(number, index, one) for index, one in enumerate(chosen)]
        self.at += len(chosen)
        pairs = [pair for pair in asked if pair]
        responses = await self.job.asker.ask_all(pair.request for pair in pairs)
        named = [pair for pair, response in zip(pairs, responses, strict=True) if self._take(pair, response)]
        await self._score(named, number)
        for pair in named:
            left -= self._keep(pair, left)
        return self.at < len(self.documents)

    def _ask(self, number: int, index: int, document: Document) -> _Pair | None:
        place = self.at + index
        language = self.languages[place % len(self.languages)] if self.languages else document.language
        language = language or "en"
        prompt = self.job.prompt("instruction", language, stop=("\n\n",), document=document.text)
        request = self.job.request("instruction", number, index, prompt, most=256, heat=HEAT)
        pair = _Pair(document, language, request)
        if len(document.text) > MOST_SHOWN:
            self._drop(pair, "document-too-long")
            return None
        return pair

    def _take(self, pair: _Pair, response: Response) -> bool:
        pair.instruction = "" if response.failed else unwrapped(response.text, "instruction")
        reason = (
            "teacher-failed"
            if response.failed
            else instruction_reason(pair.instruction, pair.language, blacklist=False)
        )
        if reason is None and response.cut:
            reason = "cut-off"
        if reason is None and pair.document.text.strip() in pair.instruction:
            reason = "document-in-instruction"
        if reason is None and not self.job.novelty.is_fresh(whole(pair.instruction, pair.document.text)):
            reason = "not-novel"
        if reason:
            self._drop(pair, reason)
        return reason is None

    async def _score(self, pairs: Sequence[_Pair], number: int) -> None:
        for index, pair in enumerate(pairs):
            prompt = self.job.prompt(
                "score", pair.language, instruction=pair.instruction, document=pair.document.text
            )
            pair.question = self.job.request(
                "score", number, index, prompt, most=8, heat=0.0, writes=False,
                top_logprobs=10 if self.job.plan.gives_logprobs else 0,
            )  # fmt: skip
        answers = await self.job.asker.ask_all(pair.question for pair in pairs if pair.question)
        for pair, answer in zip(pairs, answers, strict=True):
            found = _SCORE.search(answer.text)
            stated = min(float(found.group()), DIGITS[1]) if found and not answer.failed else None
            pair.score = expected_digit(answer, *DIGITS) or stated

    def _keep(self, pair: _Pair, left: int) -> int:
        """1 when the pair became a record."""
        if pair.score is None:
            self._drop(pair, "no-score-in-answer")
        elif pair.score < self.min_score:
            self._drop(pair, "low-score")
        elif left <= 0:
            self._drop(pair, "surplus")
        else:
            self.job.harvest.keep([self._record(pair)], pair.language)
            return 1
        return 0

    def _drop(self, pair: _Pair, reason: str) -> None:
        self.job.harvest.drop(self._record(pair), reason)

    def _record(self, pair: _Pair) -> Record:
        asked = {"instruction": pair.request} | ({"score": pair.question} if pair.question else {})
        scores = {} if pair.score is None else {"self_curation": pair.score}
        return self.job.record(
            pair.instruction, "", pair.document.text, language=pair.language, requests=asked, scores=scores,
            license=self.job.combined_license(pair.document.license), parents=pair.document.ids,
            document={"source": pair.document.source, "title": pair.document.title},
        )  # fmt: skip
