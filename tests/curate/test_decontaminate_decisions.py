"""What `decontaminate` drops: by its definition, planted spans all, template text and neighbours not."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from decontaminations import Result, prompts, run, tasks, verdict
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import Row, write_jsonl

from ittools.curate.decontaminate import decontaminate
from ittools.curate.decontamination import compare, judge
from ittools.curate.decontamination.options import PRESETS, DecontaminateOptions, Rule
from ittools.errors import UsageError
from ittools.progress import Silent
from ittools.text.ragged import Ragged
from ittools.text.words import content_words

DUCKS = "Janet's ducks lay 16 eggs per day, and she eats three of them for breakfast every morning."
WORDS = st.lists(st.sampled_from("a b c d +".split()), max_size=12).map(" ".join)


@given(
    st.lists(WORDS, min_size=1, max_size=5),
    st.lists(WORDS.filter(bool), min_size=1, max_size=4),
    st.integers(2, 4),
    st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    st.sampled_from([0, 4, 6]),
    st.sampled_from([0.0, 0.5, 0.9]),
    st.sampled_from(["on", "off"]),
    st.integers(0, 3),
)
@settings(deadline=None, max_examples=120)
def test_decisions_are_those_of_the_definition(
    tmp_path_factory: pytest.TempPathFactory, training: list[str], evaluation: list[str], ngram: int,
    coverage: float, span: int, span_share: float, exact: str, whole: int,
) -> None:  # fmt: skip
    whole = whole if whole < ngram else 0  # refused too
    numbers = {"ngram": ngram, "coverage": coverage, "span": span, "span_share": span_share, "whole": whole}
    windowed = coverage < 1 or span or span_share
    lengths = [len(e.split()) for e in evaluation]
    findable = any((windowed and n >= ngram) or (whole and whole <= n < ngram) for n in lengths)
    if exact == "off" and not findable:
        return  # refused
    found = run(
        tmp_path_factory.mktemp("d"), tasks(*training), prompts(*evaluation), exact=exact, common=1, **numbers
    )
    said = [
        {e: v for e, passage in enumerate(evaluation)
         if (v := verdict(passage, text, exact=exact == "on", **numbers))}  # type: ignore[arg-type]
        for text in training
    ]  # fmt: skip
    assert found.kept == [str(n) for n, met in enumerate(said) if not met]
    for task, (reason, detail) in found.dropped.items():
        met = said[int(task)]
        assert met[detail["row"] - 1] == detail["method"]
        assert reason == f"contaminated-{detail['method']}"
        # equal passages are records of their own
        assert detail["others"] == len(met) - 1
        assert content_words(detail["span"]) == content_words(evaluation[detail["row"] - 1]) or (
            detail["method"] in ("ngram", "span") and detail["words"] == len(content_words(detail["span"]))
        )
    hit = {e for met in said for e in met}
    assert found.sets["held"]["hit"] == len(hit)
    assert found.sets["held"]["share"] == round(len(hit) / len(evaluation), 6)
    assert found.sets["held"]["dropped"] == len(found.dropped)


def _changed(span: list[str], how: int) -> str:
    return {
        0: " ".join(span),
        1: " ".join(span).upper(),
        2: ",  ".join(span) + "!",
        3: unicodedata.normalize("NFD", " ".join(span)),
        4: "\u201c" + "\n".join(span) + "\u201d",
        5: "\u200b".join([span[0][:1], span[0][1:]]) + " " + " ".join(span[1:]),
    }[how]


def test_every_planted_span_is_found(tmp_path: Path) -> None:
    """300 evaluation records of 40 words; of each, 8 to 40 of its words within 60 others, changed in case,
    punctuation, quotes, white space, Unicode form or invisible characters: recall 1, and no bystander."""
    draw = np.random.default_rng(3)

    def words(count: int, first: str) -> list[str]:
        return [f"{first}{number}é" for number in draw.integers(0, 10**6, count)]

    evaluation, training = [], []
    for number in range(300):
        held = words(40, "e")
        evaluation.append(" ".join(held))
        size = int(draw.integers(8, 41))
        at = int(draw.integers(0, 41 - size))
        planted = _changed(held[at : at + size], number % 6)
        training.append(" ".join([*words(30, "t"), planted, *words(30, "t")]))
        training.append(" ".join([*words(30, "t"), *held[:7], *words(30, "t"), *held[9:16]]))
    found = run(tmp_path, tasks(*training), prompts(*evaluation), preset="8gram")
    assert found.kept == [str(n) for n in range(600) if n % 2]
    assert [detail["row"] for _, detail in found.dropped.values()] == list(range(1, 301))
    assert {reason for reason, _ in found.dropped.values()} == {"contaminated-ngram"}
    assert all(8 <= detail["words"] <= 40 for _, detail in found.dropped.values())


def test_a_removal_names_record_method_score_and_span(tmp_path: Path) -> None:
    evaluation = [{"prompt": "Something else to do."}, {"id": "gsm/2", "prompt": DUCKS}]
    training = tasks(f"Solve: JANET'S ducks lay 16 eggs per day and she eats three of them {'x ' * 9}")
    found = run(tmp_path, training, evaluation)
    # 14 of 18 words: janet s ducks ... of them
    assert found.dropped == {
        "0": (
            "contaminated-ngram",
            {"set": "held", "row": 2, "id": "gsm/2", "of": "prompt", "in": "prompt", "method": "ngram",
             "coverage": 0.7778, "words": 14, "others": 0,
             "span": "JANET'S ducks lay 16 eggs per day and she eats three of them"},
        )
    }  # fmt: skip


def test_half_is_not_more_than_half(tmp_path: Path) -> None:
    held = " ".join(f"w{n}" for n in range(16))
    eight, nine = (" ".join(f"w{n}" for n in range(count)) for count in (8, 9))
    found = run(tmp_path, tasks(eight, nine), prompts(held))
    assert found.kept == ["0"]
    assert found.dropped["1"][1]["coverage"] == 0.5625


def test_words_in_several_shared_runs_count_together(tmp_path: Path) -> None:
    held = " ".join(f"w{n}" for n in range(30))
    parts = " and ".join(" ".join(f"w{n}" for n in range(first, first + 8)) for first in (0, 11, 20))
    found = run(tmp_path, tasks(parts), prompts(held))
    assert found.dropped["0"][1] | {"span": ""} == {
        "set": "held", "row": 1, "of": "prompt", "in": "prompt", "method": "ngram", "coverage": 0.8,
        "words": 8,
        "others": 0, "span": "",
    }  # fmt: skip


def _templated(count: int) -> list[Row]:
    template = "The following paragraphs each describe a set of three objects arranged in a fixed order."
    return [
        {
            "task": "logic",
            "input": f"{template} Object {n} stands left of number{n} beside colour{n}, above shape{n}.",
        }
        for n in range(count)
    ]


def test_template_text_condemns_nobody_and_a_copy_is_still_found(tmp_path: Path) -> None:
    evaluation = _templated(40)
    own = "The following paragraphs each describe a set of three objects arranged in a fixed order. A cat."
    training = tasks(own, evaluation[7]["input"], evaluation[8]["input"] + " Answer briefly, please.")
    found = run(tmp_path, training, evaluation, preset="8gram")
    assert found.kept == ["0"]
    assert [(reason, detail["row"]) for reason, detail in found.dropped.values()] == [
        ("contaminated-exact", 8), ("contaminated-ngram", 9)
    ]  # fmt: skip
    assert found.dropped["2"][1]["coverage"] == 1.0
    assert (found.sets["held"]["common_ngrams"], found.sets["held"]["template"]) == (9, 0)  # with "Object"
    every = run(tmp_path, training, evaluation, preset="8gram", common=1)
    assert every.sets["held"]["common_ngrams"] == 0
    assert every.dropped["0"][1]["others"] == 39


def test_template_text_is_counted_task_by_task(tmp_path: Path) -> None:
    """What all records of a small task say is template text in a set of many others, too."""
    others = [{"task": f"t{n}", "input": f"alone{n} " * 12} for n in range(400)]
    found = run(tmp_path, tasks(_templated(1)[0]["input"][:89]), [*others, *_templated(30)], preset="8gram")
    assert found.kept == ["0"]
    assert found.sets["held"]["common_ngrams"] == 9


def test_a_set_of_equal_records_is_template_text_and_only_equal_prompts_are_found(tmp_path: Path) -> None:
    found = run(tmp_path, tasks(DUCKS, f"Well: {DUCKS}"), prompts(*[DUCKS] * 30))
    assert found.kept == ["1"]
    assert found.dropped["0"][1]["others"] == 29
    assert found.sets["held"]["template"] == 30


def test_short_records_are_sought_whole_from_a_stated_number_of_words(tmp_path: Path) -> None:
    evaluation = prompts("What colour is the evening sky?", "Name a colour.")
    training = tasks("Say: what COLOUR is the evening sky", "Name a colour", "Please name a colour!")
    found = run(tmp_path, training, evaluation)
    assert {task: detail["method"] for task, (_, detail) in found.dropped.items()} == {
        "0": "whole",
        "1": "exact",
    }
    assert found.sets["held"]["too_short"] == 2
    assert run(tmp_path, training, evaluation, whole=3).kept == []
    assert run(tmp_path, training, evaluation, whole=0).kept == ["0", "2"]


@pytest.mark.parametrize(
    ("on", "answers", "gone"),
    [("prompt", False, ["1", "2"]), ("output", False, ["3"]), ("all", False, ["1", "2", "3"]),
     ("output", True, ["0", "3"]), ("all", True, ["0", "1", "2", "3"])],
)  # fmt: skip
def test_fields_are_compared_as_asked(tmp_path: Path, on: str, answers: bool, gone: list[str]) -> None:
    solution = "She sells nine eggs at two dollars each and so makes eighteen dollars every day"
    rows = [
        {"instruction": "Say it now", "output": solution, "task": "0"},
        {"instruction": "Solve this task", "input": DUCKS, "output": "18", "task": "1"},
        {"messages": [{"role": "user", "content": DUCKS}, {"role": "assistant", "content": "18"},
                      {"role": "user", "content": "why so"}, {"role": "assistant", "content": "sum"}],
         "task": "2"},
        {"instruction": "Write a task", "output": DUCKS, "task": "3"},
    ]  # fmt: skip
    evaluation = [{"question": DUCKS, "answer": solution}]
    found = run(tmp_path, rows, evaluation, on=on, answers=answers)
    assert sorted(found.dropped) == gone
    places = {"0": "output", "1": "prompt", "2": "turn 1", "3": "output"}
    assert {task: detail["in"] for task, (_, detail) in found.dropped.items()} == {t: places[t] for t in gone}


def test_an_answer_alike_is_no_equal_prompt(tmp_path: Path) -> None:
    """Or every "True" of a classification task would be contaminated."""
    rows = [{"instruction": "Is it so, do you think", "output": "True", "task": "0"},
            {"instruction": "True", "output": "x", "task": "1"}]  # fmt: skip
    found = run(
        tmp_path,
        rows,
        [{"question": "Is water wet or dry, or both?", "answer": "True"}],
        on="all",
        answers=True,
    )
    assert found.kept == ["0", "1"]


def test_a_hash_alone_condemns_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word gets the same hash: all that is as long as a record would match it, were words not read."""

    def equal(column: pa.Array) -> Ragged:
        from ittools.text.tokens import word_hashes

        found = word_hashes(column)
        return Ragged(np.full_like(found.values, 7), found.offsets)

    from ittools.curate.decontamination import index

    monkeypatch.setattr(judge, "word_hashes", equal)
    monkeypatch.setattr(index, "word_hashes", equal)
    other = "Quite other words, all of them, stand here in a row as long as that record and longer still."
    found = run(
        tmp_path, tasks(other, other[:46], DUCKS), prompts(DUCKS, "Six words are in this one."), common=1
    )
    assert found.kept == ["0", "1"]
    assert found.dropped["2"][0] == "contaminated-exact"


