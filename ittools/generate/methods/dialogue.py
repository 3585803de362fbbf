"""Conversations of several turns from a seed topic, the teacher on both sides.

Self-chat as in Baize (Xu et al. 2023, arXiv 2304.01196) and UltraChat (Ding et al. 2023, arXiv
2305.14233). The record's context holds the earlier turns, its output the last answer.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from ittools.generate.answers import Answered, Open, answer_all, keep_answers, transcript, whole
from ittools.generate.ask import gather
from ittools.generate.job import Job
from ittools.generate.parse import unwrapped
from ittools.generate.prompt_file import Prompt
from ittools.generate.quotas import spread
from ittools.generate.seeds import in_language
from ittools.generate.sizes import requests_for
from ittools.generate.teacher import Request, Response

EXPECTED_YIELD = 0.7  # accepted conversations a topic
FEWEST_TURNS = 2  # of the user; fewer is no conversation
HEAT, ANSWER_HEAT, MOST_TOKENS = 1.0, 0.3, 1024
END = "END"


@dataclass
class _Talk:
    """One conversation as it grows; `reason` ends it."""

    place: int
    topic: str
    language: str
    parents: tuple[str, ...]
    turns: list[tuple[str, str]] = field(default_factory=list)  # (role, content)
    waiting: str = ""  # the user's message that is not answered yet
    last: Response | None = None  # its answer, where it was given before the user left
    requests: dict[str, Request] = field(default_factory=dict)
    reason: str | None = None


class Dialogue:
    """One run. topics: the user's own; where there are none, the seed tasks are the topics."""

    def __init__(self, job: Job, topics: Sequence[str] = (), *, turns: int = 3) -> None:
        self.job, self.topics, self.turns = job, list(topics), turns

    async def round(self, number: int) -> bool:
        job, missing = self.job, self.job.harvest.missing()
        languages = spread(missing, requests_for(job.plan.num, sum(missing.values()), EXPECTED_YIELD))
        talks = [self._begin(number, place, language) for place, language in enumerate(languages)]
        await gather(self._open(talk, number) for talk in talks)
        verdicts = [self._judged(talk) for talk in talks]
        chosen = []
        for talk, novel in zip(talks, verdicts, strict=True):
            talk.reason = talk.reason or (None if novel else "not-novel")
            if talk.reason is None and missing.get(talk.language, 0) <= 0:
                talk.reason = "surplus"
            if talk.reason is None:
                missing[talk.language] -= 1
                chosen.append(talk)
        await gather(self._go_on(talk, number) for talk in chosen)
        ended = await self._last_answers(chosen, number)
        for talk in talks:
            if talk.reason:
                self._drop(talk)
            else:
                keep_answers(job, ended[talk.place], talk.language)
        return True

    def _begin(self, number: int, place: int, language: str) -> _Talk:
        rng = random.Random(f"{self.job.plan.seed}:dialogue:{number}:{place}")
        if self.topics:
            return _Talk(place, rng.choice(self.topics), language, ())
        seed = rng.choice(in_language(self.job.seeds, language))
        given = rng.choice(seed.task.instances)[0] if seed.task.instances else ""
        return _Talk(place, whole(seed.task.instruction, given), language, seed.ids[:1])

    async def _open(self, talk: _Talk, number: int) -> None:
        prompt = self.job.prompt("open", talk.language, topic=talk.topic)
        talk.waiting = await self._message(talk, number, 0, self._user(talk, number, 0, prompt))

    def _user(self, talk: _Talk, number: int, turn: int, prompt: Prompt) -> Request:
        index = talk.place * self.turns + turn
        return self.job.request("user", number, index, prompt, most=512, heat=HEAT,
                                facts={"turn": turn, "turns": list(talk.turns)})  # fmt: skip

    async def _message(self, talk: _Talk, number: int, turn: int, request: Request) -> str:
        response = await self.job.asker.ask(request)
        talk.requests[f"user-{turn + 1}"] = request
        text = "" if response.failed else unwrapped(response.text, "message")
        if response.failed:
            talk.reason = "teacher-failed"
        elif response.cut:
            talk.reason = "cut-off"
        elif not text:
            talk.reason = "empty-instruction"
        return text

    def _judged(self, talk: _Talk) -> bool:
        return talk.reason is not None or self.job.novelty.judge([talk.waiting], talk.language)[0].novel

    async def _go_on(self, talk: _Talk, number: int) -> None:
        """Answer and ask further until the turns are full; the last message stays unanswered here."""
        for turn in range(1, self.turns):
            response = await self._answer(talk, number, turn - 1)
            text = response.text.strip()
            if response.failed or response.cut or not text:
                talk.reason = "teacher-failed" if response.failed else "cut-off" if text else "empty-output"
                return
            talk.turns += [("user", talk.waiting), ("assistant", text)]
            prompt = self.job.prompt("follow", talk.language, conversation=transcript(talk.turns))
            asked = self._user(talk, number, turn, prompt)
            message = await self._message(talk, number, turn, asked)
            if talk.reason:
                return
            if message.strip(" .*\"'").upper() == END:
                self._end_before(talk, response)
                return
            talk.waiting = message

    def _end_before(self, talk: _Talk, response: Response) -> None:
        """The user has nothing left: the last answer given is the output."""
        talk.last = response
        (_, talk.waiting), _ = talk.turns[-2:]
        talk.turns = talk.turns[:-2]
        if len(talk.turns) // 2 + 1 < FEWEST_TURNS:
            talk.reason = "too-few-turns"

    async def _answer(self, talk: _Talk, number: int, turn: int) -> Response:
        prompt = self.job.prompt("answer", talk.language, stop=("\nUser:",), task=talk.waiting,
                                 conversation=transcript((*self._system(), *talk.turns)))  # fmt: skip
        request = self.job.request(
            "assistant", number, talk.place * self.turns + turn, prompt, most=MOST_TOKENS, heat=ANSWER_HEAT,
            before=self._before(talk), facts={"turns": list(talk.turns)},
        )  # fmt: skip
        talk.requests[f"assistant-{turn + 1}"] = request
        return await self.job.asker.ask(request)

    def _before(self, talk: _Talk) -> tuple[tuple[str, str], ...]:
        if self.job.plan.style.api == "completions":
            return ()  # the prompt itself holds the conversation
        return (*self._system(), *talk.turns)

    def _system(self) -> tuple[tuple[str, str], ...]:
        return (("system", self.job.plan.system),) if self.job.plan.system else ()

    async def _last_answers(self, talks: Sequence[_Talk], number: int) -> dict[int, list[Answered]]:
        """The answers that end the conversations, by place."""
        ended = {t.place: [self._given(t)] for t in talks if t.reason is None and t.last is not None}
        going = [talk for talk in talks if talk.reason is None and talk.last is None]
        answered = await answer_all(self.job, [_opened(talk) for talk in going], number)
        return ended | {talk.place: samples for talk, samples in zip(going, answered, strict=True)}

    def _given(self, talk: _Talk) -> Answered:
        assert talk.last is not None
        one, text = _opened(talk), talk.last.text.strip()
        context = [{"role": role, "content": content} for role, content in (*self._system(), *talk.turns)]
        record = self.job.record(
            talk.waiting, "", text, language=talk.language, parents=talk.parents, requests=talk.requests,
            answered=talk.last, context=context, **one.meta,
        )  # fmt: skip
        return Answered(record, None, text)

    def _drop(self, talk: _Talk) -> None:
        assert talk.reason is not None
        record = self.job.record(
            talk.waiting, "", "", language=talk.language, parents=talk.parents, requests=talk.requests,
            context=[{"role": role, "content": text} for role, text in talk.turns], topic=talk.topic,
        )  # fmt: skip
        self.job.harvest.drop(record, talk.reason)


def _opened(talk: _Talk) -> Open:
    meta = {"topic": talk.topic, "turns": len(talk.turns) // 2 + 1}
    return Open(
        talk.waiting, "", talk.language, talk.parents, tuple(talk.turns), requests=talk.requests, meta=meta,
        facts={"turns": list(talk.turns)},
    )  # fmt: skip
