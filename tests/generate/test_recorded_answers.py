"""Real answers of real models: Qwen, Mixtral, text-davinci-003 and gpt-3.5 in Korean."""

from __future__ import annotations

import ast
import gzip
import importlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from generate_runs import ROOT

from ittools.generate.checks import instance_reasons
from ittools.generate.parse import Instance, instances, numbered_tasks, says_yes

RAW = "shared/data/selfinstruct_raw"
PLACES = [parent / RAW for parent in Path(__file__).resolve().parents[2:4]]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def recorded() -> Path:
    found = next((place for place in PLACES if place.is_dir()), None)
    if found is None:
        pytest.skip(f"no recorded answers: {RAW} is neither in the repository nor beside it")
    return found


def rows(path: Path) -> Rows:
    content = path.read_bytes()
    plain_text = gzip.decompress(content) if path.suffix == ".gz" else content
    return [json.loads(line) for line in plain_text.decode().split("\n") if line]


def good(found: list[Instance]) -> list[Instance]:
    return [one for one, reason in zip(found, instance_reasons(found), strict=True) if reason is None]


@pytest.fixture(scope="module")
def qwen(recorded: Path) -> dict[str, list[Instance]]:
    """Instances by instruction, of the answers that are not empty."""
    classes = {
        r["instruction"]: r["is_classification"] for r in rows(recorded / "qwen3/is_clf_or_not.jsonl.gz")
    }
    answers = rows(recorded / "qwen3/machine_generated_instances.jsonl.gz")
    return {
        row["instruction"]: instances(
            row["raw_instances"], label_first=bool(says_yes(classes.get(row["instruction"], "")))
        )
        for row in answers
        if row["raw_instances"].strip()
    }


def test_eight_of_nine_qwen_answers_give_a_valid_instance(qwen: dict[str, list[Instance]]) -> None:
    """The original's parser got something from 32% of them."""
    valid = sum(bool(good(found)) for found in qwen.values())
    assert len(qwen) == 2_356
    assert valid / len(qwen) >= 8 / 9


def test_what_the_authors_parsed_from_qwen_is_found_and_mostly_equal(
    recorded: Path, qwen: dict[str, list[Instance]]
) -> None:
    theirs: dict[str, set[Instance]] = defaultdict(set)
    for row in rows(recorded / "qwen3/all_generated_instances.jsonl.gz"):
        theirs[row["instruction"]].add((row["input"], row["output"]))
    assert set(theirs) <= set(qwen)
    found = sum(bool(good(qwen[task])) for task in theirs)
    equal = sum(set(qwen[task]) == pairs for task, pairs in theirs.items())
    assert found / len(theirs) >= 0.99
    assert equal / len(theirs) >= 0.65  # theirs leaves "Input:" and "Output:" standing in a third


def test_no_label_of_the_form_is_left_at_the_start_of_an_output(qwen: dict[str, list[Instance]]) -> None:
    starts = ("input:", "output:", "class label:", "example 1")
    left = [
        wanted for found in qwen.values() for _, wanted in good(found) if wanted.lower().startswith(starts)
    ]
    assert left == []


def test_every_mixtral_answer_that_runs_on_is_still_a_verdict(recorded: Path) -> None:
    """None is bare: each goes on with questions and answers of its own after its first word."""
    answers = [
        r["is_classification"] for r in rows(recorded / "snail_mixed/is_clf_or_not_template_1.jsonl.gz")
    ]
    assert len(answers) == 1_121
    assert not any(answer.strip().lower() in ("yes", "no") for answer in answers)
    expected = [answer.split()[0].strip(".,").lower() == "yes" for answer in answers]
    assert [says_yes(answer) for answer in answers] == expected


def test_davinci_verdicts_are_read(recorded: Path) -> None:
    answers = rows(recorded / "leadawon/is_clf_or_not_text-davinci-003_template_1.jsonl")
    said = [row["is_classification"].strip() for row in answers]
    assert {text: says_yes(text) for text in said} == {"Yes": True, "No": False, "No.": False, "": None}