def test_empty_records_and_a_huge_one(tmp_path: Path) -> None:
    huge = "word and word again " * 500_000  # ten megabytes
    rows = [{"instruction": "", "output": "", "task": "0"}, {"instruction": "...", "output": "", "task": "1"},
            {"instruction": huge, "output": "", "task": "2"},
            {"instruction": huge + DUCKS, "output": "", "task": "3"}]  # fmt: skip
    found = run(tmp_path, rows, [*prompts(DUCKS, " ", "")])
    assert found.kept == ["0", "1", "2"]
    assert json.dumps(found.dropped["3"][1]["span"]) == json.dumps(DUCKS[:-1])
    assert found.sets["held"] | {"usable_ngrams": 0} == {
        "name": "held", "records": 3, "empty": 2, "too_short": 0, "template": 0, "findable": 1,
        "usable_ngrams": 0,
        "common_ngrams": 0, "hit": 1, "share": 0.333333, "dropped": 1,
    }  # fmt: skip


def test_a_corpus_of_empty_records_loses_none(tmp_path: Path) -> None:
    rows = [{"instruction": "", "output": "", "task": str(n)} for n in range(3)]
    assert run(tmp_path, rows, prompts(DUCKS), preset="strict").kept == ["0", "1", "2"]


def test_presets_are_overridden_number_by_number() -> None:
    options = DecontaminateOptions(inputs=("a",), preset="13gram", whole=0, exact="off", on="all")
    rule = Rule.of(options)
    assert (rule.ngram, rule.coverage, rule.whole, rule.exact, rule.on) == (13, 0.0, 0, False, "all")
    assert PRESETS["tulu3"] == Rule(ngram=8, coverage=0.5, span=0, span_share=0.0, exact=True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"coverage": 1.5}, "--coverage 1.5: a share from 0 to 1"),
        ({"common": -0.1}, "--common -0.1: a share"),
        ({"span": 5}, "--span 5 is shorter than --ngram 8"),
        ({"ngram": 0}, "--ngram 0 leaves no windows"),
        ({"whole": -1}, "--whole -1: a number of words"),
        ({"coverage": 1.0, "exact": "off", "whole": 0}, "every method is off"),
        ({"span": 10_001}, "--span 10001: a number of words up to 10,000"),
        ({"coverage": float("nan")}, "--coverage nan: a share from 0 to 1"),
        ({"preset": "exact", "on": "output"}, "--on output: equal prompts alone are sought"),
    ],
)
def test_rules_that_make_no_sense_are_refused(given: Row, said: str) -> None:
    with pytest.raises(UsageError) as error:
        Rule.of(DecontaminateOptions(inputs=("a",), **given))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("held", "text", "kept"),
    [
        ("Write a step-by-step guide for new owners of cats", "A step-by-step guide for a cake", True),
        ("Write a C++ program to find the sum", "Write a C++ program to find the number of words", True),
        ("x = [1, 2, 3, 4, 5] is a list", "Reverse x = [1, 2, 3, 4, 5] now", True),
        ("not ( True ) and ( True ) is", "Answer: not ( True ) and ( True ) is", False),
        ("Close it: [ ( { < [ { ( (", "So: [ ( { < [ { ( ( < <", False),
        ("Write a step-by-step guide for new owners of cats", "A step-by-step guide for new owners", False),
    ],
)
def test_signs_are_read_but_make_no_words_of_a_shared_text(
    tmp_path: Path, held: str, text: str, kept: bool
) -> None:
    found = run(tmp_path, tasks(text), prompts(held), coverage=0.0)
    assert found.kept == ["0"] * kept


