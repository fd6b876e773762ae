"""References and current profiles: kinds, columns left out, data larger than what is held."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_ml_monitor.data import Files, Frame
from airflow_ml_monitor.errors import ConfigurationError, DataError, WindowError
from airflow_ml_monitor.profile import Profile, build_reference, plan, profile_like
from airflow_ml_monitor.profile.edges import MOST_EDGES
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.levels import LevelProfile
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.window import Window


def numeric(profile: Profile, name: str) -> NumericProfile:
    column = profile.columns[name]
    assert isinstance(column, NumericProfile)
    return column


def test_every_distinct_value_is_an_edge_while_they_are_few() -> None:
    values = np.random.default_rng(0).integers(0, MOST_EDGES, 20_000)
    column = numeric(build_reference(pd.DataFrame({"x": values})), "x")
    assert column.edges.distinct == len(np.unique(values))
    assert column.between.sum() == 0


def test_a_value_that_many_rows_have_gets_an_edge_of_its_own() -> None:
    values = np.random.default_rng(0).normal(size=20_000)
    values[::50] = 0.123456789
    column = numeric(build_reference(pd.DataFrame({"x": values})), "x")
    place = np.searchsorted(column.edges.values, 0.123456789)
    assert (column.edges.distinct, column.at[place]) == (None, 400)


def test_the_clip_bounds_are_numpys_percentiles() -> None:
    values = np.random.default_rng(0).normal(size=4321)
    edges = numeric(build_reference(pd.DataFrame({"x": values})), "x").edges
    assert [edges.low, edges.high] == pytest.approx(np.quantile(values, [0.01, 0.99]).tolist(), rel=1e-12)


def test_a_nearly_constant_column_is_clipped_to_its_range() -> None:
    values = [0.0] * 997 + [1.0, 2.0, 50.0]
    edges = numeric(build_reference(pd.DataFrame({"x": values})), "x").edges
    assert (edges.low, edges.high) == (0.0, 50.0)


def test_the_kind_wanted_wins_over_the_type() -> None:
    rows = pd.DataFrame({"zip": [1010, 1020, 1010], "size": ["1", "2", "3"]})
    reference = build_reference(rows, kinds={"zip": "categorical", "size": "numeric"})
    assert isinstance(reference.columns["zip"], LevelProfile)
    assert numeric(reference, "size").moments.mean == 2.0
    current = profile_like(reference, pd.DataFrame({"zip": [1010, 9999], "size": ["5", "5"]}))
    zips = current.columns["zip"]
    assert isinstance(zips, LevelProfile)
    assert (int(zips.counts.sum()), zips.outside.rows) == (1, 1)


@pytest.mark.parametrize(
    ("kinds", "sentence"),
    [({"x": "ordinal"}, "'ordinal'.*use numeric"), ({"y": "numeric"}, "column 'y', which is not counted")],
)
def test_an_impossible_kind_is_refused(kinds: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        build_reference(pd.DataFrame({"x": [1]}), kinds=kinds)


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(DataError, match=r"column 'y' is not in the pandas data frame; it has x"):
        build_reference(pd.DataFrame({"x": [1]}), columns=["y"])


def test_a_reference_without_rows_is_refused() -> None:
    window = Window(datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 2, tzinfo=UTC))
    with pytest.raises(DataError, match="no rows in 2013-01-01T00:00Z to 2013-01-02T00:00Z of the pandas data frame"):
        build_reference(pd.DataFrame({"x": []}), window=window)


def stored(folder: Path, rows: int = 500) -> Files:
    times = pd.date_range("2013-01-01", periods=rows, freq="h", tz="UTC")
    table = pa.table({"at": pa.array(times), "known": pa.array(times), "x": pa.array(np.arange(rows) * 1.0)})
    pq.write_table(table, folder / "rows.parquet", row_group_size=100)
    return Files(str(folder / "rows.parquet"), time_column="at", arrived_at_column="known")


def test_the_columns_of_time_are_left_out_unless_named(tmp_path: Path) -> None:
    files = stored(tmp_path)
    assert list(build_reference(files).columns) == ["x"]
    assert list(build_reference(files, columns=["x", "at"]).columns) == ["x", "at"]
    assert list(build_reference(Files(files.path, time_column="at", columns=("at", "x"))).columns) == ["at", "x"]


def test_only_the_rows_of_the_window_known_by_then_count(tmp_path: Path) -> None:
    files = stored(tmp_path)
    window = Window(datetime(2013, 1, 2, tzinfo=UTC), datetime(2013, 1, 4, tzinfo=UTC))
    profile = build_reference(files, window=window, as_of=datetime(2013, 1, 2, 11, tzinfo=UTC))
    assert (profile.rows, profile.window) == (12, window)


@pytest.mark.parametrize(
    "written", [("2013-01-02T00:00:00Z", "2013-01-04T00:00:00Z"), "2013-01-02T00:00Z/2013-01-04T00:00Z"]
)
def test_a_window_is_taken_as_everywhere(written: object) -> None:
    rows = pd.DataFrame({"at": pd.date_range("2013-01-01", periods=96, freq="h", tz="UTC"), "x": range(96)})
    profile = build_reference(Frame(lambda: rows, time_column="at"), window=written)
    assert (profile.rows, profile.window) == (48, Window.of(written))


def test_what_is_no_window_is_said() -> None:
    with pytest.raises(WindowError, match="January"):
        build_reference(pd.DataFrame({"x": [1]}), window="January")


def test_data_too_large_to_hold_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = build_reference(stored(tmp_path, 5000))
    monkeypatch.setattr("airflow_ml_monitor.profile.stream.HELD_BYTES", 0)
    assert build_reference(stored(tmp_path, 5000)) == held


def test_edges_of_a_sampled_reference_are_repeatable_and_its_counts_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pd.DataFrame({"x": np.random.default_rng(0).normal(size=30_000)})
    monkeypatch.setattr(plan, "_SAMPLE", 5_000)
    column = numeric(build_reference(rows), "x")
    assert column.count == 30_000
    assert column.moments.mean == pytest.approx(rows["x"].mean())
    assert build_reference(rows) == build_reference(rows)
    inside = rows["x"].between(column.edges.low, column.edges.high).mean()
    assert inside == pytest.approx(0.98, abs=0.005)


def test_counting_in_threads_gives_what_counting_in_turn_does(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"x": random.normal(size=25_000), "y": random.choice(["a", "b"], 25_000)})
    threaded = build_reference(rows)
    monkeypatch.setattr("airflow_ml_monitor.data.frame.FEWEST_AT_ONCE", 10**9)
    monkeypatch.setattr("airflow_ml_monitor.profile.workers.FEWEST_AT_ONCE", 10**9)
    assert build_reference(rows) == threaded


def test_an_error_in_a_thread_is_raised() -> None:
    texts = pd.DataFrame({"x": ["1"] * 24_999 + ["one"], "y": ["1"] * 25_000})
    with pytest.raises(DataError, match="column 'x'"):
        build_reference(texts, kinds={"x": "numeric"})


def test_a_column_of_texts_without_any_is_missing_not_of_another_kind() -> None:
    reference = build_reference(pd.DataFrame({"city": ["a", "b"]}))
    current = profile_like(reference, pd.DataFrame({"city": [np.nan, np.nan]}))
    assert current.types["city"].kind is Kind.EMPTY
    assert (current.columns["city"].rows, current.columns["city"].missing) == (2, 2)


def test_a_frame_is_loaded_once() -> None:
    calls = []

    def load() -> pd.DataFrame:
        calls.append(1)
        return pd.DataFrame({"x": [1.0, 2.0]})

    build_reference(Frame(load))
    assert len(calls) == 1


def test_the_data_frame_stays_as_it_was() -> None:
    rows = pd.DataFrame({"x": [3.0, 1.0, np.nan], "y": ["b", None, "a"]})
    before = rows.copy(deep=True)
    build_reference(rows)
    pd.testing.assert_frame_equal(rows, before)


def test_few_values_are_all_known_of_a_sampled_reference_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_SAMPLE", 1_000)
    values = np.where(np.arange(50_000) == 31_415, 7.0, np.arange(50_000) % 3)
    column = numeric(build_reference(pd.DataFrame({"x": values})), "x")
    assert column.edges.distinct == 4
    assert column.between.sum() == 0


def test_free_text_is_told_from_levels_by_the_reference_alone() -> None:
    random = np.random.default_rng(0)
    words = ["the", "flight", "was", "late", "because", "of", "snow", "in", "new", "york", "today"]
    texts = [" ".join(random.choice(words, 9)) for _ in range(400)]
    rows = pd.DataFrame({"comment": texts, "city": ["New York City", "San Francisco Bay"] * 200, "id": range(400)})
    rows["id"] = rows["id"].map(lambda i: f"f47ac10b-58cc-4372-a567-{i:012d}")
    reference = build_reference(rows)
    assert {name: column.kind for name, column in reference.columns.items()} == {
        "comment": Kind.TEXT,
        "city": Kind.CATEGORICAL,
        "id": Kind.CATEGORICAL,
    }
    few = profile_like(reference, rows.assign(comment="yes"))
    assert few.columns["comment"].kind is Kind.TEXT
    assert build_reference(rows, kinds={"comment": "categorical"}).columns["comment"].kind is Kind.CATEGORICAL
