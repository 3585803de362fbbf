"""Passages of a corpus before the input of a record, a verdict on them before its output (SAIL)."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from ittools.generate.augment.derive import Derived, derived, seed_of
from ittools.generate.augment.passages import Corpus, Found, about, draw, shown, tells
from ittools.generate.job import Job, joined_license
from ittools.generate.teacher import Request, Response
from ittools.records.build import Record

_WORD_OF_VERDICT = re.compile(
    r"\b(?:un|non-?|(?:not|\w+n['’]t)\s+(?:\w+\s+)?)?informative\b|\bdistracting\b", re.IGNORECASE
)


class Search:
    """Over one corpus. asks: the teacher gives the verdicts, not the overlap."""

    def __init__(self, job: Job, corpus: Corpus, *, asks: bool) -> None:
        self.job, self.corpus, self.asks = job, corpus, asks

    async def searched(self, records: Sequence[Record], number: int) -> list[list[Derived]]:
        found = [self._passages(record) for record in records]
        verdicts = await self._verdicts(records, found, number)
        return [
            [self._with_passages(record, passages, said, asked)]
            for record, passages, (said, asked) in zip(records, found, verdicts, strict=True)
        ]

    def _passages(self, record: Record) -> list[Found]:
        best = self.corpus.search(f"{record['instruction']} {record['input']}")
        return draw(best, random.Random(seed_of(self.job.plan.seed, record, -1)))

    async def _verdicts(
        self, records: Sequence[Record], found: Sequence[Sequence[Found]], number: int
    ) -> list[tuple[list[bool | str], dict[str, Request]]]:
        """Whether each passage is informative, or why nobody knows; and the requests that said so."""
        if not self.asks:
            common = self.corpus.common
            return [
                (
                    [
                        tells(shown(p), r["output"], f"{r['instruction']} {r['input']}", common)
                        for p in passages
                    ],
                    {},
                )
                for r, passages in zip(records, found, strict=True)
            ]
        asked: list[Request] = []
        for record, passages in zip(records, found, strict=True):
            for passage in passages:
                prompt = self.job.prompt(
                    "verdict", record["language"], stop=("\n",), passage=shown(passage),
                    output=record["output"],
                    instruction=f"{record['instruction']}\n{record['input']}".strip(),
                )  # fmt: skip
                asked.append(
                    self.job.request("verdict", number, len(asked), prompt, most=8, heat=0.0, writes=False)
                )
        answers = iter(zip(asked, await self.job.asker.ask_all(asked), strict=True))
        verdicts = []
        for passages in found:
            said = [next(answers) for _ in passages]
            verdicts.append(
                (
                    [_says(answer) for _, answer in said],
                    {f"verdict-{i + 1}": request for i, (request, _) in enumerate(said)},
                )
            )
        return verdicts

    def _with_passages(
        self, record: Record, found: Sequence[Found], said: Sequence[bool | str], asked: dict[str, Request]
    ) -> Derived:
        """The record with its passages; one that drew none stays as it is, as in the paper."""
        unsaid = next((one for one in said if isinstance(one, str)), None)
        if unsaid:
            return Derived(derived(record, "search", requests=asked), unsaid)
        verdicts, license = [one is True for one in said], record["license"]
        for one in found:
            license = joined_license(license, one.document.license)
        given, output = record["input"], record["output"]
        if found:
            lines = "\n".join(f"({n}) {shown(one)}" for n, one in enumerate(found, start=1))
            given = self.job.prompt("with-passages", passages=lines, input=record["input"]).text.strip()
            output = f"{self._verdict(verdicts)}\n\n{output}"
        made = derived(
            record, "search", input=given, output=output, license=license, requests=asked,
            passages=about(found, verdicts),
        )  # fmt: skip
        return Derived(made, None)

    def _verdict(self, verdicts: Sequence[bool]) -> str:
        helpful = [f"({n})" for n, verdict in enumerate(verdicts, start=1) if verdict]
        section = "all-informative" if all(verdicts) else "mixed" if helpful else "all-distracting"
        numbers = " and ".join(filter(None, (", ".join(helpful[:-1]), *helpful[-1:])))
        return self.job.prompt(section, numbers=numbers).text


def _says(answer: Response) -> bool | str:
    """Whether the teacher calls a passage informative, or why that is not known."""
    found = None if answer.failed else _WORD_OF_VERDICT.search(answer.text)
    if found is None:
        return "teacher-failed" if answer.failed else "no-verdict"
    return found.group().lower() == "informative"
