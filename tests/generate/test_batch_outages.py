"""Batches through outages and kills: every request is bought once, and an open batch is found again."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from batch_runs import ANSWERS, COUNT, account, no, only_at_first, outputs, the_first, without_waits, words
from batch_server import (
    DROP,
    DROP_AFTERWARDS,
    HANG,
    HANG_AFTERWARDS,
    Batches,
    Trouble,
    answered,
    asked,
    batches,
    refused,
    unsent,
)
from generate_runs import KEY, PATIENCE, Ran, Runner, all_bytes, ledger_rows, shard_hashes, start

from ittools.generate.batch import BatchTeacher
from ittools.generate.ledger import Ledger
from ittools.generate.prices import Price
from ittools.generate.teacher import Request, Response


@pytest.fixture
def server() -> Iterator[Batches]:
    with batches() as running:
        yield running


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    without_waits(monkeypatch)


@pytest.fixture
def buy(run: Runner, server: Batches, tmp_path: Path) -> Callable[..., Ran]:
    """One run in this process; its output is `tmp_path / out`."""
    return lambda *more, out="out": run(*words(server, tmp_path / out, *more))


def bought_once(server: Batches, out: Path) -> None:
    """One batch, all its answers kept, none counted as lost."""
    assert server.sizes() == [COUNT]
    assert outputs(out) == ANSWERS
    assert account(out)["possibly_billed"] == {"requests": 0, "at_most_usd": 0.0}
    assert {ended for (ended,) in ledger_rows(out, "SELECT ended FROM batches")} == {1}


# --- outages while it is made ---------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [DROP_AFTERWARDS, no(500), no(504), no(408), no(429), DROP])
@pytest.mark.parametrize("call", ["/v1/batches", "/v1/files"])
def test_batch_whose_making_went_wrong_is_made_once(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, call: str, trouble: Trouble
) -> None:
    server.trouble = the_first("POST", call, trouble)
    assert buy().code == 0
    bought_once(server, tmp_path / "out")


@pytest.mark.parametrize("trouble", [DROP_AFTERWARDS, "500 afterwards"])
def test_batch_that_was_made_without_an_answer_is_found_by_its_token(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, trouble: str
) -> None:
    """A proxy that gives up, or a line that breaks, behind the server that did the work."""
    server.trouble = the_first("POST", "/v1/batches", trouble)
    ran = buy()
    assert (ran.code, ("GET", "/v1/batches") in server.calls) == (0, True)
    bought_once(server, tmp_path / "out")


def test_refusals_of_a_batch_stop_the_run_and_nothing_is_noted_as_sent(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path
) -> None:
    server.trouble = the_first("POST", "/v1/batches", no(403, "no batches for you"))
    ran = buy()
    assert (ran.code, ran.err.count("\n"), server.made) == (1, 1, [])
    assert "answered 403: no batches for you. Every answer is kept" in ran.err
    assert ledger_rows(tmp_path / "out", "SELECT * FROM intents") == []
    assert buy().code == 0
    bought_once(server, tmp_path / "out")


def test_redirect_is_not_followed_with_the_prompts(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path
) -> None:
    with batches() as other:
        to = {"Location": f"{other.url}/files"}
        server.trouble = the_first("POST", "/v1/files", lambda: web.Response(status=307, headers=to))
        ran = buy()
        assert (ran.code, other.calls) == (1, [])
        assert f"redirects to {other.url}/files; if that is right, give it as --base-url" in ran.err


def test_batch_that_is_refused_as_a_whole_is_made_anew_by_the_next_run(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path
) -> None:
    server.ending = lambda batch: "failed" if batch["id"] == "batch_0" else "completed"
    ran = buy()
    assert ran.code == 1
    assert "batch batch_0 was refused: bad line 1. Every answer is kept" in ran.err
    assert buy().code == 0
    assert server.sizes() == [COUNT, COUNT]
    assert account(tmp_path / "out")["possibly_billed"]["requests"] == 0


# --- outages while it is open -----------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["expired", "cancelled"])
def test_only_what_an_ended_batch_left_out_is_sent_again(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, ending: str
) -> None:
    server.ending = lambda batch: ending if batch["id"] == "batch_0" else "completed"
    server.line = lambda line: (
        unsent(line) if len(server.made) == 1 and asked(line["body"]) > "Question 3" else answered(line)
    )
    ran = buy()
    assert ran.code == 0
    assert f"batch batch_0: {ending}, 3 of 6 answered" in ran.err
    assert server.sizes() == [COUNT, 3]
    assert outputs(tmp_path / "out") == ANSWERS
    assert account(tmp_path / "out")["possibly_billed"]["requests"] == 0


def test_batches_that_always_expire_are_given_up(buy: Callable[..., Ran], server: Batches) -> None:
    server.ending, server.line = lambda _: "expired", lambda _: None
    ran = buy("--retries", "1")
    assert (ran.code, server.sizes()) == (1, [COUNT, COUNT])
    assert "the teacher fails at every request: batch batch_1 expired without this answer" in ran.err


@pytest.mark.parametrize("call", ["/batches/batch_0", "/content"])
@pytest.mark.parametrize("trouble", [no(500), no(429), DROP])
def test_looks_that_fail_now_and_then_do_no_harm(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, call: str, trouble: Trouble
) -> None:
    times = 2 if call == "/batches/batch_0" or trouble == DROP else 0
    server.trouble = the_first("GET", call, trouble, times)
    assert buy().code == 0
    bought_once(server, tmp_path / "out")


@pytest.mark.parametrize("call", ["/batches/batch_0", "/content"])
@pytest.mark.parametrize("status", [500, 401, 404, 200])
def test_batch_that_cannot_be_read_stops_the_run_and_is_read_by_the_next(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, call: str, status: int
) -> None:
    buy(out="quiet")
    server.made.clear()
    trouble = no(status, "away") if status != 200 else lambda: web.Response(text="<html>")
    server.trouble = the_first("GET", call, trouble, times=1_000)
    ran = buy()
    assert ran.code == 1
    assert "batch batch_0 cannot be read: " in ran.err
    assert ran.err.endswith(". Every answer is kept: mend it and repeat the command\n")
    assert ledger_rows(tmp_path / "out", "SELECT sum(sent) FROM intents") == [(COUNT,)]
    server.trouble = lambda method, path: None
    ran = buy()
    assert ran.code == 0
    assert f"{COUNT} requests of an earlier run were sent and not answered" in ran.err
    bought_once(server, tmp_path / "out")
    assert shard_hashes(tmp_path / "out") == shard_hashes(tmp_path / "quiet")


def test_two_open_batches_are_both_found_again(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ittools.generate.batch.MOST_REQUESTS", 4)
    monkeypatch.setattr("ittools.generate.batch.BatchTeacher.concurrency", 100)
    server.trouble = lambda method, path: no(401) if len(server.made) == 2 and "/batch_" in path else None
    assert buy().code == 1
    assert sorted(server.sizes()) == [2, 4]
    server.trouble = lambda method, path: None
    assert buy().code == 0
    assert sorted(server.sizes()) == [2, 4]
    assert outputs(tmp_path / "out") == ANSWERS
    assert account(tmp_path / "out")["possibly_billed"]["requests"] == 0


def test_money_in_an_open_batch_counts_against_the_limit_of_the_next_run(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path
) -> None:
    server.trouble = the_first("GET", "/batches/batch_0", no(401), times=1_000)
    assert buy().code == 1
    [(sent, worth)] = ledger_rows(tmp_path / "out", "SELECT sum(sent), sum(reserved) FROM intents")
    server.trouble, server.line = lambda method, path: None, only_at_first("Question 3?", lambda _: None)
    assert (buy("--max-cost", str(worth)).code, sent) == (0, COUNT)
    assert server.sizes() == [COUNT, 1]  # within what is reserved for it already
    assert account(tmp_path / "out")["possibly_billed"]["requests"] == 0


# --- kills ------------------------------------------------------------------------------------------------

MOMENTS = {
    "as the file is sent": ("POST", "/v1/files", HANG),
    "before the batch is made": ("POST", "/v1/batches", HANG),
    "before its name is known": ("POST", "/v1/batches", HANG_AFTERWARDS),
    "while it is open": ("GET", "/batches/batch_0", HANG),
    "as its answers are fetched": ("GET", "/content", HANG),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_run_goes_on_with_its_batch_and_buys_it_once(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, moment: str
) -> None:
    buy(out="quiet")
    server.made.clear()
    server.trouble = the_first(*MOMENTS[moment])
    process = start(words(server, tmp_path / "out"), tmp_path / "log")
    assert server.hung.wait(PATIENCE), (tmp_path / "log").read_text()
    process.kill()
    assert process.wait() == -signal.SIGKILL
    ran = buy()
    assert ran.code == 0
    bought_once(server, tmp_path / "out")
    assert shard_hashes(tmp_path / "out") == shard_hashes(tmp_path / "quiet")


def test_interrupt_while_a_batch_is_open_prints_the_command_that_goes_on(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path
) -> None:
    server.trouble = the_first("GET", "/batches/batch_0", HANG)
    process = start(words(server, tmp_path / "out"), tmp_path / "log")
    assert server.hung.wait(PATIENCE), (tmp_path / "log").read_text()
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    said = (tmp_path / "log").read_text()
    assert said.splitlines()[-1].startswith("ittools generate: interrupted; go on with: ittools generate ")
    assert "Traceback" not in said
    assert buy().code == 0
    bought_once(server, tmp_path / "out")


# --- answers asked for late, and secrets ------------------------------------------------------------------


def test_answers_of_an_earlier_batch_wait_for_those_who_ask_late(server: Batches, tmp_path: Path) -> None:
    """One request is asked for when the files have been read already."""
    requests = [Request("answer", 0, n, f"Question {n}?", "served", "1") for n in range(3)]
    lines = [{"custom_id": one.key, "body": {"messages": [{"content": one.prompt}]}} for one in requests]
    file = server.keep("\n".join(map(json.dumps, lines[:2])))
    server.made.append({"id": "batch_0", "object": "batch", "status": "in_progress", "input_file_id": file,
                        "looks": 0, "created_at": 1, "endpoint": "/v1/chat/completions"})  # fmt: skip
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.begin_batch("token", [one.key for one in requests])
    ledger.name_batch("token", "batch_0")

    async def ask() -> list[Response]:
        teacher = BatchTeacher(model="served", base_url=server.url, key="none", ledger=ledger, poll=0.01)
        try:
            return [await teacher.answer(one) for one in requests]
        finally:
            await teacher.close()

    answers = asyncio.run(ask())
    ledger.close()
    assert [one.text for one in answers] == ANSWERS[:3]
    assert server.sizes() == [2, 1]  # the third was in no batch
    assert {Price(1, 1).cost(one) for one in answers} == {(len("Question 0?") + len(ANSWERS[0])) / 2e6}


def escaped(text: str) -> str:
    """As JSON may spell it."""
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def test_key_is_nowhere_on_disk_or_in_what_is_said(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    hidden = json.dumps(answered({"custom_id": "ID", "body": {"messages": [{"content": "?"}]}}, "HERE"))
    spelt = {"Question 0?": escaped(KEY), "Question 1?": KEY.replace("/", "\\/"), "Question 2?": KEY}
    server.line = lambda line: (
        refused(line, 400, f"bad {KEY}")
        if asked(line["body"]) not in spelt
        else hidden.replace("ID", line["custom_id"]).replace("HERE", spelt[asked(line["body"])])
    )
    done = buy()
    server.ending = lambda batch: "failed"
    for place, status in (("POST", 403), ("GET", 401)):
        server.trouble = the_first(place, "", no(status, f"bad {KEY}"), times=1_000)
        assert "bad [key]" in buy(out=place).err
    assert done.code == 0
    assert outputs(tmp_path / "out") == ["[key]"] * 3
    for spelling in (KEY, json.dumps(KEY)[1:-1], KEY.replace("/", "\\/"), escaped(KEY)):
        assert spelling not in done.out + done.err
        assert spelling.encode() not in all_bytes(tmp_path)
