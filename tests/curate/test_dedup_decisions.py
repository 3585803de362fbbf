"""What `dedup` decides: near copies found, nothing lost that is not alike, the twin always named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import read_records, write_jsonl

from ittools.curate.dedup import dedup
from ittools.curate.dedup_options import DedupOptions
from ittools.errors import UsageError
from ittools.progress import Silent
from ittools.text.characters import plain_words
from ittools.text.minhash import recall

Row = tuple[str, str, str]
LONG = "the quick brown fox jumps over the lazy dog and runs into the deep green forest at night".split()


def run(
    folder: Path, rows: list[dict[str, Any]], **given: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(kept, dropped) records; `task` is the number of the row."""
    source = write_jsonl(folder / "in.jsonl", [row | {"task": str(n)} for n, row in enumerate(rows)])
    out = folder / "out"
    options = DedupOptions(inputs=(str(source),), out=out, keep_dropped=True, workers=1, force=True, **given)
    dedup(options, Silent())
    return read_records(out), read_records(out, "dropped", "dropped")


def row(instruction: str, output: str = "fine", input: str = "", **more: Any) -> dict[str, Any]:
    return {"instruction": instruction, "input": input, "output": output, **more}


def numbers(records: list[dict[str, Any]]) -> list[int]:
    return [int(record["task"]) for record in records]


def windows(text: str, n: int) -> set[tuple[str, ...]]:
    words = plain_words(text)
    return {tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))} if words else set()


def alike(one: dict[str, Any], other: dict[str, Any], n: int) -> float:
    """By brute force: Jaccard of the least alike field."""
    found = []
    for name in ("instruction", "input", "output"):
        a, b = windows(one[name], n), windows(other[name], n)
        found.append(len(a & b) / len(a | b) if a | b else 1.0)
    return min(found)


WORDS = st.lists(st.sampled_from("a b c d + -".split()), max_size=8).map(" ".join)
ROWS = st.lists(st.tuples(WORDS, st.sampled_from(["", "x"]), WORDS), min_size=1, max_size=14)


@pytest.mark.parametrize("method", ["near", "join"])
@given(ROWS, st.sampled_from([0.5, 0.7, 0.9, 1.0]), st.integers(1, 3))
@settings(deadline=None, max_examples=40, derandomize=True)  # what LSH misses depends on the draw
def test_decisions_hold_against_brute_force(
    tmp_path_factory: pytest.TempPathFactory, method: str, rows: list[Row], threshold: float, n: int
) -> None:
    """Every drop is right and exact; a kept pair at the threshold can only be one that LSH missed."""
    given = [row(instruction, output, input) for instruction, input, output in rows]
    folder = tmp_path_factory.mktemp("d")
    kept, dropped = run(folder, given, threshold=threshold, ngram=n, perm=256, method=method)
    by_id = {record["id"]: record for record in kept}
    assert sorted(numbers(kept) + numbers(dropped)) == list(range(len(rows)))
    for record in dropped:
        detail = json.loads(record["detail"])
        exact = alike(record, by_id[detail["kept"]], n)
        assert exact >= threshold
        assert detail["jaccard"] == round(exact, 6)
    pairs = [(a, b) for i, a in enumerate(kept) for b in kept[i + 1 :]]
    missed = [similarity for a, b in pairs if (similarity := alike(a, b, n)) >= threshold]
    assert 1.0 not in missed
    assert len(missed) <= (2 if method == "near" else 0)  # each has at most 2% to be missed


@pytest.mark.parametrize("method", ["near", "join"])
def test_planted_near_duplicates_are_found(tmp_path: Path, method: str) -> None:
    """400 records of 60 words and a copy of each with one word changed: J is about 0.9."""
    draw = np.random.default_rng(7)
    rows = []
    for _ in range(400):
        words = [f"w{number}" for number in draw.integers(0, 3_000, 60)]
        copy = [*words[:30], "changed", *words[31:]]
        rows += [row("Tell me a story.", " ".join(words)), row("Tell me a story.", " ".join(copy))]
    kept, dropped = run(tmp_path, rows, method=method)
    assert {record["reason"] for record in dropped} == {"near-duplicate"}
    assert numbers(dropped) == [n for n in range(800) if n % 2]
    assert len(kept) == 400


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (row("Is 3 < 2 true?", "no"), row("Is 3 > 2 true?", "no")),
        (row("Compute it now.", "+"), row("Compute it now.", "-")),
        (row("Close the brackets.", "]", "[ ( { <"), row("Close the brackets.", "]", "[ { ( <")),
        (row("Rate the mood.", "😀"), row("Rate the mood.", "😡")),
        (row("Pick a mark now.", "?"), row("Pick a mark now.", "!")),
        (row("翻译这句话。", "好"), row("翻译这句话。", "坏")),
        (row("Classify the text.", "yes", "good film"), row("Classify the text.", "yes", "bad film")),
        (row("Say it loud.", "a"), row("Say it loud.", "")),
        (row("Say it loud.", "one two three"), row("Say it loud.", "three two one")),
    ],
    ids=lambda value: value["instruction"][:12] + value["output"],
)
def test_different_tasks_of_equal_wording_both_stay(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any]
) -> None:
    kept, _ = run(tmp_path, [one, other])
    assert numbers(kept) == [0, 1]


@pytest.mark.parametrize(
    "copy",
    [
        row("Name A City, please!", "Kyoto"),
        row("Name a city,  please.\n", "Kyoto."),
        row("“Name a city”, please…", "KYOTO"),
    ],
    ids=["case", "space", "quotes"],
)
def test_case_punctuation_and_space_do_not_make_a_difference(tmp_path: Path, copy: dict[str, Any]) -> None:
    _, dropped = run(tmp_path, [row("Name a city, please.", "Kyoto"), copy])
    assert [(record["task"], record["reason"]) for record in dropped] == [("1", "exact-duplicate")]


