"""Evaluation end to end: values, verdicts, what labels that are missing allow to be said, and bad input."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from airflow_ml_monitor.data import Connections, Table
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.performance import evaluate_model
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost, NoWorseThanReference
from airflow_ml_monitor.performance.segments import Segment
from airflow_ml_monitor.results import Status
from tests.checks import check_of
from tests.performance.scored import START, asked, judged, scored

FIRST_HALF = (START, START + timedelta(hours=500))


def test_metrics_are_those_of_scikit_learn() -> None:
    predictions, labels = scored()
    report = judged(predictions, labels)
    y, score = labels["label"], predictions["score"]
    ours = [check_of(report, name).value for name in ("roc_auc", "log_loss", "brier", "f1")]
    theirs = [
        metrics.roc_auc_score(y, score),
        metrics.log_loss(y, score),
        metrics.brier_score_loss(y, score),
        metrics.f1_score(y, score >= 0.5),
    ]
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize(("limit", "status"), [(0.5, Status.PASS), (0.92, Status.WARN), (0.999, Status.FAIL)])
def test_the_interval_decides(limit: float, status: Status) -> None:
    predictions, labels = scored(200, skill=1.0)
    assert check_of(judged(predictions, labels, expect=[AtLeast("roc_auc", limit)]), "roc_auc").status is status


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    share=st.floats(0.0, 0.5),
    metric=st.sampled_from(["accuracy", "roc_auc", "brier", "recall"]),
    limit=st.floats(0.05, 0.95),
)
def test_a_verdict_on_some_labels_is_never_turned_by_the_rest(
    seed: int, share: float, metric: str, limit: float
) -> None:
    predictions, labels = scored(120, seed=seed, skill=0.5)
    known = labels[np.random.default_rng(seed).random(len(labels)) >= share]
    expect = [AtMost(metric, limit) if metric == "brier" else AtLeast(metric, limit)]
    early, late = (check_of(judged(predictions, some, expect=expect), metric).status for some in (known, labels))
    assert {early, late} != {Status.PASS, Status.FAIL}


def test_many_missing_labels_leave_it_open_and_a_share_that_is_enough_decides() -> None:
    predictions, labels = scored()
    expect = [AtLeast("roc_auc", 0.8)]
    by_extremes, by_share = (
        check_of(judged(predictions, labels[:700], expect=expect, min_completeness=share), "roc_auc")
        for share in (None, 0.7)
    )
    assert (by_extremes.status, by_share.status) == (Status.INSUFFICIENT, Status.PASS)


def test_a_share_that_is_not_reached_leaves_it_open() -> None:
    predictions, labels = scored()
    report = judged(predictions, labels[:699], expect=[AtLeast("roc_auc", 0.8)], min_completeness=0.7)
    assert "699 of 1,000 labels are known, at least 70 % are asked for" in check_of(report, "roc_auc").message


def test_a_later_as_of_knows_more() -> None:
    predictions, labels = scored()
    early, late = (judged(predictions, labels, as_of=START + timedelta(days=days)) for days in (42, 90))
    assert (check_of(early, "completeness").value, check_of(late, "completeness").value) == pytest.approx(
        (0.769, 1), abs=0.01
    )


@pytest.mark.parametrize(
    ("score", "why"), [(np.nan, "missing"), (1.5, "outside"), (-0.1, "outside"), (np.inf, "outside")]
)
def test_a_score_that_is_no_probability_fails_and_is_left_out(score: float, why: str) -> None:
    predictions, labels = scored()
    predictions.loc[3, "score"] = score
    report = judged(predictions, labels, expect=[AtLeast("roc_auc", 0.5)])
    found = check_of(report, "invalid_predictions")
    assert (found.status, found.value, check_of(report, "roc_auc").n_current) == (Status.FAIL, 1.0, 999)
    assert why in found.message


def test_labels_of_an_unknown_class_warn_and_count_as_missing() -> None:
    predictions, labels = scored()
    labels.loc[:4, "label"] = 7
    report = judged(predictions, labels, expect=[AtLeast("accuracy", 0.5)])
    assert check_of(report, "invalid_labels").detail["reasons"] == {"unknown class 7": 5}
    assert (report.status, check_of(report, "accuracy").n_current) == (Status.WARN, 995)


def test_probabilities_that_do_not_sum_to_one_are_left_out() -> None:
    predictions = pd.DataFrame({"id": range(60), "at": START, "a": 0.7, "b": 0.3})
    predictions.loc[0, "b"] = 0.9
    labels = pd.DataFrame({"id": range(60), "label": ["a", "b"] * 30, "arrived_at": START})
    report = judged(predictions, labels, problem="multiclass", scores={"a": "a", "b": "b"})
    found = check_of(report, "invalid_predictions")
    assert found.detail["reasons"] == {"probabilities that do not sum to one": 1}
    assert found.status is Status.FAIL


def test_an_infinite_regression_target_is_left_out_and_named() -> None:
    predictions = pd.DataFrame({"id": range(60), "at": START, "prediction": np.arange(60.0)})
    labels = pd.DataFrame({"id": range(60), "label": np.arange(60.0) + 1, "arrived_at": START})
    labels.loc[0, "label"] = np.inf
    report = judged(predictions, labels, problem="regression")
    assert (check_of(report, "mae").value, check_of(report, "mae").n_current) == (pytest.approx(1.0), 59)
    assert check_of(report, "invalid_labels").detail["reasons"] == {"infinite": 1}


def test_labels_of_one_class_leave_the_ranking_open() -> None:
    predictions, labels = scored()
    report = judged(predictions, labels.assign(label=0), expect=[AtLeast("roc_auc", 0.7)])
    assert (report.status, check_of(report, "roc_auc").value) == (Status.INSUFFICIENT, None)


def test_no_labels_at_all_is_insufficient() -> None:
    predictions, labels = scored()
    report = judged(predictions, labels[:0], expect=[AtLeast("accuracy", 0.7)])
    assert report.status is Status.INSUFFICIENT


def test_no_predictions_at_all_is_insufficient_and_says_where_to_look() -> None:
    predictions, labels = scored()
    later = (START - timedelta(days=9), START - timedelta(days=8))
    report = judged(predictions, labels, expect=[AtLeast("accuracy", 0.7)], window=later)
    assert report.status is Status.INSUFFICIENT
    assert "look at what scores it" in check_of(report, "predictions").message


def test_a_key_predicted_twice_is_counted_and_only_a_warning() -> None:
    predictions, labels = scored()
    twice = pd.concat([predictions, predictions[:2]], ignore_index=True)
    report = judged(twice, labels, expect=[AtLeast("accuracy", 0.5)])
    assert (report.status, check_of(report, "duplicate_predictions").value) == (Status.WARN, 2.0)


def test_labels_without_a_prediction_are_counted() -> None:
    predictions, labels = scored()
    assert check_of(judged(predictions[:-3], labels), "unmatched_labels").value == 3.0


def as_text(numbers: pd.Series) -> pd.Series:
    return numbers.map({0: "on time", 1: "late"})


def test_text_classes_are_read_by_the_positive_one() -> None:
    predictions, labels = scored()
    by_number, by_text = (
        judged(predictions, some, positive=positive)
        for some, positive in ((labels, None), (labels.assign(label=as_text(labels["label"])), "late"))
    )
    assert by_text.results == by_number.results


def test_text_classes_without_a_positive_one_are_refused() -> None:
    predictions, labels = scored()
    with pytest.raises(ConfigurationError, match="say positive="):
        judged(predictions, labels.assign(label=as_text(labels["label"])))


def test_text_answers_can_be_used_before_any_label_came() -> None:
    predictions, labels = scored()
    predictions["said"] = as_text((predictions["score"] > 0.5).astype(int))
    report = judged(predictions, labels[:0], score=None, prediction="said", positive="late")
    assert check_of(report, "invalid_predictions").value == 0.0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"score": None}, "score= or prediction="),
        ({"score": None, "prediction": "score", "expect": [AtLeast("roc_auc", 0.7)]}, "needs probabilities"),
        ({"expect": [AtLeast("roc_auk", 0.7)]}, "roc_auc"),
        ({"expect": [NoWorseThanReference("roc_auc", 0.1)]}, "needs reference="),
        ({"problem": "clustering"}, "is not known"),
        ({"problem": "ranking"}, "needs query="),
        ({"threshold": 2}, "between 0 and 1"),
        ({"min_completeness": 0}, "must be a share"),
    ],
)
def test_what_cannot_go_together_is_refused(changed: dict[str, Any], sentence: str) -> None:
    predictions, labels = scored(10)
    with pytest.raises(ConfigurationError, match=sentence):
        judged(predictions, labels, **changed)


def test_a_reference_is_the_same_by_its_window_and_by_its_report() -> None:
    predictions, labels = scored()
    expect = [NoWorseThanReference("roc_auc", 0.05)]
    window = (FIRST_HALF[1], FIRST_HALF[1] + timedelta(hours=500))
    reference = judged(predictions, labels, window=FIRST_HALF)
    by_window, by_report = (
        check_of(judged(predictions, labels, window=window, expect=expect, reference=given), "roc_auc")
        for given in (FIRST_HALF, reference)
    )
    assert (by_window.limits, by_window.interval, by_window.n_reference) == (
        by_report.limits,
        by_report.interval,
        by_report.n_reference,
    )


def test_a_model_that_got_worse_than_its_reference_by_more_than_the_margin_fails() -> None:
    predictions, labels = scored()
    labels.loc[500:, "label"] = 1 - labels.loc[500:, "label"]
    window = (FIRST_HALF[1], FIRST_HALF[1] + timedelta(hours=500))
    report = judged(
        predictions, labels, window=window, expect=[NoWorseThanReference("roc_auc", 0.05)], reference=FIRST_HALF
    )
    assert report.status is Status.FAIL


def test_a_segment_warns_unless_it_is_required() -> None:
    predictions, labels = scored()
    bad = predictions["carrier"] == "B6"
    labels.loc[bad, "label"] = 1 - labels.loc[bad, "label"]
    expect = [AtLeast("accuracy", 0.7)]
    free, bound = (
        judged(predictions, labels, expect=expect, segments=[Segment("carrier", required=required)])
        for required in (False, True)
    )
    assert check_of(free, "accuracy", "carrier=B6").status is Status.FAIL
    assert (free.status, bound.status) == (Status.WARN, Status.FAIL)


def test_a_small_segment_is_insufficient_and_a_missing_level_is_one() -> None:
    predictions, labels = scored()
    predictions.loc[:4, "carrier"] = None
    report = judged(predictions, labels, expect=[AtLeast("accuracy", 0.5)], segments="carrier")
    assert check_of(report, "accuracy", "carrier=(missing)").status is Status.INSUFFICIENT
    assert report.status is Status.PASS


def test_levels_beyond_fifty_are_counted() -> None:
    predictions, labels = scored(120)
    predictions["carrier"] = [f"C{number % 60}" for number in range(120)]
    report = judged(predictions, labels, expect=[AtLeast("accuracy", 0.5)], segments="carrier")
    assert check_of(report, "segments_not_judged").value == 20.0


def test_a_segment_of_an_unknown_column_is_refused() -> None:
    predictions, labels = scored(10)
    with pytest.raises(DataError, match="origin"):
        judged(predictions, labels, segments=["origin"])


def test_the_configuration_is_plain_json_and_nothing_given_is_changed() -> None:
    predictions, labels = scored()
    before = predictions.copy(), labels.copy()
    state = np.random.get_state()[1].copy()  # type: ignore[index,union-attr]
    report = judged(predictions, labels, expect=[AtLeast("average_precision", 0.5)], segments=["carrier"])
    assert json.loads(json.dumps(report.config)) == report.config
    pd.testing.assert_frame_equal(predictions, before[0])
    pd.testing.assert_frame_equal(labels, before[1])
    assert (np.random.get_state()[1] == state).all()  # type: ignore[index]


@pytest.mark.integration
def test_tables_say_what_frames_say(engine: sa.Engine) -> None:
    predictions, labels = scored(300)
    predictions.to_sql("predictions", engine, index=False)
    labels.to_sql("labels", engine, index=False)
    question = asked(expect=[AtLeast("roc_auc", 0.8)], segments=["carrier"])
    by_table = evaluate_model(
        Table("predictions", conn_id="db", time_column="at"),
        Table("labels", conn_id="db", arrived_at_column="arrived_at"),
        **question,
        connections=Connections({"db": engine}),
    )
    assert by_table.results == judged(predictions, labels, **question).results
