"""The study of estimates counts the intervals that held, and by how much estimates are off."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from estimates.compared import Pair, Summary
from estimates.simulated import CASES

from tests.benchmarks.conftest import BENCHMARKS


@pytest.mark.parametrize(
    ("ends", "realised", "held"),
    [((0.4, 0.6), 0.6, 1.0), ((0.4, 0.6), 0.61, 0.0), ((np.nan, np.nan), 0.5, np.nan), ((0.4, 0.6), np.nan, np.nan)],
)
def test_the_ends_of_an_interval_are_inside_and_no_interval_holds_nothing(
    ends: tuple[float, float], realised: float, held: float
) -> None:
    assert Pair(0.5, *ends, realised, 0.5).held == pytest.approx(held, nan_ok=True)


def test_a_bias_is_the_estimate_less_what_labels_gave() -> None:
    found = Summary.of("mae", [Pair(1.0, 0.5, 1.5, 2.0, 4.0), Pair(3.0, 2.5, 3.5, 3.0, 4.0)])
    assert (found.held, found.bias, found.before, found.off, found.width) == (0.5, -0.5, 1.5, 0.5, 1.0)


def test_a_case_is_the_same_for_a_seed_and_another_for_the_next() -> None:
    first, again, other = (CASES["three classes"].compare(seed)["accuracy"] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_table_has_a_row_for_each_metric() -> None:
    command = [sys.executable, str(BENCHMARKS / "estimate_study.py"), "--simulated", "--case", "three classes"]
    made = subprocess.run([*command, "--replications", "1"], capture_output=True, text=True, check=True)
    rows = [line for line in made.stdout.splitlines() if line.startswith("| three classes |")]
    assert [line.split("|")[2].strip() for line in rows] == ["`accuracy`", "`log_loss`", "`f1_macro`", "`roc_auc_ovr`"]
