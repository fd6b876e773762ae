"""Fairness between groups: fairlearn's definitions, intervals that cover, and what missing labels leave open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import FairnessLimit, Segment, evaluate_model, spreads
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.fairness import decided, rate_of
from airflow_ml_monitor.performance.fairness_limits import OBSERVED, RATES
from airflow_ml_monitor.performance.intervals.proportions import wilson
from airflow_ml_monitor.results import CheckResult, Interval, Limits, Report, Severity, Status
from tests.performance.scored import asked, made, scored, told


def of_groups(rows: int = 3000, *, unfair: float = 0.0, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return predictions of three groups; one of them is answered more readily."""
    predictions, labels = scored(rows, seed=seed)
    group = np.random.default_rng(seed + 1).choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
    predictions["group"] = group
    predictions["score"] = np.clip(predictions["score"] + np.where(group == "c", unfair, 0.0), 0, 1)
    return predictions, labels


def report_of(predictions: pd.DataFrame, labels: pd.DataFrame, *limits: FairnessLimit, **kwargs: Any) -> Report:
    return evaluate_model(made(predictions), told(labels), **asked(fairness=limits, **kwargs))


def judged(predictions: pd.DataFrame, labels: pd.DataFrame, limit: FairnessLimit, **kwargs: Any) -> CheckResult:
    results = report_of(predictions, labels, limit, **kwargs).results
    (found,) = [one for one in results if one.check == limit.metric and one.segment is None]
    return found


def by_definition(predictions: pd.DataFrame, labels: pd.DataFrame) -> dict[str, float]:
    """Return fairlearn's measures, written out (MetricFrame.difference and ratio, ``between_groups``)."""
    frame = predictions.assign(said=predictions["score"] >= 0.5, truth=labels["label"])
    rates = {
        "demographic_parity": frame.groupby("group")["said"].mean(),
        "true_positive_rate": frame[frame["truth"] == 1].groupby("group")["said"].mean(),
        "false_positive_rate": frame[frame["truth"] == 0].groupby("group")["said"].mean(),
    }
    measures = {f"{name}_difference": rate.max() - rate.min() for name, rate in rates.items()}
    measures |= {f"{name}_ratio": rate.min() / rate.max() for name, rate in rates.items()}
    both = [f"{side}_positive_rate" for side in ("true", "false")]
    measures["equalized_odds_difference"] = max(measures[f"{one}_difference"] for one in both)
    measures["equalized_odds_ratio"] = min(measures[f"{one}_ratio"] for one in both)
    off = (frame["score"] - frame["truth"]).groupby(frame["group"]).mean()
    observed = frame.groupby("group")["truth"].mean() / frame.groupby("group")["score"].mean()
    calibration = {"difference": off.max() - off.min(), "ratio": observed.min() / observed.max()}
    return measures | {f"calibration_{name}": value for name, value in calibration.items()}


@pytest.mark.parametrize("metric", RATES)
def test_measures_are_those_of_fairlearn(metric: str) -> None:
    predictions, labels = of_groups(unfair=0.2)
    found = judged(predictions, labels, FairnessLimit(metric, 0.5, by="group"))
    assert found.value == pytest.approx(by_definition(predictions, labels)[metric])
    assert found.interval is not None
    assert found.interval.lower <= found.value <= found.interval.upper


@pytest.mark.parametrize(
    ("metric", "limit", "status"),
    [
        ("demographic_parity_difference", 0.03, Status.FAIL),
        ("demographic_parity_difference", 0.5, Status.PASS),
        ("demographic_parity_ratio", 0.95, Status.FAIL),
        ("demographic_parity_ratio", 0.3, Status.PASS),
        ("calibration_difference", 0.1, Status.FAIL),
        ("calibration_ratio", 0.9, Status.FAIL),
        ("calibration_ratio", 0.3, Status.PASS),
    ],
)
def test_the_interval_decides(metric: str, limit: float, status: Status) -> None:
    assert judged(*of_groups(unfair=0.3), FairnessLimit(metric, limit, by="group")).status is status


