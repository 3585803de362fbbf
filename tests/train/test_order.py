"""The order of training: every record once an epoch, by seed and lengths alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ittools.train.order import records_to_train, training_order

LENGTHS = st.lists(st.integers(1, 50), min_size=1, max_size=40)


@given(lengths=LENGTHS, batch=st.integers(1, 9), epochs=st.integers(1, 4), seed=st.integers(0, 5))
@settings(deadline=None)
def test_whole_epochs_hold_every_record_equally_often(
    lengths: list[int], batch: int, epochs: int, seed: int
) -> None:
    records = len(lengths) * epochs
    order = training_order(lengths, batch=batch, records=records, seed=seed)
    assert sorted(order) == sorted(list(range(len(lengths))) * epochs)


@given(lengths=LENGTHS, batch=st.integers(1, 9), records=st.integers(1, 100), seed=st.integers(0, 5))
@settings(deadline=None)
def test_a_shorter_run_is_no_longer_than_asked_and_the_same_each_time(
    lengths: list[int], batch: int, records: int, seed: int
) -> None:
    order = training_order(lengths, batch=batch, records=records, seed=seed)
    assert len(order) == records
    assert order == training_order(lengths, batch=batch, records=records, seed=seed)


def test_another_seed_is_another_order() -> None:
    lengths = list(range(64))
    assert training_order(lengths, batch=4, records=64, seed=0) != training_order(
        lengths, batch=4, records=64, seed=1
    )


def test_batches_hold_records_of_like_length() -> None:
    lengths = [1, 100] * 16
    order = training_order(lengths, batch=4, records=32, seed=3)
    batches = [{lengths[i] for i in order[at : at + 4]} for at in range(0, 32, 4)]
    assert all(len(batch) == 1 for batch in batches)


@pytest.mark.parametrize(
    ("epochs", "max_steps", "records"),
    [(1.0, None, 10), (3.0, None, 30), (0.5, None, 5), (0.01, None, 1), (3.0, 2, 8), (0.5, 100, 400)],
)
def test_max_steps_counts_steps_and_epochs_count_passes(
    epochs: float, max_steps: int | None, records: int
) -> None:
    assert records_to_train(10, epochs=epochs, max_steps=max_steps, per_step=4) == records
