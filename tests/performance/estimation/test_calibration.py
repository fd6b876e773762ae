"""Calibration is scikit-learn's isotonic regression, and what it gives are probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.estimation.calibration import Bins, Calibrator, checked
from tests.performance.made_answers import binary, multiclass


def test_few_different_scores_are_calibrated_as_scikit_learn_does() -> None:
    made = binary(500, seed=1)
    assert made.score is not None
    score = made.score.round(2)
    answers = Answers(problem=Problem.BINARY, y=made.y, score=score, predicted=made.predicted)
    ours = Calibrator.of(answers).probabilities(score[:, None])[:, 1]
    theirs = IsotonicRegression(out_of_bounds="clip").fit(score, made.y).predict(score)
    assert ours == pytest.approx(theirs)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**16), rows=st.integers(40, 2_000))
def test_the_probabilities_never_fall_as_the_score_rises_and_keep_the_share(seed: int, rows: int) -> None:
    answers = binary(rows, seed=seed)
    assert answers.score is not None
    found = Calibrator.of(answers).probabilities(answers.score[:, None])[:, 1]
    assert (np.diff(found[np.argsort(answers.score)]) >= -1e-12).all()
    assert found.min() >= 0
    assert found.max() <= 1
    assert found.mean() == pytest.approx(answers.y.mean(), abs=0.02)


def test_of_several_classes_they_sum_to_one() -> None:
    answers = multiclass(600, seed=2)
    assert answers.score is not None
    found = Calibrator.of(answers).probabilities(answers.score)
    assert found.sum(axis=1) == pytest.approx(np.ones(600))
    assert found.mean(axis=0) == pytest.approx(np.bincount(answers.y.astype(int)) / 600, abs=0.03)


def test_calibrated_scores_are_rarely_found_to_be_off() -> None:
    p_values = np.array([checked(binary(800, seed=seed)).p_value for seed in range(60)])
    assert (p_values <= 0.05).mean() <= 0.2


def test_bins_hold_about_equally_many_rows_and_all_of_them() -> None:
    score = np.random.default_rng(0).random(10_000) ** 3
    bins = Bins.of(score, 50)
    counts = np.bincount(bins.place(score), minlength=len(bins.centers))
    assert counts.sum() == 10_000
    assert counts.max() <= 1.1 * 10_000 / 50
    assert (np.diff(bins.centers) > 0).all()


def test_scores_that_are_all_the_same_have_one_bin() -> None:
    bins = Bins.of(np.full(10, 0.3))
    assert bins.centers.tolist() == pytest.approx([0.3])
    assert bins.place(np.array([0.1, 0.9])).tolist() == [0, 0]
