"""Search-augmented records: the passages in the input, the verdict in the output, who gave it."""

from __future__ import annotations

import json
import math
from collections import Counter

import pytest
from augment_jobs import augmented, reasons, record

from ittools.formats.documents import Document
from ittools.generate.augment.passages import DRAW
from ittools.generate.teacher import Request, RequestFailed, Response
from ittools.records.build import Record

NONE = "None of the search results helps to answer this, so I answer from what I know."
RIVERS = [
    Document("The Rhine flows through Cologne.", "atlas", "Rhine", "CC-BY-4.0"),
    Document("Cologne has a river and a cathedral.", "guide", "", "CC0-1.0"),
    Document("A river is water that flows.", "words", "River", "MIT"),
]
ASKED = record("Which river flows through Cologne?", "The Rhine.", input="Be brief.")


def drawn(harvest_records: list[Record], count: int) -> list[Record]:
    """The records that drew so many passages."""
    return [one for one in harvest_records if len(json.loads(one["meta"])["passages"]) == count]


def many(count: int) -> list[Record]:
    return [record(f"Which river flows through Cologne, question {n}?", "The Rhine.") for n in range(count)]


def test_passages_are_numbered_before_the_input_with_their_titles() -> None:
    asked = [record(ASKED["instruction"], "The Rhine.", input=f"Be brief {n}.") for n in range(60)]
    harvest, _ = augmented(asked, passages=RIVERS, search=("x",))
    three = drawn(harvest.records, 3)[0]
    best = [one["place"] for one in json.loads(three["meta"])["passages"]]
    assert sorted(best) == [0, 1, 2]
    lines = ["Rhine: The Rhine flows through Cologne.", "Cologne has a river and a cathedral.",
             "River: A river is water that flows."]  # fmt: skip
    passages = "\n".join(f"({n}) {lines[place]}" for n, place in enumerate(best, start=1))
    parent = next(one for one in asked if [one["id"]] == three["parents"])
    assert three["input"] == f"Search results:\n{passages}\n\n{parent['input']}"
    assert three["instruction"] == parent["instruction"]


def test_record_without_an_input_has_the_passages_alone() -> None:
    harvest, _ = augmented(many(40), passages=RIVERS, search=("x",))
    one = drawn(harvest.records, 1)[0]
    [line] = one["input"].removeprefix("Search results:\n").splitlines()
    assert line.startswith("(1) ")


def test_record_that_drew_none_stays_as_it_is() -> None:
    asked = many(60)
    harvest, _ = augmented(asked, passages=RIVERS, search=("x",))
    content = ("id", "instruction", "input", "output", "task", "license", "language")
    bare = drawn(harvest.records, 0)
    before = {one["id"]: one for one in asked}
    assert bare
    for one in bare:
        assert {name: one[name] for name in content} == {name: before[one["id"]][name] for name in content}


def test_passages_drawn_by_4000_records_follow_the_published_shares() -> None:
    harvest, _ = augmented(many(4_000), passages=RIVERS, search=("x",))
    counts = Counter(len(json.loads(one["meta"])["passages"]) for one in harvest.records)
    assert sum(counts.values()) == 4_000
    for number, share in enumerate(DRAW):
        assert abs(counts[number] / 4_000 - share) < 4 * math.sqrt(share * (1 - share) / 4_000)


