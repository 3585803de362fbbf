"""Prices: from a file, by model, through the Batch API, and of several answers at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from generate_runs import Runner, words
from hypothesis import given
from hypothesis import strategies as st
from misbehaving_server import Server
from scripted_teacher import Scripted, ask, asker, request

from ittools.errors import InputError, UsageError
from ittools.generate.connect import known_price, price_for
from ittools.generate.options import GenerateOptions
from ittools.generate.prices import BATCH_DISCOUNT, OVERHEAD, Price, price_of, read_prices
from ittools.generate.teacher import Request, Response

TABLE = "gpt-4o: [9, 8]\nqwen: [1, 2]\nqwen-72b: [3, 4.5]\n'org/model:free': [0, 0]\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "prices.yaml").write_text(TABLE)
    return tmp_path / "prices.yaml"


@pytest.mark.parametrize(
    ("model", "price"),
    [("qwen", Price(1, 2)), ("qwen-7b", Price(1, 2)), ("qwen-72b", Price(3, 4.5)),
     ("qwen-72b-instruct", Price(3, 4.5)),
     ("qwen2", None), ("org/model:free", Price(0, 0)), ("gpt-4o", Price(9, 8)), ("gpt-4o-mini", Price(9, 8)),
     ("gpt-4.1", Price(2, 8)), ("strange", None)],
)  # fmt: skip
def test_longest_name_in_the_file_gives_the_price_and_before_what_is_published(
    table: Path, model: str, price: Price | None
) -> None:
    assert price_of(model, None, table=read_prices(table)) == price


def test_price_on_the_command_line_holds_before_the_file(table: Path) -> None:
    assert price_of("qwen", "7,7", table=read_prices(table)) == Price(7, 7)


def test_price_in_the_file_holds_for_a_machine_of_one_s_own(table: Path) -> None:
    assert price_of("qwen", None, free=True, table=read_prices(table)) == Price(1, 2)
    assert price_of("strange", None, free=True, table=read_prices(table)) == Price()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"), ("", "expected a line `model: [IN, OUT]` for each model"),
        ("- a\n", "expected a line"),
        ("qwen: 3\n", "qwen: expected [IN, OUT] in dollars per million tokens, got 3"),
        ("qwen: [1]\n", "expected [IN, OUT]"), ("qwen: [1, 2, 3]\n", "expected [IN, OUT]"),
        ("qwen: [1, -2]\n", "expected [IN, OUT]"), ("qwen: [.nan, 2]\n", "expected [IN, OUT]"),
        ("qwen: [true, 2]\n", "expected [IN, OUT]"), ("qwen: ['1', 2]\n", "expected [IN, OUT]"),
        ("qwen: {in: 1}\n", "expected [IN, OUT]"), ("qwen: [1, 2]\nqwen: [3, 4]\n", "qwen"),
        ("a: [1\n", "prices.yaml"),
    ],
)  # fmt: skip
def test_file_that_tells_no_prices_is_a_clear_error(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "prices.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_prices(path)
    assert said in str(caught.value)


def test_wrong_file_is_one_line_and_nothing_is_made(run: Runner, server: Server, tmp_path: Path) -> None:
    ran = run(*words(tmp_path / "out", "--prices", str(tmp_path / "none.yaml"), url=server.url))
    assert (ran.code, ran.err.count("\n"), server.asked) == (1, 1, [])
    assert "none.yaml: no such file" in ran.err
    assert not (tmp_path / "out").exists()


# --- several models, a discount, several answers --------------------------------------------------

MIXED = Price(1, 2, {"a": Price(1, 2), "b": Price(10, 20)})
priced = st.builds(Price, st.floats(0, 1e3), st.floats(0, 1e3))


def said(model: str = "", discount: float = 1.0) -> Response:
    return Response("x", "stop", 1_000, 100, model=model, discount=discount)


@pytest.mark.parametrize(
    ("response", "cost"),
    [
        (said(), 0.0012),
        (said("a"), 0.0012),
        (said("b"), 0.012),
        (said("other"), 0.0012),
        (said("b", 0.5), 0.006),
    ],
)
def test_answer_costs_what_its_model_costs(response: Response, cost: float) -> None:
    assert MIXED.cost(response) == pytest.approx(cost)


def test_most_that_a_request_can_cost_is_that_of_the_dearest_model() -> None:
    asked = Request("answer", 0, 0, "x" * (1_000 - OVERHEAD), "a", "1", max_tokens=100)
    assert MIXED.most(asked) == pytest.approx(1_000 * 10e-6 + 100 * 20e-6)


@given(
    st.dictionaries(st.sampled_from("abc"), priced, max_size=3), priced, st.integers(1, 5),
    st.text(max_size=50),
    st.lists(st.tuples(st.just("user"), st.text(max_size=50)), max_size=3),
    st.sampled_from([1.0, BATCH_DISCOUNT]),
    st.sampled_from(["", "a", "b", "c", "d"]),
)  # fmt: skip
def test_reservation_covers_n_whole_answers_and_every_turn_by_any_model(
    models: dict[str, Price],
    own: Price,
    n: int,
    prompt: str,
    before: list[tuple[str, str]],
    discount: float,
    who: str,
) -> None:
    price = Price(own.prompt, own.completion, models, discount)
    asked = Request("answer", 0, 0, prompt, "m", "1", max_tokens=70, n=n, before=tuple(before))
    size = len(prompt.encode()) + sum(len(text.encode()) for _, text in before) + OVERHEAD * (1 + len(before))
    worst = Response("", "length", size, 70 * n, model=who, discount=discount)
    assert price.most(asked) >= price.cost(worst) * (1 - 1e-12)


def test_batch_pays_half_in_the_reservation_and_in_the_account() -> None:
    whole, half = Price(10, 20), Price(10, 20, discount=BATCH_DISCOUNT)
    asked = request(max_tokens=100)
    assert half.most(asked) == pytest.approx(whole.most(asked) / 2)
    teacher = Scripted(lambda r, _: Response("x", "stop", 1_000, 100, discount=BATCH_DISCOUNT))
    asking = asker(teacher, price=half)
    ask(asking, asked)
    assert asking.ledger.spent() == pytest.approx((1_000 * 10 + 100 * 20) / 2e6)


def test_question_of_a_probe_is_sent_directly_and_reserved_at_the_list_price() -> None:
    probe = Request("probe", 0, 0, "Say hello.", "m", "1", max_tokens=64)
    half = Price(10, 20, discount=BATCH_DISCOUNT)
    assert half.most(probe) >= half.cost(Response("x", "length", 10 + OVERHEAD, 64))


def test_answer_bought_at_the_list_price_amid_a_batch_pays_it() -> None:
    assert Price(10, 20, discount=BATCH_DISCOUNT).cost(said()) == pytest.approx(0.012)


# --- from the options -----------------------------------------------------------------------------


def options(**given_: object) -> GenerateOptions:
    return GenerateOptions(**given_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given_", "price"),
    [
        ({}, Price(0.15, 0.6)),
        ({"batch": True}, Price(0.15, 0.6, discount=0.5)),
        ({"base_url": "http://localhost:8000/v1"}, Price()),
        ({"base_url": "http://10.1.2.3:8000/v1"}, Price()),
        ({"base_url": "http://gpu-node/v1"}, Price()),
        ({"base_url": "https://api.openai.com/v1"}, Price(0.15, 0.6)),
        ({"base_url": "https://api.example.com/v1"}, None),
        ({"base_url": "https://api.openai.com.example.org/v1"}, None),
        ({"base_url": "http://8.8.8.8/v1"}, None),
        ({"teacher": "offline"}, Price()),
        ({"teacher": "replay"}, Price()),
    ],
)
def test_price_is_published_for_openai_nothing_at_home_and_unknown_elsewhere(
    given_: dict[str, object], price: Price | None
) -> None:
    assert price_for(options(**given_)) == price


def test_price_of_several_endpoints_is_unknown_where_one_is(table: Path) -> None:
    ends = ("http://localhost/v1,model=mine", "https://api.example.com/v1,model=qwen")
    assert price_for(options(endpoint=ends)) is None
    found = price_for(options(endpoint=ends, prices=table))
    assert found is not None
    assert found.by_model == {"mine": Price(), "qwen": Price(1, 2)}


def test_limit_without_a_price_is_refused_and_names_the_model() -> None:
    with pytest.raises(
        UsageError, match="--max-cost needs the price of strange: give --price IN,OUT or --prices FILE"
    ):
        known_price(options(model="strange", max_cost=1.0, base_url="https://api.example.com/v1"))
