"""Profiles: merging, serialising, and what they say of a column."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile import Profile, build_reference, profile_like
from airflow_ml_monitor.profile.levels import LevelProfile
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.profile.quantiles import quantile
from airflow_ml_monitor.profile.sketch import MOST_LEVELS, LevelSketch
from airflow_ml_monitor.window import Window


def frame(rows: int = 600, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    made = pd.DataFrame(
        {
            "amount": np.exp(random.normal(size=rows)),
            "items": random.integers(0, 9, rows),
            "city": random.choice(["Wien", "Łódź", "東京"], rows),
            "paid": random.random(rows) < 0.4,
            "at": pd.Timestamp("2013-01-01", tz="UTC") + pd.to_timedelta(random.integers(0, 10**6, rows), unit="s"),
        }
    )
    return made.mask(random.random(made.shape) < 0.03)


REFERENCE = build_reference(frame())


def same(one: Profile, other: Profile) -> bool:
    """Equal but for the rounding of sums and moments."""
    if one.rows != other.rows or list(one.columns) != list(other.columns):
        return False
    for name, left in one.columns.items():
        right = other.columns[name]
        header, arrays = left.to_parts()
        header_other, arrays_other = right.to_parts()
        for key in ("moments", "clipped"):
            assert header.pop(key, []) == pytest.approx(header_other.pop(key, []), rel=1e-9)
        assert header == header_other
        for part, array in arrays.items():
            np.testing.assert_allclose(array, arrays_other[part], rtol=1e-9)
    return True


@settings(max_examples=25)
@given(st.lists(st.integers(0, 600), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_any_grouping_and_row_order_gives_one_profile(cuts: list[int], shuffling: object) -> None:
    rows = frame()
    whole = profile_like(REFERENCE, rows)
    order = np.random.default_rng(shuffling.randint(0, 99)).permutation(len(rows))  # type: ignore[attr-defined]
    bounds = [0, *sorted(cuts), len(rows)]
    parts = [profile_like(REFERENCE, rows.iloc[order[a:b]]) for a, b in pairwise(bounds)]
    left = parts[0]
    for part in parts[1:]:
        left = left + part
    right = parts[-1]
    for part in reversed(parts[:-1]):
        right = part + right
    assert same(left, whole)
    assert same(right, whole)


def test_the_zero_profile_adds_nothing() -> None:
    assert Profile() + REFERENCE == REFERENCE
    assert REFERENCE + Profile() == REFERENCE
    assert sum([REFERENCE, REFERENCE.empty()]).rows == REFERENCE.rows


def test_a_reference_is_the_profile_of_its_own_rows() -> None:
    assert same(profile_like(REFERENCE, frame()), REFERENCE)


def test_profiles_counted_at_different_edges_do_not_merge() -> None:
    with pytest.raises(DataError, match="column 'amount' was counted differently.*profile_like"):
        REFERENCE + build_reference(frame(seed=2))


def test_windows_of_merged_profiles_span_both() -> None:
    days = [datetime(2013, 1, day, tzinfo=UTC) for day in (1, 2, 5)]
    one = profile_like(REFERENCE, frame(), window=Window(days[0], days[1]))
    other = profile_like(REFERENCE, frame(), window=Window(days[1], days[2]))
    assert (one + other).window == Window(days[0], days[2])


TEXT = st.text(max_size=5)
NUMBER = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.none() | NUMBER, st.none() | TEXT, st.none() | st.booleans()), min_size=1, max_size=40))
def test_bytes_give_the_profile_back(rows: list[tuple[float | None, str | None, bool | None]]) -> None:
    names = ("number", "text", "flag")
    types = (pa.float64(), pa.string(), pa.bool_())
    table = pa.table(
        [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), types, strict=True)], names
    )
    profile = build_reference(table)
    again = Profile.from_bytes(profile.to_bytes())
    assert again == profile
    assert again.to_bytes() == profile.to_bytes()
    assert again.to_dict() == profile.to_dict()
    assert same(profile_like(again, table), profile)


def test_values_too_large_to_measure_are_kept_merged_and_shown() -> None:
    reference = build_reference(pd.DataFrame({"x": [1.0, 2.0, 1e200, -1e300, np.inf]}))
    both = Profile.from_bytes((reference + reference).to_bytes()).columns["x"]
    assert isinstance(both, NumericProfile)
    assert (both.too_large, both.infinite, both.count) == (4, 2, 4)
    assert reference.to_dict()["columns"]["x"]["too_large"] == 2


def test_a_summary_shows_times_as_times_and_what_the_edges_do_not_resolve_as_bounds() -> None:
    reference = build_reference(pd.DataFrame({"at": pd.date_range("2013-01-01", periods=31)}))
    shown = profile_like(reference, pd.DataFrame({"at": pd.date_range("2013-02-04", periods=7)})).to_dict()
    assert shown["columns"]["at"] | {"std": 0} == {
        "kind": "datetime",
        **dict.fromkeys(("missing", "infinite", "too_large", "std"), 0),
        "rows": 7,
        "mean": "2013-02-07T00:00Z",
        "min": "2013-02-04T00:00Z",
        "max": "2013-02-10T00:00Z",
        **{key: ["2013-02-04T00:00Z", "2013-02-10T00:00Z"] for key in ("p1", "p25", "p50", "p75", "p99")},
    }


def test_the_digest_is_of_the_content_and_not_of_where_it_came_from() -> None:
    table = pa.Table.from_pandas(frame())
    assert build_reference(table).source != REFERENCE.source
    assert build_reference(table).digest == REFERENCE.digest
    assert build_reference(frame(seed=2)).digest != REFERENCE.digest


def test_a_column_takes_kilobytes() -> None:
    random = np.random.default_rng(0)
    stored = build_reference(pd.DataFrame({"x": random.normal(size=100_000)})).to_bytes()
    assert len(stored) < 32_000


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        (b"PK\x03\x04zip", "are no profile"),
        (REFERENCE.to_bytes()[:4] + b"\x63\x00" + REFERENCE.to_bytes()[6:], "version 99.*upgrade"),
        (REFERENCE.to_bytes()[:-40], "damaged"),
    ],
)
def test_bytes_that_are_no_profile_are_refused(stored: bytes, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        Profile.from_bytes(stored)


def test_a_summary_names_no_level_of_few_rows() -> None:
    rows = pd.DataFrame({"name": ["common"] * 50 + ["Ada Lovelace"] * 9})
    reference = build_reference(rows)
    assert reference.to_dict()["columns"]["name"]["top"] == {"common": 50}
    assert b"Ada" not in reference.to_bytes() + reference._packed


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.9, 1.0])
def test_quantiles_lie_within_a_thousandth_of_the_rows(share: float) -> None:
    values = np.random.default_rng(0).normal(size=50_000)
    column = build_reference(pd.DataFrame({"x": values})).columns["x"]
    assert isinstance(column, NumericProfile)
    found = quantile(column, share)
    assert found is not None
    assert abs((values <= found).mean() - share) < 1.5e-3


def test_levels_beyond_the_limit_are_counted_as_a_rest() -> None:
    names = [f"id {i}" for i in range(MOST_LEVELS + 500)]
    column = build_reference(pd.DataFrame({"id": names + names[: MOST_LEVELS // 2]})).columns["id"]
    assert isinstance(column, LevelProfile)
    assert len(column.counts) == MOST_LEVELS
    assert (column.counts == 2).sum() == MOST_LEVELS // 2
    assert (column.outside.rows, column.outside.levels) == (500, 500)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_a_sketch_of_too_many_levels_is_the_same_in_any_grouping(seed: int, cut: int) -> None:
    random = np.random.default_rng(seed)
    seen = random.integers(1, 2**63, MOST_LEVELS + 3000).astype(np.uint64)
    draws = random.choice(seen, 30_000)
    ones = np.ones(len(draws), np.int64)
    whole = LevelSketch.of(draws, ones)
    place = len(draws) * cut // 5
    parts = LevelSketch.of(draws[:place], ones[:place]) + LevelSketch.of(draws[place:], ones[place:])
    assert parts.bound == whole.bound
    assert parts.rows == whole.rows == whole.groups.sum() == len(draws)
    np.testing.assert_array_equal(parts.groups, whole.groups)
    np.testing.assert_array_equal(parts.hashes, whole.hashes)
    np.testing.assert_array_equal(parts.counts, whole.counts)


def test_a_sketch_estimates_how_many_levels_there_were() -> None:
    random = np.random.default_rng(3)
    seen = random.integers(0, 2**64, 200_000, dtype=np.uint64)
    assert LevelSketch.of(seen, np.ones(len(seen), np.int64)).levels == pytest.approx(200_000, rel=0.05)
