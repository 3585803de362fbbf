"""Runs over several servers: shares, failover, keys, limits, and the account by model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from generate_runs import Runner, records, responses_kept, shard_hashes, words
from method_lines import own_options
from misbehaving_server import Server, always, closed_port, error, reset, serving, status


@pytest.fixture(autouse=True)
def _all_right(server: Server) -> None:
    server.teacher.errors = 0.0


@pytest.fixture
def other() -> Iterator[Server]:
    with serving() as running:
        running.teacher.errors = 0.0
        yield running


def over(out: Path, *ends: str, num: int = 40, more: tuple[str, ...] = ()) -> list[str]:
    flags = [f"--endpoint={end}" for end in ends]
    return ["generate", *flags, "-m", "served", "--structured", "off", "--num", str(num), "--out", str(out),
            "--backoff", "0", *more, *own_options("answer", out.parent, 60)]  # fmt: skip


def by_model(manifest: object) -> dict[str, int]:
    models = manifest["teacher"]["models"]  # type: ignore[index]
    return {f"{one['model']} at {one['endpoint']}": one["responses"] for one in models}


@pytest.mark.parametrize("slots", ["1", "16"])
def test_servers_are_asked_three_to_one_as_their_weights_say(
    run: Runner, server: Server, other: Server, tmp_path: Path, slots: str
) -> None:
    line = over(tmp_path / "out", f"{server.url},weight=3", other.url, more=("-c", slots))
    manifest = run.finished(*line)
    assert (len(server.asked), len(other.asked)) == (30, 10)
    assert by_model(manifest) == {f"served at {server.url}": 30, f"served at {other.url}": 10}


def test_records_are_those_of_one_server_whatever_the_weights(
    run: Runner, server: Server, other: Server, tmp_path: Path
) -> None:
    """The servers answer alike, so who answers must not be seen in a byte."""
    run.finished(*over(tmp_path / "one", server.url, more=("-c", "1")))
    run.finished(*over(tmp_path / "two", f"{server.url},weight=3", other.url, more=("-c", "64")))
    assert shard_hashes(tmp_path / "one") == shard_hashes(tmp_path / "two")


def test_each_server_is_asked_for_its_model_and_each_record_says_who_wrote_it(
    run: Runner, server: Server, other: Server, tmp_path: Path
) -> None:
    ends = (f"{server.url},model=small-7b", f"{other.url},model=large-70b")
    manifest = run.finished(*over(tmp_path / "out", *ends, more=("-c", "1")))
    assert {asked.body["model"] for asked in server.asked} == {"small-7b"}
    assert {asked.body["model"] for asked in other.asked} == {"large-70b"}
    written = Counter(str(record["generator"]) for record in records(tmp_path / "out"))
    assert set(written) == {"small-7b", "large-70b"}
    assert by_model(manifest) == {f"small-7b at {server.url}": 20, f"large-70b at {other.url}": 20}


@pytest.mark.parametrize(
    "trouble", [status(503), reset, status(429, error("slow"))], ids=["503", "reset", "429"]
)
def test_server_that_dies_amid_a_run_loses_no_record(
    run: Runner, server: Server, other: Server, tmp_path: Path, trouble: object
) -> None:
    run.finished(*over(tmp_path / "quiet", server.url))
    server.asked.clear()
    server.trouble = lambda asked: trouble if asked.number > 6 else None  # type: ignore[return-value]
    manifest = run.finished(*over(tmp_path / "out", server.url, other.url, more=("-c", "4")))
    assert shard_hashes(tmp_path / "out") == shard_hashes(tmp_path / "quiet")
    assert manifest["teacher"]["this_run"]["failed"] == 0
    assert by_model(manifest) == {f"served at {server.url}": 6, f"served at {other.url}": 34}


def test_address_where_nobody_listens_costs_nothing(run: Runner, server: Server, tmp_path: Path) -> None:
    gone = closed_port()
    run.finished(*over(tmp_path / "quiet", server.url))
    ran = run(*over(tmp_path / "out", gone, server.url))
    assert ran.code == 0, ran.err
    assert shard_hashes(tmp_path / "out") == shard_hashes(tmp_path / "quiet")


@pytest.mark.parametrize("code", [401, 404])
def test_server_that_refuses_for_good_is_left_out_with_a_note(
    run: Runner, server: Server, other: Server, tmp_path: Path, code: int
) -> None:
    server.trouble = always(status(code, error("not you")))
    ran = run(*over(tmp_path / "out", server.url, other.url, more=("-c", "1")))
    assert ran.code == 0, ran.err
    [note] = [line for line in ran.err.splitlines() if "left out" in line]
    assert f"{server.url} is left out: {server.url}/ answered {code}: not you" in note
    assert (len(server.asked), len(other.asked)) == (1, 40)


def test_run_ends_when_every_server_has_left_and_goes_on_when_one_is_back(
    run: Runner, server: Server, other: Server, tmp_path: Path
) -> None:
    line = over(tmp_path / "out", server.url, other.url, more=("-c", "2"))
    expired = status(401, error("key expired"))
    for one in (server, other):
        one.trouble = lambda asked: expired if asked.number > 5 else None
    ran = run(*line)
    assert ran.code == 1
    assert "answered 401: key expired. Every answer is kept" in ran.err.splitlines()[-1]
    assert "Traceback" not in ran.err
    kept = responses_kept(tmp_path / "out")
    assert kept == 10
    other.trouble = lambda _: None
    assert run.finished(*line)["teacher"]["this_run"]["reused"] == kept


def test_all_servers_out_of_reach_is_exit_1_in_one_line(run: Runner, tmp_path: Path) -> None:
    ran = run(*over(tmp_path / "out", closed_port(), closed_port()))
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("ittools generate: cannot reach http://127.0.0.1:")


def test_each_server_gets_its_own_key_and_no_other(
    run: Runner, server: Server, other: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-common-0123456789")
    monkeypatch.setenv("OTHER_KEY", "sk-other-0123456789")
    run.finished(*over(tmp_path / "out", server.url, f"{other.url},key=OTHER_KEY"))
    assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer sk-common-0123456789"}
    assert {asked.headers["authorization"] for asked in other.asked} == {"Bearer sk-other-0123456789"}


def test_variable_that_is_empty_is_one_line_and_exit_2_before_a_folder_is_made(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    ran = run(*over(tmp_path / "out", f"{server.url},key=NO_SUCH_KEY"))
    assert (ran.code, ran.err) == (2, "ittools generate: no key: set NO_SUCH_KEY\n")
    assert (server.asked, (tmp_path / "out").exists()) == ([], False)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--endpoint", "ftp://a/v1"),
        "--endpoint ftp://a/v1: expected http(s)://host/v1 with no password in it"),
        (("--endpoint", "http://me:pw@a/v1"), "expected http(s)://host/v1 with no password in it"),
        (("--endpoint", "http://a/v1,weigth=2"), "did you mean 'weight'?"),
        (("--endpoint", "http://a/v1", "--base-url", "http://b/v1"),
        "give --endpoint or --base-url, not both"),
        (("--endpoint", "http://a/v1", "--batch"), "--batch buys from one"),
        (("--rpm", "0"), "--rpm must be positive"), (("--tpm", "nan"), "--tpm must be positive"),
    ],
)  # fmt: skip
def test_wrong_endpoint_is_one_line_and_exit_2(
    run: Runner, tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    ran = run("generate", "--out", str(tmp_path / "out"), *flags)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert said in ran.err


# --- prices and the account -----------------------------------------------------------------------


def test_account_tells_each_model_s_tokens_and_dollars(
    run: Runner, server: Server, other: Server, tmp_path: Path
) -> None:
    (tmp_path / "prices.yaml").write_text("small: [100, 200]\nlarge-70b: [1000, 3000]\n")
    ends = (f"{server.url},model=small-7b,weight=3", f"{other.url},model=large-70b")
    more = ("-c", "1", "--prices", str(tmp_path / "prices.yaml"), "--max-cost", "100")
    manifest = run.finished(*over(tmp_path / "out", *ends, more=more))
    account = manifest["teacher"]
    dear = {"small-7b": (100, 200), "large-70b": (1000, 3000)}
    for one in account["models"]:
        prompt, completion = dear[one["model"]]
        cost = (one["prompt_tokens"] * prompt + one["completion_tokens"] * completion) / 1e6
        assert one["cost_usd"] == pytest.approx(cost, abs=1e-6)
    assert account["cost_usd"] == pytest.approx(sum(one["cost_usd"] for one in account["models"]), abs=2e-6)
    assert account["responses"] == sum(one["responses"] for one in account["models"]) == 40
    for name in ("prompt_tokens", "completion_tokens"):
        assert account[name] == sum(one[name] for one in account["models"])


def test_limit_needs_the_price_of_every_model(run: Runner, server: Server, tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text("small-7b: [1, 2]\n")
    end = "https://api.example.com/v1,model=unpriced-9b"
    more = ("--prices", str(tmp_path / "prices.yaml"), "--max-cost", "1")
    ran = run(*over(tmp_path / "out", f"{server.url},model=small-7b", end, more=more))
    assert (ran.code, ran.err.count("\n"), server.asked) == (2, 1, [])
    assert "--max-cost needs the price of" in ran.err
    assert "unpriced-9b" in ran.err
    assert not (tmp_path / "out").exists()


def test_one_model_s_account_is_the_whole(run: Runner, server: Server, tmp_path: Path) -> None:
    manifest = run.finished(*words(tmp_path / "out", "--price", "100,200", url=server.url))
    [one] = manifest["teacher"]["models"]
    account = manifest["teacher"]
    assert (one["model"], one["endpoint"]) == ("served", "")
    assert one["cost_usd"] == account["cost_usd"] > 0
    assert (one["responses"], one["prompt_tokens"]) == (account["responses"], account["prompt_tokens"])
    assert sum(stage["responses"] for stage in account["stages"].values()) == account["responses"]


def test_unknown_price_is_null_and_not_nothing(run: Runner, server: Server, tmp_path: Path) -> None:
    end = f"{server.url.replace('127.0.0.1', 'localhost.localdomain')},model=strange"
    ran = run(*over(tmp_path / "out", end, more=("--dry-run",)))
    assert ran.code == 0
    assert "unknown; give --price IN,OUT" in ran.out
