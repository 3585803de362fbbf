"""`answer`: each prompt keeps what it is and gets its answers; a poisoned one costs itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from method_runs import Say, job_for, run_method, sent
from scripted_teacher import Scripted

from ittools.generate.harvest import Harvest
from ittools.generate.job import Job
from ittools.generate.methods.answer import Answer
from ittools.generate.teacher import Request, RequestFailed, Response
from ittools.records.build import build_record


def prompt(number: int = 0, **others: Any) -> dict[str, Any]:
    said = {"source": "mine", "license": "MIT", "language": "en", "task": "adding"} | others
    return build_record(f"Add {number} and one.", f"{number} + 1", "", **said)


def answer(
    say: Say, *prompts: dict[str, Any], languages: tuple[str, ...] = (), **options: Any
) -> tuple[Job, Harvest]:
    job = job_for("answer", say, quotas=None, **options)
    return job, run_method(job, Answer(job, prompts or (prompt(),), languages))


def test_prompt_is_sent_as_it_is_and_nothing_else() -> None:
    job, _ = answer(lambda _: "1")
    [asked] = sent(job, "answer")
    assert (asked.prompt, asked.before, asked.temperature, asked.n) == ("Add 0 and one.\n\n0 + 1", (), 0.0, 1)
    assert (asked.stop, asked.schema, asked.max_tokens) == ((), None, 2048)


def test_record_keeps_instruction_input_language_and_says_what_it_is_of() -> None:
    given = prompt()
    job, harvest = answer(lambda _: " 1 \n", given)
    [record], [asked] = harvest.records, sent(job, "answer")
    assert (record["instruction"], record["input"], record["output"]) == ("Add 0 and one.", "0 + 1", "1")
    assert record["parents"] == [given["id"]]
    assert (record["language"], record["generator"]) == ("en", "scripted")
    meta = json.loads(record["meta"])
    assert meta["of"] == {"source": "mine", "task": "adding"}
    assert meta["requests"] == {"answer": asked.key}
    assert meta["parameters"] == {"temperature": 0.0, "top_p": 1.0, "max_tokens": 2048}


@pytest.mark.parametrize(
    ("own", "given", "joined"),
    [("CC0-1.0", "MIT", "MIT AND CC0-1.0"), ("CC0-1.0", "CC0-1.0", "CC0-1.0"),
     ("CC0-1.0", "MIT OR Apache-2.0", "(MIT OR Apache-2.0) AND CC0-1.0"),
     ("LicenseRef-openai-terms", "CC-BY-4.0", "CC-BY-4.0 AND LicenseRef-openai-terms"),
     ("CC0-1.0", "LicenseRef-unspecified", "LicenseRef-unspecified AND CC0-1.0")],
)  # fmt: skip
def test_licence_of_the_prompt_and_of_the_teacher_both_hold(own: str, given: str, joined: str) -> None:
    _, harvest = answer(lambda _: "1", prompt(license=given), license=own)
    assert [record["license"] for record in harvest.records] == [joined]


TURNS = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello."},
         {"role": "assistant", "content": "Hi."}]  # fmt: skip


@pytest.mark.parametrize(
    ("context", "system", "before"),
    [([], None, []), ([], "Be kind.", [("system", "Be kind.")]),
     (TURNS, None, [(turn["role"], turn["content"]) for turn in TURNS]),
     (TURNS, "Be kind.", [(turn["role"], turn["content"]) for turn in TURNS]),
     (TURNS[1:], "Be kind.", [("system", "Be kind."), ("user", "Hello."), ("assistant", "Hi.")])],
)  # fmt: skip
def test_earlier_turns_are_sent_before_and_kept_as_context_and_a_system_message_of_its_own_comes_first(
    context: list[dict[str, str]], system: str | None, before: list[tuple[str, str]]
) -> None:
    job, harvest = answer(lambda _: "1", prompt(context=context), system=system)
    assert list(sent(job, "answer")[0].before) == before
    assert [(turn["role"], turn["content"]) for turn in harvest.records[0]["context"]] == before


def test_several_samples_are_one_request_each_where_the_endpoint_gives_one_answer() -> None:
    job, harvest = answer(lambda r: f"answer {r.index}", prompt(0), prompt(1), per_task=3)
    asked = sent(job, "answer")
    assert [(request.index, request.n) for request in asked] == [(n, 1) for n in range(6)]
    assert {request.temperature for request in asked} == {0.7}
    assert [record["output"] for record in harvest.records] == [f"answer {n}" for n in range(6)]
    assert (harvest.tasks, len({record["task"] for record in harvest.records})) == (2, 2)


def test_several_samples_are_one_request_in_all_where_the_endpoint_gives_n() -> None:
    def say(request: Request) -> Response:
        return Response("one", "stop", others=("two", "one", "", "three"))

    job, harvest = answer(say, per_task=5, gives_n=True)
    [asked] = sent(job, "answer")
    assert asked.n == 5
    assert [record["output"] for record in harvest.records] == ["one", "two", "three"]
    assert [reason for _, reason in harvest.dropped] == ["repeated-answer", "empty-output"]
    keys = {json.loads(record["meta"])["requests"]["answer"] for record in harvest.records}
    assert keys == {asked.key}


@pytest.mark.parametrize(
    ("response", "reason"),
    [(Response("", "stop"), "empty-output"), (Response(" \n", "stop"), "empty-output"),
     (Response("", "content_filter"), "empty-output"), (Response("", "length"), "cut-off"),
     (Response("half an ans", "length"), "cut-off"), (Response("0 + 1", "stop"), "output-equals-input"),
     (Response("Add 0 and one.", "stop"), "output-equals-input"),
     (Response("down", "failed"), "teacher-failed")],
)  # fmt: skip
def test_answer_that_is_none_is_dropped_with_its_reason(response: Response, reason: str) -> None:
    _, harvest = answer(lambda r: response if r.index == 0 else "fine", prompt(0), prompt(1))
    assert [why for _, why in harvest.dropped] == [reason]
    assert [record["input"] for record in harvest.records] == ["1 + 1"]
    assert harvest.dropped[0][0]["output"] == ("" if reason == "teacher-failed" else response.text.strip())


def test_one_poisoned_prompt_in_fifty_costs_one_record() -> None:
    def script(request: Request, _: int) -> Response | RequestFailed:
        return RequestFailed("answered 400: poison") if "Add 17 " in request.prompt else Response("x", "stop")

    prompts = [prompt(number) for number in range(50)]
    _, harvest = answer(lambda _: "", *prompts, teacher=Scripted(script))
    assert [record["parents"] for record in harvest.records] == [
        [p["id"]] for p in prompts if p is not prompts[17]
    ]
    [(lost, reason)] = harvest.dropped
    assert (lost["id"], reason, lost["output"]) == (prompts[17]["id"], "teacher-failed", "")


@pytest.mark.parametrize(("num", "tasks"), [(None, 9), (4, 4), (20, 9)])
def test_number_bounds_what_is_answered_and_asked(num: int | None, tasks: int) -> None:
    job, harvest = answer(lambda _: "x", *map(prompt, range(9)), num=num)
    assert (harvest.tasks, len(sent(job, "answer"))) == (tasks, tasks)


def test_prompts_that_got_no_answer_are_made_up_for_by_later_ones() -> None:
    job, harvest = answer(lambda r: "" if "Add 1 " in r.prompt else "x", *map(prompt, range(9)), num=4)
    assert [record["input"] for record in harvest.records] == ["0 + 1", "2 + 1", "3 + 1", "4 + 1"]
    assert len(sent(job, "answer")) == 5


def test_languages_take_turns_and_are_asked_for() -> None:
    job, harvest = answer(lambda _: "x", *map(prompt, range(3)), languages=("de", "fr"))
    assert [request.prompt.split("\n\n")[-1] for request in sent(job, "answer")] == [
        "Answer in German.", "Answer in French.", "Answer in German.",
    ]  # fmt: skip
    assert [record["language"] for record in harvest.records] == ["de", "fr", "de"]


def test_prompt_without_a_language_stays_without() -> None:
    _, harvest = answer(lambda _: "x", prompt(language=None))
    assert [record["language"] for record in harvest.records] == ["und"]


def test_what_the_model_thought_aloud_stands_apart_from_the_answer() -> None:
    _, harvest = answer(lambda _: Response("1", "stop", reasoning="Let me add."))
    assert [record["output"] for record in harvest.records] == ["1"]
    assert json.loads(harvest.records[0]["meta"])["reasoning"] == "Let me add."


def test_answering_model_is_the_generator_where_it_is_not_the_one_asked_for() -> None:
    _, harvest = answer(lambda _: Response("1", "stop", model="other-7b", endpoint="http://b/v1"))
    assert [record["generator"] for record in harvest.records] == ["other-7b"]


def test_user_s_temperature_and_size_hold() -> None:
    job, _ = answer(lambda _: "x", temperature=1.3, max_tokens=77, per_task=2)
    assert {(request.temperature, request.max_tokens) for request in sent(job, "answer")} == {(1.3, 77)}


@pytest.mark.parametrize(
    ("context", "system", "text"),
    [([], None, "Add 0 and one.\n\n0 + 1\nAnswer:"),
     ([], "Be kind.", "System: Be kind.\n\nUser: Add 0 and one.\n\n0 + 1\nAnswer:"),
     (TURNS, "Be kind.", "System: Be brief.\n\nUser: Hello.\n\nAssistant: Hi.\n\nUser: Add 0 and one."
                         "\n\n0 + 1\nAnswer:")],
)  # fmt: skip
def test_completion_carries_system_message_and_turns_in_its_text(
    context: list[dict[str, str]], system: str | None, text: str
) -> None:
    job, harvest = answer(lambda _: "1", prompt(context=context), api="completions", system=system)
    [asked] = sent(job, "answer")
    assert (asked.before, asked.prompt) == ((), text)
    assert asked.stop == (("\nUser:",) if context or system else ())
    assert asked.values["task"] == "Add 0 and one.\n\n0 + 1"
    shown = context or ([{"role": "system", "content": system}] if system else [])
    assert harvest.records[0]["context"] == shown
