"""Paraphrases and translations there and back: what stands for an instruction, and what does not."""

from __future__ import annotations

import json
import random

import pytest
from augment_jobs import Say, augmented, reasons, record
from hypothesis import given
from hypothesis import strategies as st

from ittools.generate.augment.derive import rewritten_reason
from ittools.generate.teacher import Request, RequestFailed, Response

SORT = record("Sort these 3 numbers: 7, 5 and 1.", input="none", task="t", template="x/1", generator="g")


def cut(text: str) -> Response:
    return Response(text, "length", 4, 3)


@pytest.mark.parametrize(
    ("said", "reason"),
    [("Order the 3 numbers 1, 5 and 7.", None), ("", "empty-instruction"), ('""', "empty-instruction"),
     ("<instruction></instruction>", "empty-instruction"),
     ("  sort these 3 numbers:\n7, 5 AND 1. ", "unchanged"),
     ("Here is the instruction:\n\nSort these 3 numbers: 7, 5 and 1.", "unchanged"),
     ("Order the three numbers 1, 5 and 7.", "numbers-changed"),
     ("Order the 3 numbers 1, 5 and 7, 7.", "numbers-changed"),
     ("Order the 3 numbers 1, 5.0 and 7.", "numbers-changed"), (cut("Order the 3 num"), "cut-off"),
     (RequestFailed("no"), "teacher-failed"), (Response("", "content_filter"), "empty-instruction")],
)  # fmt: skip
def test_why_a_wording_cannot_be_used(said: Response | str | Exception, reason: str | None) -> None:
    def say(request: Request) -> Response | str | Exception:
        return "Order 8 and 2." if "8" in request.prompt else said

    harvest, _ = augmented([SORT, record("Sort 8 and 2.")], say, paraphrase=1)
    assert reasons(harvest) == ([reason] if reason else [])
    kept = [one["instruction"] for one in harvest.records]
    assert kept == [said, "Order 8 and 2."][1 if reason else 0 :]


def test_paraphrase_says_where_it_comes_from_and_keeps_the_rest() -> None:
    parent = record("Name a colour.", "red", input="as a word", task="t", template="x/1", generator="human",
                    context=[{"role": "system", "content": "Be terse."}], rejected="blue",
                    scores={"ifd": 0.5}, parents=["0" * 32],
                    meta='{"method": "evolve", "requests": {"answer": "k"}, "x": 1}')  # fmt: skip
    harvest, teacher = augmented([parent], lambda _: "What colour is there?", paraphrase=1)
    [made], [request] = harvest.records, teacher.sent
    same = ("input", "output", "task", "language", "context", "rejected", "scores")
    assert {name: made[name] for name in same} == {name: parent[name] for name in same}
    assert (made["instruction"], made["parents"]) == ("What colour is there?", [parent["id"]])
    assert (made["source"], made["generator"]) == ("paraphrase/own", "scripted")
    assert made["license"] == "MIT AND CC0-1.0"  # of the parent, and of what the teacher writes
    meta = json.loads(made["meta"])
    assert (meta["method"], meta["requests"]) == ("paraphrase", {"paraphrase": request.key})
    assert meta["of"] == {"method": "evolve", "requests": {"answer": "k"}}
    assert "Name a colour." in request.prompt
    assert "in English" in request.prompt


def test_repeated_wordings_and_those_of_the_original_are_kept_once() -> None:
    words = iter(["What colour?", "Which colour?", "What colour?", "Name a  colour."])
    harvest, _ = augmented([record("Name a colour.")], lambda _: next(words), paraphrase=4)
    assert [one["instruction"] for one in harvest.records] == ["What colour?", "Which colour?"]
    assert reasons(harvest) == ["repeated", "unchanged"]


def test_lost_answer_costs_one_paraphrase() -> None:
    def say(request: Request) -> str | Exception:
        return RequestFailed("no") if request.index == 1 else f"Colour number {'ABC'[request.index]}?"

    harvest, _ = augmented([record("Name a colour.")], say, paraphrase=3)
    assert [one["instruction"] for one in harvest.records] == ["Colour number A?", "Colour number C?"]
    assert reasons(harvest) == ["teacher-failed"]


