"""Conversations: turns in order, the last answer as output, and what ends one early."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from method_runs import job_for, run_method, seeds, sent, some_rounds, unlike

from ittools.generate.harvest import Harvest
from ittools.generate.job import Job
from ittools.generate.methods.dialogue import Dialogue
from ittools.generate.teacher import Request, Response

SHOWN = seeds(*(f"Tell number{n} of the tale{n} about thing{n}" for n in range(12)))
Say = Callable[[Request], Response | str]


def talk(request: Request) -> str:
    """The user's messages are unlike any other; the assistant counts its answers."""
    if request.stage == "user":
        return unlike(request)[0]
    return f"{request.stage} {request.index}"


def ending(turn: int, said: Response | str, stage: str = "user") -> Say:
    """As above, but in the first conversation of the first round this is said at a turn."""

    def say(request: Request) -> Response | str:
        at = request.index == turn and request.round == 0
        return said if at and request.stage == stage else talk(request)

    return say


def dialogue(
    say: Say = talk, turns: int = 3, topics: list[str] | None = None, **options: object
) -> tuple[Job, Harvest]:
    wanted = {"quotas": {"en": 2}, "num": 2, "shown": SHOWN} | options
    job = job_for("dialogue", say, **wanted)  # type: ignore[arg-type]
    return job, run_method(job, Dialogue(job, topics or (), turns=turns))


def one_talk(say: Say, turns: int = 3, **options: object) -> tuple[Job, Harvest]:
    """One round in which two conversations are begun where one is wanted."""
    wanted = {"quotas": {"en": 1}, "num": 1, "shown": SHOWN} | options
    job = job_for("dialogue", say, **wanted)  # type: ignore[arg-type]
    return job, some_rounds(job, Dialogue(job, turns=turns))


