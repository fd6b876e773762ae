"""PCA reconstruction: against scikit-learn, by chance alone, and on broken relations."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from sklearn.decomposition import PCA

from airflow_ml_monitor.drift import measure
from airflow_ml_monitor.drift.multivariate.features import Features, read_features
from airflow_ml_monitor.drift.multivariate.pca_reconstruction import (
    _difference,
    _left_over,
    pca_reconstruction,
    reconstructed,
)
from airflow_ml_monitor.errors import ConfigurationError
from tests.drift.multivariate.made_rows import relation_turned, split


def read(reference: pa.Table | np.ndarray, current: pa.Table | np.ndarray) -> Features:
    return read_features(reference, current, most_rows=20_000)


def test_errors_are_those_of_the_components_left_out_in_units_of_their_variance() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(300, 5)) @ random.normal(size=(5, 5))
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    left, kept = _left_over(rows, rows[:200])
    oracle = PCA(svd_solver="full").fit(rows[:200])
    variance = oracle.explained_variance_ * 199 / 200
    assert kept == 1 + int(np.argmax(np.cumsum(variance) / variance.sum() >= 0.8))
    expected = (np.square(oracle.transform(rows)) / (variance + 0.2))[:, kept:].sum(axis=1)
    np.testing.assert_allclose(np.square(left).sum(axis=1), expected)


def test_the_evidence_is_welch_s() -> None:
    random = np.random.default_rng(1)
    one, other = random.gamma(2, 1, 80), random.gamma(2, 1.3, 300)
    value, error, p_value = _difference(one, other)
    assert p_value == pytest.approx(stats.ttest_ind(one, other, equal_var=False).pvalue)
    assert value == pytest.approx((other.mean() - one.mean()) / np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2))
    assert value / error == pytest.approx(-stats.ttest_ind(one, other, equal_var=False).statistic)


def test_a_relation_that_turned_is_found_and_driven_by_its_columns() -> None:
    one, other = relation_turned(1_000, 3)
    found = reconstructed(read(one, other))
    assert found.value > 0.5
    assert found.p_value < 1e-20
    assert set(found.drivers) == {"x0", "x1"}
    assert all(now > 2 * was for was, now in found.drivers.values())
    assert max(measure("ks", one.column(name), other.column(name)).value for name in one.column_names) == 0.0


def test_a_relation_that_became_closer_lowers_the_errors() -> None:
    random = np.random.default_rng(2)
    first = random.normal(size=2_000)
    noise = np.where(np.arange(2_000) < 1_000, 0.6, 0.1)
    rows = np.column_stack((first, (first + noise * random.normal(size=2_000)) / np.sqrt(1 + noise**2)))
    found = reconstructed(read(rows[:1_000], rows[1_000:]))
    assert found.value < -0.2
    assert found.effect == -found.value


def test_by_chance_alone_it_rejects_as_often_as_promised() -> None:
    p_values = [pca_reconstruction(*split(250, seed)).p_value or 0.0 for seed in range(200)]
    # 5 % of 200 are 10; three standard deviations are 9.2.
    assert np.mean(np.array(p_values) <= 0.05) <= 0.096
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


def test_units_do_not_matter() -> None:
    one, other = (np.column_stack(table.columns) for table in relation_turned(400, 5))
    scale = np.array([1e6, 1e-6, 1, 3, 0.1, 7])
    assert pca_reconstruction(one * scale, other * scale).value == pytest.approx(pca_reconstruction(one, other).value)


@pytest.mark.parametrize(
    "column", [np.r_[np.zeros(50), np.ones(10)], np.repeat([0.0, 1.0], 30)], ids=["rare", "constant halves"]
)
def test_columns_of_two_values_have_a_value_and_a_p_value(column: np.ndarray) -> None:
    found = pca_reconstruction(np.zeros((60, 1)) + column[::-1, None], column[:, None])
    assert np.isfinite([found.value, found.p_value]).all()


def test_rows_that_are_all_alike_on_a_side_differ_by_nothing_or_are_found() -> None:
    woke_up = pca_reconstruction(np.zeros((60, 2)), np.random.default_rng(1).normal(size=(60, 2)))
    assert (woke_up.value, woke_up.p_value) == (0.0, 1.0)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="pca_reconstruction needs at least 10 rows"):
        pca_reconstruction(np.arange(9.0)[:, None], np.arange(50.0)[:, None])
