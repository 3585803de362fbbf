"""What every method works with: the plan, the asker, the harvest, and how requests and records are made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ittools.generate.ask import Asker
from ittools.generate.demonstrations import language_name
from ittools.generate.harvest import Harvest
from ittools.generate.novelty import Novelty
from ittools.generate.prompt_file import Prompt, PromptFile, Style
from ittools.generate.seeds import Seed
from ittools.generate.teacher import Request, Response
from ittools.progress import Progress
from ittools.records.build import Record, build_record, content_id


@dataclass(frozen=True)
class Plan:
    """What shapes the records, whatever the method."""

    method: str
    num: int | None  # null: as many as the inputs give
    per_task: int
    seed: int
    model: str
    style: Style
    license: str
    prompts: PromptFile
    version: str  # of the prompts, and of what else changes the answers
    temperature: float | None = None  # null: the method's own
    max_tokens: int | None = None
    system: str | None = None
    gives_n: bool = False  # the endpoint really gives n answers
    gives_logprobs: bool = False


class Method(Protocol):
    """One way of writing records. A round asks, waits and adds to the harvest."""

    async def round(self, number: int) -> bool:
        """False when nothing was left to ask."""


class Job:
    """One run of one method."""

    def __init__(
        self, plan: Plan, asker: Asker, harvest: Harvest, novelty: Novelty, seeds: Sequence[Seed] = ()
    ) -> None:
        self.plan, self.asker, self.harvest, self.novelty = plan, asker, harvest, novelty
        self.seeds = list(seeds)

    def combined_license(self, given: str) -> str:
        return joined_license(given, self.plan.license)

    @property
    def progress(self) -> Progress:
        return self.asker.progress

    def prompt(
        self, section: str, language: str | None = None, *, shape: str | None = None,
        stop: tuple[str, ...] = (), **values: Any,
    ) -> Prompt:  # fmt: skip
        """A section filled in. shape: JSON schema wanted; stop: for endpoints that go on by themselves."""
        style = self.plan.style
        said = {"language": language_name(language or "en")}
        said |= {name: str(value) for name, value in values.items()}
        text = self.plan.prompts.fill(section, style, said)
        goes_on = style.api == "completions"
        schema = shape if style.form == "json" else None
        return Prompt(text, stop if goes_on else (), schema, {"language": language, **values})

    def request(
        self, stage: str, number: int, index: int, prompt: Prompt, *, most: int, heat: float,
        top_p: float = 1.0, penalty: float = 0.0, before: Sequence[tuple[str, str]] = (), n: int = 1,
        writes: bool = True, top_logprobs: int = 0, facts: Mapping[str, Any] | None = None,
    ) -> Request:  # fmt: skip
        """A request of this run. writes: its answer becomes content, so the user's heat and size hold."""
        plan = self.plan
        if writes and plan.temperature is not None:
            heat = plan.temperature
        if writes and plan.max_tokens is not None:
            most = plan.max_tokens
        return Request(
            stage, number, index, prompt.text, plan.model, plan.version, most, heat, top_p=top_p,
            presence_penalty=penalty, stop=prompt.stop, schema=prompt.schema, api=plan.style.api,
            seed=plan.seed, before=tuple(before), n=n, top_logprobs=top_logprobs,
            values={**prompt.values, **(facts or {})},
        )  # fmt: skip

    def record(
        self, instruction: str, given: str, wanted: str, *, language: str | None,
        parents: Iterable[str] = (), requests: Mapping[str, Request] | None = None,
        answered: Response | None = None, scores: Mapping[str, float] | None = None,
        context: Sequence[Mapping[str, str]] = (), license: str | None = None, **meta: Any,
    ) -> Record:  # fmt: skip
        """A record with where it came from: method, model, parameters, prompt, parents, request keys."""
        plan = self.plan
        asked = dict(requests or {})
        model = (answered.model if answered else "") or plan.model
        about: dict[str, Any] = {"method": plan.method, "prompt": plan.version}
        if asked:
            about["parameters"] = parameters_of(list(asked.values())[-1])
            about["requests"] = {stage: request.key for stage, request in asked.items()}
        if answered is not None and answered.reasoning:
            about["reasoning"] = answered.reasoning
        record: Record = build_record(
            instruction, given, wanted, source=f"{plan.method}/{plan.model}",
            license=license or plan.license, language=language, template=plan.version, generator=model,
            parents=list(parents), scores=scores, context=[dict(turn) for turn in context],
            meta=json.dumps({**about, **meta}, ensure_ascii=False),
        )  # fmt: skip
        record["task"] = task_name(plan.method, instruction)
        record["parents"] = [one for one in record["parents"] if one != record["id"]]
        return record


def joined_license(one: str, other: str) -> str:
    """Both hold: of the text that was read, and of what the teacher wrote (SPDX `AND`)."""
    if one == other or not other:
        return one
    if " OR " in one or " OR " in other:
        parts = [f"({part})" if " OR " in part else part for part in (one, other)]
    else:
        parts = list(dict.fromkeys([*one.split(" AND "), *other.split(" AND ")]))
    return " AND ".join(parts)


def task_name(method: str, instruction: str) -> str:
    """Records of one instruction are one task, whatever their inputs."""
    return f"{method}-{content_id(instruction, '', '')[:12]}"


def parameters_of(request: Request) -> dict[str, Any]:
    """What of a request shapes its answer, beside the prompt."""
    said: dict[str, Any] = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_tokens": request.max_tokens,
    }
    if request.presence_penalty:
        said["presence_penalty"] = request.presence_penalty
    if request.stop:
        said["stop"] = list(request.stop)
    return said
