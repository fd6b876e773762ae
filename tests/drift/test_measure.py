"""Each method against published values and closed forms; the forms its samples may come in."""

from __future__ import annotations

import doctest
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

from airflow_ml_monitor.drift import measure, method_names, methods
from airflow_ml_monitor.drift.registry import Measurement, method
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.profile import build_reference

A = np.repeat(np.arange(1, 7), [16, 18, 16, 14, 12, 12])
B = np.repeat(np.arange(1, 7), [16, 16, 16, 16, 16, 8])
C = np.repeat(np.arange(1, 7), [10, 10, 24, 24, 10, 10])
SHORT = [38.7, 41.5, 43.8, 44.5, 45.5, 46.0, 47.7, 58.0], [39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8]

Samples = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def normals() -> Samples:
    state = np.random.RandomState(31)
    return state.normal(0, 1, 100), state.normal(1, 1, 100)


class TestPublishedValues:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("ks", 0.55),
            ("t_test", -7.651304662806378),
            ("mann_whitney", 2139.0),
            ("anderson_darling", 32.40316586267425),
            ("wasserstein", 1.0686078744674332),
            ("energy", 0.8359206395514527),
            ("cramer_von_mises", 5.3317),
        ],
    )
    def test_of_two_normal_samples(self, normals: Samples, name: str, value: float) -> None:
        assert measure(name, *normals).value == pytest.approx(value, rel=1e-9)

    @pytest.mark.parametrize(
        ("name", "p_value"),
        [("ks", 3.0406585087050305e-14), ("t_test", 8.685225410826823e-13), ("mann_whitney", 2.7623373527697943e-12)],
    )
    def test_evidence_of_two_normal_samples(self, normals: Samples, name: str, p_value: float) -> None:
        assert measure(name, *normals).p_value == pytest.approx(p_value, rel=1e-9)

    def test_anderson_darlings_p_is_not_cut_off(self, normals: Samples) -> None:
        assert (measure("anderson_darling", *normals).p_value or 1.0) < 1e-9

    def test_anderson_darlings_p(self) -> None:
        assert measure("anderson_darling", *SHORT).p_value == pytest.approx(0.0635, abs=5e-5)

    def test_chi2(self) -> None:
        found = measure("chi2", list("aabaab"), list("bacccc"))
        assert found.value == pytest.approx(6.13333333)
        assert found.p_value == pytest.approx(0.04657615, rel=1e-6)

    def test_chi2_is_of_two_samples(self) -> None:
        found = measure("chi2", ["a"] * 50 + ["b"] * 30 + ["c"] * 20, ["a"] * 80 + ["b"] * 70 + ["c"] * 50)
        assert found.p_value == pytest.approx(0.252, abs=5e-4)

    def test_hellinger(self) -> None:
        assert measure("hellinger", A, B).value == pytest.approx(0.06812, abs=1e-5)

    @pytest.mark.parametrize(("other", "published"), [(B, 0.928), (C, 0.085)])
    def test_evidence_of_tvd(self, other: np.ndarray, published: float) -> None:
        # Published from permutations whose rounding decides on ties; 0.967 and 0.096 are the exact ones.
        assert measure("tvd", A, other).p_value == pytest.approx(published, abs=0.045)

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

    @pytest.mark.parametrize(
        ("one", "other", "value"),
        [("h" + "w" * 9, "hhh" + "w" * 7, 0.2), ("b" * 9 + "c", "aaa" + "b" * 7, 0.3)],
    )
    def test_l_infinity(self, one: str, other: str, value: float) -> None:
        assert measure("l_infinity", list(one), list(other)).value == pytest.approx(value)

    def test_jensen_shannon_is_the_root_of_the_divergence_to_base_two(self) -> None:
        shares = np.array([2, 2, 0, 0]), np.array([0, 1, 1, 2])  # [1,2):2, [2,3):2 against [2,4):2, [4,6):2
        one, other = (np.repeat(list("abcd"), counts) for counts in shares)
        assert measure("jensen_shannon", one, other).value ** 2 == pytest.approx(0.65563906222)

    def test_one_outlier_does_not_move_quantile_bins(self) -> None:
        values = np.random.RandomState(0).normal(size=10_000) * 1e4
        assert measure("jensen_shannon", values, np.append(values, 1e8)).value < 0.02

    @pytest.mark.parametrize("name", ["hellinger", "tvd", "jensen_shannon", "l_infinity"])
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
        assert measure("t_test", quantiles, moved).effect == pytest.approx(shift, rel=1e-4)
        delta = 2 * stats.norm.cdf(shift / np.sqrt(2)) - 1
        assert measure("mann_whitney", quantiles, moved).effect == pytest.approx(delta, abs=1e-4)
        hellinger = measure("hellinger", quantiles, moved, bins=1000).value
        assert hellinger == pytest.approx(np.sqrt(1 - np.exp(-(shift**2) / 8)), abs=3e-3)

    def test_kl_of_shifted_normals_nears_half_the_square_of_the_shift(self) -> None:
        quantiles = stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)
        assert measure("kl", quantiles, quantiles + 0.5, bins=1000).value == pytest.approx(0.125, abs=1e-3)

    def test_psi_of_shifted_normals_nears_the_square_of_the_shift(self) -> None:
        quantiles = stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)
        found = [measure("psi", quantiles, quantiles + 1.0, bins=bins).value for bins in (10, 100, 1000)]
        assert found[0] < found[1] < found[2] == pytest.approx(1.0, abs=5e-3)

    @pytest.mark.parametrize("name", ["ks", "mann_whitney", "cramer_von_mises", "anderson_darling"])
    @pytest.mark.parametrize(("n", "m"), [(400, 400), (1000, 300)])
    def test_samples_wholly_apart_have_the_greatest_effect_of_ranks(self, name: str, n: int, m: int) -> None:
        found = measure(name, np.arange(n), np.arange(m) + 2 * n)
        assert (found.effect or found.value) == pytest.approx(1.0, abs=5e-3)

    def test_cramers_v_of_unequal_samples_is_small_its_effect_is_not(self) -> None:
        found = measure("cramers_v", ["a", "b"] * 50_000, ["a"] * 100)
        assert found.value < 0.04
        assert found.effect == pytest.approx(np.sqrt(0.5 * (0.25 / 1.5 + 0.5) - 0.25 / 100), abs=1e-4)


