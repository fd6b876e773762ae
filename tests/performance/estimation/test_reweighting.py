"""Reweighting gives the reference the mix of the current rows, and says where it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.estimation.reweighting import Reweighting


def column(rows: int, *, seed: int, shift: float = 0.0) -> Numbers:
    return np.random.default_rng(seed).normal(shift, 1, (rows, 1))


def weights(made: Reweighting) -> Numbers:
    return made.weights(np.ones(len(made.stratum)), np.ones(len(made.current)))


def test_the_weighted_reference_looks_like_the_current_rows() -> None:
    reference, current = column(4_000, seed=1), column(4_000, seed=2, shift=0.7)
    weighed = weights(Reweighting.of(reference, current, leveled=[]))
    mean = np.average(reference[:, 0], weights=weighed)
    spread = np.sqrt(np.average((reference[:, 0] - mean) ** 2, weights=weighed))
    assert mean == pytest.approx(current.mean(), abs=0.05)
    assert spread == pytest.approx(current.std(), abs=0.05)


def test_the_weights_sum_up_to_the_current_rows() -> None:
    made = Reweighting.of(column(1_000, seed=1), column(700, seed=2, shift=0.5), leveled=[])
    assert weights(made).sum() == pytest.approx(700)


def test_levels_get_the_shares_they_have_now() -> None:
    generator = np.random.default_rng(3)
    reference, current = generator.choice(3, (3_000, 1), p=[0.6, 0.3, 0.1]), generator.choice(3, (3_000, 1))
    weighed = weights(Reweighting.of(reference.astype(float), current.astype(float), leveled=[0]))
    shares = np.bincount(reference[:, 0], weighed) / weighed.sum()
    assert shares == pytest.approx(np.bincount(current[:, 0]) / 3_000, abs=0.02)


def test_where_nothing_moved_hardly_a_row_is_lost() -> None:
    made = Reweighting.of(column(2_000, seed=1), column(2_000, seed=2), leveled=[])
    assert made.effective_rows > 1_800
    assert made.uncovered == 0


def test_rows_without_a_like_are_counted() -> None:
    current = np.concatenate([column(500, seed=2), column(500, seed=3, shift=30.0)])
    made = Reweighting.of(column(1_000, seed=1), current, leveled=[])
    assert made.uncovered == pytest.approx(0.5, abs=0.06)


def test_no_row_stands_for_all_others() -> None:
    made = Reweighting.of(column(2_000, seed=1), column(2_000, seed=2, shift=4.0), leveled=[])
    assert made.odds.max() <= 50
    assert made.odds.min() >= 1 / 50