def continued(row: dict[str, Any]) -> tuple[str, bool]:
    """Text and whether it was cut, of a recorded completion."""
    response = row["metadata"]["response"]
    whole = ast.literal_eval(response) if isinstance(response, str) else response
    choice = whole["choices"][0]
    text = choice["text"] if "text" in choice else choice["message"]["content"]
    return text, choice["finish_reason"] == "length"


def test_davinci_continuations_give_every_instruction_the_authors_took(recorded: Path) -> None:
    lists = rows(recorded / "leadawon/machine_generated_instructions.jsonl.gz")
    missed = []
    for row in lists:
        text, cut = continued(row)
        found = {plain(task) for task in numbered_tasks(text, cut=cut, goes_on=True)}
        if plain(row["instruction"]) not in found:
            missed.append(row["instruction"])
    assert len(lists) == 101
    assert missed == []


def test_davinci_instances_give_a_task_for_four_answers_of_five(recorded: Path) -> None:
    answers = [r["raw_instances"] for r in rows(recorded / "leadawon/machine_generated_instances.jsonl.gz")]
    valid = sum(bool(good(instances(answer, label_first=False))) for answer in answers)
    assert valid / len(answers) >= 0.8


def test_korean_chat_answers_give_every_instruction_the_authors_took(recorded: Path) -> None:
    lists = rows(recorded / "jojo_ko/machine_generated_instructions.jsonl.gz")
    found = 0
    for row in lists:
        text, cut = continued(row)
        found += plain(row["instruction"]) in {plain(t) for t in numbered_tasks(text, cut=cut, goes_on=True)}
    assert len(lists) == 574
    assert found == len(lists)


def plain(task: str) -> str:
    """Letters only: the authors lower-case, and end each task with a point of their own."""
    return "".join(filter(str.isalnum, task.lower()))


# --- replays: exact figures, each looked into (the table of `python -m bench replays`) --------------

FIGURES = {  # answers, empty, valid tasks, answers that gave one, reasons
    "qwen_verdicts": (3_641, 0, 3_641, 3_641, {"said-no": 3_629, "said-yes": 12}),
    # 170 are nothing but "Input:" and "Output:", of the others the text ends before or inside the output
    "qwen_instances": (3_641, 1_285, 2_107, 2_107, {
        "no-instance": 170, "empty-output": 79, "output-ends-in-colon": 19, "output-equals-input": 1}),
    # short ones are of three words ("현재 시간을 알려주세요."), half of them asked again and again
    "korean_lists": (398, 0, 795, 385, {"not-novel": 229, "instruction-too-short": 3}),
    "davinci_lists": (68, 0, 103, 68, {"not-novel": 33}),
    # the authors bounded answers at 30 tokens: 78 of 101 ended with `length`, amid a sentence
    "davinci_answers": (101, 0, 23, 23, {"cut-off": 78}),
    "davinci_verdicts": (101, 3, 98, 98, {"said-no": 96, "said-yes": 2}),
    "mixtral_verdicts": (1_121, 0, 1_121, 1_121, {"said-no": 1_121}),
    "mixtral_instances": (1_023, 0, 1_023, 1_023, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_recorded_set_gives_these_tasks_and_drops_the_rest_for_these_reasons(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.syspath_prepend(ROOT)
    replays = importlib.import_module("bench.replays")
    found = getattr(replays, name)(recorded)
    got = (found.answers, found.empty, found.tasks, found.yielding, dict(found.reasons))
    assert got == FIGURES[name]


def test_what_qwen_said_without_an_instance_holds_none(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 170 answers four say in words that there is no input, and none says anything else."""
    monkeypatch.syspath_prepend(ROOT)
    replays = importlib.import_module("bench.replays")
    dropped = replays.qwen_instances(recorded).dropped
    left = [text for reason, text in dropped if reason == "no-instance"]
    bare = [
        text.replace("Input:", "").replace("Output:", "").replace("Class label:", "").strip() for text in left
    ]
    assert sorted(text for text in bare if text) == ["No input.", "None", "None", "|"]


def test_every_table_line_has_its_columns(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)
    table = list(importlib.import_module("bench.replays").run())
    assert len(table) == 2 + len(FIGURES)
    assert {line.count("|") for line in table} == {7}