def test_a_limit_decides_the_report_by_its_severity() -> None:
    predictions, labels = of_groups(unfair=0.3)
    limits = [
        FairnessLimit("demographic_parity_difference", 0.03, by="group", severity=severity) for severity in Severity
    ]
    found = [report_of(predictions, labels, limit).status for limit in limits]
    assert found[:2] == [Status.FAIL, Status.WARN]


def test_the_groups_at_either_end_are_named() -> None:
    found = judged(*of_groups(unfair=0.3), FairnessLimit("demographic_parity_difference", 0.1, by="group"))
    assert "selection rate 0." in found.message
    assert "(group=c); the 95 % interval" in found.message
    assert set(found.detail["groups"]["selection rate"]) == {"group=a", "group=b", "group=c"}


def test_small_groups_are_insufficient_and_do_not_count() -> None:
    predictions, labels = of_groups()
    predictions.loc[:19, "group"] = "d"
    predictions.loc[:19, "score"] = 1.0
    report = report_of(predictions, labels, FairnessLimit("demographic_parity_difference", 0.3, by="group"))
    of_d = [one for one in report.results if one.segment == "group=d"]
    assert [(one.status, one.severity, one.n_current) for one in of_d] == [(Status.INSUFFICIENT, Severity.INFO, 20)]
    assert report.status is Status.PASS


def test_one_group_cannot_be_compared() -> None:
    predictions, labels = of_groups()
    found = judged(predictions.assign(group="a"), labels, FairnessLimit("equalized_odds_difference", 0.1, by="group"))
    assert (found.status, found.value) == (Status.INSUFFICIENT, None)
    assert "two are needed" in found.message


def test_the_selection_rate_needs_no_labels() -> None:
    predictions, labels = of_groups(unfair=0.3)
    limit = FairnessLimit("demographic_parity_difference", 0.03, by="group")
    without, all_there = (judged(predictions, some, limit) for some in (labels[:0], labels))
    assert (without.status, without.value, without.interval) == (Status.FAIL, all_there.value, all_there.interval)


def test_many_missing_labels_leave_it_open_and_a_share_that_is_enough_decides() -> None:
    predictions, labels = of_groups()
    limit = FairnessLimit("true_positive_rate_difference", 0.15, by="group")
    open_one, enough, too_few = (
        judged(predictions, labels[:2100], limit, min_completeness=least) for least in (None, 0.6, 0.8)
    )
    assert [one.status for one in (open_one, enough, too_few)] == [
        Status.INSUFFICIENT,
        Status.PASS,
        Status.INSUFFICIENT,
    ]


def test_a_group_that_labels_to_come_make_large_enough_leaves_a_pass_open() -> None:
    predictions, labels = of_groups()
    predictions.loc[:199, "group"] = "d"
    limit = FairnessLimit("true_positive_rate_difference", 0.3, by="group")
    early, late = (judged(predictions, some, limit) for some in (labels[180:], labels))
    assert (early.status, late.status) == (Status.INSUFFICIENT, Status.PASS)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**16),
    share=st.floats(0.0, 0.3),
    metric=st.sampled_from(
        ["equalized_odds_difference", "true_positive_rate_ratio", "calibration_difference", "calibration_ratio"]
    ),
    limit=st.floats(0.05, 0.95),
)
def test_a_verdict_on_some_labels_is_never_turned_by_the_rest(
    seed: int, share: float, metric: str, limit: float
) -> None:
    predictions, labels = of_groups(600, seed=seed, unfair=0.2)
    known = labels[np.random.default_rng(seed).random(len(labels)) >= share]
    asked_for = FairnessLimit(metric, limit, by="group")
    early, late = (judged(predictions, some, asked_for).status for some in (known, labels))
    assert {early, late} != {Status.PASS, Status.FAIL}


def test_groups_may_be_numbers_in_bins() -> None:
    predictions, labels = of_groups()
    predictions["age"] = np.arange(len(predictions)) % 60 + 18
    by = Segment("age", bins=[30, 50])
    found = judged(predictions, labels, FairnessLimit("demographic_parity_ratio", 0.5, by=by))
    assert set(found.detail["groups"]["selection rate"]) == {"age <= 30", "30 < age <= 50", "age > 50"}


