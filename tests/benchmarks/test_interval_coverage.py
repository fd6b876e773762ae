"""The study of intervals counts those that hold the truth, and sees what rows that belong together do to them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from intervals.cases import CASES
from intervals.study import Covered, study

from tests.benchmarks.conftest import BENCHMARKS


def counted(held: list[float]) -> Covered:
    return Covered("accuracy", 500, 0.9, np.array(held), np.array(held), "Wilson")


def test_what_has_no_interval_is_not_counted() -> None:
    found = counted([1, 1, 0, 1, np.nan])
    assert (found.rate, found.intervals) == (0.75, 4)


@pytest.mark.parametrize(("hits", "as_asked"), [(950, True), (931, True), (900, False), (999, False)])
def test_rates_are_as_asked_as_far_as_the_replications_tell(hits: int, as_asked: bool) -> None:
    assert counted([1.0] * hits + [0.0] * (1000 - hits)).as_asked is as_asked


@pytest.mark.parametrize(
    ("case", "metrics"),
    [
        ("2 % positives, entities", ("accuracy", "recall", "specificity")),
        ("30 % positives, entities", ("accuracy", "precision", "roc_auc")),
        ("heavy tails, entities", ("bias", "mae", "r2")),
        ("rankings, entities", ("map", "ndcg", "recall@3")),
    ],
)
def test_intervals_of_entities_hold_the_truth(case: str, metrics: tuple[str, ...]) -> None:
    found = study(CASES[case], 500, 200, metrics=metrics)
    assert [one.metric for one in found] == sorted(metrics)
    assert min(one.rate for one in found) >= 0.9  # of 0.95, less three standard errors of a share of 200


def test_taken_as_alone_they_do_not() -> None:
    (found,) = study(CASES["30 % positives, entities"], 500, 200, metrics=["positive_share"])
    assert np.mean(found.naive) < 0.9 < found.rate


def test_the_table_names_rates_and_methods() -> None:
    command = [
        sys.executable,
        str(BENCHMARKS / "interval_coverage.py"),
        "--case",
        "2 % positives",
        "--metric",
        "recall",
    ]
    made = subprocess.run(
        [*command, "--replications", "5", "--rows", "500"], capture_output=True, text=True, check=True
    )
    assert made.stdout.splitlines()[0] == "5 replications, seed 0."
    (row,) = (line for line in made.stdout.splitlines() if line.startswith("| `recall`"))
    assert row.endswith("| Wilson |")
