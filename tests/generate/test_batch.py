"""`--batch`: rounds through the Batch API, bought once whatever the server does and whoever kills us."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from batch_runs import ANSWERS, COUNT, account, only_at_first, outputs, without_waits, words
from batch_server import Batches, Json, answered, asked, batches, refused, unsent
from generate_runs import Ran, Runner, ledger_rows, shard_hashes
from prompt_reading import read

from ittools.generate.offline.teacher import OfflineTeacher
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


# --- what is bought, and at what price ----------------------------------------------------------------


def test_round_is_one_batch_of_the_requests_that_would_be_sent(
    buy: Callable[..., Ran], run: Runner, server: Batches, tmp_path: Path
) -> None:
    ran = buy()
    assert (ran.code, server.sizes(), server.direct) == (0, [COUNT], [])
    assert "batch batch_0: 6 requests sent" in ran.err
    assert "batch batch_0: completed, 6 of 6 answered" in ran.err
    made = server.made[0]
    assert (made["endpoint"], made["completion_window"]) == ("/v1/chat/completions", "24h")
    assert outputs(tmp_path / "out") == ANSWERS
    direct = [word for word in words(server, tmp_path / "direct") if word != "--batch"]
    assert run(*direct).code == 0
    sent = [line["body"] for line in server.lines[0]]
    assert sorted(map(json.dumps, server.direct)) == sorted(map(json.dumps, sent))
    assert {(line["method"], line["url"]) for line in server.lines[0]} == {("POST", "/v1/chat/completions")}
    assert shard_hashes(tmp_path / "direct") == shard_hashes(tmp_path / "out")


def test_account_has_half_the_price(buy: Callable[..., Ran], tmp_path: Path) -> None:
    assert buy().code == 0
    said = account(tmp_path / "out")
    tokens = sum(len(f"Question {n}?") for n in range(COUNT)), sum(map(len, ANSWERS))
    assert (said["prompt_tokens"], said["completion_tokens"]) == tokens
    assert said["cost_usd"] == pytest.approx((tokens[0] * 100 + tokens[1] * 200) / 2e6, abs=1e-6)
    assert said["possibly_billed"] == {"requests": 0, "at_most_usd": 0.0}


def test_every_round_of_a_method_is_one_batch(run: Runner, server: Batches, tmp_path: Path) -> None:
    def write(line: Json) -> Json:
        stage, values = read(asked(line["body"]))
        request = Request(stage, 0, 0, asked(line["body"]), "m", "1", values=values)
        return answered(line, OfflineTeacher(errors=0).write(request))

    server.line = write
    line = [*words(server, tmp_path / "out"), "--num", "20"]
    line[1:4] = ["--method", "self-instruct"]
    assert run(*line).code == 0
    rounds = ledger_rows(
        tmp_path / "out",
        "SELECT count(*) FROM intents WHERE stage != 'probe'"
        " GROUP BY stage, json_extract(request, '$.round')",
    )
    assert sorted(server.sizes()) == sorted(count for (count,) in rounds)
    assert len(server.made) < 12
    assert [body["messages"][0]["content"] for body in server.direct] == ["Say hello."]  # the probe


@pytest.mark.parametrize(
    ("api", "path", "field"),
    [("responses", "/v1/responses", "input"), ("completions", "/v1/completions", "prompt")],
)
def test_other_forms_go_to_their_own_endpoint(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, api: str, path: str, field: str
) -> None:
    assert buy("--api", api).code == 0
    assert [made["endpoint"] for made in server.made] == [path]
    assert all(line["url"] == path and field in line["body"] for line in server.lines[0])
    assert len(outputs(tmp_path / "out")) == COUNT


def test_several_answers_a_request_come_in_one_line(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path
) -> None:
    assert buy("--per-task", "3").code == 0
    assert [body["n"] for body in server.direct] == [2]  # whether the endpoint gives n: asked at once
    assert {line["body"]["n"] for line in server.lines[0]} == {3}
    assert outputs(tmp_path / "out")[:3] == [ANSWERS[0], f"{ANSWERS[0]} 1", f"{ANSWERS[0]} 2"]
    assert len(outputs(tmp_path / "out")) == 3 * COUNT


def test_more_than_a_batch_takes_are_several_at_once(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ittools.generate.batch.MOST_REQUESTS", 4)
    monkeypatch.setattr("ittools.generate.batch.BatchTeacher.concurrency", 100)
    server.trouble = lambda method, path: setattr(server, "held", len(server.made) < 2)  # both are open
    assert buy().code == 0
    assert sorted(server.sizes()) == [2, 4]
    assert outputs(tmp_path / "out") == ANSWERS


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_budget_is_never_exceeded_and_a_higher_one_goes_on(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path, share: float
) -> None:
    assert buy(out="quiet").code == 0
    one = 2048 * 200 / 2e6  # the most that an answer can cost, which is reserved
    server.made.clear()
    ran = buy("--max-cost", f"{share * one:.4f}", out="out")
    assert (ran.code, server.made) == (3, [])
    ran = buy("--max-cost", f"{(2 + share) * one:.4f}", out="out")
    assert ran.code == 0  # two and two and two: what an answer did not cost is free for the next
    assert max(server.sizes()) == 2
    assert account(tmp_path / "out")["cost_usd"] <= (2 + share) * one
    assert shard_hashes(tmp_path / "out") == shard_hashes(tmp_path / "quiet")


def test_reservation_covers_the_full_price_of_a_question_that_goes_round_the_batches() -> None:
    price, probe = Price(1, 100, discount=0.5), Request("probe", 0, 0, "Hi?", "m", "1", max_tokens=64)
    assert price.most(probe) >= price.cost(Response("", "length", 0, 64))


# --- lines that go wrong ------------------------------------------------------------------------------


def test_poisoned_line_costs_one_record(buy: Callable[..., Ran], server: Batches, tmp_path: Path) -> None:
    server.line = lambda line: (
        refused(line, 400, "too long") if asked(line["body"]) == "Question 3?" else answered(line)
    )
    ran = buy()
    assert (ran.code, server.sizes()) == (0, [COUNT])
    assert "failed: " in ran.err
    assert "answered 400: too long" in ran.err
    assert outputs(tmp_path / "out") == ANSWERS[:3] + ANSWERS[4:]


@pytest.mark.parametrize(
    ("trouble", "billed"),
    [(lambda line: refused(line, 429), 0), (lambda line: refused(line, 500), 0),
     (lambda line: refused(line, 504), 1), (unsent, 0), (lambda _: None, 0), (lambda _: "not JSON", 0),
     (lambda line: {**answered(line), "custom_id": "a stranger"}, 0),
     (lambda line: {**answered(line), "custom_id": ["no", "key"]}, 0),
     (lambda line: {**answered(line), "response": "text"}, 0),
     (lambda line: {**answered(line), "response": [1], "error": 3}, 0),
     (lambda line: {**answered(line), "response": {"status_code": "abc"}}, 0),
     (lambda line: answered(line, choices=[]), 1), (lambda _: "[" * 100_000, 0)],
)  # fmt: skip
def test_line_without_an_answer_is_the_only_one_that_is_sent_again(
    buy: Callable[..., Ran],
    server: Batches,
    tmp_path: Path,
    trouble: Callable[[Json], Json | str | None],
    billed: int,
) -> None:
    server.line = only_at_first("Question 3?", trouble)
    assert buy().code == 0
    assert server.sizes() == [COUNT, 1]
    assert outputs(tmp_path / "out") == ANSWERS
    assert account(tmp_path / "out")["possibly_billed"]["requests"] == billed


def test_lines_apart_from_ours_are_ignored_and_the_first_of_two_counts(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path
) -> None:
    server.line = lambda line: "\n".join(
        ["", json.dumps({**answered(line), "custom_id": "x"}), "null", "3", '{"custom_id": {}}',
         json.dumps(answered(line)), json.dumps(answered(line, "another"))]
    )  # fmt: skip
    assert buy().code == 0
    assert (server.sizes(), outputs(tmp_path / "out")) == ([COUNT], ANSWERS)


def test_line_ends_of_unicode_inside_an_answer_are_no_line_ends(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path
) -> None:
    server.line = lambda line: answered(line, "one\u2028two\u2029three\x85four\x0bfive")
    assert buy().code == 0
    assert server.sizes() == [COUNT]
    assert outputs(tmp_path / "out")[0] == "one\u2028two\u2029three\x85four\x0bfive"


def test_line_that_refuses_the_key_stops_the_run_and_is_all_that_is_asked_again(
    buy: Callable[..., Ran], server: Batches, tmp_path: Path
) -> None:
    server.line = only_at_first("Question 3?", lambda line: refused(line, 401, "bad key"))
    ran = buy()
    assert ran.code == 1
    assert "answered 401: bad key. Every answer is kept" in ran.err
    assert buy().code == 0
    assert (server.sizes(), outputs(tmp_path / "out")) == ([COUNT, 1], ANSWERS)