def test_a_copy_of_a_near_duplicate_goes_for_the_same_twin(tmp_path: Path) -> None:
    text = " ".join(LONG)
    rows = [row("Go on.", text), row("Go on.", text + " again"), row("Go on!", text + " again")]
    kept, dropped = run(tmp_path, rows)
    detail = {"kept": kept[0]["id"], "jaccard": round(alike(rows[0], rows[1], 3), 6)}
    assert [(r["reason"], json.loads(r["detail"])) for r in dropped] == [
        ("near-duplicate", detail),
        ("exact-duplicate", detail),
    ]


KEEPERS = [
    row("Go on.", " ".join(LONG), scores={"quality": 0.1, "fun": 0.9}),
    row("Go on.", " ".join(LONG) + " now"),
    row("Go on.", " ".join(LONG) + " now then", scores={"quality": 0.8}),
]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"keep": "first"}, 0),
        ({"keep": "last"}, 2),
        ({"keep": "longest"}, 2),
        ({"keep": "best"}, 2),
        ({"keep": "best", "score": "fun"}, 0),
    ],
    ids=str,
)
def test_the_policy_says_which_one_stays(tmp_path: Path, given: dict[str, Any], kept: int) -> None:
    assert numbers(run(tmp_path, KEEPERS, **given)[0]) == [kept]


@pytest.mark.parametrize(
    ("rows", "said"),
    [(KEEPERS, "there are fun, quality"), ([row("Go on.")] * 2, "they have no scores at all")],
    ids=["others", "none"],
)
def test_a_score_that_no_record_has_decides_nothing(
    tmp_path: Path, rows: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(UsageError, match=f"--score taste: no record has this score; {said}"):
        run(tmp_path, rows, keep="best", score="taste")


def test_exact_finds_equal_records_only(tmp_path: Path) -> None:
    kept, dropped = run(tmp_path, [*KEEPERS, KEEPERS[1]], method="exact")
    assert (numbers(kept), numbers(dropped)) == ([0, 1, 2], [3])


@pytest.mark.parametrize(
    ("on", "kept"),
    [("all", [0, 1, 2, 3]), ("instruction", [0, 3]), ("output", [0, 1]), ("both", [0, 1, 3])],
)
def test_on_names_the_fields_that_must_be_alike(tmp_path: Path, on: str, kept: list[int]) -> None:
    rows = [
        row("a b c d", "x", "1"),
        row("a b c d", "y", "1"),
        row("a b c d", "x", "2"),
        row("e f g h", "x", "1"),
    ]
    assert numbers(run(tmp_path, rows, on=on)[0]) == kept


OWN = {"id": "", "source": "here", "license": "CC0-1.0"}  # and `task`: a row of ours, as it stands


def turns(*contents: str) -> dict[str, Any]:
    roles = ("user", "assistant") * len(contents)
    return OWN | {"context": [{"role": r, "content": c} for r, c in zip(roles, contents, strict=False)]}


@pytest.mark.parametrize("method", ["exact", "near", "join"])
def test_conversations_that_end_alike_are_different(tmp_path: Path, method: str) -> None:
    cooking, sewing = turns("How do I bake bread?", "Knead it."), turns("How do I mend a sock?", "Darn it.")
    rows = [
        row("Thanks!", "You are welcome.", **cooking),
        row("Thanks!", "You are welcome.", **sewing),
        row("Thanks!", "You are welcome."),
        row("thanks", "You are welcome!", **turns("how do I bake bread", "Knead it")),
    ]
    kept, dropped = run(tmp_path, rows, method=method)
    assert (numbers(kept), numbers(dropped)) == ([0, 1, 2], [3])
    assert numbers(run(tmp_path, rows, method=method, on="both")[0]) == [0]


def test_conversations_may_be_alike_in_their_earlier_turns(tmp_path: Path) -> None:
    story = " ".join(LONG)
    rows = [row("Go on.", "fine", **turns(story, more)) for more in ("Yes.", "Yes, do.", story[::-1])]
    kept, dropped = run(tmp_path, rows)
    assert (numbers(kept), numbers(dropped)) == ([0, 2], [1])


def test_preferences_over_another_answer_are_different(tmp_path: Path) -> None:
    rows = [row("Say hello.", "Hello!", rejected=text, **OWN) for text in ("No.", "Go away.", "no")]
    kept, dropped = run(tmp_path, rows)
    assert (numbers(kept), numbers(dropped)) == ([0, 1], [2])


@pytest.mark.parametrize("text", ["", " ", "same"])
def test_a_corpus_of_one_text_keeps_one(tmp_path: Path, text: str) -> None:
    kept, dropped = run(tmp_path, [row(text, text)] * 30)
    assert (numbers(kept), len(dropped)) == ([0], 29)


def test_one_huge_record_does_not_disturb_the_others(tmp_path: Path) -> None:
    huge = " ".join(f"w{number}" for number in range(150_000))  # over a megabyte
    rows = [
        row("Go on.", "short"),
        row("Go on.", huge),
        row("Go on.", huge + " end"),
        row("Go on.", "shorter"),
    ]
    assert numbers(run(tmp_path, rows)[0]) == [0, 1, 3]


def test_the_promised_recall_is_that_of_the_formula() -> None:
    assert recall(0.7, 25, 5) == pytest.approx(1 - (1 - 0.7**5) ** 25)
