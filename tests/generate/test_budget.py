"""Prices and the budget: `--max-cost` is never exceeded, whatever a server does and whoever kills us."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from generate_runs import Runner, ledger_of, records, shard_hashes, words
from hypothesis import given, settings
from hypothesis import strategies as st
from misbehaving_server import Asked, Server, Trouble, error, first_time, says, status
from scripted_teacher import OPENED, Said, Scripted, asker, in_memory, request

from ittools.errors import IttoolsError, Stopped, UsageError
from ittools.generate.ask import Asker
from ittools.generate.ledger import Ledger
from ittools.generate.prices import OVERHEAD, Budget, Price, price_of
from ittools.generate.teacher import Request, RequestFailed, Response, TryAgain

prices = st.builds(Price, st.floats(0, 1e3), st.floats(0, 1e3))
sometimes = st.sampled_from(["answer"] * 6 + ["silent", "lost", "busy", "refused"])


@dataclass
class Billing(Scripted):
    """Draws what happens to each attempt, and knows what a strict provider would bill for it."""

    fates: list[str] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    price: Price = Price()
    billed: float = 0.0

    def fate(self, request: Request, _: int) -> Said:
        turn = len(self.sent)
        fate = self.fates[turn % len(self.fates)]
        share = self.shares[turn % len(self.shares)]
        tokens = int(share * len(request.prompt.encode())), int(share * request.max_tokens)
        said = Response("yes", "stop", *tokens)
        if fate in ("answer", "silent", "lost"):
            self.billed += self.price.cost(said)
        if fate == "lost":
            return TryAgain("cut off", wait=0.0, maybe_billed=True)
        if fate == "busy":
            return TryAgain("busy", wait=0.0)
        if fate == "refused":
            return RequestFailed("refused")
        return said if fate == "answer" else Response("yes", "stop", usage_known=False)

    def __post_init__(self) -> None:
        self.script = self.fate


async def run_until(asker: Asker, requests: list[Request], sent: int, teacher: Scripted) -> None:
    """Ask everything; as a kill would, drop it all when `sent` attempts have been made."""
    asked = [asyncio.create_task(asker.ask(request)) for request in requests]
    while len(teacher.sent) < sent and not all(task.done() for task in asked):
        await asyncio.sleep(0)
    for task in asked:
        task.cancel()
    for result in await asyncio.gather(*asked, return_exceptions=True):
        assert result is None or isinstance(result, (Response, IttoolsError, asyncio.CancelledError))


@settings(max_examples=150, deadline=None)
@given(
    price=prices, limit=st.floats(0, 2), slots=st.integers(1, 12), retries=st.integers(0, 3),
    fates=st.lists(sometimes, min_size=1, max_size=20),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=7),
    sizes=st.lists(st.tuples(st.integers(0, 500), st.integers(1, 2_000)), min_size=1, max_size=25),
    kills=st.lists(st.integers(0, 30), max_size=3),
)  # fmt: skip
def test_limit_is_never_exceeded_by_any_prices_fates_retries_and_kills(
    price: Price, limit: float, slots: int, retries: int, fates: list[str], shares: list[float],
    sizes: list[tuple[int, int]], kills: list[int],
) -> None:  # fmt: skip
    requests = [
        Request("instances", 0, n, "ä" * size, "scripted", "1", max_tokens=most)
        for n, (size, most) in enumerate(sizes)
    ]
    teacher = Billing(concurrency=slots, fates=fates, shares=shares, price=price)
    ledger = in_memory()
    for moment in [*kills, 10_000]:
        asking = asker(teacher, ledger, price, limit, retries=retries)
        asyncio.run(run_until(asking, requests, len(teacher.sent) + moment, teacher))
        spent, (_, worth) = ledger.spent(), ledger.possibly_billed()
        slack = 1e-9 * (1 + limit)
        assert teacher.billed <= spent + worth + slack
        assert spent + worth <= limit + slack
        assert asking.budget.spent == pytest.approx(spent + worth, abs=slack)
    OPENED.pop().close()


@given(prices, st.text(max_size=80), st.integers(1, 5_000), st.none() | st.just('{"type": "object"}'))
def test_reservation_covers_a_token_a_byte_and_the_whole_answer(
    price: Price, prompt: str, most: int, schema: str | None
) -> None:
    asked = Request("instances", 0, 0, prompt, "m", "1", max_tokens=most, schema=schema)
    worst = Response("", "length", len(prompt.encode()) + OVERHEAD, most)
    assert price.most(asked) >= price.cost(worst)


def test_reserve_waits_for_money_in_flight_and_stops_when_none_is() -> None:
    async def spend() -> tuple[float, float]:
        budget = Budget(Price(0, 1e6), 10.0)
        one = request(max_tokens=6)
        held = await budget.reserve(one)
        waiting = asyncio.create_task(budget.reserve(one))
        await asyncio.sleep(0)
        assert not waiting.done()
        await budget.settle(held, 1.0)
        second = await waiting
        await budget.settle(second, 6.0)
        with pytest.raises(Stopped, match=r"--max-cost \$10 is reached: \$7\.0000 spent"):
            await budget.reserve(one)
        return budget.spent, budget.reserved

    assert asyncio.run(spend()) == (7.0, 0.0)


def test_tiny_prices_are_summed_too() -> None:
    """Amounts far below a cent are still amounts: a million of them are reserved and spent."""

    budget = Budget(Price(0, 1e-9), 3.2e-14)

    async def spend() -> None:
        held = await budget.reserve(request(max_tokens=10))
        await budget.settle(held, held)

    for _ in range(3):
        asyncio.run(spend())
    with pytest.raises(Stopped):
        asyncio.run(spend())


@pytest.mark.parametrize(
    ("model", "price"),
    [("gpt-4o-mini", Price(0.15, 0.6)), ("gpt-4o-mini-2024-07-18", Price(0.15, 0.6)),
     ("gpt-4o-2024-08-06", Price(2.5, 10)), ("gpt-4.1-nano", Price(0.1, 0.4)), ("llama-3", None),
     ("gpt-4omini", None), ("", None)],
)  # fmt: skip
def test_longest_published_name_gives_the_price(model: str, price: Price | None) -> None:
    assert price_of(model, None) == price
    assert price_of(model, "1,2") == Price(1, 2)
    assert price_of(model, None, free=True) == Price()


@pytest.mark.parametrize("given", ["", "1", "1,2,3", "a,b", "-1,2", "1,-2", "nan,1", "1,inf", "1;2"])
def test_price_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="--price"):
        price_of("gpt-4o", given)


# --- whole runs -----------------------------------------------------------------------------------


def test_run_stops_at_the_budget_and_goes_on_with_a_higher_one_to_the_same_bytes(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    price = ("--price", "100,100", "--concurrency", "4")
    whole = run.finished(*words(tmp_path / "quiet", *price, url=server.url, num=12))
    cost = whole["teacher"]["cost_usd"]
    server.asked.clear()
    for share in (0.3, 0.6):
        limit = str(cost * share)
        ran = run(*words(tmp_path / "out", *price, "--max-cost", limit, url=server.url, num=12))
        last = ran.err.splitlines()[-1]
        assert ran.code == 3
        assert last.startswith(f"ittools generate: --max-cost ${float(limit):g} is reached: $")
        assert last.endswith("every answer is kept, go on with a higher --max-cost")
        assert not (tmp_path / "out" / "manifest.json").exists()
    enough = str(cost + 1)
    done = run.finished(*words(tmp_path / "out", *price, "--max-cost", enough, url=server.url, num=12))
    assert shard_hashes(tmp_path / "out") == shard_hashes(tmp_path / "quiet")
    assert done["teacher"]["cost_usd"] == cost
    assert len({asked.text for asked in server.asked}) == len(server.asked)


def billed(server: Server, price: float) -> float:
    """What the server's own counts add up to."""
    sizes = [len(asked.prompt) // 4 for asked in server.asked]
    return sum(sizes) * price / 1e6


@pytest.mark.parametrize("trouble", [None, "first attempts lost", "usage missing"])
def test_server_never_bills_more_than_the_limit(
    run: Runner, server: Server, tmp_path: Path, trouble: str | None
) -> None:
    if trouble == "first attempts lost":
        server.trouble = first_time(status(504))
    elif trouble == "usage missing":
        server.trouble = lambda _: says("9. Name the four seasons of the year.", usage=None)
    line = words(tmp_path / "out", "--price", "1000,0", "--max-cost", "20", url=server.url, num=40)
    ran = run(*line)
    assert ran.code == 3, ran.err
    assert billed(server, 1000) <= 20.0
    assert server.asked


def test_money_that_a_lost_run_may_have_cost_counts_against_the_limit_of_the_next(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    server.trouble = lambda asked: status(504) if asked.number > 3 else None
    price = ("--price", "100,100", "-c", "2", "--retries", "0", "--structured", "off")
    assert run(*words(tmp_path / "out", *price, url=server.url, num=40)).code == 1
    asked = len(server.asked)
    ledger = Ledger(ledger_of(tmp_path / "out"))
    kept, (lost, worth) = ledger.spent(), ledger.possibly_billed()
    ledger.close()
    assert lost == asked - 3
    ran = run(*words(tmp_path / "out", *price, "--max-cost", f"{kept + worth:.6f}", url=server.url, num=40))
    assert (ran.code, len(server.asked)) == (3, asked)
    assert f"{lost} requests of an earlier run were sent and not answered" in ran.err
    assert f"possibly billed, at most ${worth:.4f}" in ran.err


def test_no_money_at_all_asks_nothing(run: Runner, server: Server, tmp_path: Path) -> None:
    ran = run(*words(tmp_path / "out", "--price", "1,1", "--max-cost", "0", url=server.url))
    assert (ran.code, server.asked) == (3, [])


@pytest.mark.parametrize(
    "flags",
    [("--max-cost", "nan"), ("--max-cost", "-1"), ("--price", "nan,nan", "--max-cost", "1"),
     ("--price", "1", "--max-cost", "1"), ("--timeout", "nan"), ("--timeout", "0"), ("--backoff", "inf"),
     ("--retries", "-1"), ("-c", "0"), ("--num", "0")],
)  # fmt: skip
def test_numbers_out_of_range_are_one_line_and_exit_2(
    run: Runner, server: Server, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    ran = run(*words(tmp_path / "out", *flags, url=server.url))
    assert (ran.code, ran.err.count("\n"), server.asked) == (2, 1, [])


def test_limit_before_a_strange_server_needs_its_price(run: Runner, tmp_path: Path) -> None:
    """Published prices hold for OpenAI's own address; a limit in unknown prices would limit nothing."""
    ran = run(*words(tmp_path / "out", "--max-cost", "1", url="https://api.openai.com.example.org/v1"))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--max-cost needs the price of served: give --price IN,OUT" in ran.err


def test_failed_attempts_show_in_the_account_as_possibly_billed(
    run: Runner, server: Server, tmp_path: Path
) -> None:
    lost: list[Asked] = []

    def decide(asked: Asked) -> Trouble | None:
        if asked.number in (3, 7):
            lost.append(asked)
            return status(504, error("gateway time-out"))
        return None

    server.trouble = decide
    ran = run(*words(tmp_path / "out", "--price", "100,100", "-c", "1", url=server.url))
    assert ran.code == 0
    assert records(tmp_path / "out")
    assert len(lost) == 2
    assert "possibly billed  2 requests, at most $" in ran.err
