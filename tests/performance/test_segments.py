"""Segments of one column, of several crossed, and of numbers in bins."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score

from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.performance import AtLeast, NoWorseThanReference, Segment, evaluate_model
from airflow_ml_monitor.performance.segment_levels import bounded, segment_levels
from airflow_ml_monitor.performance.segments import as_segments
from airflow_ml_monitor.results import CheckResult, Report, Status
from tests.performance.scored import START, asked, made, scored, told

ACCURATE = AtLeast("accuracy", 0.5)


def with_more_columns() -> tuple[pd.DataFrame, pd.DataFrame]:
    predictions, labels = scored()
    origin = np.where(np.arange(len(predictions)) % 4 == 0, "LGA", "JFK")
    return predictions.assign(origin=origin, distance=np.arange(len(predictions)) * 2.0), labels


def judged(
    predictions: pd.DataFrame, labels: pd.DataFrame, segments: Any, **kwargs: Any
) -> dict[str | None, CheckResult]:
    report = evaluate_model(
        made(predictions), told(labels), **asked(**({"expect": ACCURATE, "segments": segments} | kwargs))
    )
    return {one.segment: one for one in report.results if one.check == "accuracy" and one.segment is not None}


def test_columns_are_crossed() -> None:
    predictions, labels = with_more_columns()
    found = judged(predictions, labels, Segment(("carrier", "origin")))
    assert set(found) == {
        f"carrier={carrier}, origin={origin}" for carrier in ("UA", "B6") for origin in ("LGA", "JFK")
    }
    both = ((predictions["carrier"] == "B6") & (predictions["origin"] == "JFK")).to_numpy()
    exact = accuracy_score(labels["label"][both], predictions["score"][both] >= 0.5)
    assert found["carrier=B6, origin=JFK"].value == pytest.approx(exact)


def test_the_levels_of_crossed_columns_can_be_given() -> None:
    found = judged(*with_more_columns(), Segment(("carrier", "origin"), levels=[("UA", "JFK")]))
    assert set(found) == {"carrier=UA, origin=JFK"}


def test_numbers_are_binned_by_quantiles_and_named_by_their_bounds() -> None:
    predictions, labels = with_more_columns()
    found = judged(predictions, labels, Segment("distance", bins=4))
    assert {name: one.n_current for name, one in found.items()} == {
        "distance <= 498": 250,
        "498 < distance <= 998": 250,
        "998 < distance <= 1,498": 250,
        "distance > 1,498": 250,
    }


def test_bounds_belong_to_the_bin_below_them() -> None:
    found = judged(*with_more_columns(), Segment("distance", bins=[600, 1200]))
    assert [found[name].n_current for name in ("distance <= 600", "600 < distance <= 1,200", "distance > 1,200")] == [
        301,
        300,
        399,
    ]


def test_a_number_that_is_missing_has_a_level_of_its_own() -> None:
    predictions, labels = with_more_columns()
    predictions.loc[:39, "distance"] = np.nan
    assert judged(predictions, labels, Segment("distance", bins=2))["distance=(missing)"].n_current == 40


def test_bins_are_crossed_with_levels() -> None:
    found = judged(*with_more_columns(), Segment(("carrier", "distance"), bins={"distance": [1000]}))
    assert found["carrier=B6, distance > 1,000"].n_current == 49


def test_bins_are_those_of_the_reference() -> None:
    predictions, labels = with_more_columns()
    half = START + timedelta(hours=500)
    found = judged(
        predictions,
        labels,
        Segment("distance", bins=2),
        expect=[NoWorseThanReference("accuracy", 0.2)],
        reference=(START, half),
        window=(START, half + timedelta(hours=500)),
    )
    assert {name: one.n_current for name, one in found.items()} == {"distance <= 498": 250, "distance > 498": 750}
    assert {one.n_reference for one in found.values()} == {250}


def test_bins_are_those_of_the_report_that_is_the_reference() -> None:
    predictions, labels = with_more_columns()
    longer = np.where(np.arange(1000) < 500, 0.0, 100.0)  # in the second half, whose own median is another
    predictions["distance"] = predictions["distance"] % 1000 + longer
    half = START + timedelta(hours=500)
    how = asked(segments=Segment(("origin", "distance"), bins={"distance": 2}))
    before = evaluate_model(made(predictions), told(labels), expect=ACCURATE, window=(START, half), **how)
    stored = Report.from_dict(json.loads(json.dumps(before.to_dict())))
    found = judged(
        predictions,
        labels,
        how["segments"],
        expect=NoWorseThanReference("accuracy", 0.2),
        reference=stored,
        window=(half, half + timedelta(hours=500)),
    )
    theirs = {one.segment: one.n_current for one in before.results if one.check == "accuracy" and one.segment}
    assert {name: one.n_reference for name, one in found.items()} == theirs
    assert found["origin=LGA, distance > 498"].n_current == 75


def test_the_more_segments_the_wider_the_intervals() -> None:
    few, many = (
        judged(*with_more_columns(), Segment("distance", bins=bins))["distance <= 498"]
        for bins in ([498], [498, 1500, 1600])
    )
    assert many.interval is not None
    assert few.interval is not None
    assert many.interval.lower < few.interval.lower < few.interval.upper < many.interval.upper


def test_a_small_bin_is_insufficient() -> None:
    assert judged(*with_more_columns(), Segment("distance", bins=[20]))["distance <= 20"].status is Status.INSUFFICIENT


def test_text_has_no_bins() -> None:
    with pytest.raises(DataError, match="'carrier' holds"):
        judged(*with_more_columns(), Segment("carrier", bins=3))


@given(
    values=st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan")), st.sampled_from([0.0, 1.0])), min_size=1),
    bins=st.integers(2, 6),
)
def test_every_row_is_of_one_bin_and_the_bins_are_ordered(values: list[float], bins: int) -> None:
    frame = pd.DataFrame({"x": values})
    table = pa.Table.from_pandas(frame)
    (segment,) = bounded([Segment("x", bins=bins)], table)
    levels = segment_levels(segment, table)
    assert levels.here.all()
    names = pd.Series([levels.values[code] for code in levels.codes])
    assert names[frame["x"].notna()].nunique() <= bins
    there = frame["x"].dropna()
    least, most = (there.groupby(names[there.index]).agg(which) for which in ("min", "max"))
    order = least.sort_values().index
    assert (most[order].to_numpy()[:-1] <= least[order].to_numpy()[1:]).all()


@pytest.mark.parametrize(
    ("column", "options", "sentence"),
    [
        ((), {}, "names no column"),
        (("a", "a"), {}, "crosses a column with itself"),
        (("a", "b"), {"bins": 3}, "of which column"),
        (("a", "b"), {"bins": {"c": 3}}, "name c, no column"),
        (("a", "b"), {"levels": ["x"]}, "a tuple of 2"),
        ("a", {"bins": 1}, "from 2 to 50"),
        ("a", {"bins": [3, 2]}, "bounds that ascend"),
        ("a", {"bins": 3, "levels": [1]}, "levels= and bins="),
    ],
)
def test_what_makes_no_segment_is_refused(column: Any, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        Segment(column, **options)


def test_a_column_may_be_alone_and_crossed_but_not_twice() -> None:
    assert len(as_segments(["a", Segment(("a", "b"))])) == 2
    with pytest.raises(ConfigurationError, match="a x b more than once"):
        as_segments([Segment(("a", "b")), Segment(["a", "b"])])
