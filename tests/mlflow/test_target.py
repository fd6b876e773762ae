"""Where in MLflow verdicts go."""

from __future__ import annotations

import pytest

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.mlflow import Target


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "nothing says where"),
        ({"run_id": "1", "experiment": "e"}, "run_id='1' and experiment='e' exclude each other"),
        ({"registered_model": "m", "version": "1", "alias": "a"}, "version='1' and alias='a' exclude each other"),
        ({"run_id": "1", "version": "3"}, "'3' is a version of what"),
    ],
    ids=["nothing", "two_runs", "two_versions", "version_of_nothing"],
)
def test_what_cannot_be_is_refused(given: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        Target(**given)
