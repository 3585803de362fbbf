"""Several endpoints: shares by weight, rest and failover, and one that leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_teacher import Clock, Said, Scripted, answered, ask, asker, request

from ittools.errors import TeacherError, UsageError
from ittools.generate.endpoints import Endpoint, Endpoints, keys_of, read_endpoints
from ittools.generate.prices import Price
from ittools.generate.teacher import Request, RequestFailed, Response, TryAgain

A, B = "http://a/v1", "http://b/v1"


def lanes(
    *teachers: Scripted, weights: Sequence[float] = (1.0, 1.0), notes: list[str] | None = None
) -> Endpoints:
    urls = (A, B, "http://c/v1")
    ends = [
        (Endpoint(url, f"model-{url[7]}", weight=weight), teacher)
        for url, teacher, weight in zip(urls, teachers, weights, strict=False)
    ]
    return Endpoints(ends, (notes if notes is not None else []).append)


def several(ends: Endpoints, count: int, **options: object) -> list[Response]:
    """The answers to `count` requests, through a ledger."""
    return ask(asker(ends, **options), *map(request, range(count)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("weights", "shares"),
    [((3.0, 1.0), (75, 25)), ((1.0, 1.0), (50, 50)), ((0.5, 2.0), (20, 80)), ((9.0, 1.0), (90, 10))],
)
@pytest.mark.parametrize("slots", [1, 8])
def test_requests_are_shared_out_exactly_by_weight(
    weights: tuple[float, float], shares: tuple[int, int], slots: int
) -> None:
    one, other = Scripted(concurrency=slots), Scripted(concurrency=slots)
    several(lanes(one, other, weights=weights), 100)
    assert (len(one.sent), len(other.sent)) == shares


def test_turns_are_mixed_and_the_same_each_time() -> None:
    def order() -> list[str]:
        turns: list[str] = []
        one, other = Scripted(concurrency=1), Scripted(concurrency=1)
        one.before, other.before = lambda _: turns.append("a"), lambda _: turns.append("b")
        ends = lanes(one, other, weights=(3, 1))
        ends.concurrency = 1
        several(ends, 12)
        return turns

    assert order() == order()
    assert Counter(order()) == {"a": 9, "b": 3}
    assert "aaaa" not in "".join(order())


def test_each_endpoint_is_asked_for_its_own_model_and_named_in_the_response() -> None:
    one, other = Scripted(), Scripted()
    said = several(lanes(one, other), 4)
    assert {r.model for r in one.sent} == {"model-a"}
    assert {r.model for r in other.sent} == {"model-b"}
    assert {(r.endpoint, r.model) for r in said} == {(A, "model-a"), (B, "model-b")}


def test_key_of_a_request_does_not_tell_the_endpoint() -> None:
    """So a resumed run finds its answers, whoever gave them."""
    one, other = Scripted(), Scripted()
    asking = asker(lanes(one, other))  # type: ignore[arg-type]
    said = ask(asking, *map(request, range(6)))
    again = asker(lanes(Scripted(lambda *_: TeacherError("nobody asks me"))), asking.ledger)  # type: ignore[arg-type]
    assert ask(again, *map(request, range(6))) == said


@pytest.mark.parametrize(
    "trouble",
    [TryAgain("busy"), TryAgain("slow", everyone=True), TryAgain("gone", unreachable=True),
     TryAgain("lost", maybe_billed=True), TryAgain("later", wait=5.0)],
    ids=["busy", "429", "unreachable", "lost", "wait"],
)  # fmt: skip
def test_failing_endpoint_rests_and_the_others_answer_everything(
    monkeypatch: pytest.MonkeyPatch, trouble: TryAgain
) -> None:
    clock = Clock(monkeypatch)
    bad = Scripted(lambda *_: trouble)
    good = Scripted()
    notes: list[str] = []
    said = several(lanes(bad, good, notes=notes), 40)
    assert [r.text for r in said] == [f"Answer {n}." for n in range(40)]
    assert {r.endpoint for r in said} == {B}
    assert len(bad.sent) <= 8  # those in flight before the first failure was known
    assert notes == [f"{A} rests: {trouble}"] * (not trouble.everyone)
    assert clock.now < 1_100.0


def test_endpoint_that_dies_amid_a_run_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)

    def dies(request: Request, _: int) -> Said:
        return answered(request) if request in one.sent[:10] else TryAgain("gone", unreachable=True)

    one, other = Scripted(dies), Scripted()
    said = several(lanes(one, other), 60)
    assert [r.text for r in said] == [f"Answer {n}." for n in range(60)]
    assert Counter(r.endpoint for r in said)[A] == 10


def test_endpoint_that_comes_back_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    down = TryAgain("down")
    one = Scripted(lambda r, _: down if 1_000.0 <= clock.now < 1_004.0 else answered(r), concurrency=1)

    class Slow(Scripted):
        async def answer(self, request: Request) -> Response:
            await clock.sleep(0.5)
            return await super().answer(request)

    said = several(lanes(one, Slow(concurrency=1)), 40)
    assert [r.failed for r in said] == [False] * 40
    assert Counter(r.endpoint for r in said)[A] >= 10


class Busy(Scripted):
    """Half a second of the clock an answer; down until `back`."""

    def __init__(self, clock: Clock, concurrency: int, back: float = 0.0) -> None:
        super().__init__(concurrency=concurrency)
        self.clock, self.back, self.times = clock, back, list[float]()

    async def answer(self, request: Request) -> Response:
        self.times.append(self.clock.now)
        if self.clock.now < self.back:
            await self.clock.sleep(0.1)
            raise TryAgain("down")
        await self.clock.sleep(0.5)
        return await super().answer(request)


def test_burst_of_failures_is_one_failure_and_not_a_minute_of_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight in flight break off together: the endpoint rests a second, not a second doubled eight times."""
    clock = Clock(monkeypatch)
    one, other = Busy(clock, 8, back=1_000.5), Busy(clock, 2)
    several(lanes(one, other), 60)
    assert next(time for time in one.times if time > 1_000.5) < 1_003.0


