"""An estimate beside what the labels gave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from airflow_ml_monitor import AtLeast, Window, compare_with_estimate, estimate_performance, evaluate_model
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Report, Severity, Status
from tests.checks import check
from tests.performance.estimation.made_rows import binary


def realised(rows: pd.DataFrame, **changed: Any) -> Report:
    keyed = rows.assign(id=range(len(rows)))
    return evaluate_model(keyed[["id", "score"]], keyed[["id", "label"]], on="id", problem="binary", **changed)


def beside(current: pd.DataFrame) -> Report:
    estimated = estimate_performance(binary(seed=1), current, problem="binary")
    return compare_with_estimate(realised(current, expect=AtLeast("roc_auc", 0.6)), estimated)


def test_the_difference_is_what_the_labels_gave_less_the_estimate() -> None:
    report = beside(binary(seed=2))
    value, found = check(report, "roc_auc").value, check(report, "estimated_roc_auc")
    assert value is not None
    assert found.value is not None
    assert found.detail["difference"] == pytest.approx(value - found.value)
    assert (found.detail["realised"], found.severity, found.status) == (value, Severity.INFO, Status.PASS)
    assert found.detail["held"] is True


def test_a_relation_that_changed_shows_once_the_labels_are_there() -> None:
    report = beside(binary(seed=2, slope=0.5))
    found = check(report, "estimated_log_loss")
    assert (found.status, found.detail["held"]) == (Status.WARN, False)
    assert "the relation changed" in found.message


def test_the_verdict_is_that_of_the_labels() -> None:
    current = binary(seed=2)
    assert beside(current).status is realised(current, expect=AtLeast("roc_auc", 0.6)).status is Status.PASS


def test_reports_that_do_not_belong_together_are_refused() -> None:
    rows = binary(200)
    estimated, labelled = estimate_performance(rows, rows, problem="binary"), realised(rows)
    with pytest.raises(ConfigurationError, match="give those of evaluate_model and estimate_performance"):
        compare_with_estimate(estimated, labelled)
    elsewhere = replace(estimated, window=Window("2026-01-01T00:00Z", "2026-01-02T00:00Z"))
    with pytest.raises(ConfigurationError, match="reports of one window"):
        compare_with_estimate(labelled, elsewhere)
