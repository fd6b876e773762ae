"""The bootstrap against errors that are known, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

from airflow_ml_monitor.performance.answers import Numbers
from airflow_ml_monitor.performance.intervals import bootstrap


def first_share(tables: Numbers) -> Numbers:
    return tables[:, 0] / tables.sum(axis=1)


def test_counts_are_spread_as_binomial_ones() -> None:
    values = bootstrap.of_counts(np.array([300, 700]), first_share)
    assert values.std() == pytest.approx(np.sqrt(0.3 * 0.7 / 1000), rel=0.05)


def test_rows_are_spread_as_their_mean() -> None:
    rows = np.random.default_rng(3).normal(0.0, 1.0, 2_000)
    values = bootstrap.of_rows(len(rows), lambda weights: float((weights * rows).sum() / weights.sum()))
    assert values.std() == pytest.approx(rows.std() / np.sqrt(2_000), rel=0.1)


def test_a_table_of_many_cells_is_resampled_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.arange(1, 50)
    whole = bootstrap.of_counts(counts, first_share)
    monkeypatch.setattr(bootstrap, "_MOST_CELLS", 300)
    assert bootstrap.of_counts(counts, first_share) == pytest.approx(whole)


def test_nobodys_random_state_is_touched() -> None:
    before = np.random.get_state()[1].copy()
    bootstrap.of_counts(np.array([3, 7]), first_share)
    assert (np.random.get_state()[1] == before).all()


def test_the_same_counts_give_the_same_resamples() -> None:
    one, other = (bootstrap.of_counts(np.array([30, 70]), first_share) for _ in range(2))
    assert (one == other).all()


def test_a_statistic_that_is_mostly_undefined_has_no_interval() -> None:
    values = bootstrap.of_counts(np.array([30, 70]), lambda tables: np.full(len(tables), np.nan))
    assert bootstrap.percentile(values, 0.95) is None


def test_no_p_value_is_zero() -> None:
    assert bootstrap.two_sided(np.ones(999)) == pytest.approx(2 / 1000)