def test_endpoint_that_comes_back_gets_its_share_and_not_all_that_it_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    one, other = Busy(clock, 1, back=1_010.0), Busy(clock, 1)
    several(lanes(one, other), 100)
    since = min(time for time in one.times if time >= one.back)
    shares = [sum(since <= time < since + 10 for time in lane.times) for lane in (one, other)]
    assert min(shares) >= 10  # of twenty and twenty that each could give in ten seconds


def test_endpoint_that_refuses_for_good_leaves_with_a_note_and_the_run_goes_on() -> None:
    notes: list[str] = []
    bad = Scripted(lambda *_: TeacherError("http://a/v1 answered 401: wrong key"), concurrency=4)
    said = several(lanes(bad, Scripted(), notes=notes), 30)
    assert [r.text for r in said] == [f"Answer {n}." for n in range(30)]
    assert notes == ["http://a/v1 is left out: http://a/v1 answered 401: wrong key"]
    assert len(bad.sent) <= 4


def test_last_endpoint_that_refuses_ends_the_run() -> None:
    notes: list[str] = []
    ends = lanes(
        *(Scripted(lambda *_: TeacherError("wrong key")) for _ in range(3)), weights=(1, 1, 1), notes=notes
    )
    with pytest.raises(TeacherError, match="wrong key"):
        several(ends, 30)
    assert len(notes) == 2


def test_all_endpoints_out_of_reach_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    gone = [Scripted(lambda *_: TryAgain("cannot reach it", unreachable=True)) for _ in range(2)]
    with pytest.raises(TeacherError, match="cannot reach it"):
        several(lanes(*gone), 30)
    assert all(len(teacher.sent) <= 30 for teacher in gone)


def test_refused_request_is_refused_once_and_not_asked_elsewhere() -> None:
    refuses = Scripted(lambda r, _: RequestFailed("poison") if r.index == 3 else answered(r))
    said = several(lanes(refuses, refuses), 8)
    assert [r.failed for r in said] == [n == 3 for n in range(8)]
    assert sum(r.index == 3 for r in refuses.sent) == 1


