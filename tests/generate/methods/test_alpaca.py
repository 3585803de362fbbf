"""Alpaca: whole tasks from one call, each new and sound one kept, the others dropped with their reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from method_runs import Say, job_for, reasons, run_method, seeds, sent, unlike

from ittools.errors import Stopped
from ittools.generate.harvest import Harvest
from ittools.generate.job import Job
from ittools.generate.methods.alpaca import Alpaca
from ittools.generate.parse_tasks import Triple
from ittools.generate.teacher import Request, Response
from ittools.records.scores import scores_dict

SHOWN = seeds("Name three rivers of the north", "Count the vowels in a word", "Explain why bread rises well")
Write = Callable[[Request], list[Triple]]


def blocks(triples: list[Triple], first: int = 4) -> str:
    return "\n".join(
        f"###\n{n}. Instruction: {task}\n{n}. Input:\n{given or '<noinput>'}\n{n}. Output:\n{wanted}"
        for n, (task, given, wanted) in enumerate(triples, start=first)
    )


def fresh(request: Request, count: int) -> list[Triple]:
    return [(task, f"input {n}", f"output {n}") for n, task in enumerate(unlike(request, count))]


def writing(write: Write, answer: Callable[[Request], str] = lambda _: "more") -> Say:
    def say(request: Request) -> str:
        if request.stage == "answer":
            return answer(request)
        text = blocks(write(request))
        return text.removeprefix("###\n4. Instruction:") if request.api == "completions" else text

    return say


def alpaca(say: Say, **options: object) -> tuple[Job, Harvest]:
    wanted = {"quotas": {"en": 3}, "num": 3, "shown": SHOWN} | options
    job = job_for("alpaca", say, **wanted)  # type: ignore[arg-type]
    return job, run_method(job, Alpaca(job))


def test_task_comes_with_its_input_and_output_and_where_it_is_from() -> None:
    job, harvest = alpaca(writing(lambda r: fresh(r, 3)))
    [asked] = sent(job, "tasks")
    assert [(r["instruction"], r["input"], r["output"]) for r in harvest.records] == fresh(asked, 3)
    for record in harvest.records:
        meta = json.loads(record["meta"])
        assert sorted(record["parents"]) == sorted(seed.ids[0] for seed in SHOWN)
        assert (record["source"], record["generator"]) == ("alpaca/scripted", "scripted")
        assert (record["license"], record["language"]) == ("CC0-1.0", "en")
        assert (meta["method"], meta["requests"], meta["round"]) == ("alpaca", {"tasks": asked.key}, 0)
        assert meta["parameters"] == {"temperature": 1.0, "top_p": 1.0, "max_tokens": 3072}
        assert scores_dict(record["scores"])["rouge_l_max"] < 0.7


def test_three_seeds_are_shown_in_full_and_the_numbers_go_on() -> None:
    job, _ = alpaca(writing(lambda r: fresh(r, 3)))
    [asked] = sent(job, "tasks")
    shown = re.findall(
        r"^###\n(\d)\. Instruction: (.+)\n\1\. Input:\n1\n\1\. Output:\none$", asked.prompt, re.M
    )
    assert [number for number, _ in shown] == ["1", "2", "3"]
    assert {task for _, task in shown} == {seed.task.instruction for seed in SHOWN}
    assert asked.prompt.endswith(
        "Write tasks 4 to 20 in the same form, each after a line with ###, nothing else."
    )
    assert (asked.temperature, asked.top_p, asked.stop, asked.schema) == (1.0, 1.0, (), None)


@pytest.mark.parametrize("structured", [False, True])
def test_json_is_asked_for_where_the_endpoint_honours_it(structured: bool) -> None:
    def say(request: Request) -> str:
        names = ("instruction", "input", "output")
        tasks = [dict(zip(names, triple, strict=True)) for triple in fresh(request, 3)]
        return json.dumps({"tasks": tasks})

    job, harvest = alpaca(say, structured=structured)
    assert [request.schema is not None for request in sent(job, "tasks")] == [structured]
    assert harvest.tasks == 3


def test_completion_goes_on_and_stops_before_task_twenty_one_and_nowhere_inside() -> None:
    job, harvest = alpaca(writing(lambda r: fresh(r, 3)), api="completions")
    [asked] = sent(job, "tasks")
    assert asked.prompt.endswith("\n###\n4. Instruction:")
    assert asked.stop == ("\n21.", "\n21. ")
    assert harvest.tasks == 3


@pytest.mark.parametrize(
    ("triple", "reason"),
    [
        (("Name one tree", "", "oak"), "instruction-too-short"),
        (("Draw a picture of a red house", "", "no"), "needs-other-than-text"),
        (("Write a program that adds two numbers", "", "x"), "write-a-program"),
        (("…name three other trees now", "", "oak"), "starts-with-punctuation"),
        (("Name the tallest tree of all", "", ""), "empty-output"),
        (("Name the tallest tree of all", "oak", "oak"), "output-equals-input"),
        (("Name the tallest tree of all", "", "These are:"), "output-ends-in-colon"),
        (("Name three rivers of the north", "", "Elbe"), "not-novel"),
        (("Name three rivers of the far north", "", "Elbe"), "not-novel"),
        (("Say plainly what 20. means for $20. here", "$20.", "20. is the 20th."), None),
        (("Describe one film of your own choice", "", "A film."), None),
    ],
)
def test_each_task_is_judged_by_itself(triple: Triple, reason: str | None) -> None:
    _, harvest = alpaca(writing(lambda r: [*fresh(r, 2), triple] if r.round == 0 else fresh(r, 3)))
    assert reasons(harvest).get(triple[0]) == reason
    assert (triple[0] in {record["instruction"] for record in harvest.records}) == (reason is None)
    assert harvest.tasks == 3


def test_same_task_twice_in_one_answer_is_new_once() -> None:
    _, harvest = alpaca(writing(lambda r: [fresh(r, 1)[0], *fresh(r, 3)]))
    assert [reason for _, reason in harvest.dropped] == ["not-novel"]


@pytest.mark.parametrize("finish", ["stop", "length"])
def test_cut_answer_loses_its_last_task_only(finish: str) -> None:
    def say(request: Request) -> Response:
        return Response(blocks(fresh(request, 3)), finish if request.round == 0 else "stop")

    _, harvest = alpaca(say)
    rounds = [json.loads(record["meta"])["round"] for record in harvest.records]
    assert rounds == ([0, 0, 0] if finish == "stop" else [0, 0, 1])


@pytest.mark.parametrize(
    ("response", "reason"),
    [(Response("refused", "failed"), "teacher-failed"), (Response("", "content_filter"), "no-task-in-answer"),
     (Response("I cannot do that.", "stop"), "no-task-in-answer"),
     (Response("###\n4.", "stop"), "no-task-in-answer")],
)  # fmt: skip
def test_answer_without_a_task_is_one_dropped_candidate(response: Response, reason: str) -> None:
    def say(request: Request) -> Response | str:
        return response if request.round == 0 else blocks(fresh(request, 3))

    _, harvest = alpaca(say)
    assert [why for _, why in harvest.dropped] == [reason]
    assert harvest.tasks == 3


def test_tasks_beyond_a_language_s_quota_are_surplus() -> None:
    quotas = {"en": 2, "de": 1}
    job, harvest = alpaca(writing(lambda r: fresh(r, 5)), quotas=quotas)
    assert harvest.by_language == quotas
    assert [reason for _, reason in harvest.dropped] == ["surplus"] * 7
    assert [request.prompt.count("sentences in German.") for request in sent(job, "tasks")] == [0, 1]


def test_further_answers_are_asked_for_per_task_and_none_for_surplus() -> None:
    job, harvest = alpaca(writing(lambda r: fresh(r, 5), lambda r: f"answer {r.index}"), per_task=3)
    assert (harvest.tasks, len(harvest.records)) == (3, 9)
    asked = sent(job, "answer")
    assert [request.prompt.split("\n")[0] for request in asked[::2]] == unlike(sent(job, "tasks")[0], 3)
    assert {request.temperature for request in asked} == {0.7}
    outputs = [record["output"] for record in harvest.records]
    assert outputs == ["output 0", "answer 0", "answer 1", "output 1", "answer 2", "answer 3", "output 2",
                       "answer 4", "answer 5"]  # fmt: skip
    assert len({record["task"] for record in harvest.records}) == 3


def test_further_answer_that_says_the_first_again_is_dropped_alone() -> None:
    _, harvest = alpaca(
        writing(lambda r: fresh(r, 3), lambda r: "output 0" if r.index == 0 else "other"), per_task=2
    )
    assert [reason for _, reason in harvest.dropped] == ["repeated-answer"]
    assert [record["output"] for record in harvest.records] == [
        "output 0",
        "output 1",
        "other",
        "output 2",
        "other",
    ]


def test_run_without_new_tasks_stops() -> None:
    with pytest.raises(Stopped, match=r"0 tasks accepted, still wanted: en 3 \(dropped: not-novel 8\)"):
        alpaca(writing(lambda _: [("Name three rivers of the north", "", "Elbe")]))
