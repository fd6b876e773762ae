"""Blocks and moments against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.profile.kernel import BLOCK, Moments, blocks

FINITE = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 2))


def test_blocks_count_nan_and_infinite_values_apart() -> None:
    block = next(blocks(np.array([np.nan, 2.0, -np.inf, np.inf, 1.0, np.nan, np.inf])))
    assert (block.values.tolist(), block.nan, block.negative, block.positive) == ([2.0, 1.0], 2, 1, 2)
    assert (block.minimum, block.maximum) == (1.0, 2.0)


def test_magnitudes_whose_squares_are_not_finite_are_neither_measured_nor_infinite() -> None:
    block = next(blocks(np.array([1e200, -1e200, 1e149, -1e150, np.inf, np.nan])))
    assert (block.values.tolist(), block.negative, block.positive) == ([1e149], 0, 1)
    assert (block.too_large, block.nan) == (3, 1)


def test_every_value_is_in_one_block() -> None:
    sizes = [len(block.values) for block in blocks(np.arange(2 * BLOCK + 5.0))]
    assert sizes == [BLOCK, BLOCK, 5]


@given(st.lists(FINITE, min_size=1, max_size=50))
def test_moments_are_numpys(values: list[float]) -> None:
    moments, expected = Moments.of(np.array(values)), np.array(values)
    assert moments.mean == pytest.approx(expected.mean(), rel=1e-9, abs=1e-9)
    assert moments.variance == pytest.approx(expected.var(), rel=1e-6, abs=1e-5)


@given(st.lists(st.lists(FINITE, max_size=8), min_size=1, max_size=5))
def test_merged_moments_are_those_of_all_values(parts: list[list[float]]) -> None:
    merged = Moments()
    for part in parts:
        merged = merged + Moments.of(np.array(part, dtype=float))
    values = np.concatenate([np.array(part, dtype=float) for part in parts])
    assert merged.count == len(values)
    if len(values):
        assert merged.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-9)
        assert merged.variance == pytest.approx(values.var(), rel=1e-6, abs=1e-5)
