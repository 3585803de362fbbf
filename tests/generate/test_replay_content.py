"""The content of a recording decides what `--teacher replay` gives: not its name, and not an older ledger."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from generate_runs import Runner, ledger_of, ledger_rows, records, responses_kept

from ittools.store.lock import LOCK_NAME

PROMPTS = ["Name a river.", "Name a lake.", "Name a sea."]
Lines = list[dict[str, Any]]


@pytest.fixture
def recorded(run: Runner, tmp_path: Path) -> Lines:
    """Answers to three prompts, by their keys."""
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps({"instruction": p}) + "\n" for p in PROMPTS))
    run(  # the embedded writer knows no answer; the ledger has the keys
        "generate", str(tmp_path / "prompts.jsonl"), "--method", "answer", "--teacher", "offline",
        "--offline-errors", "0", "--out", str(tmp_path / "first"),
    )  # fmt: skip
    rows = ledger_rows(tmp_path / "first", "SELECT key FROM responses ORDER BY key")
    assert len(rows) == len(PROMPTS)
    return [{"key": key, "text": f"Water {n}."} for n, (key,) in enumerate(rows)]


def write(path: Path, lines: Lines) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def line(tmp_path: Path, *more: str, replay: Path | None = None) -> list[str]:
    return [
        "generate", str(tmp_path / "prompts.jsonl"), "--method", "answer", "--teacher", "replay",
        "--replay", str(replay or tmp_path / "rec.jsonl"), "-m", "ittools-offline-1", "--offline-errors", "0",
        "--out", str(tmp_path / "out"), *more,
    ]  # fmt: skip


def outputs(out: Path) -> list[str]:
    return sorted(str(record["output"]) for record in records(out))


def test_an_edited_recording_is_another_input(run: Runner, recorded: Lines, tmp_path: Path) -> None:
    write(tmp_path / "rec.jsonl", recorded)
    manifest = run.finished(*line(tmp_path))
    assert outputs(tmp_path / "out") == ["Water 0.", "Water 1.", "Water 2."]
    kinds = [entry["kind"] for entry in manifest["inputs"]]
    assert kinds == ["prompts", "recorded answers", "jsonl"]
    write(tmp_path / "rec.jsonl", recorded[::-1])  # the same answers
    assert "reused" in run(*line(tmp_path)).err
    write(tmp_path / "rec.jsonl", [{**recorded[0], "text": "Ice."}, *recorded[1:]])
    ran = run(*line(tmp_path))
    assert (ran.code, "--force" in ran.err) == (2, True)


def test_an_older_ledger_does_not_answer_for_the_recording(
    run: Runner, recorded: Lines, tmp_path: Path
) -> None:
    write(tmp_path / "rec.jsonl", recorded)
    run.finished(*line(tmp_path))
    write(tmp_path / "rec.jsonl", [{**recorded[0], "text": "Ice."}, *recorded[1:]])
    ran = run(*line(tmp_path, "--force"))
    assert (ran.code, "ledger-1.sqlite" in ran.err) == (0, True), ran.err
    assert outputs(tmp_path / "out") == ["Ice.", "Water 1.", "Water 2."]
    assert responses_kept(tmp_path / "out") == 3
    assert _texts(tmp_path / "out" / "ledger" / "ledger-1.sqlite") == {"Water 0.", "Water 1.", "Water 2."}
    write(tmp_path / "rec.jsonl", recorded)
    assert "ledger-2.sqlite" in run(*line(tmp_path, "--force")).err
    assert outputs(tmp_path / "out") == ["Water 0.", "Water 1.", "Water 2."]


def _texts(ledger: Path) -> set[str]:
    with closing(sqlite3.connect(ledger)) as kept:
        return {text for (text,) in kept.execute("SELECT text FROM responses")}


def test_a_ledger_of_the_same_answers_goes_on(run: Runner, recorded: Lines, tmp_path: Path) -> None:
    """Also of a part of them: what is recorded later is added."""
    write(tmp_path / "rec.jsonl", recorded[:2])
    assert "no recorded answer" in run(*line(tmp_path)).err
    kept = responses_kept(tmp_path / "out")
    write(tmp_path / "rec.jsonl", recorded)
    account = run.finished(*line(tmp_path))["teacher"]
    assert (account["responses"], account["this_run"]["reused"]) == (3, kept)
    again = run.finished(*line(tmp_path, "--force"))["teacher"]
    assert again["this_run"] == {"bought": 0, "reused": 3, "failed": 0, "retried": 0}
    whole = run.finished(*line(tmp_path, "--force", replay=tmp_path / "out"))["teacher"]  # itself
    assert whole["this_run"]["reused"] == 3
    assert [file.name for file in (tmp_path / "out" / "ledger").glob("ledger-*")] == []


def test_answers_that_were_bought_are_not_put_aside(run: Runner, recorded: Lines, tmp_path: Path) -> None:
    write(tmp_path / "rec.jsonl", recorded)
    shutil.copytree(tmp_path / "first" / "ledger", tmp_path / "out" / "ledger")
    (tmp_path / "out" / LOCK_NAME).touch()
    with closing(sqlite3.connect(ledger_of(tmp_path / "out"))) as ledger, ledger:
        ledger.execute("UPDATE responses SET cost = 0.01")
    before = _texts(ledger_of(tmp_path / "out"))
    ran = run(*line(tmp_path))
    assert (ran.code, "holds bought answers" in ran.err, "another --out" in ran.err) == (2, True, True)
    assert _texts(ledger_of(tmp_path / "out")) == before


def test_augment_knows_its_recording_by_content_too(run: Runner, tmp_path: Path) -> None:
    rows = [{"instruction": "Name a big river.", "output": "The Rhine."}]
    source = write(tmp_path / "in.jsonl", rows)
    how = ("--paraphrase", "1", "--offline-errors", "0")
    run.finished("augment", str(source), "--teacher", "offline", *how, "--out", str(tmp_path / "first"))
    [(key, text)] = ledger_rows(tmp_path / "first", "SELECT key, text FROM responses")
    words = ("augment", str(source), "--teacher", "replay", "--replay", str(tmp_path / "rec.jsonl"), *how,
             "-m", "ittools-offline-1", "--out", str(tmp_path / "out"))  # fmt: skip
    write(tmp_path / "rec.jsonl", [{"key": key, "text": text}])
    run.finished(*words)
    assert "reused" in run(*words).err
    write(tmp_path / "rec.jsonl", [{"key": key, "text": "Tell me a large river."}])
    assert run(*words).code == 2
    run.finished(*words, "--force")
    assert ledger_rows(tmp_path / "out", "SELECT text FROM responses") == [("Tell me a large river.",)]
