"""Quotas: shares by language that sum exactly, requests in proportion, and what is still missing."""

from __future__ import annotations

import pytest
from generate_runs import Runner
from hypothesis import given
from hypothesis import strategies as st

from ittools.errors import UsageError
from ittools.generate.harvest import Harvest
from ittools.generate.quotas import read_quotas, shares, spread
from ittools.generate.sizes import FEWEST_AT_ONCE, requests_for
from ittools.progress import Silent
from ittools.records.build import build_record

weights = st.dictionaries(st.text("abc", min_size=1), st.floats(0.001, 1e6), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("given_", "num", "quotas"),
    [
        (["en"], 7, {"en": 7}),
        (["en", "de"], 7, {"en": 4, "de": 3}),
        (["de", "en"], 7, {"de": 4, "en": 3}),
        (["en", "de", "fr"], 100, {"en": 34, "de": 33, "fr": 33}),
        (["en", "de=3"], 10, {"en": 3, "de": 7}),  # 2.5 and 7.5: equal remainders, the first one gets it
        (["en=2", "de=1"], 10, {"en": 7, "de": 3}),
        (["en=0.1", "de=0.2"], 3, {"en": 1, "de": 2}),
        (["en=1", "de=1e6"], 5, {"en": 0, "de": 5}),
        (["pt-BR=2", "pt-PT"], 3, {"pt-BR": 2, "pt-PT": 1}),
        (["de", "en", "fr"], 2, {"de": 1, "en": 1, "fr": 0}),
    ],
)
def test_quotas_are_shares_by_largest_remainder(given_: list[str], num: int, quotas: dict[str, int]) -> None:
    assert read_quotas(given_, num) == quotas


@given(weights, st.integers(0, 100_000))
def test_shares_sum_exactly_and_each_is_within_one_of_its_part(weights: dict[str, float], num: int) -> None:
    given_ = shares(weights, num)
    whole = sum(weights.values())
    assert sum(given_.values()) == num
    assert all(abs(given_[name] - num * weight / whole) < 1 + 1e-6 for name, weight in weights.items())


@pytest.mark.parametrize("word", ["", "=2", "de=", "de=0", "de=-1", "de=nan", "de=inf", "de=two", "de=1=2"])
def test_language_that_is_none_is_refused(run: Runner, word: str) -> None:
    with pytest.raises(UsageError, match="expected a code such as de, or de=3 with a weight"):
        read_quotas([word], 3)


def test_language_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="--language de is given twice"):
        read_quotas(["de", "en", "de=2"], 3)


@pytest.mark.parametrize(
    ("missing", "count", "languages"),
    [
        ({}, 3, []),
        ({"en": 20, "de": 10}, 3, ["en", "de", "en"]),
        ({"en": 1, "de": 1}, 1, ["en", "de"]),
        ({"en": 1000, "de": 1}, 4, ["en", "en", "de", "en"]),
        ({"en": 5, "de": 5, "fr": 5}, 6, ["en", "de", "fr", "en", "de", "fr"]),
    ],
)
def test_requests_are_spread_in_proportion_and_well_mixed(
    missing: dict[str, int], count: int, languages: list[str]
) -> None:
    assert spread(missing, count) == languages


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 10_000), max_size=9), st.integers(1, 500))
def test_every_missing_language_is_asked_for_and_nothing_beyond_the_count(
    missing: dict[str, int], count: int
) -> None:
    found = spread(missing, count)
    assert set(found) == set(missing)
    assert len(found) == (max(count, len(missing)) if missing else 0)


def kept(harvest: Harvest, language: str, times: int) -> None:
    for _ in range(times):
        harvest.keep([build_record("Add.", "", "2", source="x")] * 3, language)


def test_what_is_missing_counts_tasks_and_not_their_records() -> None:
    harvest = Harvest({"en": 2, "de": 1, "fr": 0}, Silent())
    assert harvest.missing() == {"en": 2, "de": 1}
    kept(harvest, "en", 2)
    assert (harvest.missing(), harvest.wants_more) == ({"de": 1}, True)
    kept(harvest, "de", 1)
    assert (harvest.missing(), harvest.wants_more) == ({}, False)
    assert (harvest.tasks, len(harvest.records)) == (3, 9)


@pytest.mark.parametrize(("num", "more"), [(None, True), (3, True), (2, False)])
def test_where_inputs_decide_only_the_number_ends_it(num: int | None, more: bool) -> None:
    harvest = Harvest(None, Silent(), num)
    kept(harvest, "und", 2)
    assert (harvest.missing(), harvest.wants_more) == ({}, more)


def test_reasons_are_counted() -> None:
    harvest = Harvest({"en": 2}, Silent())
    for reason in ("not-novel", "surplus", "not-novel"):
        harvest.drop(build_record("Add.", "", "", source="x"), reason)
    assert harvest.reasons == {"not-novel": 2, "surplus": 1}


@pytest.mark.parametrize(
    ("num", "missing", "expected", "requests"),
    [(10, 10, 6, 2), (10, 1, 6, 1), (1_000, 1_000, 6, FEWEST_AT_ONCE), (100_000, 100_000, 6, 417),
     (100_000, 60, 6, 10), (None, 5, 0.5, 10), (1, 1, 20, 1)],
)  # fmt: skip
def test_round_is_sized_by_what_is_missing(
    num: int | None, missing: int, expected: float, requests: int
) -> None:
    assert requests_for(num, missing, expected) == requests


def test_language_without_a_share_is_refused_before_anything_is_asked(run: Runner, tmp_path: object) -> None:
    ran = run("generate", "--teacher", "offline", "-l", "en", "-l", "de=no", "--dry-run")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--language de=no: expected a code such as de, or de=3 with a weight" in ran.err
