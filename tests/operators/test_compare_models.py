"""Comparisons that could never be made are refused while the DAG is parsed."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_ml_monitor.data import Table
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators.compare_models import CompareModelsOperator
from airflow_ml_monitor.performance import Segment

DATA = Table("rows", conn_id="warehouse", time_column="at")
GIVEN: dict[str, Any] = {
    "model": "m",
    "champion": DATA,
    "challenger": DATA,
    "labels": DATA,
    "on": "id",
    "problem": "binary",
    "metric": "log_loss",
}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"segments": [Segment("carrier", required=True)]}, "segments= needs segment_margin="),
        ({"segment_margin": 0.1}, "segment_margin=0.1 needs segments="),
        ({"segments": "carrier", "segment_margin": -0.1}, "segment_margin=-0.1 must be zero or more"),
        ({"goal": "equivalence"}, "goal='equivalence' is not known; use 'superiority' or 'non_inferiority'"),
        ({"margin": -0.01}, "margin=-0.01 must be zero or more"),
        ({"margin": float("nan")}, "margin=nan must be zero or more"),
        ({"min_completeness": 90}, "min_completeness=90 must be a share"),
    ],
)
def test_what_could_never_be_compared_is_refused(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        CompareModelsOperator(task_id="compare", **GIVEN | wrong)


def test_a_veto_with_its_margin_is_made() -> None:
    veto = {"segments": [Segment("carrier", required=True)], "segment_margin": 0.1}
    assert CompareModelsOperator(task_id="compare", **GIVEN | veto).segment_margin == 0.1
