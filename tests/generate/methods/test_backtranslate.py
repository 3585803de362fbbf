"""Back-translation: documents become outputs, their instructions are found and scored."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from method_runs import Say, job_for, run_method, sent

from ittools.formats.documents import Document
from ittools.generate.harvest import Harvest
from ittools.generate.job import Job
from ittools.generate.methods.backtranslate import MOST_SHOWN, Backtranslate
from ittools.generate.teacher import Request, Response
from ittools.records.scores import scores_dict


def document(number: int = 0, **others: Any) -> Document:
    said = {"source": "notes", "license": "CC-BY-4.0", "language": "en"} | others
    return Document(said.pop("text", f"Text {number} tells of tides and stones."), **said)


def writing(score: Response | str = "5", instruction: Response | str | None = None) -> Say:
    def say(request: Request) -> Response | str:
        if request.stage == "score":
            return score
        return instruction if instruction is not None else f"Tell of the matter of text {request.index}."

    return say


def translate(
    say: Say, *documents: Document, min_score: float = 4.0, languages: tuple[str, ...] = (), **options: Any
) -> tuple[Job, Harvest]:
    job = job_for("backtranslate", say, quotas=None, **options)
    method = Backtranslate(job, documents or (document(),), languages, min_score=min_score)
    return job, run_method(job, method)


def test_document_is_the_output_and_says_where_it_is_from() -> None:
    given = document(title="On tides", ids=("parent",))
    job, harvest = translate(writing(), given)
    [record], [asked], [judged] = harvest.records, sent(job, "instruction"), sent(job, "score")
    assert (record["instruction"], record["input"]) == ("Tell of the matter of text 0.", "")
    assert record["output"] == given.text
    assert (record["license"], record["language"]) == ("CC-BY-4.0 AND CC0-1.0", "en")
    assert record["parents"] == ["parent"]
    assert scores_dict(record["scores"]) == {"self_curation": 5.0}
    meta = json.loads(record["meta"])
    assert meta["document"] == {"source": "notes", "title": "On tides"}
    assert meta["requests"] == {"instruction": asked.key, "score": judged.key}
    assert f"<text>\n{given.text}\n</text>" in asked.prompt
    assert f"<instruction>\n{record['instruction']}\n</instruction>" in judged.prompt
    assert f"<answer>\n{given.text}\n</answer>" in judged.prompt
    assert (asked.temperature, judged.temperature, judged.top_logprobs) == (0.7, 0.0, 0)


@pytest.mark.parametrize(
    ("text", "score"),
    [("5", 5.0), ("4", 4.0), ("Score: 4", 4.0), ("**5**", 5.0), ("4/5", 4.0), ("4 out of 5", 4.0),
     ("4.", 4.0),
     ("I'd give it a 5!", 5.0), ("3", None), ("1", None), ("10", None), ("4.5", 4.5),
     ("2.5", None), ("3.5", None), ("45", None), ("15", None), ("0", None),
     ("", None), ("good", None), ("6", None), ("1.5.4", None)],
)  # fmt: skip
def test_score_is_the_digit_that_was_asked_for(text: str, score: float | None) -> None:
    _, harvest = translate(writing(text))
    assert [scores_dict(record["scores"])["self_curation"] for record in harvest.records] == [score] * bool(
        score
    )
    assert len(harvest.dropped) == (score is None)


@pytest.mark.parametrize(
    ("said", "reason"),
    [(Response("3", "stop"), "low-score"), (Response("maybe", "stop"), "no-score-in-answer"),
     (Response("5", "failed"), "no-score-in-answer"), (Response("", "length"), "no-score-in-answer")],
)  # fmt: skip
def test_pair_without_a_good_score_is_dropped_with_the_score_it_has(said: Response, reason: str) -> None:
    _, harvest = translate(writing(said))
    [(lost, why)] = harvest.dropped
    assert (why, harvest.records) == (reason, [])
    assert (lost["instruction"], scores_dict(lost["scores"]).get("self_curation")) == (
        "Tell of the matter of text 0.", 3.0 if reason == "low-score" else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("min_score", "kept"), [(1.0, [1, 2, 3, 4, 5]), (3.0, [3, 4, 5]), (3.5, [4, 5]), (5.0, [5])]
)
def test_least_score_is_the_user_s(min_score: float, kept: list[int]) -> None:
    def say(request: Request) -> str:
        if request.stage == "instruction":
            return f"Tell of the matter of text {request.index}."
        return str(request.index + 1)

    _, harvest = translate(say, *map(document, range(5)), min_score=min_score)
    assert [scores_dict(record["scores"])["self_curation"] for record in harvest.records] == kept


def chances(**tokens: float) -> str:
    """A chat body with these tokens and their probabilities at its first place."""
    listed = [{"token": token.strip("_"), "logprob": math.log(chance)} for token, chance in tokens.items()]
    return json.dumps({"choices": [{"logprobs": {"content": [{"top_logprobs": listed}]}}]})


@pytest.mark.parametrize(
    ("raw", "text", "score"),
    [(chances(_4=0.5, _5=0.5), "4", 4.5), (chances(_3=0.9, _5=0.1), "5", 3.2),
     (chances(_5=0.3, a=0.7), "5", 5.0),
     (chances(a=0.7), "4", 4.0), ("", "4", 4.0), ("{", "4", 4.0)],
)  # fmt: skip
def test_score_is_the_expected_digit_where_probabilities_are_told(raw: str, text: str, score: float) -> None:
    job, harvest = translate(writing(Response(text, "stop", raw=raw)), min_score=1, gives_logprobs=True)
    assert [request.top_logprobs for request in sent(job, "score")] == [10]
    found = scores_dict(harvest.records[0]["scores"])["self_curation"]
    assert found == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Response("down", "failed"), "teacher-failed"),
        ("", "empty-instruction"),
        ("Tell it", "instruction-too-short"),
        (Response("Tell of the matter of", "length"), "cut-off"),
        ("Write this: Text 0 tells of tides and stones.", "document-in-instruction"),
    ],
)
def test_instruction_that_is_none_is_dropped_and_not_scored(said: Response | str, reason: str) -> None:
    job, harvest = translate(writing(instruction=said))
    assert [why for _, why in harvest.dropped] == [reason]
    assert sent(job, "score") == []


@pytest.mark.parametrize(
    "said",
    ["<instruction>Tell of tides at length.</instruction>", "Instruction: Tell of tides at length.",
     '"Tell of tides at length."', "Sure, here is the instruction:\nTell of tides at length.",
     "```\nTell of tides at length.\n```"],
)  # fmt: skip
def test_what_stands_round_the_instruction_is_taken_off(said: str) -> None:
    _, harvest = translate(writing(instruction=said))
    assert [record["instruction"] for record in harvest.records] == ["Tell of tides at length."]


def test_document_too_long_to_show_is_dropped_whole_and_never_cut() -> None:
    job, harvest = translate(
        writing(), document(text="x" * (MOST_SHOWN + 1)), document(text="y" * MOST_SHOWN)
    )
    assert [why for _, why in harvest.dropped] == ["document-too-long"]
    assert [record["output"][0] for record in harvest.records] == ["y"]
    assert len(sent(job, "instruction")) == 1


def test_same_pair_twice_is_new_once() -> None:
    _, harvest = translate(writing(instruction="Tell of tides at length."), document(), document())
    assert [why for _, why in harvest.dropped] == ["not-novel"]
    assert harvest.tasks == 1


def test_same_instruction_for_two_documents_is_two_pairs() -> None:
    _, harvest = translate(writing(instruction="Tell of tides at length."), document(0), document(1))
    assert (harvest.tasks, harvest.dropped) == (2, [])


@pytest.mark.parametrize(("num", "tasks"), [(None, 20), (5, 5), (40, 20)])
def test_number_bounds_the_pairs_and_what_was_bought_beyond_is_surplus(num: int | None, tasks: int) -> None:
    job, harvest = translate(writing(), *map(document, range(20)), num=num)
    assert harvest.tasks == tasks
    assert harvest.reasons == ({"surplus": 3} if num == 5 else {})
    assert len(sent(job, "instruction")) == (8 if num == 5 else 20)


def test_documents_that_fail_are_made_up_for_by_later_ones() -> None:
    def say(request: Request) -> str:
        if request.stage == "score":
            return "1" if request.round == 0 else "5"
        return f"Tell of the matter of text {request.round} {request.index}."

    _, harvest = translate(say, *map(document, range(20)), num=5)
    assert harvest.tasks == 5
    assert harvest.reasons["low-score"] == 8


@pytest.mark.parametrize(
    ("own", "given", "language"),
    [(None, (), "en"), ("de", (), "de"), ("de", ("fr",), "fr"), (None, ("it",), "it")],
)
def test_instruction_is_in_the_document_s_language_or_the_one_asked_for(
    own: str | None, given: tuple[str, ...], language: str
) -> None:
    names = {"en": "English", "de": "German", "fr": "French", "it": "Italian"}
    job, harvest = translate(writing(), document(language=own), languages=given)
    assert f"one instruction in {names[language]}," in sent(job, "instruction")[0].prompt
    assert [record["language"] for record in harvest.records] == [language]