def test_equal_turns_of_a_set_are_one_wording_that_is_found_as_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 40 equal ones every evaluation record is met, and only some are listed."""
    monkeypatch.setattr(compare, "MOST", 7)
    other = "Tell me which of the two boats is the faster one on a windy day."
    evaluation: list[Row] = [{"turns": ["Go on!", f"{other} Boat {number}."]} for number in range(40)]
    evaluation += [{"turns": ["go on", "Go on?", DUCKS]}, *prompts("Stop.")]
    found = run(tmp_path, tasks("Go on.", "Stop now", DUCKS, "Go, on"), evaluation)
    assert found.kept == ["1"]
    assert {task: (d["row"], d["others"]) for task, (_, d) in found.dropped.items()} == {
        "0": (1, 40), "2": (41, 0), "3": (1, 40)
    }  # fmt: skip
    assert (found.sets["held"]["hit"], found.sets["held"]["dropped"]) == (41, 3)
    listed = pq.read_table(tmp_path / "out" / "contamination.parquet").to_pylist()
    assert [(match["row"], match["span"]) for match in listed] == [
        *((row, "Go on") for row in range(1, 8)), (41, DUCKS[:-1]), *((row, "Go, on") for row in range(1, 8))
    ]  # fmt: skip


def test_an_evaluation_record_met_in_two_wordings_counts_once(tmp_path: Path) -> None:
    """A record's turns are passages of their own, and a conversation holds two of them."""
    row: Row = {"messages": [{"role": "user", "content": DUCKS}, {"role": "assistant", "content": "18"},
                             {"role": "user", "content": "And in a leap year with a 29th of February?"},
                             {"role": "assistant", "content": "18"}], "task": "0"}  # fmt: skip
    held: list[Row] = [{"turns": [DUCKS, "And in a leap year with a 29th of February?"]}]
    found = run(tmp_path, [row], [*held, *prompts(DUCKS)])
    assert found.dropped["0"][1]["others"] == 1
    assert found.sets["held"]["hit"] == 2


