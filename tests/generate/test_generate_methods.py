"""Every method from the command line with the offline teacher: right answers, quotas, reasons, bytes."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from generate_runs import Runner, ledger_rows, records, shard_hashes, words
from method_lines import METHODS, OF_SEEDS, own_options

from ittools.generate.offline.solve import read_task, solve
from ittools.generate.offline.teacher import LANGUAGES, MODEL
from ittools.store.verify import verify

sys.path.insert(0, str(Path(__file__).parent / "offline"))
from checkers import CHECKERS

each_method = pytest.mark.parametrize("method", METHODS)


def of(record: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(record["meta"]))


def is_right(record: dict[str, Any]) -> bool:
    """The output is right for the task, by a second way of solving it."""
    text = f"{record['instruction']}\n\n{record['input']}" if record["input"] else record["instruction"]
    if record["context"]:  # the same again with another input
        first = next(turn["content"] for turn in record["context"] if turn["role"] == "user")
        text = f"{first.partition(chr(10) * 2)[0]}\n\n{text.partition(chr(10) * 2)[2]}"
    read = read_task(text)
    assert read is not None, text
    task, given, constraints = read
    if constraints:
        return bool(record["output"] == solve(text))
    return CHECKERS[task.kind.name](task.language, dict(task.parameters), given, record["output"])


@each_method
def test_run_is_finished_verified_and_its_funnel_adds_up(run: Runner, tmp_path: Path, method: str) -> None:
    manifest = run.finished(
        *words(tmp_path / "out", "--keep-dropped", *own_options(method, tmp_path), num=20)
    )
    written, dropped = records(tmp_path / "out"), records(tmp_path / "out", "dropped")
    funnel = manifest["funnel"]
    assert manifest["accepted"] == 20
    assert manifest["tasks"] == len({record["task"] for record in written})
    assert funnel["out"] == len(written) >= 20
    assert Counter(str(record["reason"]) for record in dropped) == funnel["dropped"]
    assert funnel["in"] == funnel["out"] + len(dropped)
    assert verify(tmp_path / "out") == []


@each_method
def test_record_says_method_model_prompt_and_the_requests_that_made_it(
    run: Runner, tmp_path: Path, method: str
) -> None:
    manifest = run.finished(*words(tmp_path / "out", *own_options(method, tmp_path), num=12))
    known = {row[0] for row in ledger_rows(tmp_path / "out", "SELECT key FROM responses")}
    for record in records(tmp_path / "out"):
        about = of(record)
        assert record["source"] == f"{method}/{MODEL}"
        assert (record["generator"], about["method"]) == (MODEL, method)
        assert record["template"] == about["prompt"] == manifest["prompts"]["version"]
        assert about["requests"]
        assert set(about["requests"].values()) <= known


@pytest.mark.parametrize("method", [method for method in METHODS if method != "backtranslate"])
def test_every_answer_kept_is_right(run: Runner, tmp_path: Path, method: str) -> None:
    """The teacher spoils a third of its answers; what is wrong and not marked so would be seen here."""
    line = words(tmp_path / "out", "--offline-errors", "0.3", *own_options(method, tmp_path), num=40)
    run.finished(*line)
    wrong = [
        record for record in records(tmp_path / "out") if not kept_for_cause(record) and not is_right(record)
    ]
    assert [(record["instruction"], record["input"], record["output"]) for record in wrong] == []


def kept_for_cause(record: dict[str, Any]) -> bool:
    """Spoiled in a way that only a reader sees, or `filter`: a refusal, dots, a task in another language."""
    read = read_task(str(record["instruction"]))
    foreign = read is not None and read[0].language != record["language"]
    return foreign or record["output"] in ("...", "I'm sorry, but I cannot help with that.")


def test_documents_obey_the_instructions_that_were_found_for_them(run: Runner, tmp_path: Path) -> None:
    line = own_options("backtranslate", tmp_path, 200)
    run.finished(*words(tmp_path / "out", "--keep-dropped", "--offline-errors", "0.3", *line, num=100))
    for record in records(tmp_path / "out"):
        output = str(record["output"])
        first = " ".join(output.split()[:4])
        assert f"a text of {len(output.split())} words that begins with “{first}” and has" in str(
            record["instruction"]
        )
        assert str(record["instruction"]).rpartition("“")[2].partition("”")[0] in output
    wrong = [r for r in records(tmp_path / "out", "dropped") if r["reason"] == "low-score"]
    assert wrong
    assert all(f" {len(str(r['output']).split())} words" not in str(r["instruction"]) for r in wrong)


@pytest.mark.parametrize("method", OF_SEEDS)
@pytest.mark.parametrize("shares", [("en", "de=3", "fr"), ("it", "es")])
def test_quotas_of_languages_are_met_exactly(
    run: Runner, tmp_path: Path, method: str, shares: tuple[str, ...]
) -> None:
    flags = [part for share in shares for part in ("-l", share)]
    manifest = run.finished(*words(tmp_path / "out", *flags, *own_options(method, tmp_path), num=25))
    tasks = Counter(
        language for language, _ in {(r["language"], r["task"]) for r in records(tmp_path / "out")}
    )
    wanted = {"en": 5, "de": 15, "fr": 5} if len(shares) == 3 else {"it": 13, "es": 12}
    assert tasks == wanted
    assert manifest["tasks"] == 25


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("backtranslate", "self-instruct")])
def test_per_task_bounds_the_answers_of_a_task(run: Runner, tmp_path: Path, method: str) -> None:
    """All right answers of the offline teacher are equal: one of them stands, the others are repeated."""
    line = words(
        tmp_path / "out", "--per-task", "3", "--keep-dropped", *own_options(method, tmp_path), num=10
    )
    manifest = run.finished(*line)
    assert max(Counter(record["task"] for record in records(tmp_path / "out")).values()) <= 3
    assert manifest["funnel"]["dropped"]["repeated-answer"] >= 10


@each_method
def test_another_seed_is_another_run_and_the_same_seed_the_same(
    run: Runner, tmp_path: Path, method: str
) -> None:
    line = own_options(method, tmp_path)
    for name, seed in (("one", "1"), ("two", "2"), ("again", "1")):
        run.finished(*words(tmp_path / name, "--seed", seed, *line, num=8))
    assert shard_hashes(tmp_path / "one") == shard_hashes(tmp_path / "again")
    assert shard_hashes(tmp_path / "one") != shard_hashes(tmp_path / "two")


@each_method
def test_bytes_are_the_same_at_any_concurrency(run: Runner, tmp_path: Path, method: str) -> None:
    line = [*own_options(method, tmp_path), "--offline-errors", "0.3", "--keep-dropped"]
    hashes = []
    for concurrency in ("1", "64", "500"):
        run.finished(*words(tmp_path / concurrency, "-c", concurrency, *line, num=40))
        hashes.append((shard_hashes(tmp_path / concurrency), records(tmp_path / concurrency, "dropped")))
    assert hashes[0][0]
    assert hashes[0] == hashes[1] == hashes[2]


@each_method
def test_forced_repetition_pays_nothing_and_changes_no_byte(run: Runner, tmp_path: Path, method: str) -> None:
    line = words(tmp_path / "out", *own_options(method, tmp_path), num=8)
    run.finished(*line)
    before = shard_hashes(tmp_path / "out")
    again = run.finished(*line, "--force")
    assert shard_hashes(tmp_path / "out") == before
    assert again["teacher"]["this_run"]["bought"] == 0


@each_method
def test_dry_run_of_each_method_writes_nothing(run: Runner, tmp_path: Path, method: str) -> None:
    ran = run(*words(tmp_path / "out", "--dry-run", *own_options(method, tmp_path), num=20))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("nothing was sent or written\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("operations", ["text", "code"])
def test_evolution_goes_several_rounds_deep(
    run: Runner, tmp_path: Path, language: str, operations: str
) -> None:
    line = ("--method", "evolve", "--operations", operations, "-l", language)
    run.finished(*words(tmp_path / "out", *line, num=60))
    found = records(tmp_path / "out")
    ids = {record["id"]: record for record in found}
    deep = [record for record in found if of(record)["depth"] > 1]
    assert deep
    for record in deep:
        [parent] = record["parents"]  # type: ignore[misc]
        assert of(ids[parent])["depth"] == of(record)["depth"] - 1
    assert max(of(record)["depth"] for record in found) <= 4


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--method", "answer"), "--method answer works on prompts: name a file or a dataset directory"),
        (("--method", "backtranslate"), "--method backtranslate works on documents: name a file"),
        (("x.jsonl",), "INPUT is of --method answer and backtranslate, not of self-instruct"),
        (("--method", "alpaca", "--rounds", "2"), "--rounds is of --method evolve, not of alpaca"),
        (("--method", "dialogue", "--turns", "1"), "--turns must be at least 2 for a conversation"),
        (("--method", "dialogue", "--turns", "0"), "--rounds and --turns must be at least 1"),
        (("--method", "evolve", "--rounds", "0"), "--rounds and --turns must be at least 1"),
        (("--method", "backtranslate", "x", "--min-score", "6"), "--min-score is a number from 1 to 5"),
        (("--per-task", "0"), "--per-task must be at least 1"),
        (("--max-similar", "1.1"), "--max-similar is a number from 0 to 1"),
        (("--method", "evolve", "--novelty", "near"), "--novelty is of --method"),
        (("--temperature", "3"), "--temperature is a number from 0 to 2"),
        (("--max-tokens", "0"), "--max-tokens must be at least 1"),
        (("--offline-errors", "1"), "--offline-errors is a share from 0 to 0.9"),
        (("--endpoint", "http://a/v1"), "--endpoint and --batch are of --teacher openai, not of offline"),
    ],
)  # fmt: skip
def test_option_that_does_not_fit_is_one_line_and_exit_2(
    run: Runner, tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    ran = run(*words(tmp_path / "out", *flags))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert said in ran.err
    assert not (tmp_path / "out").exists()


def test_all_options_that_do_not_fit_are_told_at_once(run: Runner, tmp_path: Path) -> None:
    ran = run(*words(tmp_path / "out", "--turns", "5", "--min-score", "3", "--per-task", "0"))
    for part in ("--turns is of", "--min-score is of", "--per-task must be"):
        assert part in ran.err