def test_wording_that_was_dropped_does_not_stand_in_the_way_of_a_good_one() -> None:
    words = iter([cut("What colour?"), Response("What colour?", "stop", 4, 3)])
    harvest, _ = augmented([record("Name a colour.")], lambda _: next(words), paraphrase=2)
    assert [one["instruction"] for one in harvest.records] == ["What colour?"]
    assert reasons(harvest) == ["cut-off"]


# --- there and back -------------------------------------------------------------------------------------


def there_and_back(there: Response | str | Exception, back: Response | str | Exception) -> Say:
    return lambda request: there if "into German" in request.prompt else back


def test_pivot_names_the_language_and_both_requests() -> None:
    say = there_and_back("Sortiere 3 Wörter.", "Put 3 words in order.")
    harvest, teacher = augmented([record("Sort 3 words.")], say, pivot=("de",))
    [made], [first, second] = harvest.records, teacher.sent
    assert (made["instruction"], made["source"]) == ("Put 3 words in order.", "pivot/own")
    meta = json.loads(made["meta"])
    assert (meta["pivot"], meta["there"]) == ("de", "Sortiere 3 Wörter.")
    assert meta["requests"] == {"there": first.key, "back": second.key}
    assert "from English into German" in first.prompt
    assert "from German into English" in second.prompt
    assert "Sortiere 3 Wörter." in second.prompt


@pytest.mark.parametrize(
    ("there", "back", "reason"),
    [(RequestFailed("no"), "", "teacher-failed"), (cut("Sortiere 3"), "Sort 3.", "cut-off"),
     ("", "Sort 3.", "empty-instruction"), ("Sortiere 3.", RequestFailed("no"), "teacher-failed"),
     ("Sortiere 3.", cut("Put 3 in"), "cut-off"), ("Sortiere 3.", "", "empty-instruction"),
     ("Sortiere 3.", "sort 3 words.", "unchanged"), ("Sortiere drei.", "Order three.", "numbers-changed"),
     ("Sortiere 4.", "Put 3 words in order.", None)],
)  # fmt: skip
def test_what_is_lost_on_the_way_is_dropped_with_its_reason(
    there: Response | str | Exception, back: Response | str | Exception, reason: str | None
) -> None:
    say = there_and_back(there, back)
    lucky = record("Name the colours.")
    harvest, _ = augmented(
        [record("Sort 3 words."), lucky], _unless(lucky["instruction"], say), pivot=("de",)
    )
    assert reasons(harvest) == ([reason] if reason else [])
    assert harvest.records[-1]["instruction"] == "Which colours?"


def _unless(instruction: str, say: Say) -> Say:
    """One record always succeeds: a teacher that fails at every request ends the run."""

    def answer(request: Request) -> Response | str | Exception:
        if instruction in request.prompt:
            return "Welche Farben?"
        return "Which colours?" if "Welche Farben?" in request.prompt else say(request)

    return answer


def test_nothing_is_asked_on_the_way_back_where_nothing_came_there() -> None:
    harvest, teacher = augmented(
        [record("Sort 3 words."), record("Name the colours.")],
        _unless("Name the colours.", lambda _: ""),
        pivot=("de",),
    )
    assert len(teacher.sent) == 3
    assert len(harvest.records) == 1


# --- any text -------------------------------------------------------------------------------------------


@given(st.text(max_size=60))
def test_no_text_stands_for_itself(text: str) -> None:
    assert rewritten_reason(text, text) == ("unchanged" if text else "empty-instruction")
    assert rewritten_reason(f" {text.swapcase()}\n", text.swapcase()) == "unchanged"


@given(st.lists(st.integers(0, 9999), min_size=1, max_size=6), st.randoms())
def test_numbers_may_change_places_and_nothing_else(numbers: list[int], rng: random.Random) -> None:
    others = list(numbers)
    rng.shuffle(others)
    before, after = (" and ".join(map(str, group)) for group in (numbers, others))
    assert rewritten_reason(f"Sum {after}", f"Add {before}") is None
    assert rewritten_reason(f"Sum {after} and 7", f"Add {before}") == "numbers-changed"
    assert rewritten_reason("Sum them", f"Add {before}") == "numbers-changed"