def test_draw_of_a_record_hangs_on_nothing_but_the_record_and_the_seed() -> None:
    asked = many(30)
    there, _ = augmented(asked, passages=RIVERS, search=("x",))
    back, _ = augmented(asked[::-1], passages=RIVERS, search=("x",), noise=("case",))
    found = {one["id"] for one in back.records if json.loads(one["meta"])["method"] == "search"}
    assert {one["id"] for one in there.records} == found
    other, _ = augmented(asked, passages=RIVERS, search=("x",), seed=1)
    assert {one["id"] for one in other.records} != found


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [({0: True}, "Helpful among the search results: (1), so all of them."), ({0: False}, NONE),
     ({0: True, 1: True}, "Helpful among the search results: (1) and (2), so all of them."),
     ({0: False, 1: True}, "Helpful among the search results: (2); the others do not help."),
     ({0: False, 1: False}, NONE), ({0: False, 1: False, 2: False}, NONE),
     ({0: True, 1: True, 2: True}, "Helpful among the search results: (1), (2) and (3), so all of them."),
     ({0: True, 1: False, 2: True},
      "Helpful among the search results: (1) and (3); the others do not help.")],
)  # fmt: skip
def test_output_begins_with_the_teachers_verdict(verdicts: dict[int, bool], sentence: str) -> None:
    """Every passage of a record is asked about in its own request, in their order."""
    place: Counter[str] = Counter()

    def say(request: Request) -> str:
        question = request.prompt.split("<question>\n")[1].split("\n</question>")[0]
        place[question] += 1
        return "informative" if verdicts.get(place[question] - 1) else "distracting"

    harvest, _ = augmented(many(60), say, passages=RIVERS, search=("x",), verdicts="teacher")
    made = drawn(harvest.records, len(verdicts))[0]
    assert made["output"] == f"{sentence}\n\nThe Rhine."
    meta = json.loads(made["meta"])
    assert [one["verdict"] == "informative" for one in meta["passages"]] == list(verdicts.values())
    assert list(meta["requests"]) == [f"verdict-{n + 1}" for n in verdicts]


@pytest.mark.parametrize(
    ("said", "informative"),
    [("informative", True), (" Informative.", True), ("**informative**", True), ("distracting", False),
     ("Distracting, not informative.", False), ("not informative", False), ("Not very informative", False),
     ("uninformative", False), ("It isn't informative.", False), ("non-informative", False),
     ("The result is informative, not distracting.", True)],
)  # fmt: skip
def test_verdict_is_read_from_many_wordings(said: str, informative: bool) -> None:
    harvest, _ = augmented(many(40), lambda _: said, passages=RIVERS, search=("x",), verdicts="teacher")
    [only] = json.loads(drawn(harvest.records, 1)[0]["meta"])["passages"]
    assert only["verdict"] == ("informative" if informative else "distracting")


@pytest.mark.parametrize(
    ("said", "reason"),
    [(RequestFailed("no"), "teacher-failed"), ("", "no-verdict"), ("I cannot say.", "no-verdict"),
     (Response("inf", "length"), "no-verdict")],
)  # fmt: skip
def test_passage_without_a_verdict_makes_no_record(said: Response | str | Exception, reason: str) -> None:
    """A sentence about passages that nobody judged would teach what nobody said."""
    there, _ = augmented(many(40), passages=RIVERS, search=("x",))
    unlucky = drawn(there.records, 1)[0]["instruction"]

    def say(request: Request) -> Response | str | Exception:
        return said if unlucky in request.prompt else "informative"

    harvest, _ = augmented(many(40), say, passages=RIVERS, search=("x",), verdicts="teacher")
    assert reasons(harvest) == [reason]
    assert unlucky not in {one["instruction"] for one in harvest.records}
    assert len(harvest.records) == 39


def test_verdicts_by_overlap_ask_nobody() -> None:
    harvest, teacher = augmented(many(40), passages=RIVERS, search=("x",))
    assert teacher.sent == []
    by_place = {
        (one["place"], one["verdict"])
        for made in harvest.records
        for one in json.loads(made["meta"])["passages"]
    }
    assert by_place == {(0, "informative"), (1, "distracting"), (2, "distracting")}


def test_licence_is_joined_with_those_of_the_passages_shown() -> None:
    licenses = {place: one.license for place, one in enumerate(RIVERS)}
    harvest, _ = augmented(many(60), passages=RIVERS, search=("x",))
    for made in harvest.records:
        shown = [licenses[one["place"]] for one in json.loads(made["meta"])["passages"]]
        assert made["license"].split(" AND ") == list(dict.fromkeys(["MIT", *shown]))


def test_record_that_shares_no_word_with_the_corpus_stays_as_it_is() -> None:
    stranger = record("Addiere bitte zwei Zahlen!", "vier")
    harvest, _ = augmented([stranger], passages=RIVERS, search=("x",))
    assert [one["id"] for one in harvest.records] == [stranger["id"]]
