"""Cohorts against a recomputation row by row, from every kind of source; and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from airflow_ml_monitor.data import Connections, Files, Frame, Table
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.performance import Cohort, build_cohort
from tests.performance.histories import History, Made, Said, day, histories, truth

SLOW = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def frame(data: Any, **kwargs: Any) -> Frame:
    return Frame(InMemory(data), **kwargs)


def cohort_of(history: History, predictions: Any = None, labels: Any = None, **kwargs: Any) -> Cohort:
    predictions = frame(history.predictions, time_column="at") if predictions is None else predictions
    labels = frame(history.labels, arrived_at_column="arrived_at") if labels is None else labels
    return build_cohort(predictions, labels, columns=["number"], **history.question | kwargs)


def rows_of(cohort: Cohort) -> list[tuple[Any, ...]]:
    label = [None if pd.isna(value) else value for value in cohort.frame["label"]]
    masks = (cohort.labelled.tolist(), cohort.void.tolist(), cohort.mature.tolist())
    return list(zip(cohort.frame["number"].tolist(), label, *masks, strict=True))


@settings(max_examples=300)
@given(histories)
def test_every_row_and_count_is_the_recomputed_one(history: History) -> None:
    cohort = cohort_of(history)
    assert (rows_of(cohort), cohort.counts) == truth(history)


@settings(max_examples=100)
@given(histories)
def test_a_past_as_of_never_sees_what_came_later(history: History) -> None:
    then = replace(
        history,
        made=[made for made in history.made if made.at <= history.as_of],
        said=[said for said in history.said if said.at <= history.as_of],
    )
    numbers = [number for number, made in enumerate(history.made) if made.at <= history.as_of]
    past, full = cohort_of(then), cohort_of(history)
    assert [(numbers[number], *rest) for number, *rest in rows_of(past)] == rows_of(full)
    assert past.counts == full.counts


@pytest.mark.integration
@SLOW
@given(history=histories)
def test_tables_of_one_database_say_the_same(history: History, engine: sa.Engine) -> None:
    history.predictions.to_sql("predictions", engine, index=False, if_exists="replace")
    history.labels.to_sql("labels", engine, index=False, if_exists="replace")
    predictions = Table("predictions", conn_id="db", time_column="at")
    labels = Table("labels", conn_id="db", arrived_at_column="arrived_at")
    cohort = cohort_of(history, predictions, labels, connections=Connections({"db": engine}))
    assert (rows_of(cohort), cohort.counts) == truth(history)


@pytest.mark.integration
@SLOW
@given(history=histories)
def test_tables_of_two_connections_say_the_same(history: History, engine: sa.Engine) -> None:
    history.predictions.to_sql("predictions", engine, index=False, if_exists="replace")
    history.labels.to_sql("labels", engine, index=False, if_exists="replace")
    predictions = Table("predictions", conn_id="one", time_column="at")
    labels = Table("labels", conn_id="other", arrived_at_column="arrived_at")
    cohort = cohort_of(history, predictions, labels, connections=Connections({"one": engine, "other": engine}))
    assert (rows_of(cohort), cohort.counts) == truth(history)


@SLOW
@given(history=histories)
def test_files_say_the_same(history: History, tmp_path: Path) -> None:
    history.predictions.to_parquet(tmp_path / "predictions.parquet")
    history.labels.to_parquet(tmp_path / "labels.parquet")
    predictions = Files(str(tmp_path / "predictions.parquet"), time_column="at")
    labels = Files(str(tmp_path / "labels.parquet"), arrived_at_column="arrived_at")
    cohort = cohort_of(history, predictions, labels)
    assert (rows_of(cohort), cohort.counts) == truth(history)


@SLOW
@given(history=histories)
def test_labels_in_small_pieces_say_the_same(history: History) -> None:
    pieces = pa.Table.from_pandas(history.labels, preserve_index=False).to_batches(max_chunksize=3)
    labels = pa.Table.from_batches(pieces) if pieces else history.labels
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("airflow_ml_monitor.performance.prediction_rows._CHUNK_ROWS", 2)
        patch.setattr("airflow_ml_monitor.performance.label_strangers._HELD_ROWS", 2)
        cohort = cohort_of(history, labels=frame(labels, arrived_at_column="arrived_at"))
    assert (rows_of(cohort), cohort.counts) == truth(history)


ONE = History([Made(1, 0, None), Made(2, 1, None)], [Said(1, "a", 3, None)], (0, 5), 9, 2)


def counts(said: list[Said], **kwargs: Any) -> dict[str, int]:
    """The counts that are not zero."""
    found = cohort_of(replace(ONE, said=said), **kwargs).counts
    return {name: value for name in found.__dataclass_fields__ if (value := getattr(found, name))}


ALL = {"predictions": 2, "mature": 2}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([], {}),
        ([Said(1, "a", 1, None)], {"labelled": 1, "mature_labelled": 1}),
        ([Said(1, "a", 3, None)], {"labelled": 1, "mature_labelled": 1, "late_labels": 1}),
        ([Said(1, "a", 1, None)] * 2, {"labelled": 1, "mature_labelled": 1, "repeated_labels": 1}),
        (
            [Said(1, "b", 2, None), Said(1, "a", 1, None)],
            {"labelled": 1, "mature_labelled": 1, "corrected_labels": 1},
        ),
        ([Said(1, "a", 1, None), Said(1, None, 2, None)], {"withdrawn_labels": 1}),
        ([Said(1, "a", 1, None), Said(1, "b", 1, None)], {"conflicting_labels": 1}),
        ([Said(7, "a", 1, None)] * 2, {"unmatched_labels": 1}),
        ([Said(None, "a", 1, None)] * 2, {"unmatched_labels": 2}),
        ([Said(1, None, 1, None)], {}),
        ([Said(1, None, 1, True)], {"void": 1, "mature_void": 1}),
        ([Said(1, "a", 1, True)], {"void": 1, "mature_void": 1, "void_labelled": 1}),
        ([Said(1, "a", 99, None)], {}),
    ],
    ids=[
        "never",
        "in time",
        "late",
        "twice",
        "corrected",
        "withdrawn",
        "conflicting",
        "unknown key",
        "without a key",
        "without a label",
        "void",
        "void with a label",
        "after as_of",
    ],
)
def test_each_event_of_a_label_is_counted(said: list[Said], found: dict[str, int]) -> None:
    assert counts(said) == ALL | found


def test_without_arrivals_two_labels_contradict() -> None:
    labels = frame(pd.DataFrame({"key": [1, 1, 2], "label": ["a", "b", "a"], "void": [None, None, None]}))
    found = cohort_of(ONE, labels=labels, as_of=None).counts
    assert (found.labelled, found.conflicting_labels, found.corrected_labels) == (1, 1, 0)


def test_labels_of_other_windows_are_not_unmatched() -> None:
    history = replace(ONE, made=[*ONE.made, Made(3, 7, None)], said=[Said(3, "a", 8, None), Said(4, "a", 8, None)])
    assert cohort_of(history).counts.unmatched_labels == 1


def test_a_key_of_several_columns() -> None:
    predictions = pd.DataFrame({"carrier": ["UA", "UA", "B6"], "flight": [1, 2, 1]})
    labels = pd.DataFrame({"flight": [1, 1, 3], "carrier": ["B6", "AA", "UA"], "label": [5.0, 6.0, 7.0]})
    cohort = build_cohort(predictions, labels, on=["carrier", "flight"])
    assert cohort.labelled.tolist() == [False, False, True]
    assert cohort.frame["label"].tolist()[2] == 5.0
    assert cohort.counts.unmatched_labels == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([1, 2], pa.int32()), pa.array([2, 3], pa.int64())),
        (pa.array([1, 2], pa.int64()), pa.array([2.0, None])),
        (pa.array(["a", "b"]), pa.array(["b", "c"]).dictionary_encode()),
        (pa.array(["a", "b"], pa.large_string()), pa.array(["b", None], pa.string_view())),
        (pa.array([datetime(2024, 1, 1), datetime(2024, 1, 2)], pa.timestamp("us", "UTC")),
         pa.array([datetime(2024, 1, 2), None], pa.timestamp("ns", "America/New_York"))),
    ],
    ids=["widths", "whole floats", "encoded texts", "kinds of text", "zones"],
)  # fmt: skip
def test_keys_of_one_nature_match_whatever_their_type(one: pa.Array, other: pa.Array) -> None:
    cohort = build_cohort(pa.table({"key": one}), pa.table({"key": other, "label": [True, False]}), on="key")
    assert cohort.labelled.tolist() == [False, True]


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        (pa.array([1]), pa.array(["1"]), "key column 'key' is int64 in .* and string in .*; cast one of them"),
        (pa.array([True]), pa.array([1]), "key column 'key' is bool in .* and int64 in"),
        (pa.array([1.5]), pa.array([1]), "holds double that is no whole number .*; cast it to a text"),
        (pa.array([2.0**53]), pa.array([1]), r"holds double beyond 2\^53, where two keys may look the same"),
        (pa.array([[1]]), pa.array([1]), "holds list.* which is no key"),
    ],
    ids=["number and text", "boolean and number", "fraction", "beyond 2**53", "list"],
)
def test_keys_that_cannot_match_are_refused(one: pa.Array, other: pa.Array, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        build_cohort(pa.table({"key": one}), pa.table({"key": other, "label": [True]}), on="key")


@pytest.mark.integration
def test_keys_that_cannot_match_are_refused_before_a_database_is_asked(engine: sa.Engine) -> None:
    pd.DataFrame({"key": [1]}).to_sql("predictions", engine, index=False)
    pd.DataFrame({"key": ["1"], "label": [True]}).to_sql("labels", engine, index=False)
    with pytest.raises(
        DataError, match=r"is int64 in the predictions \(table predictions .* and string in the labels \(table labels"
    ):
        build_cohort(
            Table("predictions", conn_id="db"),
            Table("labels", conn_id="db"),
            on="key",
            connections=Connections({"db": engine}),
        )


@pytest.mark.integration
def test_a_database_matches_keys_that_are_read_as_texts(engine: sa.Engine) -> None:
    name = "6f1c9f60-0f4c-4c6e-9a51-0d5c1a2b3c4d"
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE predictions (key uuid); CREATE TABLE labels (key text, label bool)"))
        connection.execute(sa.text(f"INSERT INTO predictions VALUES ('{name}')"))
        connection.execute(sa.text(f"INSERT INTO labels VALUES ('{name}', true), ('other', true)"))
    cohort = build_cohort(
        Table("predictions", conn_id="db"),
        Table(sql="SELECT * FROM labels", conn_id="db"),
        on="key",
        connections=Connections({"db": engine}),
    )
    assert (cohort.labelled.tolist(), cohort.counts.unmatched_labels) == ([True], 1)


@pytest.mark.parametrize(
    ("void", "expected"),
    [
        ("cancelled", [True, False, False]),
        ({"state": "diverted"}, [False, True, False]),
        ({"state": ["diverted", "lost"]}, [False, True, True]),
        ({"cancelled": True, "state": "lost"}, [True, False, True]),
        ({"outcome": 9}, [False, False, True]),
    ],
)
def test_void_is_a_column_or_a_condition_of_either_side(void: Any, expected: list[bool]) -> None:
    predictions = {"key": [1, 2, 3], "cancelled": [True, False, None], "state": ["ok", "diverted", "lost"]}
    labels = {"key": [1, 2, 3], "label": [1, 0, 1], "outcome": [1, 2, 9]}
    cohort = build_cohort(pd.DataFrame(predictions), pd.DataFrame(labels), on="key", void=void)
    assert cohort.void.tolist() == expected
    assert cohort.frame["label"].isna().tolist() == expected


@pytest.mark.parametrize(
    ("void", "error", "sentence"),
    [
        ("gone", DataError, "void column 'gone' is neither in .* nor in"),
        ("state", DataError, r"void column 'state' .* not booleans; say which .* void=\{'state': value\}"),
        ({"state": 3}, DataError, "void values .3. cannot be among those of column 'state'"),
        (7, ConfigurationError, "void=7 names no column"),
        ({}, ConfigurationError, "void={} names no column"),
    ],
)
def test_a_void_that_says_nothing_is_refused(void: Any, error: type[Exception], sentence: str) -> None:
    predictions = pd.DataFrame({"key": [1], "state": ["ok"]})
    with pytest.raises(error, match=sentence):
        build_cohort(predictions, pd.DataFrame({"key": [1], "label": [1]}), on="key", void=void)


PREDICTIONS = pd.DataFrame({"key": [1], "at": pd.to_datetime(["2024-01-01T00:00Z"]), "score": [0.5]})
LABELS = pd.DataFrame({"key": [1], "label": [True], "arrived_at": pd.to_datetime(["2024-01-02T00:00Z"])})


@pytest.mark.parametrize(
    ("kwargs", "sentence"),
    [
        ({"delay": timedelta(days=1)}, "delay=1 day, 0:00:00 needs time_column= on the pandas data frame"),
        ({"delay": timedelta(-1)}, "must be a timedelta of zero or more"),
        ({"delay": 28}, "delay=28 must be a timedelta"),
        ({"as_of": "2024-01-05T00:00:00Z"}, "is past and the pandas data frame has no arrived_at_column="),
        ({"on": []}, "names no key"),
        ({"label": "key"}, "label='key' is a key column, too"),
    ],
)
def test_questions_that_cannot_be_answered_are_refused(kwargs: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        build_cohort(PREDICTIONS, LABELS, **{"on": "key"} | kwargs)


@pytest.mark.parametrize(
    "kwargs", [{"on": "keys"}, {"label": "labels"}, {"columns": ["scores"]}], ids=["on", "label", "columns"]
)
def test_unknown_columns_are_named(kwargs: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="is not in the pandas data frame; did you mean"):
        build_cohort(PREDICTIONS, LABELS, **{"on": "key"} | kwargs)


def test_no_predictions_are_an_empty_cohort() -> None:
    cohort = cohort_of(replace(ONE, made=[]))
    assert list(cohort.frame.columns) == ["key", "number", "label"]
    assert (len(cohort.frame), cohort.counts.coverage, cohort.counts.unmatched_labels) == (0, None, 1)


def test_encoded_keys_of_no_prediction_are_an_empty_cohort() -> None:
    nobody = pa.table({"key": pa.nulls(0).dictionary_encode()})
    assert len(build_cohort(nobody, pa.table({"key": ["a"], "label": [True]}), on="key").labelled) == 0


def test_the_label_is_that_of_the_labels_where_both_have_the_column() -> None:
    predictions = pd.DataFrame({"key": [1, 2], "label": ["old", "old"]})
    cohort = build_cohort(predictions, pd.DataFrame({"key": [1], "label": ["new"]}), on="key", columns=["label", "key"])
    assert cohort.frame["label"].tolist()[0] == "new"
    assert pd.isna(cohort.frame["label"][1])


def test_nobodys_frame_is_changed() -> None:
    predictions, labels = PREDICTIONS.copy(), LABELS.copy()
    build_cohort(predictions, labels, on="key")
    pd.testing.assert_frame_equal(predictions, PREDICTIONS)
    pd.testing.assert_frame_equal(labels, LABELS)


def test_nan_is_no_label() -> None:
    labels = pa.table({"key": [1, 2], "label": pa.array([np.nan, 2.0])})
    assert build_cohort(pd.DataFrame({"key": [1, 2]}), labels, on="key").labelled.tolist() == [False, True]


def test_naive_times_are_those_of_the_clock_they_were_read_off() -> None:
    """In the repeated hour of 3 November 2024 in New York a wall time is its first one: 05:30 in UTC."""
    wall = pd.DataFrame({"key": [1], "at": pd.to_datetime(["2024-11-03 01:30"]), "label": [1]})
    zone = {"timezone": "America/New_York"}
    predictions = frame(wall[["key", "at"]], time_column="at", **zone)
    labels = frame(wall, arrived_at_column="at", **zone)
    window = (datetime(2024, 11, 3, 5, tzinfo=UTC), datetime(2024, 11, 3, 6, tzinfo=UTC))
    delay = timedelta(hours=1)
    due = datetime(2024, 11, 3, 6, 30, tzinfo=UTC)
    early, late = (
        build_cohort(predictions, labels, on="key", delay=delay, window=window, as_of=due + timedelta(minutes=minutes))
        for minutes in (-1, 0)
    )
    assert (early.mature.tolist(), late.mature.tolist()) == ([False], [True])
    assert late.counts.labelled == 1


def test_naive_times_need_a_zone() -> None:
    wall = pd.DataFrame({"key": [1], "at": pd.to_datetime(["2024-11-03 01:30"])})
    with pytest.raises(DataError, match="time column 'at' .* without a zone; say which one"):
        build_cohort(frame(wall, time_column="at"), LABELS, on="key")


def test_predictions_that_are_not_yet_made_do_not_exist() -> None:
    cohort = cohort_of(replace(ONE, said=[], as_of=0))
    assert rows_of(cohort) == [(0, None, False, False, False)]
    assert cohort.window is not None
    assert cohort.window.end == day(5)
