"""Whole runs while the server misbehaves: what is lost, what is said, what the next run does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from generate_runs import KEY, Runner, all_bytes, ledger_rows, records, responses_kept, shard_hashes, words
from misbehaving_server import (
    Asked,
    Handler,
    Server,
    Trouble,
    always,
    closed_port,
    error,
    first_time,
    hang_up,
    huge,
    redirect,
    reset,
    says,
    serving,
    short_body,
    status,
)


@pytest.mark.parametrize(
    "trouble",
    [status(500), status(503), status(504), reset, hang_up, short_body, status(200, "<html>"),
     status(200, "null"), status(200, "[]"),
     status(200, {"choices": []})],
    ids=["500", "503", "504", "reset", "hang-up", "short", "html", "null",
         "list", "no-choices"],
)  # fmt: skip
def test_trouble_at_every_first_attempt_changes_no_byte(
    run: Runner, server: Server, tmp_path: Path, trouble: Trouble
) -> None:
    run.finished(*words(tmp_path / "quiet", url=server.url, num=6))
    quiet = len(server.asked)
    server.asked.clear()
    server.trouble = first_time(trouble)
    manifest = run.finished(*words(tmp_path / "troubled", url=server.url, num=6))
    assert shard_hashes(tmp_path / "troubled") == shard_hashes(tmp_path / "quiet")
    assert len(server.asked) == 2 * quiet
    assert manifest["teacher"]["this_run"] == {
        "bought": quiet, "reused": 0, "failed": 0, "retried": quiet,
    }  # fmt: skip


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "0"}, {"Retry-After-Ms": "1"}, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}],
    ids=["now", "ms", "date"],
)
def test_rate_limit_at_some_first_attempts_changes_no_byte(
    run: Runner, server: Server, tmp_path: Path, headers: dict[str, str]
) -> None:
    run.finished(*words(tmp_path / "quiet", url=server.url, num=6))
    quiet = len(server.asked)
    server.asked.clear()
    meets = first_time(status(429, error("slow down"), headers))
    server.trouble = lambda asked: meets(asked) if len(asked.text) % 4 == 0 else None
    manifest = run.finished(*words(tmp_path / "troubled", url=server.url, num=6))
    assert shard_hashes(tmp_path / "troubled") == shard_hashes(tmp_path / "quiet")
    retried = len(server.asked) - quiet
    assert retried
    assert manifest["teacher"]["this_run"] == {
        "bought": quiet, "reused": 0, "failed": 0, "retried": retried,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(status(400, error("poison")), "teacher-failed"), (huge(20), "teacher-failed"),
     (says(None, "content_filter"), "no-instance"), (says(""), "no-instance")],
    ids=["400", "huge", "filtered", "empty"],
)  # fmt: skip
def test_one_poisoned_request_costs_one_task_only(
    run: Runner, server: Server, tmp_path: Path, trouble: Trouble, reason: str
) -> None:
    run.finished(*words(tmp_path / "quiet", url=server.url, num=50))
    quiet = in_first_round(tmp_path / "quiet")
    poison = quiet[20]

    def decide(asked: Asked) -> Trouble | None:
        wants_instances = asked.prompt.startswith(("Each task is", "Each classification task is"))
        return trouble if wants_instances and f"\nTask: {poison}\n\nWrite" in asked.prompt else None

    server.trouble = decide
    manifest = run.finished(*words(tmp_path / "out", "--keep-dropped", url=server.url, num=50))
    assert manifest["tasks"] == 50
    lost = [r["instruction"] for r in records(tmp_path / "out", "dropped") if r["reason"] == reason]
    assert lost == [poison]
    assert in_first_round(tmp_path / "out") == [task for task in quiet if task != poison]
    assert manifest["teacher"]["this_run"]["failed"] == (reason == "teacher-failed")


def in_first_round(out: Path) -> list[str]:
    """Instructions kept, in order; later rounds show what earlier ones kept, so they may differ."""
    kept = [r["instruction"] for r in records(out) if json.loads(str(r["meta"]))["round"] == 0]
    return list(dict.fromkeys(map(str, kept)))


@pytest.mark.parametrize("since", [3, 12, 25])
def test_outage_keeps_all_answers_and_the_next_run_ends_in_the_same_bytes(
    run: Runner, server: Server, tmp_path: Path, since: int
) -> None:
    run.finished(*words(tmp_path / "quiet", "-c", "2", url=server.url, num=16))
    server.asked.clear()
    server.trouble = lambda asked: status(503, error("down")) if asked.number >= since else None
    line = words(tmp_path / "out", "-c", "2", "--retries", "1", url=server.url, num=16)
    ran = run(*line)
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert re.search(r"answered 503: down \(after 2 attempts\)", ran.err.splitlines()[-1])
    assert not (tmp_path / "out" / "manifest.json").exists()
    assert responses_kept(tmp_path / "out") == since - 1
    before, server.trouble = server.answered, lambda _: None
    manifest = run.finished(*line)
    assert shard_hashes(tmp_path / "out") == shard_hashes(tmp_path / "quiet")
    assert manifest["teacher"]["this_run"]["reused"] == since - 1
    assert manifest["teacher"]["this_run"]["bought"] == server.answered - before


@pytest.mark.parametrize(
    ("trouble", "said"),
    [(status(401, error("Incorrect API key")), "answered 401: Incorrect API key. Every answer is kept"),
     (status(404, error("no such model")), "answered 404: no such model (does --base-url end in /v1"),
     (status(429, error("pay first", code="insufficient_quota")), "answered 429: pay first. Every answer"),
     (status(429, error("later"), {"Retry-After": "100000"}), "asks to wait 100,000 s. Every answer is kept"),
     (redirect("http://127.0.0.1:9/v1/x"), "redirects to http://127.0.0.1:9/v1/x; if that is right")],
    ids=["401", "404", "quota", "wait", "redirect"],
)  # fmt: skip
def test_fatal_answer_stops_with_one_line_and_the_next_run_goes_on(
    run: Runner, server: Server, tmp_path: Path, trouble: Trouble, said: str
) -> None:
    server.trouble = lambda asked: trouble if asked.number > 4 else None
    line = words(tmp_path / "out", "-c", "1", "--structured", "off", url=server.url)
    ran = run(*line)
    assert (ran.code, ran.err.count("\n"), len(server.asked)) == (1, 1, 5)
    assert said in ran.err
    assert responses_kept(tmp_path / "out") == 4
    assert ledger_rows(tmp_path / "out", "SELECT count(*) FROM intents") == [(4,)]
    server.trouble = lambda _: None
    assert run.finished(*line)["teacher"]["this_run"]["reused"] == 4


def test_redirected_prompt_reaches_nobody_else(run: Runner, server: Server, tmp_path: Path) -> None:
    with serving() as elsewhere:
        server.trouble = always(redirect(f"{elsewhere.url}/chat/completions"))
        assert run(*words(tmp_path / "out", url=server.url)).code == 1
        assert elsewhere.asked == []


def test_missing_key_is_one_line_and_exit_2(run: Runner, tmp_path: Path) -> None:
    ran = run("generate", "--num", "5", "--out", str(tmp_path / "out"))
    said = "no key: set OPENAI_API_KEY, or --base-url for a local server, or --teacher offline"
    assert (ran.code, ran.err) == (2, f"ittools generate: {said}\n")


def test_unreachable_server_is_one_line_after_two_attempts(run: Runner, tmp_path: Path) -> None:
    url = closed_port()
    ran = run(*words(tmp_path / "out", url=url))
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith(f"ittools generate: cannot reach {url}/ (")
    assert responses_kept(tmp_path / "out") == 0
    assert ledger_rows(tmp_path / "out", "SELECT count(*) FROM intents") == [(0,)]


@pytest.mark.parametrize(
    "url",
    ["ftp://host/v1", "host:8000/v1", "http://", "file:///etc/passwd", "http://[::1/v1", "http://h:99999/v1",
     "https://user:secret@host/v1"],
)  # fmt: skip
def test_wrong_address_is_one_line_and_exit_2(run: Runner, tmp_path: Path, url: str) -> None:
    ran = run(*words(tmp_path / "out", url=url))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "expected http(s)://host/v1 with no password or query in it" in ran.err
    assert not (tmp_path / "out").exists()


def echo_key(handler: Handler) -> None:
    """The key in a body: in an answer at even numbers, in a refusal at odd ones."""
    header = handler.headers["Authorization"]
    said = f"9. Say {header} in three words.\nOutput: {header}"
    if handler.asked.number % 2:
        handler.send(400, error(said), {"Location": said.replace("\n", " ")})
    else:
        says(said)(handler)


@pytest.mark.parametrize("manners", ["-v", "--json"])
def test_key_is_in_no_file_and_no_output_even_when_the_server_echoes_it(
    run: Runner, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manners: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.trouble = lambda asked: echo_key if asked.number % 5 < 2 else None
    line = words(tmp_path / "out", manners, "--keep-dropped", "-c", "2", url=server.url, num=12)
    ran = run(*line)
    assert ran.code == 0, ran.err
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {KEY}"}
    server.trouble = always(status(401, error(f"wrong key {KEY}")))
    refused = run(*words(tmp_path / "refused", url=server.url))
    assert refused.code == 1
    kept = all_bytes(tmp_path)
    assert b"[key]" in kept
    assert KEY[8:].encode() not in kept
    assert KEY[8:] not in ran.out + ran.err + refused.out + refused.err


def test_lone_surrogates_inside_structured_answers_become_replacement_characters(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    tasks = says('{"tasks": ["Repeat the word \\ud800 four times over."]}')
    pairs = says('{"instances": [{"input": "", "output": "word \\udfff word"}]}')
    server.trouble = lambda asked: (
        None if asked.prompt == "Say hello." else pairs if "instances" in asked.prompt[:60] else tasks
    )
    run.finished(*words(tmp_path / "out", url=server.url, num=1))
    [record] = records(tmp_path / "out")
    assert record["instruction"] == "Repeat the word \ufffd four times over."
    assert record["output"] == "word \ufffd word"


def test_answer_cut_at_its_length_keeps_its_complete_tasks(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    cut = says("9. Name the four seasons of the year.\n10. Describe the taste of an unripe", "length")
    pairs = says("Output: Spring, summer, autumn, winter.")

    def decide(asked: Asked) -> Trouble | None:
        return cut if asked.number == 1 else pairs if "instances" in asked.prompt[:60] else None

    server.trouble = decide
    line = words(tmp_path / "out", "--structured", "off", url=server.url, num=1)
    run.finished(*line)
    assert {record["instruction"] for record in records(tmp_path / "out")} == {
        "Name the four seasons of the year."
    }


def test_probe_lost_to_an_outage_is_asked_again_by_the_next_run(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    """A schema that was refused once by an overloaded server is not given up for ever."""
    run.finished(*words(tmp_path / "quiet", url=server.url))
    server.trouble = always(status(503, error("down")))
    assert run(*words(tmp_path / "out", "--retries", "1", url=server.url)).code == 1
    server.trouble = lambda _: None
    run.finished(*words(tmp_path / "out", url=server.url))
    assert shard_hashes(tmp_path / "out") == shard_hashes(tmp_path / "quiet")