@pytest.mark.parametrize("turns", [2, 3, 5])
def test_context_holds_the_earlier_turns_and_the_output_ends_it(turns: int) -> None:
    job, harvest = dialogue(turns=turns)
    asked = sent(job, "user")
    for place, record in enumerate(harvest.records):
        mine = sorted((r for r in asked if r.index // turns == place), key=lambda r: r.index)
        messages = [unlike(request)[0] for request in mine]
        roles = [turn["role"] for turn in record["context"]]
        assert roles == ["user", "assistant"] * (turns - 1)
        assert [turn["content"] for turn in record["context"][::2]] == messages[:-1]
        assert record["instruction"] == messages[-1]
        assert (record["input"], record["output"]) == ("", f"answer {place}")
        assert json.loads(record["meta"])["turns"] == turns


def test_each_message_is_asked_for_with_all_before_it() -> None:
    job, harvest = dialogue(turns=3, quotas={"en": 1}, num=1)
    context = [(turn["role"], turn["content"]) for turn in harvest.records[0]["context"]]
    users = [r for r in sent(job, "user") if r.index < 3]
    helpers = [r for r in sent(job, "assistant") if r.index < 3]
    [last] = sent(job, "answer")
    assert [list(request.before) for request in helpers] == [[], context[:2]]
    assert [request.prompt for request in helpers] == [context[0][1], context[2][1]]
    assert (list(last.before), last.prompt) == (context, harvest.records[0]["instruction"])
    told = "\n\n".join(f"{role.capitalize()}: {content}" for role, content in context)
    assert told in users[2].prompt
    assert all(request.before == () for request in users)


def test_record_has_every_request_of_the_conversation() -> None:
    job, harvest = dialogue(turns=3, quotas={"en": 1}, num=1)
    requests = json.loads(harvest.records[0]["meta"])["requests"]
    assert list(requests) == ["user-1", "assistant-1", "user-2", "assistant-2", "user-3", "answer"]
    keys = {request.key for stage in ("user", "assistant", "answer") for request in sent(job, stage)}
    assert set(requests.values()) <= keys


def test_system_message_leads_every_answer_and_the_context() -> None:
    job, harvest = dialogue(system="Be kind.", quotas={"en": 1}, num=1)
    assert harvest.records[0]["context"][0] == {"role": "system", "content": "Be kind."}
    asked = [*sent(job, "assistant"), *sent(job, "answer")]
    assert {request.before[0] for request in asked} == {("system", "Be kind.")}
    assert all(request.before == () for request in sent(job, "user"))


@pytest.mark.parametrize("end", ["END", "end.", "**END**", ' "End" ', "END\n"])
def test_user_with_nothing_left_ends_it_with_the_last_answer_given(end: str) -> None:
    job, harvest = one_talk(ending(2, end))
    [record] = harvest.records
    assert [turn["role"] for turn in record["context"]] == ["user", "assistant"]
    assert record["output"] == "assistant 1"
    meta = json.loads(record["meta"])
    assert (meta["turns"], list(meta["requests"])[-2:]) == (2, ["assistant-2", "user-3"])
    assert [request for request in sent(job, "answer") if request.index == 0] == []


def test_conversation_of_one_turn_is_none() -> None:
    _, harvest = one_talk(ending(1, "END"))
    assert (harvest.records, [why for _, why in harvest.dropped]) == ([], ["too-few-turns", "surplus"])


def test_end_inside_a_message_is_a_message() -> None:
    _, harvest = one_talk(ending(2, "Does it END there, or go on?"))
    assert harvest.records[0]["instruction"] == "Does it END there, or go on?"


@pytest.mark.parametrize(
    ("stage", "turn", "said", "reason"),
    [
        ("user", 0, Response("down", "failed"), "teacher-failed"),
        ("user", 0, "", "empty-instruction"),
        ("user", 0, Response("Tell me of the", "length"), "cut-off"),
        ("user", 2, Response("down", "failed"), "teacher-failed"),
        ("user", 2, "", "empty-instruction"),
        ("user", 2, Response("And what of", "length"), "cut-off"),
        ("assistant", 0, Response("down", "failed"), "teacher-failed"),
        ("assistant", 1, Response("", "stop"), "empty-output"),
        ("assistant", 1, Response("It is the", "length"), "cut-off"),
        ("answer", 0, Response("down", "failed"), "teacher-failed"),
        ("answer", 0, Response("It is", "length"), "cut-off"),
        ("answer", 0, "", "empty-output"),
    ],
)
def test_broken_conversation_is_dropped_whole_with_its_reason(
    stage: str, turn: int, said: Response | str, reason: str
) -> None:
    _, harvest = one_talk(ending(turn, said, stage))
    assert [why for _, why in harvest.dropped if why != "surplus"] == [reason]
    assert harvest.tasks == (1 if stage == "user" and turn == 0 else 0)  # the second one took its place


def test_opening_said_before_is_not_new() -> None:
    _, harvest = one_talk(
        lambda r: "Tell number1 of the tale1" if r.stage == "user" else talk(r), shown=SHOWN[:1]
    )
    assert [why for _, why in harvest.dropped] == ["not-novel"]
    assert harvest.tasks == 1


def test_seed_task_with_its_input_is_the_topic_and_the_parent() -> None:
    job, harvest = dialogue()
    for place, record in enumerate(harvest.records):
        [first] = [r for r in sent(job, "user") if r.index == 3 * place]
        meta = json.loads(record["meta"])
        assert meta["topic"] in first.prompt
        assert meta["topic"].endswith("\n\n1")
        assert record["parents"] == ["id-" + meta["topic"].removesuffix("\n\n1")]


def test_own_topics_stand_in_place_of_the_seeds() -> None:
    _, harvest = dialogue(topics=["tides", "comets"])
    assert {json.loads(record["meta"])["topic"] for record in harvest.records} <= {"tides", "comets"}
    assert [record["parents"] for record in harvest.records] == [[], []]


def test_quotas_are_met_exactly_and_surplus_is_not_gone_on_with() -> None:
    quotas = {"en": 5, "de": 2}
    job, harvest = dialogue(quotas=quotas, num=7)
    assert harvest.by_language == quotas
    assert set(harvest.reasons) == {"surplus"}
    assert len(sent(job, "assistant")) == 2 * 7


def test_several_last_answers_are_one_task() -> None:
    _, harvest = dialogue(per_task=2)
    assert (harvest.tasks, len(harvest.records)) == (2, 4)
    assert len({str(record["context"]) for record in harvest.records}) == 2


def test_completion_is_shown_the_conversation_and_stops_at_the_user() -> None:
    job, harvest = dialogue(api="completions", quotas={"en": 1}, num=1, system="Be kind.")
    [last] = sent(job, "answer")
    context = [(turn["role"], turn["content"]) for turn in harvest.records[0]["context"]]
    told = "\n\n".join(f"{role.capitalize()}: {content}" for role, content in context)
    assert last.prompt == f"{told}\nUser: {harvest.records[0]['instruction']}\nAssistant:"
    assert last.stop == ("\nUser:",)
    assert all(request.prompt.startswith("System: Be kind.") for request in sent(job, "assistant"))
    assert last.before == ()
