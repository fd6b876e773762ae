"""Intervals of means: Student's against SciPy, and those of losses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from airflow_ml_monitor.performance.intervals.means import positive_mean, student, student_p_value

SKEWED = np.random.default_rng(0).lognormal(0.0, 1.5, 200)


def test_students_interval_and_p_value_are_scipys() -> None:
    values = np.random.default_rng(1).normal(0.1, 1.0, 50)
    theirs = stats.ttest_1samp(values, 0.0)
    interval, p_value = student(values, 0.95), student_p_value(values)
    assert interval == pytest.approx(tuple(theirs.confidence_interval()))
    assert p_value == pytest.approx(theirs.pvalue)


def test_values_that_are_all_the_same_have_a_point() -> None:
    assert (student(np.full(9, 2.0), 0.95), student_p_value(np.full(9, 2.0))) == ((2.0, 2.0), 0.0)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_interval_of_a_loss_scales_with_it(scale: float) -> None:
    one, other = positive_mean(SKEWED, 0.95), positive_mean(scale * SKEWED, 0.95)
    assert one is not None
    assert other == pytest.approx(tuple(scale * end for end in one))


def test_the_lower_end_of_a_loss_is_as_far_on_the_logarithm_as_t_says() -> None:
    interval = positive_mean(SKEWED, 0.95)
    assert interval is not None
    error = SKEWED.std(ddof=1) / math.sqrt(200) / SKEWED.mean()
    assert math.log(SKEWED.mean() / interval.lower) == pytest.approx(stats.t.ppf(0.975, 199) * error)


def test_a_few_rows_that_make_most_of_the_loss_raise_the_upper_end() -> None:
    values = np.concatenate([np.full(495, 0.01), np.full(5, 4.0)])
    interval = positive_mean(values, 0.95)
    assert interval is not None
    error = stats.t.ppf(0.975, 499) * values.std(ddof=1) / math.sqrt(500)
    assert interval.upper > values.mean() * math.exp(error / values.mean())


def test_rows_without_any_error_leave_room_for_some() -> None:
    interval = positive_mean(np.zeros(100), 0.95, most=1.0)
    assert interval is not None
    assert (interval.lower, interval.upper) == (0.0, pytest.approx(0.0370, abs=1e-4))


def test_without_a_greatest_loss_no_error_at_all_has_no_interval() -> None:
    assert positive_mean(np.zeros(100), 0.95) is None


def test_one_row_has_no_interval() -> None:
    assert positive_mean(np.array([0.3]), 0.95) is None


def test_an_interval_ends_at_the_greatest_loss() -> None:
    interval = positive_mean(np.array([0.0, 0.9, 1.0]), 0.95, most=1.0)
    assert interval is not None
    assert interval.upper == 1.0
