"""Blocks and moments against plain NumPy."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.profile.arrays import Slots
from airflow_ml_monitor.profile.kernel import BLOCK, Block, Moments, blocks

FINITE = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 2))


def only(array: pa.Array) -> Block:
    found = list(blocks(Slots.of(array, "x")))
    assert len(found) == 1
    return found[0]


def test_blocks_count_nan_and_infinite_values_apart() -> None:
    block = only(pa.array([np.nan, 2.0, -np.inf, np.inf, 1.0, np.nan, np.inf]))
    assert (block.alone.tolist(), block.nan, block.negative, block.positive) == ([2.0, 1.0], 2, 1, 2)
    assert (block.minimum, block.maximum) == (1.0, 2.0)


def test_magnitudes_whose_squares_are_not_finite_are_neither_measured_nor_infinite() -> None:
    block = only(pa.array([1e200, -1e200, 1e149, -1e150, np.inf, np.nan]))
    assert (block.alone.tolist(), block.negative, block.positive) == ([1e149], 0, 1)
    assert (block.too_large, block.nan) == (3, 1)


def test_every_value_is_in_one_block() -> None:
    sizes = [block.count for block in blocks(Slots.of(pa.array(np.arange(2 * BLOCK + 5.0)), "x"))]
    assert sizes == [BLOCK, BLOCK, 5]


VALUES = st.one_of(st.none(), FINITE, st.sampled_from([np.nan, np.inf, -np.inf, 1e200]))


@given(st.lists(VALUES, max_size=40), st.integers(0, 9), st.integers(0, 9))
def test_a_block_holds_what_is_there_wherever_the_array_begins(
    values: list[float | None], first: int, last: int
) -> None:
    array = pa.array(values, pa.float64()).slice(first, max(0, len(values) - first - last))
    there = [value for value in array.to_pylist() if value is not None]
    kept = [value for value in there if abs(value) < 1e150]
    found = list(blocks(Slots.of(array, "x")))
    assert [value for block in found for value in block.alone] == kept
    assert sum(block.count for block in found) == len(kept)
    assert sum(block.nan for block in found) == sum(math.isnan(value) for value in there)
    assert sum(block.positive for block in found) == there.count(np.inf)
    if kept:
        assert (found[0].minimum, found[0].maximum) == (min(kept), max(kept))


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint64(), pa.int32(), pa.float32(), pa.decimal128(12, 2), pa.date32()])
def test_numbers_of_any_type_are_read_without_their_nulls(kind: pa.DataType) -> None:
    array = pa.array([3, None, 5, 3, None], pa.int32()).cast(kind)
    per = 86_400 if pa.types.is_date32(kind) else 1
    assert only(array.slice(1, 3)).alone.tolist() == [5 * per, 3 * per]


@given(st.lists(FINITE, min_size=1, max_size=50), FINITE, FINITE, st.sampled_from([0.0, 1e9, -1e12]))
def test_moments_of_both_are_numpys(values: list[float], one: float, other: float, offset: float) -> None:
    low, high = sorted((one + offset, other + offset))
    array = np.array(values) + offset
    block = only(pa.array([*array, None, np.nan]))
    for found, expected in zip(
        block.moments(float(array.sum()), low, high), (array, np.clip(array, low, high)), strict=True
    ):
        assert found.count == len(values)
        assert found.mean == pytest.approx(expected.mean(), rel=1e-12, abs=1e-9)
        assert found.variance == pytest.approx(expected.var(), rel=1e-6, abs=1e-5 + offset**2 * 1e-28)


def test_values_far_beyond_the_clip_bounds_keep_their_variance() -> None:
    block = only(pa.array([1e9 + 1.0, 1e9 - 1.0]))
    assert block.moments(2e9, 0.0, 1.0)[0] == Moments(2, 1e9, 2.0)


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
