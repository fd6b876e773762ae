"""The race of intervals beside scikit-learn runs at a small size, and finds them as wide."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.conftest import BENCHMARKS


def test_intervals_are_faster_and_as_wide() -> None:
    command = [sys.executable, str(BENCHMARKS / "interval_speed.py"), "--rows", "20000", "--resamples", "2"]
    sizes = ["--width-rows", "2000", "--width-resamples", "150"]
    sizes += [word for metric in ("roc_auc", "f1", "mae", "ndcg") for word in ("--metric", metric)]
    made = subprocess.run([*command, *sizes], capture_output=True, text=True, check=True)
    rows = [line.strip("| ").split(" | ") for line in made.stdout.splitlines() if line.startswith("| `")]
    assert [row[0] for row in rows] == ["`roc_auc`", "`ndcg`", "`f1`", "`mae`"]
    assert all(float(row[5].rstrip("x").replace(",", "")) > 2 for row in rows)
    assert all(0.75 < float(row[6]) < 1.25 for row in rows)  # the spread of 150 resamples is known to 6 %