@pytest.mark.parametrize(
    ("held", "text", "reason"),
    [
        ("请根据下面的描述写一篇文章，说明你的观点", "好，请根据下面的描述写一篇文章 说明你的观点", "ngram"),
        ("กรุณาเขียนเรียงความเกี่ยวกับผลกระทบ", "กรุณาเขียนเรียงความเกี่ยวกับผลกระทบ ครับ", "ngram"),
        (unicodedata.normalize("NFD", "Où l'élève étudiait-il les mathématiques l'été dernier ?"),
         "Dis : où l’élève étudiait-il les mathématiques l’été dernier", "ngram"),
        ("+ < > $ = + < > $ =", "so: + < > $ = + < > $ = 1", "ngram"),
        ("!!! ???", "!!!  ???", "exact"),
        ("!!! ???", "!!! ?", None),
        ("Hello", "hello!", "exact"),
        ("Hello", "hello you", None),
    ],
    ids=lambda value: str(value)[:9],
)  # fmt: skip
def test_scripts_without_spaces_other_forms_and_bare_signs(
    tmp_path: Path, held: str, text: str, reason: str | None
) -> None:
    found = run(tmp_path, tasks(text), prompts(held))
    assert {why for why, _ in found.dropped.values()} == ({f"contaminated-{reason}"} if reason else set())


def test_a_conversation_of_ten_thousand_turns_is_read_in_order(tmp_path: Path) -> None:
    turns = [{"role": ("user", "assistant")[n % 2], "content": f"turn {n}"} for n in range(20_000)]
    turns[12_344]["content"] = DUCKS
    found = run(tmp_path, [{"messages": turns, "task": "0"}], prompts(DUCKS))
    assert found.dropped["0"][1]["in"] == "turn 6173"


def test_the_same_set_under_two_names_is_two_sets(tmp_path: Path) -> None:
    paths = [write_jsonl(tmp_path / name, prompts(DUCKS)) for name in ("one.jsonl", "two.jsonl")]
    source = write_jsonl(tmp_path / "in.jsonl", tasks(DUCKS))
    options = DecontaminateOptions(
        inputs=(str(source),), against=tuple(map(str, paths)), out=tmp_path / "out", keep_dropped=True,
        engine="inline",
    )  # fmt: skip
    decontaminate(options, Silent())
    found = Result(tmp_path / "out")
    assert [(one["name"], one["hit"], one["dropped"]) for one in found.sets.values()] == [
        ("one", 1, 1), ("two", 1, 1)
    ]  # fmt: skip
    assert found.dropped["0"][1]["others"] == 1