class TestInputs:
    @pytest.mark.parametrize(
        "make",
        [list, np.array, pd.Series, pl.Series, pa.array, lambda v: pa.chunked_array([v[:2], v[2:]])],
        ids=["list", "array", "pandas", "polars", "arrow", "chunked"],
    )
    def test_values_come_in_any_form(self, make: Callable[[list[float]], Any]) -> None:
        assert measure("ks", make([1.0, 2.0, 3.0]), make([2.0, 3.0, 4.0])).value == pytest.approx(1 / 3)

    def test_profiles_counted_apart_are_refused(self) -> None:
        columns = [build_reference(pd.DataFrame({"x": values})).columns["x"] for values in ([1, 2], [1, 3])]
        with pytest.raises(DataError, match="not counted alike"):
            measure("ks", *columns)

    @pytest.mark.parametrize(
        ("name", "one", "other", "sentence"),
        [
            ("ks", ["a"], ["b"], "ks measures numbers"),
            ("ks", [], [1.0], "ks needs values on both sides, there are 0 and 1"),
            ("psi", [1.0], [], "psi needs values on both sides, there are 1 and 0"),
            ("t_test", [1.0], [1.0, 2.0], "t_test needs at least 2 values on both sides, there are 1 and 2"),
            ("t_test", [1.0, 1.0], [2.0, 2.0], "needs values that vary, 1 is all of the reference and 2"),
            ("epps_singleton", [1, 1, 1, 1, 2], [1, 1, 1, 1, 3], "interquartile range above 0"),
            ("anderson_darling", [1.0], [2.0], "needs at least 4 values in all, there are 2"),
            ("kolmogorov", [1], [1], "no drift method 'kolmogorov'; known: .*ks"),
            ("fisher_exact", [1, 2, 3], [1], "compares two levels, there are 3"),
            ("wasserstein_normed", [1, 1], [2, 3], "constant"),
            ("tvd", list(range(60)), [1], "more than 50"),
            ("tvd", [[1], [2]], [[1]], "cannot be compared"),
            ("ks", np.zeros((2, 3)), np.zeros((2, 3)), "ks measures one column at a time, this is a table"),
            ("tvd", pd.DataFrame({"x": [1]}), pd.DataFrame({"x": [1]}), "use detect_drift"),
        ],
    )
    def test_what_cannot_be_measured_says_why(self, name: str, one: Any, other: Any, sentence: str) -> None:
        with pytest.raises(ConfigurationError, match=sentence):
            measure(name, one, other)

    def test_values_too_large_are_refused(self) -> None:
        with pytest.raises(DataError, match="1 values lie beyond 1e150"):
            measure("ks", [1.0, 1e200], [1.0])


class TestRegistry:
    def test_a_name_is_registered_once(self) -> None:
        with pytest.raises(ConfigurationError, match="'ks' exists already"):
            method("ks", takes="numbers", kinds=())(lambda reference, current: Measurement(0.0, None, 1, 1))

    def test_a_method_has_a_limit(self) -> None:
        with pytest.raises(ConfigurationError, match="'sum' has no limit"):
            method("sum", takes="numbers", kinds=())(lambda reference, current: Measurement(0.0, None, 1, 1))

    def test_all_methods_are_there(self) -> None:
        names = """ks wasserstein wasserstein_normed psi jensen_shannon hellinger chi2 cramers_v tvd z_proportions
        l_infinity kl g_test fisher_exact t_test mann_whitney anderson_darling cramer_von_mises epps_singleton energy
        mmd domain_classifier pca_reconstruction"""
        assert method_names() == sorted(names.split())


@pytest.mark.parametrize("module", [found.name for found in pkgutil.iter_modules(methods.__path__)])
def test_the_example_in_the_docstring_holds(module: str) -> None:
    found = import_module(f"{methods.__name__}.{module}")
    outcome = doctest.testmod(found)
    assert outcome.attempted > 0 or module == "level_evidence"
    assert outcome.failed == 0


_RUN = """
import sys
from pyarrow.parquet import ParquetFile
from airflow_ml_monitor import detect_drift
table = ParquetFile(sys.argv[1]).read()
detect_drift(table, table)
print(sorted({"scipy", "pandas", "sklearn"} & set(sys.modules)))
"""


def test_the_default_path_imports_neither_scipy_nor_pandas(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    random = np.random.default_rng(0)
    levels = random.choice(list("abc"), 400)
    pd.DataFrame({"x": random.normal(size=400), "few": random.integers(0, 3, 400), "c": levels}).to_parquet(path)
    ran = subprocess.run([sys.executable, "-c", _RUN, str(path)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
