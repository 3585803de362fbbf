"""The funnel: records in = kept + dropped, whatever is counted and however it is added."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.records.funnel import Funnel

REASONS = st.lists(st.sampled_from([None, "too-short", "echo", "near-duplicate"]), max_size=50)


@given(st.lists(REASONS, max_size=5))
@settings(deadline=None)
def test_the_funnel_adds_up(batches: list[list[str | None]]) -> None:
    whole, parts = Funnel(), Funnel()
    for reasons in batches:
        whole.drop(reasons)
        part = Funnel()
        part.drop(reasons)
        parts.add(part)
    flat = [reason for reasons in batches for reason in reasons]
    assert whole == parts == Funnel(len(flat), flat.count(None), Counter(r for r in flat if r))
    assert whole.adds_up()


def test_a_lost_record_shows() -> None:
    assert not Funnel(3, 1, Counter({"echo": 1})).adds_up()


def test_reasons_stand_by_count_then_by_name() -> None:
    funnel = Funnel()
    funnel.drop(["b", "c", None, "a", "c"])
    assert list(funnel.as_json()["dropped"].items()) == [("c", 2), ("a", 1), ("b", 1)]


@given(REASONS)
@settings(deadline=None)
def test_a_funnel_survives_json(reasons: list[str | None]) -> None:
    funnel = Funnel()
    funnel.drop(reasons)
    assert Funnel.from_json(json.loads(json.dumps(funnel.as_json()))) == funnel
