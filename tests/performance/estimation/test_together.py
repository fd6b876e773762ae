"""Rows that belong together make intervals of estimates wider, as far as their labels are alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor import AtLeast, Status, estimate_performance
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Report
from tests.checks import check
from tests.performance.estimation.made_rows import binary, regression

FIVE = 5
ERRORS: dict[str, Any] = {"problem": "regression", "features": ["x", "kind"]}


def five_times(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each row five times, as one customer's."""
    return rows.loc[rows.index.repeat(FIVE)].assign(customer=np.repeat(np.arange(len(rows)), FIVE))


def estimated(reference: pd.DataFrame, current: pd.DataFrame, **changed: Any) -> Report:
    return estimate_performance(reference, current, **{"problem": "binary"} | changed)


def width(report: Report, name: str) -> float:
    interval = check(report, name).interval
    assert interval is not None
    return interval.upper - interval.lower


def test_rows_that_are_there_five_times_are_worth_one() -> None:
    reference, current = five_times(binary(300, seed=1)), five_times(binary(200, seed=2))
    alone, together = (estimated(reference, current, cluster=cluster) for cluster in (None, "customer"))
    assert width(together, "roc_auc") == pytest.approx(math.sqrt(FIVE) * width(alone, "roc_auc"), rel=0.02)
    once = estimated(binary(300, seed=1), binary(200, seed=2))
    assert width(together, "accuracy") == pytest.approx(width(once, "accuracy"), rel=0.25)
    assert check(together, "roc_auc").value == check(alone, "roc_auc").value
    assert "design effect 5" in check(together, "roc_auc").detail["interval_method"]


def test_clusters_whose_rows_have_nothing_in_common_change_little() -> None:
    reference, current = (binary(1_000, seed=seed).assign(customer=np.arange(1_000) % 200) for seed in (1, 2))
    alone, together = (estimated(reference, current, cluster=cluster) for cluster in (None, "customer"))
    assert width(alone, "accuracy") <= width(together, "accuracy") < 1.15 * width(alone, "accuracy")


def test_of_errors_the_interval_is_stretched_on_the_log() -> None:
    reference, current = five_times(regression(150, seed=1)), five_times(regression(100, seed=2))
    alone, together = (
        check(estimated(reference, current, cluster=cluster, **ERRORS), "mae") for cluster in (None, "customer")
    )
    assert alone.interval is not None
    assert together.interval is not None
    assert alone.value == together.value
    by = [math.log(wide / together.value) for wide in together.interval]  # type: ignore[operator]
    before = [math.log(end / alone.value) for end in alone.interval]  # type: ignore[operator]
    assert by == pytest.approx([math.sqrt(FIVE) * one for one in before], rel=1e-6)


@pytest.mark.parametrize(
    ("customers", "said"),
    [(lambda n: np.arange(n) % 9, "9 clusters are too few"), (np.arange, "no cluster of the reference has two rows")],
)
def test_without_knowing_how_alike_clusters_are_nothing_is_decided(customers: Any, said: str) -> None:
    reference = binary(300, seed=1).assign(customer=customers(300))
    current = binary(300, seed=2).assign(customer=np.arange(300) % 100)
    found = check(estimated(reference, current, cluster="customer", expect=AtLeast("roc_auc", 0.6)), "roc_auc")
    assert (found.status, found.interval) == (Status.INSUFFICIENT, None)
    assert said in found.message


def test_weights_are_refused_and_why() -> None:
    with pytest.raises(ConfigurationError, match="weight='amount' cannot be: .*evaluate_model"):
        estimated(binary(50), binary(50), weight="amount")
