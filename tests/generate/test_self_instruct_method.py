"""The method: what is new, what is kept, in which order, and when it gives up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from generate_runs import Runner, records, words
from method_runs import SEED, job_for, reasons, run_method, seeds
from misbehaving_server import Server, always, says

from ittools.errors import Stopped
from ittools.generate.checks import instance_reasons, instruction_reason
from ittools.generate.harvest import Harvest
from ittools.generate.methods.self_instruct import SelfInstruct
from ittools.generate.seeds import Seed
from ittools.generate.teacher import Request
from ittools.records.scores import scores_dict
from ittools.text.rouge import rouge_l

Write = Callable[[Request], list[str]]


def result_of(
    write: Write, num: int = 1, shown: list[Seed] | None = None, languages: tuple[str, ...] = ("en",),
    answer: Callable[[Request], str] = lambda _: "Output: fine", per_task: int = 5,
) -> Harvest:  # fmt: skip
    """One run whose teacher writes the tasks that `write` gives for a request."""

    def say(request: Request) -> str:
        if request.stage == "instructions":
            return json.dumps(write(request))
        return "No" if request.stage == "classification" else answer(request)

    quotas = {language: num // len(languages) for language in languages}
    job = job_for("self-instruct", say, quotas=quotas, per_task=per_task, shown=shown or seeds(SEED))
    return run_method(job, SelfInstruct(job))


def numbered(request: Request, count: int = 3) -> list[str]:
    """Tasks unlike any other."""
    place = request.round * 100 + request.index
    return [f"Do task{place}x{n} with word{place}y{n} thing{place}z{n} now{place}q{n}" for n in range(count)]


@pytest.mark.parametrize(
    ("task", "score", "new"),
    [
        ("one two three four five six seven alpha beta gamma", 0.7, True),
        ("one two three four five six seven alpha beta", 14 / 19, False),
        ("one two three four five six seven eight beta gamma", 0.8, False),
        (SEED.title(), 1.0, False),
        ("alpha beta gamma delta", 0.0, True),
    ],
)
def test_likeness_to_a_seed_above_seven_tenths_is_not_new_and_exactly_that_is(
    task: str, score: float, new: bool
) -> None:
    assert rouge_l(task, SEED) == pytest.approx(score)
    result = result_of(lambda r: [task] if r.round == 0 else numbered(r), num=1)
    assert (task in {record["instruction"] for record in result.records}) is new
    assert reasons(result).get(task) == (None if new else "not-novel")


def test_likeness_to_an_earlier_acceptance_is_not_new_even_in_the_same_answer() -> None:
    near = "alpha beta gamma delta epsilon zeta eta theta iota lambda"
    twice = ["alpha beta gamma delta epsilon zeta eta theta iota kappa", near]
    result = result_of(lambda r: twice if r.round == 0 else [near] if r.round == 1 else numbered(r), num=2)
    assert [reason for record, reason in result.dropped if record["instruction"] == near] == ["not-novel"] * 2


def test_record_carries_the_ten_nearest_and_their_scores() -> None:
    shown = [f"one two three four five filler{n}" for n in range(15)]
    result = result_of(lambda _: ["one two something else entirely different here"], shown=seeds(*shown))
    [record] = result.records
    nearest = json.loads(record["meta"])["most_similar"]
    assert len(nearest) == 10
    assert scores_dict(record["scores"])["rouge_l_max"] == pytest.approx(nearest[0][1], abs=1e-4)
    assert record["parents"]
    assert (record["license"], record["generator"], record["language"]) == ("CC0-1.0", "scripted", "en")


def test_case_of_the_task_is_kept() -> None:
    result = result_of(lambda _: ["What is the capital of France, and who was Ada Lovelace?"])
    assert result.records[0]["instruction"] == "What is the capital of France, and who was Ada Lovelace?"


def test_tasks_beyond_the_number_wanted_are_surplus_and_ask_for_nothing() -> None:
    result = result_of(lambda r: numbered(r, 8), num=3)
    assert (result.tasks, len(result.records)) == (3, 3)
    assert [reason for _, reason in result.dropped] == ["surplus"] * 5


def test_answer_without_tasks_and_task_without_instance_have_their_reasons() -> None:
    result = result_of(
        lambda r: [] if r.round == 0 else numbered(r, 2), answer=lambda r: "Output: x" if r.round > 1 else ""
    )
    assert [reason for _, reason in result.dropped] == [
        "no-task-in-answer",
        "surplus",
        "no-instance",
        "surplus",
    ]


@pytest.mark.parametrize("per_task", [1, 3, 5])
def test_at_most_so_many_instances_a_task_are_kept_and_asked_for(per_task: int) -> None:
    pairs = "\n".join(f"Input: {n}\nOutput: {n}{n}" for n in range(9))
    prompts: list[str] = []

    def answer(request: Request) -> str:
        prompts.append(request.prompt)
        return pairs

    result = result_of(lambda r: numbered(r, 1), answer=answer, per_task=per_task)
    assert [(r["input"], r["output"]) for r in result.records] == [
        (f"{n}", f"{n}{n}") for n in range(per_task)
    ]
    assert result.tasks == 1
    assert f"Write up to {per_task} instances of this last task" in prompts[0]


def test_later_rounds_show_two_machine_written_tasks_among_the_seeds() -> None:
    prompts: list[str] = []

    def write(request: Request) -> list[str]:
        prompts.append(request.prompt)
        return numbered(request, 2)

    result_of(write, num=9, shown=seeds(*(f"seed{n} number{n}" for n in range(30))))
    last = re.findall(r"^\d+\. (.+)$", prompts[-1], re.MULTILINE)
    assert len(last) == 8
    assert sum(task.startswith("Do task") for task in last) == 2


@pytest.mark.parametrize("found", [0, 2])
def test_eight_barren_rounds_stop_with_what_was_found(found: int) -> None:
    with pytest.raises(Stopped, match="the last 8 rounds brought nothing new") as caught:
        result_of(lambda r: numbered(r, found) if (r.round, r.index) == (0, 0) else [SEED], num=5)
    assert f": {found} tasks accepted, still wanted: en {5 - found} (dropped: " in str(caught.value)
    assert ("--num 2" in str(caught.value)) == bool(found)
    assert "--num 0" not in str(caught.value)


def test_barren_run_exits_3_in_one_line(run: Runner, server: Server, tmp_path: Path) -> None:
    server.trouble = always(says("I have no ideas."))
    ran = run(*words(tmp_path / "out", "--structured", "off", url=server.url))
    assert (ran.code, ran.err.count("\n")) == (3, 1)
    assert "brought nothing new: 0 tasks accepted, still wanted: en 8 (dropped: no-task" in ran.err
    assert ran.err.endswith("); give more seeds\n")


def test_languages_take_turns_and_each_has_its_own_pool() -> None:
    """Nearly the same words in two languages are two tasks; the pools do not know of each other."""
    asked: list[str] = []

    def write(request: Request) -> list[str]:
        [language] = re.findall(r"written in (\w+)\.", request.prompt)
        asked.append(language)
        place = request.round
        return [f"Añade palabra{place}a palabra{place}b palabra{place}c palabra{place}d {language}"]

    result = result_of(write, num=8, languages=("es", "ca"), shown=seeds(SEED, language="es"))
    assert asked == ["Spanish", "Catalan"] * 4
    assert [record["language"] for record in result.records] == ["es", "ca"] * 4
    assert result.dropped == []


# --- the checks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instruction", "reason"),
    [
        ("Name three trees", "instruction-too-short"),
        ("Name three tall trees", None),
        (" ".join(["word"] * 150), None),
        (" ".join(["word"] * 151), "instruction-too-long"),
        ("Describe the images in the album", "needs-other-than-text"),
        ("Please Draw a small house now", "needs-other-than-text"),
        ("Go to the shop and buy milk", "needs-other-than-text"),
        ("Write down the paragraph on mapping", None),
        ("Explain drawing lots to a child", None),
        ("Profile the imaginary photographer's day", None),
        ("Write a program that adds two numbers", "write-a-program"),
        ("Explain how to write a program", None),
        ("- Name three tall trees", "starts-with-punctuation"),
        ("… name three tall trees", "starts-with-punctuation"),
        ('"Hot" is to cold as day is to what?', None),
        ("(Optional) name three tall trees", None),
        ("3 apples and 4 pears make what?", None),
        ("Économisez l'eau de la maison", "not-ascii-start"),
    ],
)  # fmt: skip
def test_instruction_has_its_reason(instruction: str, reason: str | None) -> None:
    assert instruction_reason(instruction, "en") == reason
    assert instruction_reason(instruction, "en-GB") == reason


@pytest.mark.parametrize(
    ("language", "instruction"),
    [
        ("fr", "Économisez l'eau de la maison"),
        ("es", "¿Qué árbol es el más alto?"),
        ("zh", "请列举三种颜色。"),
        ("ru", "Назови три высоких дерева"),
        ("ar", "اذكر ثلاثة أشجار طويلة"),
        ("ko", "나무 세 그루를 말하세요 지금"),
        ("de", "„Haus“ und „Maus“: reimt sich das?"),
        ("hi", "तीन ऊँचे पेड़ों के नाम बताओ"),
        ("ja", "「犬」の意味を説明する"),
    ],
)
def test_other_languages_begin_as_they_do(language: str, instruction: str) -> None:
    assert instruction_reason(instruction, language) is None


@pytest.mark.parametrize(
    ("found", "reasons"),
    [
        ([("1", "one")], [None]),
        ([("1", " ")], ["empty-output"]),
        ([("one", "one ")], ["output-equals-input"]),
        ([("1", "as follows:")], ["output-ends-in-colon"]),
        ([("1", "如下：")], ["output-ends-in-colon"]),
        ([("1", "one"), ("1", "one")], [None, "repeated-instance"]),
        ([("1", "one"), ("1", "uno"), ("2", "two")], ["contradicting-outputs"] * 3),
        ([("", "a poem"), ("", "another")], [None, None]),
        ([], []),
    ],
)
def test_instances_have_their_reasons(found: list[tuple[str, str]], reasons: list[str | None]) -> None:
    assert instance_reasons(found) == reasons


def test_every_candidate_of_a_spoiling_teacher_is_accounted_for(run: Runner, tmp_path: Path) -> None:
    manifest = run.finished(*words(tmp_path / "out", "--offline-errors", "0.6", "--keep-dropped", num=25))
    found = {str(record["reason"]) for record in records(tmp_path / "out", "dropped")}
    assert found == set(manifest["funnel"]["dropped"])
    assert {"not-novel", "needs-other-than-text", "instruction-too-short", "starts-with-punctuation",
            "empty-output", "output-equals-input", "output-ends-in-colon", "contradicting-outputs",
            } <= found  # fmt: skip
