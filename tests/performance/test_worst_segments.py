"""The worst segments: what is planted is found and named, and where nothing is, nothing is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, ttest_ind

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import AtLeast, FindSegments, evaluate_model
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.excess_loss import holm
from airflow_ml_monitor.performance.registry import find_metric
from airflow_ml_monitor.performance.worst_segments import Search
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status
from tests.performance.scored import asked, made, scored, told

COLUMNS = ["carrier", "distance"]
LOST = "distance > 1,500 and carrier = 'B6'"


def flights(rows: int = 4000, seed: int = 0, *, broken: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return predictions that know nothing of one carrier's long flights."""
    predictions, labels = scored(rows, seed=seed)
    generator = np.random.default_rng(seed + 1)
    predictions["carrier"] = generator.choice(["B6", "UA", "DL"], rows)
    predictions["distance"] = generator.choice(np.arange(100, 2600, 100), rows).astype(float)
    lost = (predictions["carrier"] == "B6") & (predictions["distance"] > 1500) & broken
    predictions["score"] = predictions["score"].mask(lost, 1 - predictions["score"])
    return predictions, labels


def report_of(predictions: pd.DataFrame, labels: pd.DataFrame, find: Any = COLUMNS, **kwargs: Any) -> Report:
    return evaluate_model(made(predictions), told(labels), **asked(find_segments=find, **kwargs))


def found(report: Report) -> list[CheckResult]:
    return [one for one in report.results if one.check == "worst_segment"]


def counted(report: Report) -> CheckResult:
    (one,) = [one for one in report.results if one.check == "worst_segments"]
    return one


def test_what_is_planted_is_found_and_named() -> None:
    worst = found(report_of(*flights()))[0]
    assert set(str(worst.segment).split(" and ")) == set(LOST.split(" and "))
    assert worst.status is Status.FAIL
    assert worst.p_adjusted is not None
    assert worst.p_adjusted < 1e-6


