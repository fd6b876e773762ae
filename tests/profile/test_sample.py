"""Samples of rows: uniform, bounded, the same however the stream is cut, merged and stored."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.profile.sample import RowSample


def rows(count: int, first: int = 0) -> pa.RecordBatch:
    numbers = range(first, first + count)
    return pa.record_batch({"id": pa.array(numbers, pa.int64()), "city": [f"city {i % 3}" for i in numbers]})


def sampled(count: int, most: int = 50, seed: int = 1, first: int = 0) -> RowSample:
    sample = RowSample(most, seed)
    sample.update(rows(count, first))
    return sample


def ids(sample: RowSample) -> list[int]:
    return sample.finish().column("id").to_pylist()


def test_few_rows_are_all_kept_in_their_order() -> None:
    assert ids(sampled(50)) == list(range(50))


def test_of_many_rows_as_many_as_wanted_are_kept_each_once() -> None:
    kept = ids(sampled(20_000))
    assert len(set(kept)) == 50
    assert kept == sorted(kept)


def test_the_columns_of_a_row_stay_together() -> None:
    table = sampled(5_000).finish()
    assert table.column("city").to_pylist() == [f"city {i % 3}" for i in table.column("id").to_pylist()]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3_000), max_size=8), st.integers(1, 400))
def test_the_sample_does_not_depend_on_the_batches(cuts: list[int], most: int) -> None:
    in_parts = RowSample(most, 7)
    for start, end in pairwise([0, *sorted(cuts), 3_000]):
        in_parts.update(rows(end - start, start))
    assert in_parts.finish().equals(sampled(3_000, most, 7).finish())


@settings(max_examples=30)
@given(st.lists(st.integers(0, 300), min_size=3, max_size=3), st.integers(1, 100), st.integers(0, 2**40))
def test_merging_is_associative(sizes: list[int], most: int, seed: int) -> None:
    a, b, c = (sampled(size, most, seed + place, 1_000 * place) for place, size in enumerate(sizes))
    assert ((a + b) + c).to_bytes() == (a + (b + c)).to_bytes()


def test_merging_with_a_sample_of_nothing_changes_nothing() -> None:
    sample = sampled(1_000)
    for both in (sample + RowSample(50, 2), RowSample(50, 2) + sample):
        assert both.finish().equals(sample.finish())


def test_every_row_of_two_merged_streams_has_the_same_chance() -> None:
    kept = np.zeros(400)
    for seed in range(2_000):
        kept[ids(sampled(100, 40, 2 * seed) + sampled(300, 40, 2 * seed + 1, 100))] += 1
    expected = 2_000 * 40 / 400
    assert kept[:100].mean() == pytest.approx(expected, rel=0.04)
    # Chi-square of the 400 counts (each of variance np(1 - p)); 5 standard deviations about its mean.
    assert np.square(kept - expected).sum() / (expected * 0.9) == pytest.approx(400, abs=5 * np.sqrt(800))


def test_every_row_of_a_stream_has_the_same_chance() -> None:
    kept = np.zeros(200)
    for seed in range(2_000):
        sample = RowSample(20, seed)
        for first in range(0, 200, 25):
            sample.update(rows(25, first))
        kept[ids(sample)] += 1
    assert np.square(kept - 200).sum() / (200 * 0.9) == pytest.approx(200, abs=5 * np.sqrt(400))


def nasty() -> pa.Table:
    return pa.table(
        {
            "dictionary": pa.array(["a", None, "b"] * 40).dictionary_encode(),
            "view": pa.array(["x", "ü", None] * 40, pa.string_view()),
            "zoned": pa.array([0, None, 5] * 40, pa.timestamp("us", "Europe/Vienna")),
            "decimal": pa.array([1, 2, None] * 40, pa.decimal128(12, 2)),
            "list": pa.array([[1], None, []] * 40, pa.list_(pa.int8())),
            "struct": pa.array([{"a": 1}, None, {"a": None}] * 40),
            "nothing": pa.nulls(120),
        }
    )


def test_columns_of_every_kind_are_sampled_and_stored() -> None:
    sample = RowSample(10, 3)
    for batch in nasty().to_batches(max_chunksize=13):
        sample.update(batch)
    table = RowSample.from_bytes(sample.to_bytes()).finish()
    assert table.num_rows == 10
    for name in ("dictionary", "zoned", "decimal"):
        assert table.schema.field(name).type == nasty().schema.field(name).type
    assert set(table.column("view").to_pylist()) == {"x", "ü", None}
    for name in ("list", "struct", "nothing"):
        assert table.column(name).null_count == 10


@settings(max_examples=30)
@given(st.integers(0, 500), st.integers(1, 100), st.integers(0, 2**60))
def test_bytes_give_the_sample_back_and_it_goes_on(count: int, most: int, seed: int) -> None:
    sample = sampled(count, most, seed)
    again = RowSample.from_bytes(sample.to_bytes())
    assert again.to_bytes() == sample.to_bytes()
    for each in (sample, again):
        each.update(rows(200, count))
    assert again.finish().equals(sample.finish())


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:200] + b"?" + b[201:], lambda b: b[:8]])
def test_damaged_bytes_are_refused(damage: object) -> None:
    with pytest.raises(DataError, match="damaged"):
        RowSample.from_bytes(damage(sampled(300).to_bytes()))  # type: ignore[operator]


def test_bytes_of_something_else_and_of_a_later_version_are_refused() -> None:
    with pytest.raises(DataError, match="no sample of rows"):
        RowSample.from_bytes(b"PK..............")
    stored = sampled(3).to_bytes()
    with pytest.raises(DataError, match="version 2.*upgrade"):
        RowSample.from_bytes(stored[:4] + b"\x02\x00" + stored[6:])


def test_streams_of_different_columns_are_not_merged() -> None:
    other = RowSample(50)
    other.update(pa.record_batch({"town": ["Wien"]}))
    with pytest.raises(DataError, match="different columns"):
        sampled(3) + other


def test_columns_that_were_whole_numbers_in_one_stream_are_numbers_in_both() -> None:
    other = RowSample(50, 9)
    other.update(pa.RecordBatch.from_pandas(pd.DataFrame({"id": [0.5], "city": ["Wien"]})))
    assert ids(sampled(2) + other) == [0.0, 1.0, 0.5]


@pytest.mark.parametrize(("most", "seed"), [(0, 1), (5, -1)])
def test_impossible_settings_are_refused(most: int, seed: int) -> None:
    with pytest.raises(ConfigurationError, match="RowSample"):
        RowSample(most, seed)


def test_memory_holds_no_more_than_the_rows_kept_and_one_batch() -> None:
    sample = RowSample(100)
    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    for first in range(0, 1_000_000, 50_000):
        sample.update(rows(50_000, first))
    assert pool.bytes_allocated() - before < 500_000