def covered(shares: list[float], rows: int, *, as_ratio: bool, times: int = 1500) -> float:
    generator = np.random.default_rng(3)
    truth = min(shares) / max(shares) if as_ratio else max(shares) - min(shares)
    confidence = spreads.pair_confidence(0.95, len(shares))
    apart = spreads.ratio if as_ratio else spreads.difference
    hits = 0
    for counts in generator.binomial(rows, shares, (times, len(shares))):
        interval = apart([(count / rows, wilson(count, rows, confidence)) for count in counts]).interval
        hits += interval is None or interval.lower <= truth <= interval.upper
    return hits / times


@pytest.mark.parametrize("as_ratio", [False, True])
@pytest.mark.parametrize("shares", [[0.3, 0.4], [0.02, 0.05], [0.3, 0.3, 0.3], [0.1, 0.2, 0.25, 0.3]])
def test_intervals_of_spreads_cover(shares: list[float], as_ratio: bool) -> None:
    assert covered(shares, 300, as_ratio=as_ratio) >= 0.935


def test_the_interval_of_positives_by_expected_covers() -> None:
    generator = np.random.default_rng(11)
    hits, times, expected = 0, 600, 0.0
    for _ in range(times):
        score = generator.beta(1, 4, 200)
        y = (generator.random(200) < 0.8 * score).astype(float)  # 80 % of what the scores foretell
        part = Answers(problem=Problem.BINARY, y=y, score=score, predicted=np.round(score))
        value, interval, _ = rate_of(OBSERVED, part, 0.95, worst=False)
        assert value == pytest.approx(y.mean() / score.mean())
        assert interval is not None
        hits += interval.lower <= 0.8 <= interval.upper
        expected += value / times
    assert expected == pytest.approx(0.8, abs=0.01)
    assert hits / times >= 0.935


@given(st.lists(st.tuples(st.integers(0, 40), st.just(40)), min_size=2, max_size=5))
def test_spreads_hold_their_value_and_do_not_depend_on_the_order(counts: list[tuple[int, int]]) -> None:
    rates = [(hit / n, wilson(hit, n, 0.95)) for hit, n in counts]
    for apart in (spreads.difference, spreads.ratio):
        value, interval = apart(rates)
        turned = apart(rates[::-1])
        assert value == turned.value
        if value is not None and interval is not None:
            assert interval.lower - 1e-9 <= value <= interval.upper + 1e-9
            assert interval == pytest.approx(turned.interval)


def test_where_nothing_is_selected_there_is_no_ratio() -> None:
    predictions, labels = of_groups()
    limit = FairnessLimit("demographic_parity_ratio", 0.8, by="group")
    assert judged(predictions.assign(score=0.1), labels, limit).status is Status.INSUFFICIENT


@pytest.mark.parametrize(
    ("limits", "interval", "status"),
    [
        (Limits(upper=0.1), (0.0, 0.1), Status.PASS),
        (Limits(upper=0.1), (0.1, 0.2), Status.WARN),
        (Limits(upper=0.1), (0.11, 0.2), Status.FAIL),
        (Limits(lower=0.8), (0.8, 0.9), Status.PASS),
        (Limits(lower=0.8), (0.7, 0.8), Status.WARN),
        (Limits(lower=0.8), (0.7, 0.79), Status.FAIL),
    ],
)
def test_the_limit_itself_is_inside(limits: Limits, interval: tuple[float, float], status: Status) -> None:
    assert decided(Interval(*interval), limits) is status


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: FairnessLimit("demographic_parity", 0.1, by="group"), "did you mean 'demographic_parity_"),
        (lambda: FairnessLimit("calibration_difference", 1.5, by="group"), "from 0 to 1"),
        (lambda: report_of(*of_groups(), "group"), "give FairnessLimit"),  # type: ignore[arg-type]
        (
            lambda: report_of(
                *of_groups(), FairnessLimit("equalized_odds_ratio", 0.8, by="group"), problem="multiclass"
            ),
            "for binary problems",
        ),
        (
            lambda: report_of(
                *of_groups(),
                FairnessLimit("calibration_difference", 0.1, by="group"),
                score=None,
                prediction="score",
            ),
            "needs probabilities",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        make()
