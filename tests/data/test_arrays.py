"""Arrow arrays as NumPy ones and back: the same as by Arrow's own conversions, in any pieces."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.data.arrays import as_arrow, flags, flags_as_arrow, floats, integers, joined

PIECES = st.lists(st.lists(st.none() | st.integers(-100, 100), max_size=5), max_size=4)


@given(PIECES, st.sampled_from([pa.int8(), pa.int64(), pa.float32(), pa.float64()]))
def test_numbers_of_any_pieces(pieces: list[list[int | None]], kind: pa.DataType) -> None:
    column = pa.chunked_array([pa.array(piece, kind) for piece in pieces], kind)
    np.testing.assert_equal(floats(column), [np.nan if one is None else float(one) for one in column.to_pylist()])
    assert integers(column, missing=-101).tolist() == [-101 if one is None else one for one in column.to_pylist()]
    assert flags(column.is_valid()).tolist() == [one is not None for one in column.to_pylist()]
    assert joined(column).to_pylist() == column.to_pylist()


@given(st.lists(st.none() | st.booleans(), max_size=20), st.integers(0, 3))
def test_a_flag_that_is_null_is_false_wherever_its_array_begins(values: list[bool | None], start: int) -> None:
    assert flags(pa.array(values, pa.bool_())[start:]).tolist() == [bool(one) for one in values[start:]]


@given(st.lists(st.booleans(), max_size=20))
def test_flags_and_back(values: list[bool]) -> None:
    assert flags_as_arrow(np.array(values, dtype=bool)).to_pylist() == values


@pytest.mark.parametrize("values", [[1, 2], [1.5, -0.5], []])
def test_numbers_that_are_not_here_are_null(values: list[float]) -> None:
    here = np.arange(len(values)) == 0
    wanted = [value if there else None for value, there in zip(values, here.tolist(), strict=True)]
    assert as_arrow(np.array(values), here).to_pylist() == wanted
    assert as_arrow(np.array(values)).to_pylist() == values
