"""What Self-Instruct sends, to each form of endpoint, and that the offline teacher answers it rightly."""

from __future__ import annotations

import asyncio
import random
from functools import cache

import pytest
from method_runs import job_for, sent, some_rounds
from prompt_reading import read

from ittools.generate.demonstrations import Demonstration
from ittools.generate.methods.self_instruct import TASKS_ASKED, Candidate, SelfInstruct
from ittools.generate.offline.kind import Kind, read_instruction, write_instruction
from ittools.generate.offline.kinds import KINDS
from ittools.generate.offline.teacher import LANGUAGES, OfflineTeacher
from ittools.generate.parse import instances, numbered_tasks, says_yes
from ittools.generate.prompt_file import Style
from ittools.generate.seeds import Seed, open_seeds, read_seeds
from ittools.generate.teacher import Request, Response

STYLES = [Style("chat", False), Style("chat", True), Style("completions", False)]
TEACHER = OfflineTeacher(errors=0.0)


@cache
def builtin_seeds() -> list[Seed]:
    return read_seeds(open_seeds(()))


def asked(
    stage: str, style: Style, language: str = "en", shown: list[Seed] | None = None, task: str = ""
) -> list[Request]:
    """The requests of a stage in a first round; `task` is what the teacher would have written."""

    def say(request: Request) -> Response:
        if request.stage == "instructions":
            first = request.prompt.split("\n")[-1]  # "9." where the model goes right on
            return Response(
                task if first == "9." else f"9. {task}" if task else TEACHER.write(request), "stop"
            )
        return Response(TEACHER.write(request), "stop")

    job = job_for(
        "self-instruct", say, quotas={language: 24}, per_task=5, shown=shown or builtin_seeds(),
        api=style.api, structured=style.structured,
    )  # fmt: skip
    some_rounds(job, SelfInstruct(job))
    return sent(job, stage)


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_list_is_answered_in_its_language_with_eight_new_tasks(style: Style, language: str) -> None:
    requests = asked("instructions", style, language)
    assert [request.values["only_classes"] for request in requests] == [False, False, False, True]
    for request in requests:
        tasks = numbered_tasks(TEACHER.write(request), goes_on=style.api == "completions")
        assert len(tasks) == TASKS_ASKED
        found = [read_instruction(task, KINDS) for task in tasks]
        assert all(task is not None and task.language == language for task in found)
        if request.values["only_classes"]:
            assert all(task is not None and task.kind.is_classification for task in found)


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_question_and_instances_are_answered_for_every_kind(style: Style, kind: Kind) -> None:
    english = [seed for seed in builtin_seeds() if seed.task.language == "en"][:40]
    task = write_instruction(kind, "en", 0, random.Random(3))
    job = job_for(
        "self-instruct", TEACHER.write, quotas={"en": 1}, per_task=5, shown=english,
        api=style.api, structured=style.structured,
    )  # fmt: skip
    candidate = Candidate(task, "en", (), Request("instructions", 0, 0, "", "m", "1"))
    asyncio.run(SelfInstruct(job)._fill(candidate, 0))
    [question], [wanted] = sent(job, "classification"), sent(job, "instances")
    assert says_yes(TEACHER.write(question)) is kind.is_classification is candidate.is_classification
    found = instances(TEACHER.write(wanted), label_first=kind.is_classification)
    assert 1 <= len(found) <= 5
    assert [reason for _, reason in candidate.outcomes] == [None] * len(found)
    if kind.is_classification:
        assert {output for _, output in found} <= set(kind.labels["en"])


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_each_form_asks_for_what_it_can_give(style: Style) -> None:
    shown = [Seed(Demonstration("Add:\n the numbers :", (("1, 2", "3"),), False), ("id",))] * 8
    task = "Name the four seasons of the year."
    made = [
        asked(stage, style, "de", shown, task)[0] for stage in ("instructions", "classification", "instances")
    ]
    assert [request.schema is not None for request in made] == [style.structured, False, style.structured]
    assert [bool(request.stop) for request in made] == [style.api == "completions"] * 3
    assert "1. Add: the numbers\n2. Add: the numbers\n" in made[0].prompt
    assert "Every task is written in German." in made[0].prompt
    assert "Task: Name the four seasons of the year.\n" in made[1].prompt
    assert all("the numbers :" not in request.prompt for request in made)


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("stage", ["instructions", "classification", "instances"])
def test_server_of_the_tests_reads_back_what_the_prompt_was_filled_with(style: Style, stage: str) -> None:
    for request in asked(stage, style, "fr"):
        found, values = read(request.prompt)
        assert found == stage
        keys = {"language", "shown", "only_classes", "instruction", "labels"} & set(request.values)
        theirs = {name: request.values[name] for name in keys}
        if stage != "instructions":  # only lists name their language
            theirs["language"] = "en"
        if "shown" in theirs:  # as the prompt shows them
            theirs["shown"] = [" ".join(task.split()).rstrip(":： ") for task in theirs["shown"]]
        assert {name: values[name] for name in keys} == theirs
