"""What may be expected of a model, said in a DAG file: refused early, plain as JSON, and light to import."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost, NoWorseThanReference
from airflow_ml_monitor.performance.segments import Segment, as_segments


@pytest.mark.parametrize("limit", [math.nan, math.inf, True, "0.7", None])
def test_a_limit_that_is_no_finite_number_is_refused(limit: object) -> None:
    with pytest.raises(ConfigurationError, match="must be a finite number"):
        AtLeast("roc_auc", limit)  # type: ignore[arg-type]


def test_an_expectation_of_no_metric_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="names no metric"):
        AtMost("", 1.0)


def test_a_margin_below_zero_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be below zero"):
        NoWorseThanReference("roc_auc", -0.01)


def test_it_is_plain_json() -> None:
    made = NoWorseThanReference("log_loss", 0.02, severity="warning", required=True)  # type: ignore[arg-type]
    assert json.loads(json.dumps(made.to_dict())) == {
        "type": "NoWorseThanReference",
        "metric": "log_loss",
        "margin": 0.02,
        "severity": "warning",
        "required": True,
    }


def test_a_segment_column_given_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="carrier more than once"):
        as_segments(["carrier", Segment("carrier")])


@pytest.mark.parametrize("levels", [[], "UA"])
def test_levels_that_are_no_list_are_refused(levels: object) -> None:
    with pytest.raises(ConfigurationError, match="must be a list of levels"):
        Segment("carrier", levels=levels)  # type: ignore[arg-type]


def test_a_dag_file_that_says_what_it_expects_loads_nothing_heavy() -> None:
    code = (
        "import sys; import airflow_ml_monitor.performance.expectations, airflow_ml_monitor.performance.segments; "
        "print([name for name in ('numpy', 'pandas', 'scipy', 'sklearn', 'pyarrow') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
