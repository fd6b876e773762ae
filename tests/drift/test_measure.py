"""Each method against SciPy, closed forms and published values, and the laws it keeps."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from airflow_ml_monitor.drift import measure, method_names, methods
from airflow_ml_monitor.drift.methods.ks import ks_distance
from airflow_ml_monitor.drift.methods.wasserstein import wasserstein_distance
from airflow_ml_monitor.drift.registry import Measurement, method
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.profile import NumericProfile, build_reference, profile_like

A = np.repeat(np.arange(1, 7), [16, 18, 16, 14, 12, 12])
B = np.repeat(np.arange(1, 7), [16, 16, 16, 16, 16, 8])


@pytest.fixture(scope="module")
def normals() -> tuple[np.ndarray, np.ndarray]:
    state = np.random.RandomState(31)
    return state.normal(0, 1, 100), state.normal(1, 1, 100)


class TestPublishedValues:
    def test_ks(self, normals: tuple[np.ndarray, np.ndarray]) -> None:
        found = measure("ks", *normals)
        assert found.value == pytest.approx(0.55)
        assert found.p_value == pytest.approx(3.0406585087050305e-14, rel=1e-9)

    def test_wasserstein(self, normals: tuple[np.ndarray, np.ndarray]) -> None:
        assert measure("wasserstein", *normals).value == pytest.approx(1.0686078744674332, rel=1e-12)

    def test_chi2(self) -> None:
        found = measure("chi2", list("aabaab"), list("bacccc"))
        assert found.value == pytest.approx(6.13333333)
        assert found.p_value == pytest.approx(0.04657615, rel=1e-6)

    def test_chi2_is_of_two_samples(self) -> None:
        found = measure("chi2", ["a"] * 50 + ["b"] * 30 + ["c"] * 20, ["a"] * 80 + ["b"] * 70 + ["c"] * 50)
        assert found.p_value == pytest.approx(0.252, abs=5e-4)

    def test_hellinger(self) -> None:
        assert measure("hellinger", A, B).value == pytest.approx(0.06812, abs=1e-5)

    def test_tvd_leaves_missing_values_out(self) -> None:
        values = ["a", "b", np.nan] * 10
        assert measure("tvd", values, values) == Measurement(0.0, 1.0, 20, 20)

    @pytest.mark.parametrize(
        ("one", "other", "p_value"),
        [
            ("abbaab" * 15, "bbabba" * 15, 0.0339),
            ("a" * 6, "abbaab", 0.1818),
            ("a" * 6, "b" * 6, 0.00216),
            ("aaabb" * 30, "bbbaa" * 30, 0.00078),
        ],
    )
    def test_fisher_exact(self, one: str, other: str, p_value: float) -> None:
        assert measure("fisher_exact", list(one), list(other)).p_value == pytest.approx(p_value, abs=1e-4)

    def test_cramers_v(self) -> None:
        v = measure("cramers_v", ["a"] * 200 + ["b"] * 800, ["a"] * 400 + ["b"] * 600).value
        assert v == pytest.approx(0.21, abs=0.01)
        assert measure("cramers_v", ["a"] * 1000, ["b"] * 1000).value == pytest.approx(1.0, abs=1e-3)
        assert measure("cramers_v", [1.0], [1.0]).value == 0.0

    def test_one_outlier_does_not_move_quantile_bins(self) -> None:
        values = np.random.RandomState(0).normal(size=10_000) * 1e4
        assert measure("jensen_shannon", values, np.append(values, 1e8)).value < 0.02

    @pytest.mark.parametrize("name", ["hellinger", "tvd", "jensen_shannon"])
    def test_disjoint_supports_are_one_apart(self, name: str) -> None:
        assert measure(name, ["a"] * 7, ["b"] * 5).value == pytest.approx(1.0)


class TestClosedForms:
    @pytest.mark.parametrize("shift", [1.0, 2.0])
    def test_of_shifted_normals(self, shift: float) -> None:
        quantiles = stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)
        moved = quantiles + shift
        assert measure("ks", quantiles, moved).value == pytest.approx(2 * stats.norm.cdf(shift / 2) - 1, abs=2e-5)
        assert measure("wasserstein", quantiles, moved).value == pytest.approx(shift, rel=1e-9)
        assert measure("wasserstein_normed", quantiles, moved).value == pytest.approx(shift, rel=1e-4)
        hellinger = measure("hellinger", quantiles, moved, bins=1000).value
        assert hellinger == pytest.approx(np.sqrt(1 - np.exp(-(shift**2) / 8)), abs=3e-3)

    def test_psi_of_shifted_normals_nears_the_square_of_the_shift(self) -> None:
        quantiles = stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)
        found = [measure("psi", quantiles, quantiles + 1.0, bins=bins).value for bins in (10, 100, 1000)]
        assert found[0] < found[1] < found[2] == pytest.approx(1.0, abs=5e-3)

    def test_psi_rejects_as_often_as_it_says(self) -> None:
        random = np.random.default_rng(0)
        p_values = [measure("psi", random.normal(size=200), random.normal(size=200)).p_value for _ in range(400)]
        assert 0.02 < np.mean(np.array(p_values) <= 0.05) < 0.09


SHAPES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda random, size: random.normal(size=size),
    "lognormal": lambda random, size: np.exp(2 * random.normal(size=size)),
    "poisson": lambda random, size: random.poisson(3, size),
    "zero_inflated": lambda random, size: np.where(random.random(size) < 0.6, 0, random.exponential(size=size)),
}


class TestScipy:
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize(("n", "m"), [(30, 50), (200, 333), (1500, 100)])
    def test_ks_and_wasserstein(self, shape: str, n: int, m: int) -> None:
        random = np.random.default_rng(n + m)
        one, other = SHAPES[shape](random, n), SHAPES[shape](random, m) * 1.2
        ks, expected = measure("ks", one, other), stats.ks_2samp(one, other)
        assert (ks.value, ks.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-8)
        distance = stats.wasserstein_distance(one, other)
        assert measure("wasserstein", one, other).value == pytest.approx(distance, rel=1e-9)
        assert measure("wasserstein_normed", one, other).value == pytest.approx(distance / one.std(), rel=1e-9)

    def test_ks_beyond_ten_thousand_values(self) -> None:
        random = np.random.default_rng(0)
        one, other = random.normal(size=20_000), random.normal(0.02, 1, 15_000)
        assert measure("ks", one, other).p_value == pytest.approx(stats.ks_2samp(one, other).pvalue, rel=0.03)

    @given(st.lists(st.integers(0, 30), min_size=2, max_size=6), st.lists(st.integers(0, 30), min_size=6, max_size=6))
    def test_chi2(self, reference: list[int], current: list[int]) -> None:
        counts = np.array([reference, current[: len(reference)]])
        if (counts.sum(axis=0) == 0).any() or (counts.sum(axis=1) == 0).any():
            return
        names = [f"level {i}" for i in range(len(reference))]
        found = measure("chi2", np.repeat(names, counts[0]), np.repeat(names, counts[1]))
        expected = stats.chi2_contingency(counts, correction=False)
        assert (found.value, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-6)


def test_wasserstein_rejects_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    for shape in ("normal", "lognormal", "poisson", "zero_inflated"):
        p_values = np.array(
            [measure("wasserstein", SHAPES[shape](random, 600), SHAPES[shape](random, 200)).p_value for _ in range(300)]
        )
        assert 0.0 < (p_values <= 0.1).mean() < 0.15, shape


NUMBERS = st.lists(st.floats(-1000, 1000).map(lambda value: round(value, 1)), min_size=2, max_size=30)


class TestLaws:
    @given(NUMBERS)
    def test_a_sample_is_no_distance_from_itself(self, values: list[float]) -> None:
        for name in sorted({"ks", "wasserstein", "psi", "jensen_shannon", "hellinger", "tvd", "chi2", "cramers_v"}):
            assert measure(name, values, values[::-1]).value == pytest.approx(0.0, abs=1e-9), name

    @given(NUMBERS, NUMBERS)
    def test_distances_are_symmetric(self, one: list[float], other: list[float]) -> None:
        for name in ("ks", "wasserstein", "jensen_shannon", "hellinger", "tvd", "chi2"):
            if len({*one, *other}) > 50 and name in ("tvd", "chi2", "jensen_shannon", "hellinger"):
                continue
            assert measure(name, one, other).value == pytest.approx(measure(name, other, one).value, abs=1e-9), name

    @given(NUMBERS, NUMBERS, st.floats(0.5, 20), st.floats(-50, 50))
    def test_a_change_of_unit_changes_nothing(
        self, one: list[float], other: list[float], factor: float, offset: float
    ) -> None:
        moved = [[value * factor + offset for value in values] for values in (one, other)]
        assert measure("ks", *moved).value == pytest.approx(measure("ks", one, other).value, abs=1e-9)
        if np.std(one) > 0.1:
            before, after = measure("wasserstein_normed", one, other), measure("wasserstein_normed", *moved)
            assert after.value == pytest.approx(before.value, rel=1e-6, abs=1e-9)


class TestInputs:
    @pytest.mark.parametrize(
        "make",
        [list, np.array, pd.Series, pl.Series, pa.array, lambda v: pa.chunked_array([v[:2], v[2:]])],
        ids=["list", "array", "pandas", "polars", "arrow", "chunked"],
    )
    def test_values_come_in_any_form(self, make: Callable[[list[float]], Any]) -> None:
        assert measure("ks", make([1.0, 2.0, 3.0]), make([2.0, 3.0, 4.0])).value == pytest.approx(1 / 3)

    @settings(deadline=None, max_examples=20)
    @given(st.integers(0, 1000))
    def test_profiles_give_what_values_do(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        rows = pd.DataFrame({"x": random.normal(size=500), "c": random.choice(list("abc"), 500)})
        batch = pd.DataFrame({"x": random.normal(0.3, 1, 400), "c": random.choice(list("abd"), 400)})
        reference = build_reference(rows)
        current = profile_like(reference, batch)
        for column, names in {"x": ["ks", "wasserstein", "psi"], "c": ["tvd", "chi2", "psi"]}.items():
            for name in names:
                one = measure(name, reference.columns[column], current.columns[column])
                other = measure(name, rows[column], batch[column])
                assert one.value == pytest.approx(other.value, abs=4e-3), name
                assert one[2:4] == other[2:4]

    def test_profiles_counted_apart_are_refused(self) -> None:
        columns = [build_reference(pd.DataFrame({"x": values})).columns["x"] for values in ([1, 2], [1, 3])]
        with pytest.raises(DataError, match="not counted alike"):
            measure("ks", *columns)

    @pytest.mark.parametrize(
        ("name", "one", "other", "sentence"),
        [
            ("ks", ["a"], ["b"], "ks measures numbers"),
            ("ks", [], [1.0], "ks needs values on both sides, there are 0 and 1"),
            ("kolmogorov", [1], [1], "no drift method 'kolmogorov'; known: .*ks"),
            ("fisher_exact", [1, 2, 3], [1], "compares two levels, there are 3"),
            ("wasserstein_normed", [1, 1], [2, 3], "constant"),
            ("tvd", list(range(60)), [1], "more than 50"),
            ("tvd", [[1], [2]], [[1]], "cannot be compared"),
        ],
    )
    def test_what_cannot_be_measured_says_why(self, name: str, one: Any, other: Any, sentence: str) -> None:
        with pytest.raises(ConfigurationError, match=sentence):
            measure(name, one, other)

    def test_a_name_is_registered_once(self) -> None:
        with pytest.raises(ConfigurationError, match="'ks' exists already"):
            method("ks", takes="numbers", kinds=())(lambda reference, current: Measurement(0.0, None, 1, 1))

    def test_the_first_ten_methods_are_there(self) -> None:
        first = "ks wasserstein wasserstein_normed psi jensen_shannon hellinger chi2 cramers_v tvd z_proportions"
        assert set(first.split()) <= set(method_names())


@pytest.mark.parametrize("module", methods.__all__)
def test_the_example_in_the_docstring_holds(module: str) -> None:
    outcome = doctest.testmod(getattr(methods, module))
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_profiles_are_within_a_thousandth_of_the_exact_distances(shape: str) -> None:
    random = np.random.default_rng(7)
    one, other = SHAPES[shape](random, 60_000), SHAPES[shape](random, 50_000) * 1.03
    reference = build_reference(pd.DataFrame({"x": one}))
    current = profile_like(reference, pd.DataFrame({"x": other})).columns["x"]
    low, high = np.quantile(one, [0.01, 0.99])
    clipped, clipped_other = np.clip(one, low, high), np.clip(other, low, high)
    column = reference.columns["x"]
    assert isinstance(column, NumericProfile)
    assert isinstance(current, NumericProfile)
    distance = ks_distance(column, current, clip=True)
    assert distance == pytest.approx(stats.ks_2samp(clipped, clipped_other, method="asymp").statistic, abs=1e-3)
    exact = stats.wasserstein_distance(clipped, clipped_other) / clipped.std()
    scale = column.clipped.variance**0.5
    assert wasserstein_distance(column, current, clip=True) / scale == pytest.approx(exact, abs=1e-3)
