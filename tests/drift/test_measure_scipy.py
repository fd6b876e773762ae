"""Values and p-values against SciPy's."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from airflow_ml_monitor.drift import measure

SHAPES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda random, size: random.normal(size=size),
    "lognormal": lambda random, size: np.exp(2 * random.normal(size=size)),
    "poisson": lambda random, size: random.poisson(3, size),
    "zero_inflated": lambda random, size: np.where(random.random(size) < 0.6, 0, random.exponential(size=size)),
}
SIZES = [(30, 50), (200, 333), (1500, 100)]


def _samples(shape: str, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(n + m)
    return SHAPES[shape](random, n), SHAPES[shape](random, m) * 1.2


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("n", "m"), SIZES)
class TestNumbers:
    def test_ks_and_wasserstein(self, shape: str, n: int, m: int) -> None:
        one, other = _samples(shape, n, m)
        ks, expected = measure("ks", one, other), stats.ks_2samp(one, other)
        assert (ks.value, ks.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-8)
        distance = stats.wasserstein_distance(one, other)
        assert measure("wasserstein", one, other).value == pytest.approx(distance, rel=1e-9)
        assert measure("wasserstein", one, other).effect == pytest.approx(distance / one.std(), rel=1e-9)
        assert measure("wasserstein_normed", one, other).value == pytest.approx(distance / one.std(), rel=1e-9)

    @pytest.mark.parametrize(
        ("name", "oracle"),
        [
            ("t_test", lambda one, other: stats.ttest_ind(one, other, equal_var=False)),
            ("mann_whitney", stats.mannwhitneyu),
            ("epps_singleton", stats.epps_singleton_2samp),
        ],
    )
    def test_value_and_p(self, shape: str, n: int, m: int, name: str, oracle: Callable[..., Any]) -> None:
        one, other = _samples(shape, n, m)
        if name == "epps_singleton" and stats.iqr(np.concatenate((one, other))) == 0:
            pytest.skip("SciPy divides by an interquartile range of 0")
        found, expected = measure(name, one, other), oracle(one, other)
        assert (found.value, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-7)

    def test_energy(self, shape: str, n: int, m: int) -> None:
        one, other = _samples(shape, n, m)
        assert measure("energy", one, other).value == pytest.approx(stats.energy_distance(one, other), rel=1e-9)

    def test_anderson_darling(self, shape: str, n: int, m: int) -> None:
        one, other = _samples(shape, n, m)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = stats.anderson_ksamp([one, other])
        found = measure("anderson_darling", one, other)
        assert found.value == pytest.approx(expected.statistic, rel=1e-9)
        if 0.001 < expected.pvalue < 0.25:
            tied = len(np.unique(np.concatenate((one, other)))) < n + m
            # On ties it is the share of permutations, and SciPy's is read from critical values of untied samples.
            near = {"rel": 0.35, "abs": 3e-3} if tied else {"rel": 1e-6}
            assert found.p_value == pytest.approx(expected.pvalue, **near)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (4, 19), (20, 20), (30, 50), (400, 100)])
def test_cramer_von_mises_of_different_values(n: int, m: int) -> None:
    one, other = _samples("normal", n, m)
    found, expected = measure("cramer_von_mises", one, other), stats.cramervonmises_2samp(one, other)
    assert (found.value, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-8)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 30), (5, 5), (8, 8), (3, 200), (9, 8)])
def test_mann_whitney_of_few_values_is_exact(n: int, m: int) -> None:
    one, other = _samples("normal", n, m)
    expected = stats.mannwhitneyu(one, other + 0.5, method="exact")
    assert measure("mann_whitney", one, other + 0.5).p_value == pytest.approx(expected.pvalue, rel=1e-9)


@pytest.mark.parametrize("name", ["ks", "mann_whitney", "cramer_von_mises"])
def test_one_row_is_no_evidence(name: str) -> None:
    assert (measure(name, np.arange(50), [1e6]).p_value or 0.0) > 0.02


def test_ks_beyond_ten_thousand_values() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=20_000), random.normal(0.02, 1, 15_000)
    assert measure("ks", one, other).p_value == pytest.approx(stats.ks_2samp(one, other).pvalue, rel=0.03)


COUNTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=6)


class TestLevels:
    @given(COUNTS)
    def test_chi2_and_g(self, pairs: list[tuple[int, int]]) -> None:
        counts = np.array(pairs).T
        if (counts.sum(axis=0) == 0).any() or (counts.sum(axis=1) == 0).any():
            return
        names = [f"level {i}" for i in range(len(pairs))]
        one, other = np.repeat(names, counts[0]), np.repeat(names, counts[1])
        for name, power in (("chi2", "pearson"), ("g_test", "log-likelihood")):
            expected = stats.chi2_contingency(counts, correction=False, lambda_=power)
            found = measure(name, one, other)
            close = pytest.approx((expected.statistic, expected.pvalue), rel=1e-6, abs=1e-9)
            assert (found.value, found.p_value) == close, name

    @given(COUNTS)
    def test_kl_and_jensen_shannon(self, pairs: list[tuple[int, int]]) -> None:
        counts = np.array(pairs).T + 1
        names = [f"level {i}" for i in range(len(pairs))]
        one, other = np.repeat(names, counts[0]), np.repeat(names, counts[1])
        p, q = (side / side.sum() for side in counts)
        assert measure("kl", one, other).value == pytest.approx(stats.entropy(p, q), abs=1e-9)
        mixed = (stats.entropy(p, (p + q) / 2, base=2) + stats.entropy(q, (p + q) / 2, base=2)) / 2
        assert measure("jensen_shannon", one, other).value ** 2 == pytest.approx(mixed, abs=1e-9)

    @given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40), st.integers(1, 40))
    def test_z_proportions(self, k: int, rest: int, other_k: int, other_rest: int) -> None:
        one, other = [1] * k + [0] * rest, [1] * other_k + [0] * other_rest
        statistic = (
            stats.chi2_contingency([[k, rest], [other_k, other_rest]], correction=False) if k + other_k else None
        )
        p_value = 1.0 if statistic is None else statistic.pvalue
        assert measure("z_proportions", one, other).p_value == pytest.approx(p_value, abs=1e-9)

    @pytest.mark.parametrize("seed", range(3))
    def test_permutations_agree_with_scipys(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        one, other = random.integers(0, 4, 40), random.integers(0, 4, 60)

        def distance(x: np.ndarray, y: np.ndarray) -> float:
            p, q = (np.bincount(side, minlength=4) / len(side) for side in (x, y))
            return float(np.round(np.abs(p - q).max(), 9))

        expected = stats.permutation_test((one, other), distance, n_resamples=2000, alternative="greater", rng=random)
        assert measure("l_infinity", one, other).p_value == pytest.approx(expected.pvalue, abs=0.06)
