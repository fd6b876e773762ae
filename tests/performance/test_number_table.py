"""A hash table of whole numbers: what it finds is what a dictionary has."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.performance.number_table import NumberTable

NUMBERS = st.lists(st.integers(-4, 4) | st.integers(-(2**63), 2**63 - 1), max_size=40)


@given(NUMBERS, NUMBERS)
def test_each_number_has_one_place_and_others_have_none(known: list[int], asked: list[int]) -> None:
    table = NumberTable(np.array(known, dtype=np.int64))
    places = table.find(np.array(known, dtype=np.int64)).tolist()
    assert len(set(zip(known, places, strict=True))) == len(table) == len(set(known))
    assert set(places) == set(range(len(table)))
    by_number = dict(zip(known, places, strict=True))
    assert table.find(np.array(asked, dtype=np.int64)).tolist() == [by_number.get(number, -1) for number in asked]


@pytest.mark.parametrize("step", [1, -1024, 1 << 40, 0x9E3779B9])
def test_numbers_of_any_pattern_are_found(step: int) -> None:
    numbers = np.arange(100_000) * step
    table = NumberTable(numbers)
    assert sorted(table.find(numbers).tolist()) == list(range(100_000))
    assert (table.find(numbers + 1) >= 0).tolist() == np.isin(numbers + 1, numbers).tolist()


def test_numbers_a_fibonacci_number_apart_are_told_apart_as_soon_as_any() -> None:
    started = time.process_time()
    assert len(NumberTable(np.arange(100_000) * 1_346_269)) == 100_000
    assert time.process_time() - started < 2