def test_what_is_found_is_judged_by_rows_that_did_not_find_it() -> None:
    predictions, labels = flights()
    worst = found(report_of(predictions, labels))[0]
    lost = ((predictions["carrier"] == "B6") & (predictions["distance"] > 1500)).to_numpy()
    judges = np.zeros(len(labels), bool)
    judges[np.random.default_rng(0).permutation(len(labels))[: len(labels) // 2]] = True
    loss = (predictions["score"] - labels["label"]).to_numpy() ** 2
    one, others = loss[judges & lost], loss[judges & ~lost]
    assert (worst.n_current, worst.n_reference) == (len(one), len(others))
    assert worst.value == pytest.approx(one.mean() - others.mean())
    assert worst.p_value == pytest.approx(ttest_ind(one, others, equal_var=False).pvalue)


def searched(frame: pd.DataFrame, labels: pd.DataFrame, columns: list[str], cluster: str | None = None) -> bool:
    """Return whether a search over the rows themselves finds anything."""
    score, y = (frame["score"].to_numpy(float), labels["label"].to_numpy(float))
    group = None if cluster is None else frame[cluster].to_numpy(np.int64)
    answers = Answers(problem=Problem.BINARY, y=y, score=score, predicted=np.round(score), cluster=group)
    wanted, metric = FindSegments(columns), find_metric("brier", Problem.BINARY)
    search = Search(wanted=wanted, metric=metric, confidence=0.95, min_completeness=None)
    return len(search.find(pa.Table.from_pandas(frame), answers)) > 1


def test_where_nothing_is_wrong_something_is_found_in_at_most_one_search_of_twenty() -> None:
    searches = [searched(*flights(600, seed, broken=False), COLUMNS) for seed in range(60)]
    assert sum(searches) <= 7  # 3 expected, more than 7 in 1 % of such tests


def test_it_decides_nothing_unless_asked() -> None:
    predictions, labels = flights()
    free, bound = (
        report_of(predictions, labels, FindSegments(COLUMNS, severity=severity), expect=AtLeast("accuracy", 0.5))
        for severity in (Severity.INFO, Severity.CRITICAL)
    )
    assert (free.status, bound.status) == (Status.PASS, Status.FAIL)


def test_it_must_be_worse_by_what_is_asked() -> None:
    predictions, labels = flights()
    excess = found(report_of(predictions, labels))[0].value or 0.0
    assert found(report_of(predictions, labels, FindSegments(COLUMNS, worse_by=0.5 * excess)))
    assert not found(report_of(predictions, labels, FindSegments(COLUMNS, worse_by=1.01 * excess)))


def test_missing_labels_leave_a_deciding_one_open() -> None:
    predictions, labels = flights()
    report = report_of(predictions, labels[50:], FindSegments(COLUMNS, severity=Severity.WARNING))
    assert {one.status for one in found(report)} == {Status.INSUFFICIENT}
    enough = report_of(predictions, labels[50:], FindSegments(COLUMNS, severity=Severity.WARNING), min_completeness=0.9)
    assert {one.status for one in found(enough)} == {Status.FAIL}


def test_a_value_that_is_missing_is_a_condition() -> None:
    predictions, labels = flights(broken=False)
    gone = np.random.default_rng(5).random(len(predictions)) < 0.2
    predictions["distance"] = predictions["distance"].mask(gone)
    predictions["score"] = predictions["score"].mask(gone, 1 - predictions["score"])
    report = report_of(predictions, labels, FindSegments(COLUMNS, depth=1))
    assert [one.segment for one in found(report)] == ["distance is missing"]


@pytest.mark.parametrize("levels", [("B6", "UA"), ("B6", None), ("B6", "UA", "DL")])
def test_a_level_is_named_for_what_it_is(levels: tuple[str | None, ...]) -> None:
    predictions, labels = flights(broken=False)
    carrier = np.array(levels, dtype=object)[np.arange(len(predictions)) % len(levels)]
    predictions["score"] = predictions["score"].mask(carrier == "B6", 1 - predictions["score"])
    report = report_of(predictions.assign(carrier=carrier), labels, FindSegments("carrier", depth=1))
    assert [one.segment for one in found(report)] == ["carrier = 'B6'"]


def test_a_regression_is_searched_by_its_absolute_errors() -> None:
    generator = np.random.default_rng(0)
    predictions, labels = flights()
    noise = generator.standard_normal(len(labels)) * np.where(predictions["distance"] > 2000, 5.0, 1.0)
    predictions["prediction"], labels["label"] = 10.0, 10.0 + noise
    worst = found(report_of(predictions, labels, FindSegments("distance", depth=1), problem="regression"))
    assert [(one.segment, one.detail["loss"]) for one in worst] == [("distance > 2,000", "mae")]


def in_fives(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return predictions of customers with five rows each, of one region, whom the model suits well or badly."""
    predictions, labels = scored(1500, seed=seed)
    generator = np.random.default_rng(seed)
    predictions["customer"] = np.arange(len(predictions)) // 5
    predictions["region"] = generator.choice(list("abcd"), 300)[predictions["customer"]]
    predictions["since"] = generator.random(300)[predictions["customer"]]
    suited = (generator.random(300) < 0.5)[predictions["customer"]]
    return predictions.assign(score=predictions["score"].where(suited, 0.5)), labels


def test_rows_that_belong_together_are_not_taken_for_evidence() -> None:
    find = ["region", "since"]
    alone, together = (
        sum(searched(*in_fives(seed), find, cluster) for seed in range(40)) for cluster in (None, "customer")
    )
    assert together <= 6  # 2 expected, more than 6 in 1 % of such tests
    assert together < alone


def test_weights_weigh_the_loss() -> None:
    predictions, labels = flights()
    predictions["weight"] = np.where(predictions["carrier"] == "B6", 2.0, 1.0)
    find = FindSegments("carrier", depth=1)
    (plain,), (weighed,) = (found(report_of(predictions, labels, find, weight=name)) for name in (None, "weight"))
    assert weighed.detail["mean"] == pytest.approx(plain.detail["mean"])
    assert "weights" in weighed.detail["interval_method"]


def test_too_few_labels_find_nothing_and_say_so() -> None:
    one = counted(report_of(*flights(100)))
    assert (one.status, one.value) == (Status.INSUFFICIENT, None)
    assert "100 labels are too few" in one.message


def test_the_same_rows_find_the_same() -> None:
    first, second = (report_of(*flights(1000)) for _ in range(2))
    assert found(first) == found(second)
    assert counted(first).value == len(found(first))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_hochberg_and_bonferroni(p_values: list[float]) -> None:
    ours = np.array(holm(p_values))
    assert (ours <= np.minimum(1, np.array(p_values) * len(p_values)) + 1e-12).all()
    assert (ours >= false_discovery_control(p_values) - 1e-12).all()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: FindSegments([]), "must name columns"),
        (lambda: FindSegments(["a", "a"]), "each once"),
        (lambda: FindSegments("a", depth=0), "from 1 to 6"),
        (lambda: FindSegments("a", worse_by=-1), "zero or more"),
        (lambda: report_of(*scored(10), FindSegments("carrier", loss="roc_auc")), "no mean of losses"),
        (
            lambda: report_of(*scored(10), FindSegments("carrier", loss="brier"), score=None, prediction="score"),
            "needs",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        make()
