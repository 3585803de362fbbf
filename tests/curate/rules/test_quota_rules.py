"""Quotas: the same choice as one loop over the whole corpus makes, however the corpus is cut."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import batch_of

from ittools.curate.filter import FilterOptions
from ittools.curate.rules.quota import Quotas, decide, first_places, join, parse_quotas, places
from ittools.errors import UsageError
from ittools.records.build import build_record, record_batch

Row = dict[str, Any]


def options(*quota: str, **others: Any) -> FilterOptions:
    return FilterOptions(inputs=("x",), quota=quota, **others)


def rows_of(values: list[tuple[str | None, str]]) -> list[Row]:
    return [
        build_record(f"Do {n}", "", "x", source="s", language=language, task=task)
        for n, (language, task) in enumerate(values)
    ]


def chosen(batches: list[pa.RecordBatch], given: FilterOptions) -> list[str | None]:
    """The quota that each record is over, by the passes of `filter`."""
    quotas = parse_quotas(given)
    firsts = np.cumsum([0, *(batch.num_rows for batch in batches)]).tolist()
    all_places = [places(batch, quotas, given, at) for batch, at in zip(batches, firsts, strict=False)]
    decision = decide(join([first_places(one, quotas) for one in all_places], quotas), quotas)
    return [over for one in all_places for over in decision.over(one)]


def by_one_loop(rows: list[Row], quotas: Quotas) -> list[bool]:
    """Keep a record while none of its quotas is full."""
    taken: Counter[tuple[str, str | None]] = Counter()
    kept = []
    for row in rows:
        caps = quotas.caps(tuple(row[name] for name in quotas.columns))
        kept.append(all(taken[key] < most for key, most in caps))
        if kept[-1]:
            taken.update(key for key, _ in caps)
    return kept


@given(
    st.lists(st.tuples(st.sampled_from(["en", "de", None]), st.sampled_from("abc")), max_size=40),
    st.lists(st.integers(1, 7), max_size=6),
    st.lists(st.sampled_from(["language=3", "language:en=1", "task=4", "task:b=0", "source=9"]), unique=True),
)
def test_the_choice_is_that_of_one_loop_however_the_corpus_is_cut(
    values: list[tuple[str | None, str]], sizes: list[int], quota: list[str]
) -> None:
    given = options(*quota)
    rows, batches, at = rows_of(values), [], 0
    for size in [*sizes, len(rows)]:
        batches.append(record_batch(rows[at : at + size]))
        at += size
    over = chosen(batches, given)
    assert [one is None for one in over] == by_one_loop(rows, parse_quotas(given))


def test_a_record_over_its_quota_names_it() -> None:
    rows = rows_of([("en", "a"), ("en", "b"), ("de", "a"), ("en-GB", "a"), (None, "a")])
    assert chosen([record_batch(rows)], options("language=1")) == [
        None, "language:en=1", None, "language:en=1", None
    ]  # fmt: skip
    assert chosen([record_batch(rows)], options("task=2", "task:b=0")) == [
        None, "task:b=0", None, "task:a=2", "task:a=2"
    ]  # fmt: skip


def test_values_with_colons_and_equals_signs_are_named_as_they_are() -> None:
    batch = batch_of(("Do it", "", "x"), ("Do that", "", "x"), task="a:b=c")
    assert chosen([batch], options("task:a:b=c=1")) == [None, "task:a:b=c=1"]


def test_a_random_choice_follows_seed_and_content_alone() -> None:
    rows = rows_of([("en", "a")] * 200)
    given = options("task=50", quota_keep="random", seed=1)
    kept = {
        row["id"] for row, over in zip(rows, chosen([record_batch(rows)], given), strict=True) if not over
    }
    back = rows[::-1]
    again = chosen([record_batch(back[:70]), record_batch(back[70:])], given)
    assert {row["id"] for row, over in zip(back, again, strict=True) if not over} == kept
    assert len(kept) == 50
    assert 10 < sum(row["id"] in kept for row in rows[:100]) < 40  # not the first ones: 25 are to be expected
    other = chosen([record_batch(rows)], options("task=50", quota_keep="random", seed=2))
    assert {row["id"] for row, over in zip(rows, other, strict=True) if not over} != kept


def test_a_random_choice_takes_any_id() -> None:
    """Parquet in our columns may come from elsewhere: numbers, names, a short or an empty text."""
    rows = rows_of([("en", "a")] * 200)
    names = ["", "x", "-1", "größe", "1_0", "0x1f", *(f"row-{n}" for n in range(194))]
    batch = record_batch(rows).set_column(0, pa.field("id", pa.string(), nullable=False), pa.array(names))
    given = options("task=50", quota_keep="random", seed=1)
    kept = [over is None for over in chosen([batch], given)]
    assert sum(kept) == 50
    assert 10 < sum(kept[:100]) < 40  # as above
    parts = chosen([batch.slice(0, 70), batch.slice(70)], given)
    assert [over is None for over in parts] == kept


def test_parts_are_joined_bit_by_bit_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of([("en", "a"), ("de", "b"), ("en", "b")] * 40)
    batches = [record_batch(rows[at : at + 5]) for at in range(0, len(rows), 5)]
    given = options("language=20", "task:b=9")
    at_once = chosen(batches, given)
    monkeypatch.setattr("ittools.curate.rules.quota.WAITING", 3)
    assert chosen(batches, given) == at_once
    assert [one is None for one in at_once] == by_one_loop(rows, parse_quotas(given))


def test_what_waits_for_the_decision_is_bounded_by_the_quotas() -> None:
    rows = rows_of([("en", "a"), ("de", "b")] * 500)
    given = options("language=7", "task:a=3")
    quotas = parse_quotas(given)
    found = first_places(places(record_batch(rows), quotas, given, 0), quotas)
    assert len(found.code) == 3 + 7


@pytest.mark.parametrize(
    ("quota", "message"),
    [
        ("language", "--quota language: expected COLUMN:VALUE=N or COLUMN=N"),
        ("language=-1", "--quota language=-1: expected COLUMN:VALUE=N"),
        ("language=many", "--quota language=many: expected"),
        ("language:=5", "--quota language:=5: expected"),
        ("langage=5", "--quota langage=5: no quota by 'langage'; did you mean 'language'?"),
        ("output=5", "no quota by 'output'"),
        ("task=4", "--quota task=4: a second quota for the same"),
    ],
)
def test_quotas_that_say_nothing_are_refused(quota: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_quotas(options("task=3", quota))
    assert message in str(refused.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError, match=r"--quota x: .*--quota y=1: "):
        parse_quotas(options("x", "y=1"))
