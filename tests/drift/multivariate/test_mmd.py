"""MMD: against its definition, closed forms and permutations one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import cdist, pdist

from airflow_ml_monitor.drift.multivariate.features import read_features
from airflow_ml_monitor.drift.multivariate.mmd import (
    _kernel,
    _median_distance,
    _p_of_halves,
    _permuted,
    discrepancy,
    mmd,
    mmd_weighted,
)
from airflow_ml_monitor.errors import ConfigurationError
from tests.drift.multivariate.made_rows import relation_turned, split


def by_definition(one: np.ndarray, other: np.ndarray, width: float) -> float:
    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-cdist(a, b, "sqeuclidean") / (2 * width**2))

    n, m = len(one), len(other)
    within = (kernel(one, one).sum() - n) / (n * (n - 1)) + (kernel(other, other).sum() - m) / (m * (m - 1))
    return float(within - 2 * kernel(one, other).mean())


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(50, 3)) + np.where(np.arange(50) < 20, 0.0, 0.6)[:, None]


class TestKernel:
    def test_the_bandwidth_is_the_median_distance(self, rows: np.ndarray) -> None:
        apart = np.sort(pdist(rows))
        assert _median_distance(rows) == pytest.approx(apart[(len(apart) - 1) // 2])

    def test_the_bandwidth_of_weighted_points_is_that_of_their_rows(self) -> None:
        points, counts = np.array([[0.0], [1.0], [5.0]]), np.array([3, 4, 2])
        apart = np.sort(pdist(np.repeat(points, counts, axis=0)))
        assert _median_distance(points, counts) == apart[(len(apart) - 1) // 2]

    def test_where_most_rows_are_equal_it_is_the_mean_distance(self) -> None:
        points = np.array([[0.0]] * 9 + [[3.0]])
        assert _median_distance(points) == pytest.approx(pdist(points).mean())

    def test_the_value_is_the_definition_s(self, rows: np.ndarray) -> None:
        squared, _, _ = _permuted(_kernel(rows, 1.3), 20, np.random.default_rng(1))
        assert squared == pytest.approx(by_definition(rows[:20], rows[20:], 1.3))

    def test_the_permutations_are_those_of_rows(self, rows: np.ndarray) -> None:
        rows = np.random.default_rng(3).normal(size=(50, 3))
        _, p_value, deviation = _permuted(_kernel(rows, 1.3), 20, np.random.default_rng(1))
        random, dealt = np.random.default_rng(2), []
        for _ in range(400):
            order = random.permutation(rows)
            dealt.append(by_definition(order[:20], order[20:], 1.3))
        observed = by_definition(rows[:20], rows[20:], 1.3)
        assert deviation == pytest.approx(np.std(dealt), rel=0.2)
        assert p_value == pytest.approx(np.mean(np.array(dealt) >= observed), abs=0.1)


@pytest.mark.parametrize("shift", [0.25, 1.0])
def test_two_normals_are_as_far_apart_as_they_should_be(shift: float) -> None:
    quantiles = stats.norm.ppf((np.arange(800) + 0.5) / 800)
    counts = np.ones(800, np.int64), np.zeros(800, np.int64)
    found = mmd_weighted(np.r_[quantiles, quantiles + shift], np.r_[counts], np.r_[counts[::-1]])
    s2 = found.bandwidth**2
    squared = 2 * np.sqrt(s2 / (s2 + 2)) * (1 - np.exp(-(shift**2) / (2 * (s2 + 2))))
    # Quantiles are not drawn: what the estimator takes off for a row with itself, 2 (1 - E k) / 800, is too much.
    expected = squared - 2 * (1 - np.sqrt(s2 / (s2 + 2))) / 800
    assert found.value**2 == pytest.approx(expected, abs=1e-4)


class TestWeighted:
    @settings(max_examples=25)
    @given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=12))
    def test_points_with_counts_are_rows(self, drawn: list[tuple[int, int, int]]) -> None:
        merged = {point: (one, other) for point, one, other in drawn}
        points = np.array(list(merged), np.float64)
        one, other = (np.array(side, np.int64) for side in zip(*merged.values(), strict=True))
        if min(one.sum(), other.sum()) < 2:
            return
        found = mmd_weighted(points, one, other)
        sides = np.repeat(points, one)[:, None], np.repeat(points, other)[:, None]
        expected = by_definition(*sides, found.bandwidth) if found.bandwidth > 0 else 0.0
        assert found.value == pytest.approx(np.sqrt(max(0.0, expected)), abs=1e-7)
        assert 0.0 < found.p_value <= 1.0

    def test_sides_may_be_swapped(self) -> None:
        points, one, other = np.arange(4.0), np.array([5, 3, 1, 9]), np.array([1, 7, 8, 2])
        forth, back = mmd_weighted(points, one, other), mmd_weighted(points, other, one)
        assert forth.value == pytest.approx(back.value)
        assert forth.p_value == pytest.approx(back.p_value, abs=0.03)

    def test_equal_points_are_not_apart(self) -> None:
        assert mmd_weighted(np.array([3.0]), np.array([50]), np.array([9])) == (0.0, 1.0, 0.0)

    def test_where_no_permutation_reaches_it_another_test_speaks(self) -> None:
        points, one, other = np.arange(2.0), np.array([400, 0]), np.array([0, 400])
        assert mmd_weighted(points, one, other, beyond=lambda: 1e-9).p_value == 1e-9


class TestRows:
    def test_a_relation_that_turned_is_found(self) -> None:
        found = mmd(*relation_turned(600, 3, columns=3))
        assert found.value > 0.1
        assert (found.p_value or 1.0) < 1e-6

    def test_the_same_rows_are_not_apart(self) -> None:
        rows = np.random.default_rng(1).normal(size=(200, 4))
        assert mmd(rows, rows[::-1]).value == 0.0

    @settings(max_examples=10)
    @given(st.integers(0, 1_000))
    def test_sides_may_be_swapped_and_rows_reordered(self, seed: int) -> None:
        one, other = (np.random.default_rng((seed, side)).normal(side / 4, 1, (60, 2)) for side in (0, 1))
        shuffled = np.random.default_rng(seed).permutation(other)
        assert mmd(other, one).value == pytest.approx(mmd(one, other).value, abs=1e-9)
        assert mmd(one, shuffled).value == pytest.approx(mmd(one, other).value, abs=1e-9)

    def test_units_do_not_matter(self) -> None:
        one, other = (np.random.default_rng(side).normal(side, 1, (80, 3)) for side in (0, 1))
        scale, offset = np.array([1e5, 1e-5, 3.0]), np.array([-7.0, 0.0, 1e3])
        assert mmd(one * scale + offset, other * scale + offset).value == pytest.approx(mmd(one, other).value)

    def test_no_more_than_two_thousand_rows_of_a_side_are_used(self) -> None:
        rows = np.random.default_rng(1).normal(size=(2_600, 2))
        found = mmd(rows, rows[:50])
        assert (found.n_reference, found.n_current) == (2_000, 50)

    def test_too_few_rows_are_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="mmd needs at least 10 rows"):
            mmd(np.arange(9.0)[:, None], np.arange(50.0)[:, None])


class TestEvidence:
    def test_by_chance_alone_p_values_are_uniform(self) -> None:
        p_values = np.array([mmd(*split(60, seed)).p_value or 0.0 for seed in range(200)])
        # 5 % of 200 are 10; three standard deviations are 9.2.
        assert np.mean(p_values <= 0.05) <= 0.096
        assert stats.kstest(p_values, "uniform").pvalue > 1e-3

    def test_the_test_of_halves_is_normal_by_chance_alone(self) -> None:
        found = []
        for seed in range(300):
            rows = np.random.default_rng(seed).normal(size=(160, 3))
            found.append(_p_of_halves(_kernel(rows, 2.0), 80, np.random.default_rng(seed)))
        assert stats.kstest(found, "uniform").pvalue > 1e-3

    def test_the_critical_effect_is_about_what_chance_reaches(self) -> None:
        found = [discrepancy(read_features(*split(60, seed), most_rows=2_000)) for seed in range(200)]
        assert np.mean([each.effect >= each.critical(0.1) for each in found]) == pytest.approx(0.1, abs=0.06)
