"""Methods before a server that misbehaves: bytes, kills, poison, and a key that it echoes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from generate_runs import (
    KEY,
    Runner,
    all_bytes,
    records,
    responses_kept,
    shard_hashes,
    start,
    wait_for,
    words,
)
from method_lines import own_options
from misbehaving_server import (
    Asked,
    Handler,
    Server,
    Trouble,
    always,
    error,
    first_time,
    huge,
    on_prompt,
    reset,
    says,
    serving,
    status,
)

from ittools.records.scores import scores_dict

PLAIN = ("--structured", "off")


def line(method: str, folder: Path, count: int = 50) -> list[str]:
    return [*PLAIN, *own_options(method, folder, count)]


@pytest.mark.parametrize("method", ["self-instruct", "answer", "alpaca", "evolve", "topics", "dialogue"])
def test_bytes_are_the_same_at_any_concurrency_before_a_server(
    run: Runner, server: Server, tmp_path: Path, method: str
) -> None:
    hashes = []
    for concurrency in ("1", "64", "500"):
        out = tmp_path / concurrency
        run.finished(*words(out, "-c", concurrency, *line(method, tmp_path), url=server.url, num=20))
        hashes.append(shard_hashes(out))
    assert hashes[0]
    assert hashes[0] == hashes[1] == hashes[2]


@pytest.mark.parametrize("method", ["self-instruct", "answer"])
@pytest.mark.parametrize("trouble", [status(500), reset], ids=["500", "reset"])
def test_bytes_are_the_same_when_every_first_attempt_fails(
    run: Runner, server: Server, tmp_path: Path, method: str, trouble: Trouble
) -> None:
    run.finished(*words(tmp_path / "quiet", *line(method, tmp_path), url=server.url, num=20))
    for concurrency in ("1", "64", "500"):
        server.trouble = first_time(trouble)
        out = tmp_path / concurrency
        run.finished(*words(out, "-c", concurrency, *line(method, tmp_path), url=server.url, num=20))
        assert shard_hashes(out) == shard_hashes(tmp_path / "quiet")


@pytest.mark.parametrize("method", ["answer", "alpaca"])
def test_kills_at_several_moments_buy_again_only_what_was_in_flight(
    run: Runner, server: Server, tmp_path: Path, method: str
) -> None:
    """alpaca with further answers, so that a run has two stages to be killed in."""
    more = ("--per-task", "2") if method == "alpaca" else ()
    flags = ("-c", "4", *more, *line(method, tmp_path))
    run.finished(*words(tmp_path / "quiet", *flags, url=server.url, num=30))
    server.asked.clear()
    out = tmp_path / "killed"
    kills = 0
    for least in (1, 7, 15, 24):
        process = start(words(out, *flags, url=server.url, num=30), tmp_path / "log")
        wait_for(
            lambda p=process, n=least: responses_kept(out) >= n or p.poll() is not None,  # type: ignore[misc]
            f"{least} responses",
        )
        process.kill()
        kills += process.wait() != 0
    run.finished(*words(out, *flags, url=server.url, num=30))
    texts = [asked.text for asked in server.asked]
    assert kills
    assert len(texts) - len(set(texts)) <= 4 * kills
    assert shard_hashes(out) == shard_hashes(tmp_path / "quiet")
    assert not (out / ".staging").exists()


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(status(400, error("poison")), "teacher-failed"), (huge(20), "teacher-failed"),
     (says(""), "empty-output"),
     (says(None, "content_filter"), "empty-output"), (says("cut here", "length"), "cut-off")],
    ids=["400", "huge", "empty", "filtered", "cut"],
)  # fmt: skip
def test_one_poisoned_prompt_in_fifty_costs_exactly_one_record(
    run: Runner, server: Server, tmp_path: Path, trouble: Trouble, reason: str
) -> None:
    server.teacher.errors = 0.0
    flags = line("answer", tmp_path)
    run.finished(*words(tmp_path / "quiet", *flags, url=server.url, num=50))
    quiet = records(tmp_path / "quiet")
    assert len(quiet) == 50
    poison = quiet[23]
    server.trouble = on_prompt(f"{poison['instruction']}\n\n{poison['input']}".strip(), trouble)
    manifest = run.finished(*words(tmp_path / "out", "--keep-dropped", *flags, url=server.url, num=50))
    assert records(tmp_path / "out") == [record for record in quiet if record is not poison]
    [lost] = records(tmp_path / "out", "dropped")
    assert (lost["instruction"], lost["reason"]) == (poison["instruction"], reason)
    assert manifest["funnel"]["dropped"] == {reason: 1}


# --- the key --------------------------------------------------------------------------------------


def echo_key(handler: Handler) -> None:
    """The key in everything a server can say: text, other fields, errors and headers."""
    header = handler.headers["Authorization"]
    if handler.asked.number % 3 == 0:
        handler.send(400, error(f"no: {header}"), {"X-Echo": header, "Location": header})
    else:
        more = {"model": header, "system_fingerprint": header, "extra": {header: [header]}}
        says(f"You sent {header} to me.", **more)(handler)


def test_echoed_key_is_in_no_file_and_no_output_of_answer_and_explain(
    run: Runner, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.trouble = always(echo_key)
    flags = ("-v", "--keep-dropped", *line("answer", tmp_path, 12))
    ran = run(*words(tmp_path / "out", *flags, url=server.url, num=12))
    assert ran.code == 0, ran.err
    said = [ran]
    for record in (*records(tmp_path / "out"), *records(tmp_path / "out", "dropped")):
        for manners in ((), ("--json",)):
            flags = ("generate", "--out", str(tmp_path / "out"), "--explain", str(record["id"]), *manners)
            said.append(run(*flags))
            assert said[-1].code == 0, said[-1].err
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {KEY}"}
    kept = all_bytes(tmp_path)
    assert b"[key]" in kept
    assert KEY[8:].encode() not in kept
    assert not any(KEY[8:] in one.out + one.err for one in said)


def test_echoed_keys_of_two_endpoints_are_in_no_file_and_no_output(
    run: Runner, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"KEY_A": KEY, "KEY_B": KEY[::-1]}
    for name, key in keys.items():
        monkeypatch.setenv(name, key)
    with serving() as other:
        for one in (server, other):
            one.trouble = lambda asked: (
                echo_key if asked.number < 8 else status(401, error("no " + echoed(asked)))
            )
        ends = [f"--endpoint={one.url},key={name}" for one, name in ((server, "KEY_A"), (other, "KEY_B"))]
        flags = ["generate", *ends, "-v", "--keep-dropped", "-m", "served", *line("answer", tmp_path, 30)]
        ran = run(*flags, "--out", str(tmp_path / "out"), "--backoff", "0")
        assert ran.code == 1
        for one, key in ((server, "KEY_A"), (other, "KEY_B")):
            assert {asked.headers["authorization"] for asked in one.asked} == {f"Bearer {keys[key]}"}
    kept = all_bytes(tmp_path) + (ran.out + ran.err).encode()
    assert b"[key]" in kept
    assert not any(key[6:-6].encode() in kept for key in keys.values())


def echoed(asked: Asked) -> str:
    return asked.headers["authorization"]


# --- what the endpoint gives ----------------------------------------------------------------------


@pytest.mark.parametrize("gives", [True, False])
def test_several_samples_are_one_request_where_the_server_really_gives_n(
    run: Runner, server: Server, tmp_path: Path, gives: bool
) -> None:
    server.gives_n = gives
    server.teacher.errors = 0.0
    flags = ("--per-task", "3", "--keep-dropped", *line("answer", tmp_path, 6))
    manifest = run.finished(*words(tmp_path / "out", *flags, url=server.url, num=6))
    asked = [a for a in server.asked if a.prompt != "Say hello."]
    assert len(asked) == (6 if gives else 18)
    assert {a.body.get("n") for a in asked} == {3 if gives else None}
    assert manifest["funnel"]["out"] == 6  # the server's answers to one prompt are all alike
    assert manifest["funnel"]["dropped"] == {"repeated-answer": 12}


@pytest.mark.parametrize("gives", [True, False])
def test_score_is_an_expected_value_where_the_server_gives_probabilities(
    run: Runner, server: Server, tmp_path: Path, gives: bool
) -> None:
    server.gives_logprobs = gives
    server.teacher.errors = 0.0
    flags = ("--min-score", "4.2", "--keep-dropped", *line("backtranslate", tmp_path, 6))
    run.finished(*words(tmp_path / "out", *flags, url=server.url, num=6))
    scores = [scores_dict(record["scores"])["self_curation"] for record in records(tmp_path / "out")]  # type: ignore[arg-type]
    assert scores == pytest.approx([4.75 if gives else 5.0] * 6)
    asked = [a for a in server.asked if a.prompt.endswith("Answer with the one digit.")]
    assert {a.body.get("top_logprobs") for a in asked} == {10 if gives else None}


@pytest.mark.parametrize("api", ["chat", "completions", "responses"])
def test_three_forms_of_endpoint_give_the_same_answers(
    run: Runner, server: Server, tmp_path: Path, api: str
) -> None:
    server.teacher.errors = 0.0
    flags = ("--api", api, *line("answer", tmp_path, 12))
    run.finished(*words(tmp_path / "out", *flags, url=server.url, num=12))
    path = {"chat": "chat/completions", "completions": "completions", "responses": "responses"}[api]
    assert {asked.path for asked in server.asked} == {f"/v1/{path}"}
    rows = [json.loads(row) for row in (tmp_path / "prompts.jsonl").read_text().splitlines()]
    found = [(record["instruction"], record["input"]) for record in records(tmp_path / "out")]
    assert found == [(row["instruction"], row["input"]) for row in rows]
