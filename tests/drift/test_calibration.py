"""The default policy is quiet on unchanged data and finds planted faults: the benchmark, small and seeded."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture(scope="module")
def calibration() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "calibration.py"
    spec = importlib.util.spec_from_file_location("calibration", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["calibration"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("reference_rows", "rows"), [(200, 200), (2_000, 200), (2_000, 2_000)])
def test_unchanged_batches_seldom_close_the_gate(calibration: ModuleType, reference_rows: int, rows: int) -> None:
    random = np.random.default_rng(calibration.SEED)
    source = lambda n, r: calibration.synthetic(n, 12, r)  # noqa: E731 - the source is this one line
    tally = calibration.null_tally(source, reference_rows, rows, 60, random)
    assert tally.closed <= 4, tally.by_check
    assert tally.clean_flagged <= 0.01 * tally.clean_columns


@pytest.mark.parametrize(
    "fault",
    [
        "mean + 0.2 sd",
        "mean + 0.5 sd",
        "scale x 1.5",
        "new level in 5 %",
        "missing 2 -> 8 %",
        "x 1000 in 1 %",
        "x 1000 in all",
        "two columns swapped",
        "stuck in 20 %",
    ],
)
def test_a_planted_fault_is_found_and_nothing_else(calibration: ModuleType, fault: str) -> None:
    random = np.random.default_rng(calibration.SEED)
    source = lambda n, r: calibration.synthetic(n, 12, r)  # noqa: E731 - the source is this one line
    tally = calibration.fault_tally(source, calibration.FAULTS[fault], 20_000, 2_000, 20, random)
    assert (tally.found, tally.batches) == (20, 20)
    assert tally.found_alone >= 19
