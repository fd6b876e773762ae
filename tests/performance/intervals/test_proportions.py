"""Intervals of proportions against SciPy, statements of the papers, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from airflow_ml_monitor.performance.intervals.proportions import (
    difference_of_two,
    f1_interval,
    mcnemar,
    mean_of,
    mean_of_correlated,
    paired_difference,
    wilson,
)
from airflow_ml_monitor.results import Interval

counts = st.integers(0, 60)


@settings(max_examples=200)
@given(counts, counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_scipys(successes: int, failures: int, confidence: float) -> None:
    trials = successes + failures
    if trials:
        theirs = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
        assert tuple(wilson(successes, trials, confidence)) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_newcombes_example_of_paired_proportions() -> None:
    """Newcombe 1998, table II, method 10: 36, 12, 2, 0 of 50 give 0.2 (0.0569 to 0.3404)."""
    assert tuple(paired_difference(36, 12, 2, 0, 0.95)) == pytest.approx((0.0569, 0.3404), abs=5e-5)


@settings(max_examples=200)
@given(counts, counts, counts, counts)
def test_a_paired_difference_turns_round_with_the_pair(both: int, first: int, second: int, neither: int) -> None:
    if both + first + second + neither:
        one = paired_difference(both, first, second, neither, 0.95)
        other = paired_difference(both, second, first, neither, 0.95)
        assert tuple(one) == pytest.approx((-other.upper, -other.lower), abs=1e-12)


@settings(max_examples=200)
@given(counts, counts)
def test_mcnemars_mid_p_is_the_exact_p_less_half_of_what_was_seen(first: int, second: int) -> None:
    n = first + second
    if n and first != second:
        exact = binomtest(first, n).pvalue
        seen = 2 * (
            binomtest(first, n, alternative="less").pvalue + binomtest(first, n, alternative="greater").pvalue - 1
        )
        assert mcnemar(first, second) == pytest.approx(exact - seen / 2, abs=1e-9)


def test_models_that_err_alike_do_not_differ() -> None:
    assert mcnemar(7, 7) == mcnemar(0, 0) == 1.0


@settings(max_examples=100)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_f1_is_inside_its_interval(right: int, false_positive: int, false_negative: int) -> None:
    if right + false_positive + false_negative:
        lower, upper = f1_interval(right, false_positive, false_negative, 0.95)
        value = 2 * right / (2 * right + false_positive + false_negative)
        assert 0 <= lower <= value <= upper <= 1


def test_of_independent_estimates_the_errors_add_in_squares() -> None:
    one, other = (0.6, Interval(0.3, 0.7)), (0.2, Interval(0.1, 0.6))
    assert tuple(difference_of_two(one, other)) == pytest.approx((0.4 - 0.5, 0.4 + 0.02**0.5))
    assert tuple(mean_of([one, other])) == pytest.approx((0.4 - 0.1**0.5 / 2, 0.4 + 0.17**0.5 / 2))


PARTS = [(0.2, Interval(0.1, 0.4)), (0.5, Interval(0.4, 0.55))]


def test_a_mean_of_what_does_not_hang_together_is_that_of_independent_ones() -> None:
    found = mean_of_correlated(PARTS, np.eye(2))
    assert found == pytest.approx(mean_of(PARTS))


def test_what_rises_and_falls_together_is_as_unsure_as_all_its_parts() -> None:
    found = mean_of_correlated(PARTS, np.array([[1.0, -2.0, 1.0], [3.0, -6.0, 3.0]]))
    assert found == pytest.approx((0.25, 0.475))


def test_what_rises_as_the_other_falls_is_surer() -> None:
    found = mean_of_correlated(PARTS, np.array([[1.0, -1.0], [-1.0, 1.0]]))
    assert found == pytest.approx((0.35, 0.35 + 0.075))
