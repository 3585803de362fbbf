"""LaMini: instructions guided by examples and by topics, topics from a file or from the seeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from method_runs import Say, job_for, reasons, run_method, seeds, sent, some_rounds, unlike

from ittools.errors import InputError
from ittools.generate.harvest import Harvest
from ittools.generate.job import Job
from ittools.generate.methods.table import read_topics
from ittools.generate.methods.topics import Topics
from ittools.generate.seeds import Seed
from ittools.generate.teacher import Request, Response

GIVEN = ["tides", "grammar", "chess openings", "bread", "comets"]
SHOWN = seeds(*(f"Tell number{n} of the tale{n} about thing{n}" for n in range(12)))
Write = Callable[[Request], list[str]]


def listed(tasks: list[str]) -> str:
    return "\n".join(f"{number}. {task}" for number, task in enumerate(tasks, start=1))


def writing(write: Write = lambda r: unlike(r, 20), named: str = "1. Tides\n2. Comets\n3. Bread") -> Say:
    def say(request: Request) -> str:
        if request.stage == "topics":
            return named
        return listed(write(request)) if request.stage == "instructions" else f"Answer {request.index}."

    return say


def topics(
    say: Say, given: list[str] | None = None, shown: list[Seed] | None = None, **options: object
) -> tuple[Job, Harvest]:
    wanted = {"quotas": {"en": 30}, "num": 30, "shown": shown or SHOWN} | options
    job = job_for("topics", say, **wanted)  # type: ignore[arg-type]
    return job, run_method(job, Topics(job, GIVEN if given is None else given))


def test_every_other_request_shows_three_topics_beside_three_examples() -> None:
    job, _ = topics(writing(), num=90, quotas={"en": 90})
    asked = sent(job, "instructions")
    shown = [request.prompt.count("\n- ") for request in asked]
    assert shown == [0, 3, 0, 3, 0, 3, 0, 3]
    for request in asked:
        lines = request.prompt.split("\n")
        examples = [line for line in lines if line[:3] in ("1. ", "2. ", "3. ")]
        assert {line[3:] for line in examples} <= {seed.task.instruction for seed in SHOWN}
        assert len(examples) == 3
        assert {line[2:] for line in lines if line.startswith("- ")} <= set(GIVEN)
        assert "Write 20 new instructions in English" in request.prompt
    assert sent(job, "topics") == []


def test_record_says_what_guided_it_and_where_it_is_from() -> None:
    job, harvest = topics(writing())
    asked, answered = sent(job, "instructions"), sent(job, "answer")
    assert (harvest.tasks, len(harvest.records)) == (30, 30)
    for place, record in enumerate(harvest.records):
        meta = json.loads(record["meta"])
        request = asked[place // 20]
        assert meta["requests"] == {"instructions": request.key, "answer": answered[place].key}
        guide = meta["instruction_source"]
        assert guide["guide"] == ("topics" if request.index % 2 else "examples")
        assert all(f"\n- {topic}" in request.prompt for topic in guide.get("topics", []))
        assert len(record["parents"]) == 3
        assert (record["input"], record["output"]) == ("", f"Answer {place}.")
        assert answered[place].prompt == record["instruction"]


def test_topics_are_drawn_from_the_seeds_where_none_are_given() -> None:
    named = "1. Tides\n2. tides.\n3. The long history of comets\n4. Route 66\n5. Bread\n6. \n7. sea birds"
    job, harvest = topics(writing(named=named), given=[])
    drawn = sent(job, "topics")
    assert [request.prompt.count("\n10. ") for request in drawn] == [1, 0]  # ten seeds, then two
    assert {request.temperature for request in drawn} == {1.0}
    shown = {line[2:] for r in sent(job, "instructions") for line in r.prompt.split("\n") if line[:2] == "- "}
    assert shown == {"Tides", "Bread", "sea birds"}
    assert harvest.tasks == 30


def test_each_language_draws_topics_of_its_own() -> None:
    shown = SHOWN + seeds(*(f"Erzähle zahl{n} vom märchen{n} über ding{n}" for n in range(12)), language="de")
    job, _ = topics(writing(), given=[], shown=shown, quotas={"en": 10, "de": 10}, num=20)
    drawn = sent(job, "topics")
    assert [("Erzähle" in r.prompt, "in German" in r.prompt) for r in drawn] == [(False, False)] * 2 + [
        (True, True)
    ] * 2
    assert len({request.key for request in drawn}) == 4


def test_seeds_that_give_no_topic_leave_the_examples_alone() -> None:
    job, harvest = topics(writing(named="I cannot name any."), given=[])
    assert all("\n- " not in request.prompt for request in sent(job, "instructions"))
    assert harvest.tasks == 30


@pytest.mark.parametrize(
    ("task", "reason"),
    [("Name it", "instruction-too-short"), ("Draw a picture of the sea", "needs-other-than-text"),
     ("Tell number3 of the tale3 about thing3", "not-novel"), ("Name the four seasons of the year", None)],
)  # fmt: skip
def test_each_instruction_is_judged_by_itself(task: str, reason: str | None) -> None:
    job = job_for("topics", writing(lambda r: [*unlike(r, 3), task]), quotas={"en": 5}, num=5, shown=SHOWN)
    harvest = some_rounds(job, Topics(job, GIVEN))
    assert reasons(harvest).get(task) == reason
    assert harvest.tasks == (4 if reason is None else 3)


def test_surplus_is_not_answered() -> None:
    job, harvest = topics(writing(), quotas={"en": 7, "fr": 2}, num=9)
    assert harvest.by_language == {"en": 7, "fr": 2}
    assert harvest.reasons == {"surplus": 40 - 9}
    assert len(sent(job, "answer")) == 9


@pytest.mark.parametrize(
    ("response", "reason"),
    [(Response("refused", "failed"), "teacher-failed"), (Response("No.", "stop"), "no-task-in-answer")],
)
def test_list_that_is_none_is_one_dropped_candidate(response: Response, reason: str) -> None:
    def say(request: Request) -> Response | str:
        lost = request.stage == "instructions" and request.index == 0 and request.round == 0
        return response if lost else writing()(request)

    _, harvest = topics(say)
    assert [why for _, why in harvest.dropped] == [reason, *["surplus"] * (len(harvest.dropped) - 1)]
    assert harvest.tasks == 30


def test_instruction_without_an_answer_is_made_up_for() -> None:
    def say(request: Request) -> str:
        return (
            ""
            if request.stage == "answer" and request.round == 0 and request.index < 4
            else writing()(request)
        )

    _, harvest = topics(say)
    assert harvest.reasons["empty-output"] == 4
    assert (harvest.tasks, len(harvest.records)) == (30, 30)


def test_several_answers_a_task_are_kept_together() -> None:
    _, harvest = topics(writing(), per_task=2, quotas={"en": 3}, num=3)
    assert (harvest.tasks, len(harvest.records)) == (3, 6)


@pytest.mark.parametrize(("style", "text"), [("chat", False), ("chat", True), ("completions", False)])
def test_each_form_of_endpoint_is_answered_in_its_form(style: str, text: bool) -> None:
    def say(request: Request) -> str:
        if request.stage == "answer":
            return "fine"
        tasks = unlike(request, 20)
        if request.schema:
            return json.dumps({"tasks": tasks})
        return listed(tasks).removeprefix("1.") if request.api == "completions" else listed(tasks)

    _, harvest = topics(say, api=style, structured=text)
    assert (harvest.tasks, set(harvest.reasons)) == (30, {"surplus"})


# --- a file of topics -----------------------------------------------------------------------------


def test_topics_are_read_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "topics.txt"
    path.write_text("# mine\nsea  birds\n\ntides\n  sea birds \nC# and F#\n")
    assert read_topics(path) == ["sea birds", "tides", "C# and F#"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"", "holds no topic"),
        (b"# x\n\n", "holds no topic"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_file_without_topics_is_a_clear_error(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "topics.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_topics(path)
