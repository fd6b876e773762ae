"""Tail probabilities against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from airflow_ml_monitor.distributions import (
    beta_cdf,
    chi_square_isf,
    chi_square_sf,
    fisher_two_sided,
    hypergeometric_sf,
    kolmogorov_sf,
    normal_isf,
    normal_sf,
    student_t_two_sided,
)


@given(st.floats(0.21, 8))
def test_kolmogorov(x: float) -> None:
    assert kolmogorov_sf(x) == pytest.approx(stats.kstwobign.sf(x), rel=1e-9, abs=1e-290)


def test_kolmogorov_is_one_near_zero() -> None:
    assert [kolmogorov_sf(0.0), kolmogorov_sf(0.1)] == [1.0, 1.0]


@given(st.floats(0, 37))
def test_normal(z: float) -> None:
    assert normal_sf(z) == pytest.approx(stats.norm.sf(z), rel=1e-12)


@given(st.floats(1e-300, 0.999))
def test_normal_inverse(p: float) -> None:
    assert normal_sf(normal_isf(p)) == pytest.approx(p, rel=1e-6)


@given(st.floats(0, 2000), st.integers(1, 1000))
def test_chi_square(x: float, df: int) -> None:
    assert chi_square_sf(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-9)


def test_chi_square_is_never_beyond_every_number() -> None:
    assert chi_square_sf(np.inf, 3) == 0.0


@pytest.mark.parametrize("df", [1, 9, 200])
@pytest.mark.parametrize("p", [0.5, 0.05, 1e-8])
def test_chi_square_inverse(p: float, df: int) -> None:
    assert chi_square_isf(p, df) == pytest.approx(stats.chi2.isf(p, df), rel=1e-9)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    total = draw(st.integers(2, 20_000))
    drawn, marked = draw(st.integers(1, total - 1)), draw(st.integers(0, total))
    return draw(st.integers(max(0, drawn + marked - total), min(drawn, marked))), drawn, marked, total


@given(tables())
def test_hypergeometric_tail(table: tuple[int, int, int, int]) -> None:
    k, drawn, marked, total = table
    expected = stats.hypergeom.sf(k - 1, total, marked, drawn)
    assert hypergeometric_sf(k, drawn, marked, total) == pytest.approx(expected, rel=1e-6, abs=1e-11)


@given(tables())
def test_fisher(table: tuple[int, int, int, int]) -> None:
    k, drawn, marked, total = table
    counts = [[k, drawn - k], [marked - k, total - marked - drawn + k]]
    assert fisher_two_sided(k, drawn, marked, total) == pytest.approx(
        stats.fisher_exact(counts)[1], rel=1e-6, abs=1e-11
    )


def test_fisher_on_millions_of_rows_is_about_the_z_test() -> None:
    drawn, total, marked = 2_000_000, 5_000_000, 1_000_000
    k = 401_500
    z = (k / drawn - (marked - k) / (total - drawn)) / np.sqrt(0.2 * 0.8 * (1 / drawn + 1 / (total - drawn)))
    assert fisher_two_sided(k, drawn, marked, total) == pytest.approx(2 * normal_sf(z), rel=0.02)


@given(st.floats(-60, 60), st.floats(1, 1e6))
def test_student(t: float, df: float) -> None:
    assert student_t_two_sided(t, df) == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-7, abs=1e-290)


def test_student_is_never_beyond_every_number() -> None:
    assert student_t_two_sided(np.inf, 9) == 0.0


def test_student_of_many_values_is_normal() -> None:
    assert student_t_two_sided(3.0, 2e7) == pytest.approx(2 * stats.t.sf(3.0, 2e7), rel=1e-5)


@given(st.floats(0, 1), st.floats(0.1, 500), st.floats(0.1, 500))
def test_beta(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), rel=1e-8, abs=1e-11)
