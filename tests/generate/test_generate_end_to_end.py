"""Whole runs of `ittools generate` against a server that behaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from generate_runs import Runner, ledger_of, records, shard_hashes, words
from misbehaving_server import Server

from ittools.store.verify import verify


def test_chat_run_writes_what_the_manifest_says(run: Runner, server: Server, tmp_path: Path) -> None:
    manifest = run.finished(*words(tmp_path / "out", url=server.url))
    written = records(tmp_path / "out")
    assert manifest["tasks"] == len({record["task"] for record in written}) == 8
    assert manifest["funnel"]["out"] == manifest["splits"]["train"] == len(written)
    assert {record["generator"] for record in written} == {"served"}
    assert {asked.path for asked in server.asked} == {"/v1/chat/completions"}
    assert manifest["teacher"]["this_run"]["bought"] == len(server.asked) == server.answered


def test_completions_run_continues_the_list_and_sends_at_most_four_stops(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    run.finished(*words(tmp_path / "out", "--api", "completions", url=server.url))
    assert {asked.path for asked in server.asked} == {"/v1/completions"}
    assert all(len(asked.body["stop"]) <= 4 for asked in server.asked)
    lists = [asked for asked in server.asked if asked.prompt.endswith("\n9.")]
    assert {(a.body["presence_penalty"], a.body["top_p"]) for a in lists} == {(2.0, 0.5)}
    assert len({record["task"] for record in records(tmp_path / "out")}) == 8


@pytest.mark.parametrize(
    ("flag", "schema", "expected"),
    [("auto", "honoured", True), ("auto", "ignored", False), ("auto", "refused", False),
     ("on", "honoured", True), ("on", "ignored", True), ("off", "honoured", False)],
)  # fmt: skip
def test_structured_answers_are_asked_for_where_the_server_honours_them(
    run: Runner, server: Server, tmp_path: Path, flag: str, schema: str, expected: bool
) -> None:
    server.schema = schema
    run.finished(*words(tmp_path / "out", "--structured", flag, url=server.url))
    asked = [a for a in server.asked if a.prompt != "Say hello."]
    lists = [a for a in asked if a.prompt.startswith("This is a list of varied")]
    assert {("response_format" in a.body) for a in lists} == {expected}
    assert (len(asked) < len(server.asked)) == (flag == "auto")
    assert len({record["task"] for record in records(tmp_path / "out")}) == 8


def test_bytes_are_the_same_at_any_concurrency(run: Runner, server: Server, tmp_path: Path) -> None:
    hashes = []
    for concurrency in ("1", "8", "64"):
        out = tmp_path / concurrency
        run.finished(*words(out, "-c", concurrency, url=server.url, num=24))
        hashes.append(shard_hashes(out))
    assert hashes[0]
    assert hashes[0] == hashes[1] == hashes[2]


def test_same_command_again_reuses_the_output_and_asks_nothing(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    line = words(tmp_path / "out", url=server.url)
    run.finished(*line)
    before, asked = shard_hashes(tmp_path / "out"), len(server.asked)
    ran = run(*line)
    assert ran.code == 0
    assert "reused (same inputs and options)" in ran.err
    assert (shard_hashes(tmp_path / "out"), len(server.asked)) == (before, asked)


def test_forced_repetition_pays_nothing_twice(run: Runner, server: Server, tmp_path: Path) -> None:
    line = words(tmp_path / "out", url=server.url)
    run.finished(*line)
    before, asked = shard_hashes(tmp_path / "out"), len(server.asked)
    again = run.finished(*line, "--force")
    assert (shard_hashes(tmp_path / "out"), len(server.asked)) == (before, asked)
    assert again["teacher"]["this_run"] == {"bought": 0, "reused": asked, "failed": 0, "retried": 0}


def test_another_output_in_the_directory_is_refused(run: Runner, server: Server, tmp_path: Path) -> None:
    run.finished(*words(tmp_path / "out", url=server.url))
    ran = run(*words(tmp_path / "out", url=server.url, num=9))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--force" in ran.err


def test_replay_of_a_ledger_gives_the_same_bytes_without_the_server(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    odd = tmp_path / "a #1? 50%"  # what a URI would take for its own
    run.finished(*words(odd, url=server.url))
    asked = len(server.asked)
    run.finished(
        "generate", "--teacher", "replay", "--replay", str(ledger_of(odd)), "-m", "served",
        "--license", "LicenseRef-unspecified", "--num", "8", "--out", str(tmp_path / "again"),
    )  # fmt: skip
    assert shard_hashes(tmp_path / "again") == shard_hashes(odd)
    assert len(server.asked) == asked


def test_replay_without_the_answer_names_the_missing_key(run: Runner, server: Server, tmp_path: Path) -> None:
    run.finished(*words(tmp_path / "out", url=server.url))
    ran = run(
        "generate", "--teacher", "replay", "--replay", str(ledger_of(tmp_path / "out")), "-m", "served",
        "--seed", "5", "--num", "8", "--out", str(tmp_path / "again"),
    )  # fmt: skip
    assert (ran.code, ran.err.count("\n")) == (1, 2)  # a note on the schema, then the error
    assert "no recorded answer for instructions 0.0 (key " in ran.err


def test_rounds_take_turns_through_the_languages(run: Runner, tmp_path: Path) -> None:
    line = words(tmp_path / "out", "-l", "en", "-l", "de", "-l", "fr", num=30)
    manifest = run.finished(*line)
    languages = manifest["languages"]
    assert sorted(languages) == ["de", "en", "fr"]
    assert min(languages.values()) >= 5


def test_finished_run_is_verified_and_its_funnel_adds_up(run: Runner, tmp_path: Path) -> None:
    manifest = run.finished(*words(tmp_path / "out", "--keep-dropped", num=20))
    funnel, dropped = manifest["funnel"], records(tmp_path / "out", "dropped")
    assert funnel["in"] == funnel["out"] + sum(funnel["dropped"].values())
    reasons = [record["reason"] for record in dropped]
    assert {reason: reasons.count(reason) for reason in reasons} == funnel["dropped"]
    assert verify(tmp_path / "out") == []


def test_offline_errors_share_shapes_the_output_whatever_the_ledger_holds(
    run: Runner, tmp_path: Path
) -> None:
    spoiled = ("--offline-errors", "0.5")
    run.finished(*words(tmp_path / "fresh", *spoiled))
    run.finished(*words(tmp_path / "used"))
    run.finished(*words(tmp_path / "used", *spoiled, "--force"))
    assert shard_hashes(tmp_path / "used") == shard_hashes(tmp_path / "fresh")
