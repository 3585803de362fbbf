"""Evol-Instruct: what is eliminated and why, who takes whose place, and that a failed parent returns."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from method_runs import job_for, reasons, run_method, seeds, sent, some_rounds

from ittools.errors import Stopped
from ittools.generate.harvest import Harvest
from ittools.generate.job import Job
from ittools.generate.methods.evolve import IN_BREADTH, IN_DEPTH, Evolve, answer_reason, evolved_reason
from ittools.generate.seeds import Seed
from ittools.generate.teacher import Request, Response

TASK = "Add the two numbers and say the sum"
SEEDS = seeds(*(f"{TASK} of case{n}" for n in range(25)))
Say = Callable[[Request], Response | str]


def harder(request: Request) -> str:
    return f"{request.values['task']} and more{request.round}x{request.index}"


def parent_of(request: Request) -> str:
    """The id of the seed behind a task that has its input with it."""
    return "id-" + str(request.values["task"]).partition("\n\n")[0]


def saying(
    evolve: Say = harder, equal: Say = lambda _: "No", answer: Say = lambda r: f"Answer {r.round}.{r.index}"
) -> Say:
    stages = {"evolve": evolve, "equal": equal, "answer": answer}
    return lambda request: stages[request.stage](request)


def evolve(
    say: Say, rounds: int = 4, num: int = 3, shown: list[Seed] | None = None, **options: object
) -> tuple[Job, Evolve]:
    wanted = {"quotas": {"en": num}, "num": num, "shown": shown or SEEDS} | options
    job = job_for("evolve", say, **wanted)  # type: ignore[arg-type]
    return job, Evolve(job, rounds=rounds)


def first_rounds(say: Say, number: int = 1, **options: object) -> tuple[Job, Evolve, Harvest]:
    job, method = evolve(say, num=100, **options)  # type: ignore[arg-type]
    return job, method, some_rounds(job, method, number)


def test_member_is_evolved_judged_and_answered_and_says_all_of_it() -> None:
    job, _, harvest = first_rounds(saying())
    asked, judged, answered = (sent(job, stage) for stage in ("evolve", "equal", "answer"))
    assert len(asked) == len(judged) == len(answered) == len(harvest.records) == 25
    for place, record in enumerate(harvest.records):
        meta = json.loads(record["meta"])
        assert record["instruction"] == harder(asked[place])
        assert record["parents"] == [parent_of(asked[place])]
        assert meta["requests"] == {
            "evolve": asked[place].key, "equal": judged[place].key, "answer": answered[place].key,
        }  # fmt: skip
        assert (meta["operation"], meta["depth"]) == (asked[place].values["operation"], 1)
        assert asked[place].values["task"] in asked[place].prompt
        assert judged[place].values["other"] == record["instruction"]
    assert {request.temperature for request in asked} == {1.0}
    assert {request.temperature for request in (*judged, *answered)} == {0.0}


@pytest.mark.parametrize("kind", ["text", "code"])
def test_operations_are_drawn_from_all_and_each_asks_in_its_own_words(kind: str) -> None:
    job, method = evolve(saying(), num=400, shown=seeds(*(f"{TASK} of case{n}" for n in range(80))))
    method = Evolve(job, rounds=1, operations=kind)  # type: ignore[arg-type]
    some_rounds(job, method)
    asked = sent(job, "evolve")
    drawn = {str(request.values["operation"]) for request in asked}
    assert drawn == {*IN_DEPTH[kind], IN_BREADTH}  # type: ignore[index]
    heads = {request.prompt.replace(str(request.values["task"]), "") for request in asked}
    assert len(heads) == len(drawn)


def test_child_takes_its_parent_s_place_and_becomes_the_parent() -> None:
    _, _, harvest = first_rounds(saying(), 2)
    first, second = harvest.records[:25], harvest.records[25:]
    born = {record["instruction"]: record["id"] for record in first}
    assert len(second) == 25
    for record in second:
        meta = json.loads(record["meta"])
        [parent] = record["parents"]
        assert born[record["instruction"].rpartition(" and more")[0]] == parent
        assert (meta["depth"], meta["round"]) == (2, 1)


@pytest.mark.parametrize(
    ("stage", "said", "reason"),
    [
        ("evolve", Response("down", "failed"), "teacher-failed"),
        ("evolve", "", "empty-instruction"),
        ("evolve", "Add them all", "instruction-too-short"),
        ("evolve", "word " * 601, "instruction-too-long"),
        ("evolve", Response("Add the three numbers now", "length"), "cut-off"),
        ("evolve", "Here is the rewritten task: add the three numbers", "prompt-words-leaked"),
        ("evolve", "Add the three numbers as in the given task", "prompt-words-leaked"),
        ("evolve", "The rewritten prompt asks for the three numbers", "prompt-words-leaked"),
        ("evolve", "Add the three numbers</first> of them", "prompt-words-leaked"),
        ("equal", "Yes", "equal-to-parent"),
        ("equal", "Yes, both ask for the same.", "equal-to-parent"),
        ("equal", "The answer is: YES", "equal-to-parent"),
        ("answer", Response("down", "failed"), "teacher-failed"),
        ("answer", Response("The sum", "length"), "cut-off"),
        ("answer", "", "empty-output"),
        ("answer", "... !", "empty-output"),
        ("answer", "It is the, of and to.", "empty-output"),
        ("answer", "I'm sorry, but I cannot add.", "refused-answer"),
        ("answer", "Sorry " + "word " * 78, "refused-answer"),
    ],
)
def test_failed_evolution_is_dropped_and_its_parent_returns_unchanged(
    stage: str, said: Response | str, reason: str
) -> None:
    """One of the members fails in the first round; in the second it is evolved from the seed again."""

    def fails(request: Request) -> Response | str:
        if request.stage == stage and (request.round, request.index) == (0, 3):
            return said
        return saying()(request)

    job, _, harvest = first_rounds(fails, 2)
    first, again = sent(job, "evolve")[3], sent(job, "evolve")[25 + 3]
    [(lost, why)] = harvest.dropped
    assert (why, len(harvest.records)) == (reason, 24 + 25)
    assert lost["parents"] == [parent_of(first)]
    assert (again.round, again.index, again.values["task"]) == (1, 3, first.values["task"])
    depths = [json.loads(record["meta"])["depth"] for record in harvest.records[24:]]
    assert depths == [2, 2, 2, 1] + [2] * 21


@pytest.mark.parametrize(
    "said", ["No", "no.", "No, the second asks for more.", "", "Perhaps", Response("", "failed")]
)
def test_verdict_that_is_no_yes_keeps_the_child(said: Response | str) -> None:
    _, _, harvest = first_rounds(saying(equal=lambda _: said))
    assert (len(harvest.records), harvest.dropped) == (25, [])


def test_same_words_as_the_parent_are_equal_without_a_question() -> None:
    job, _, harvest = first_rounds(saying(lambda r: str(r.values["task"]).upper() + "!"))
    assert set(harvest.reasons) == {"equal-to-parent"}
    assert sent(job, "equal") == sent(job, "answer") == []


def test_same_child_twice_is_new_once() -> None:
    _, _, harvest = first_rounds(saying(lambda _: "Name the four seasons of the year"))
    assert harvest.reasons == {"not-novel": 24}
    assert harvest.tasks == 1


@pytest.mark.parametrize(
    ("task", "parent", "reason"),
    [
        ("Add the three numbers", TASK, None),
        ("Rewrite the given task in French please", "Shorten the given task to one line", None),
        ("Here is a list: sort it now", TASK, "prompt-words-leaked"),
        ("Sort the list that here is shown", TASK, None),
        ("Say what is new: tasks or words", TASK, None),
        ("请把这些数字加起来。", TASK, None),
        (f"{TASK}?", TASK, "equal-to-parent"),
    ],
)
def test_evolved_task_has_its_reason(task: str, parent: str, reason: str | None) -> None:
    assert evolved_reason(task, parent) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [("4", None), ("x = y", None), ("[]", None), ("No", None), ("Not so.", None), ("Paris", None),
     ("是", None),
     ("the", "empty-output"), ("?", "empty-output"), ("", "empty-output"), ("sorry", "refused-answer"),
     ("Sorry " + "word " * 79, None), ("She said sorry to him and he took it well.", "refused-answer")],
)  # fmt: skip
def test_answer_has_its_reason(text: str, reason: str | None) -> None:
    assert answer_reason(text) == reason


def test_next_wave_draws_seeds_anew_after_the_rounds() -> None:
    shown = seeds(*(f"{TASK} of case{n}" for n in range(40)))
    job, method = evolve(saying(), rounds=2, num=200, shown=shown)
    some_rounds(job, method, 4)
    waves = [[str(r.values["task"]) for r in sent(job, "evolve") if r.round == turn] for turn in range(4)]
    started = {seed.task.instruction for seed in shown}
    assert {task.partition("\n\n")[0] for task in waves[0]} <= started
    assert all("and more0x" in task for task in waves[1])
    assert {task.partition("\n\n")[0] for task in waves[2]} <= started
    assert waves[0] != waves[2]


def test_quota_is_met_exactly_and_what_is_beyond_is_surplus() -> None:
    quotas = {"en": 5, "de": 2}
    job, method = evolve(saying(), quotas=quotas, num=7)
    harvest = run_method(job, method)
    assert (harvest.by_language, harvest.tasks, len(harvest.records)) == (quotas, 7, 7)
    assert set(harvest.reasons) == {"surplus"}
    assert {request.prompt.count("stays in German") for request in sent(job, "evolve")} <= {0, 1}


def test_several_answers_to_one_child_are_one_task() -> None:
    job, method = evolve(saying(), num=2, per_task=3)
    harvest = run_method(job, method)
    assert (harvest.tasks, len(harvest.records), len({r["task"] for r in harvest.records})) == (2, 6, 2)


def test_seed_s_input_stands_in_the_task_that_is_evolved() -> None:
    job, _, harvest = first_rounds(saying())
    assert all(str(request.values["task"]).endswith("\n\n1") for request in sent(job, "evolve"))
    assert all(record["input"] == "" for record in harvest.records)


def test_tags_and_leads_round_the_child_are_taken_off() -> None:
    _, _, harvest = first_rounds(saying(lambda r: f"<task>\n{TASK} for index {r.index} in full\n</task>"))
    assert harvest.records[0]["instruction"] == f"{TASK} for index 0 in full"
    assert harvest.dropped == []


def test_run_in_which_nothing_survives_stops() -> None:
    job, method = evolve(saying(equal=lambda _: "Yes"))
    with pytest.raises(Stopped, match=r"0 tasks accepted, still wanted: en 3 \(dropped: equal-to-parent"):
        run_method(job, method)
    assert reasons(job.harvest)