def test_attempt_that_may_have_been_billed_is_counted_before_another_endpoint_is_asked() -> None:
    """Each sending is an intent of its own: an answer paid for at two endpoints shows as two."""
    lost = Scripted(lambda *_: TryAgain("cut", maybe_billed=True), concurrency=1)
    asking = asker(lanes(lost, Scripted(concurrency=1)), price=Price(0, 1e6), backoff=0)  # type: ignore[arg-type]
    [said] = ask(asking, request(0, max_tokens=10))
    assert said.endpoint == B
    assert asking.ledger.possibly_billed() == (1, 10.0)


def test_price_is_that_of_the_model_that_answered() -> None:
    price = Price(0, 1e6, {"model-a": Price(0, 1e6), "model-b": Price(0, 3e6)})
    asking = asker(lanes(Scripted(), Scripted()), price=price)  # type: ignore[arg-type]
    ask(asking, *map(request, range(4)))
    assert asking.ledger.spent() == 2 * 3 * 1 + 2 * 3 * 3  # three tokens each
    assert [(row["model"], row["endpoint"], row["responses"],
    row["cost_usd"]) for row in asking.ledger.by_model()] == [
        ("model-a", A, 2, 6.0), ("model-b", B, 2, 18.0),
    ]  # fmt: skip


def test_every_endpoint_is_closed_even_one_that_left() -> None:
    closed: list[str] = []

    class Closing(Scripted):
        async def close(self) -> None:
            closed.append(self.model)

    ends = lanes(Closing(lambda *_: TeacherError("wrong key"), model="one"), Closing(model="two"))

    async def go() -> None:
        await ends.answer(request())
        await ends.answer(request(1))
        await ends.close()

    asyncio.run(go())
    assert sorted(closed) == ["one", "two"]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(1, 200))
def test_no_endpoint_gets_more_than_one_beyond_its_share(weights: list[int], count: int) -> None:
    teachers = [Scripted(concurrency=1) for _ in weights]
    ends = lanes(*teachers, weights=weights)

    async def go() -> None:
        for number in range(count):
            await ends.answer(request(number))

    asyncio.run(go())
    for teacher, weight in zip(teachers, weights, strict=True):
        assert abs(len(teacher.sent) - count * weight / sum(weights)) <= len(weights)


# --- the option -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "endpoint"),
    [
        ("http://a/v1", Endpoint("http://a/v1", "m")),
        ("http://a/v1,weight=2.5", Endpoint("http://a/v1", "m", weight=2.5)),
        ("http://a/v1,model=x/y:z,key=A_KEY", Endpoint("http://a/v1", "x/y:z", key="A_KEY")),
        ("http://a/v1,rpm=60,tpm=9e4", Endpoint("http://a/v1", "m", rpm=60.0, tpm=90_000.0)),
    ],
)
def test_endpoint_is_read_from_its_words(word: str, endpoint: Endpoint) -> None:
    assert read_endpoints([word], "m") == [endpoint]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("http://a/v1,wieght=2",
        "'wieght=2' is none of weight, model, key, rpm, tpm with =VALUE; did you mean 'weight'?"),
        ("http://a/v1,weight", "'weight' is none of"), ("http://a/v1,weight=", "'weight=' is none of"),
        ("http://a/v1,", "'' is none of"), ("http://a/v1,weight=two", "weight must be a number"),
        ("http://a/v1,weight=0", "weight must be positive"), ("http://a/v1,rpm=-1", "rpm must be positive"),
        ("http://a/v1,weight=nan", "weight must be positive"),
        ("http://a/v1,tpm=inf", "tpm must be positive"),
    ],
)  # fmt: skip
def test_words_that_are_no_endpoint_are_refused(word: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_endpoints(["http://good/v1", word], "m")
    assert str(caught.value).startswith(f"--endpoint {word}: ")
    assert said in str(caught.value)


def test_keys_are_read_from_the_variables_named() -> None:
    ends = [Endpoint(A, "m"), Endpoint(B, "m", key="B_KEY")]
    assert keys_of(ends, {"OPENAI_API_KEY": "one", "B_KEY": "two"}) == ["one", "two"]
    assert keys_of(ends, {"B_KEY": "two"}) == ["", "two"]
    with pytest.raises(UsageError, match="no key: set B_KEY"):
        keys_of([*ends, *ends], {"OPENAI_API_KEY": "one", "B_KEY": ""})
