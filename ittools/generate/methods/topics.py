"""LaMini (Wu et al. 2023, arXiv 2304.14402): instructions guided by examples, and by topics.

Every other request shows three topics beside its three examples. Topics come from a file, or the
teacher draws them from the seeds.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from ittools.generate import shapes
from ittools.generate.answers import Open, answer_all, drop_open, keep_answers
from ittools.generate.checks import instruction_reason
from ittools.generate.demonstrations import numbered
from ittools.generate.job import Job
from ittools.generate.parse import numbered_tasks
from ittools.generate.quotas import spread
from ittools.generate.seeds import Seed, in_language
from ittools.generate.sizes import requests_for
from ittools.generate.teacher import Request, Response
from ittools.text.words import word_count

SHOWN, SHOWN_TOPICS = 3, 3
ASKED = 20  # instructions a request
EXPECTED_YIELD = 12
HEAT = 1.0
SEEDS_A_QUESTION, TOPICS_ASKED, MOST_QUESTIONS = 10, 20, 12  # when topics are drawn from the seeds
LONGEST_TOPIC = 3  # words; LaMini keeps no longer names of categories


class Topics:
    """One run. `topics` are the user's; where there are none, each language's are drawn from its seeds."""

    def __init__(self, job: Job, topics: Sequence[str] = ()) -> None:
        self.job, self.given = job, list(topics)
        self.topics: dict[str, list[str]] = {}

    async def round(self, number: int) -> bool:
        job, missing = self.job, self.job.harvest.missing()
        for language in missing:
            if language not in self.topics:
                self.topics[language] = self.given or await self._drawn(language)
        languages = spread(missing, requests_for(job.plan.num, sum(missing.values()), EXPECTED_YIELD))
        asked = [self._ask(number, index, language) for index, language in enumerate(languages)]
        responses = await job.asker.ask_all(request for request, _ in asked)
        chosen: list[Open] = []
        for (request, open_), response in zip(asked, responses, strict=True):
            for found in self._take(request, response, open_):
                if missing.get(found.language, 0) > 0:
                    missing[found.language] -= 1
                    chosen.append(found)
                else:
                    drop_open(self.job, found, "surplus")
        for found, samples in zip(chosen, await answer_all(job, chosen, number), strict=True):
            keep_answers(job, samples, found.language)
        return True

    async def _drawn(self, language: str) -> list[str]:
        """Topics of the seeds, as the teacher names them: short, each once, without digits."""
        pool = in_language(self.job.seeds, language)
        groups = [pool[i : i + SEEDS_A_QUESTION] for i in range(0, len(pool), SEEDS_A_QUESTION)]
        place = sorted(self.job.harvest.quotas or {}).index(language)
        requests = [
            self._ask_topics(place, index, group, language)
            for index, group in enumerate(groups[:MOST_QUESTIONS])
        ]
        found: dict[str, str] = {}
        for response in await self.job.asker.ask_all(requests):
            goes_on = self.job.plan.style.api == "completions"
            for topic in numbered_tasks(response.text, cut=response.cut, goes_on=goes_on):
                topic = topic.rstrip(".")
                if 0 < word_count(topic) <= LONGEST_TOPIC and not any(map(str.isdigit, topic)):
                    found.setdefault(topic.casefold(), topic)
        self.job.progress.note(f"{language}: {len(found)} topics drawn from the seeds")
        return list(found.values())

    def _ask_topics(self, place: int, index: int, group: Sequence[Seed], language: str) -> Request:
        tasks = [seed.task.instruction for seed in group]
        prompt = self.job.prompt(
            "topics", language, shape=shapes.TOPICS, stop=("\n\n",), tasks=numbered(tasks), count=TOPICS_ASKED
        )
        return self.job.request(
            "topics", place, index, prompt, most=512, heat=HEAT, facts={"shown": tasks}, writes=False
        )

    def _ask(self, number: int, index: int, language: str) -> tuple[Request, Open]:
        rng = random.Random(f"{self.job.plan.seed}:topics:{number}:{index}")
        pool = in_language(self.job.seeds, language)
        shown = rng.sample(pool, min(SHOWN, len(pool)))
        known = self.topics[language]
        topics = rng.sample(known, min(SHOWN_TOPICS, len(known))) if (number + index) % 2 else []
        tasks = [seed.task.instruction for seed in shown]
        more = {"topics": "\n".join(f"- {topic}" for topic in topics)} if topics else {}
        prompt = self.job.prompt(
            "guided" if topics else "examples", language, shape=shapes.TASKS,
            stop=("\n\n\n", f"\n{ASKED + 1}."), tasks=numbered(tasks), count=ASKED, **more,
        )  # fmt: skip
        request = self.job.request(
            "instructions", number, index, prompt, most=2048, heat=HEAT,
            facts={"shown": tasks, "count": ASKED, "whole": True},
        )  # fmt: skip
        guide = {"guide": "topics" if topics else "examples", **({"topics": topics} if topics else {})}
        meta = {"instruction_source": guide, "round": number}
        parents = tuple(seed.ids[0] for seed in shown)
        return request, Open("", "", language, parents, requests={"instructions": request}, meta=meta)

    def _take(self, request: Request, response: Response, blank: Open) -> list[Open]:
        """New instructions of one answer; the others are dropped with their reason."""
        goes_on = request.api == "completions"
        tasks = [] if response.failed else numbered_tasks(response.text, cut=response.cut, goes_on=goes_on)
        if not tasks:
            drop_open(self.job, blank, "teacher-failed" if response.failed else "no-task-in-answer")
        sound = []
        for instruction in tasks:
            one = blank.with_instruction(instruction)
            reason = instruction_reason(instruction, blank.language)
            if reason:
                drop_open(self.job, one, reason)
            else:
                sound.append(one)
        verdicts = self.job.novelty.judge([one.instruction for one in sound], blank.language)
        for one, verdict in zip(sound, verdicts, strict=True):
            one.scores = self.job.novelty.scores(verdict)
            if not verdict.novel:
                drop_open(self.job, one, "not-novel")
        return [one for one, verdict in zip(sound, verdicts, strict=True) if verdict.novel]
