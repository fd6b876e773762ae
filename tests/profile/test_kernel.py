"""The counting kernel against plain NumPy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.profile.kernel import BLOCK, Moments, block_moments, count_at_edges, sorted_blocks

FINITE = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 2))


@given(st.lists(FINITE, max_size=60), st.lists(FINITE, max_size=12, unique=True))
def test_counts_and_sums_are_those_of_a_loop(values: list[float], edges: list[float]) -> None:
    block, edges = np.sort(np.array(values, dtype=float)), sorted(edges)
    at, between, sums = count_at_edges(block, np.array(edges, dtype=float))
    bounds = [-np.inf, *edges, np.inf]
    inside = [[v for v in values if low < v < high] for low, high in pairwise(bounds)]
    assert at.tolist() == [values.count(edge) for edge in edges]
    assert between.tolist() == [len(found) for found in inside]
    assert sums == pytest.approx([sum(found) for found in inside], abs=1e-6)


def test_blocks_count_nan_and_infinite_values_apart() -> None:
    block = next(sorted_blocks(np.array([np.nan, 2.0, -np.inf, np.inf, 1.0, np.nan, np.inf])))
    assert (block.values.tolist(), block.nan, block.negative, block.positive) == ([1.0, 2.0], 2, 1, 2)


def test_magnitudes_whose_squares_are_not_finite_are_neither_measured_nor_infinite() -> None:
    block = next(sorted_blocks(np.array([1e200, -1e200, 1e149, -1e150, np.inf, np.nan])))
    assert (block.values.tolist(), block.negative, block.positive) == ([1e149], 0, 1)
    assert (block.too_large, block.nan) == (3, 1)


def test_blocks_leave_the_values_as_they_were() -> None:
    values = np.array([3.0, 1.0, 2.0])
    list(sorted_blocks(values))
    assert values.tolist() == [3.0, 1.0, 2.0]


def test_every_value_is_in_one_block() -> None:
    sizes = [len(block.values) for block in sorted_blocks(np.arange(2 * BLOCK + 5.0))]
    assert sizes == [BLOCK, BLOCK, 5]


@given(st.lists(FINITE, min_size=1, max_size=50), FINITE, st.floats(0, 100))
def test_moments_are_numpys_clipped_ones_too(values: list[float], low: float, width: float) -> None:
    block = np.sort(np.array(values))
    plain, clipped = block_moments(block, low, low + width)
    inside = np.clip(block, low, low + width)
    for moments, expected in ((plain, block), (clipped, inside)):
        assert moments.mean == pytest.approx(expected.mean(), rel=1e-9, abs=1e-9)
        assert moments.variance == pytest.approx(expected.var(), rel=1e-6, abs=1e-5)


@given(st.lists(st.lists(FINITE, max_size=8), min_size=1, max_size=5))
def test_merged_moments_are_those_of_all_values(parts: list[list[float]]) -> None:
    merged = Moments()
    for part in parts:
        merged = merged + block_moments(np.sort(np.array(part, dtype=float)), 0.0, 1.0)[0]
    values = np.concatenate([np.array(part, dtype=float) for part in parts])
    assert merged.count == len(values)
    if len(values):
        assert merged.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-9)
        assert merged.variance == pytest.approx(values.var(), rel=1e-6, abs=1e-5)
