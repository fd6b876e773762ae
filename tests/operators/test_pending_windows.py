"""Making a ``PendingWindowsOperator`` reads nothing, loads nothing heavy, and refuses what can never work."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from airflow_ml_monitor.data import Table
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators.pending_windows import PendingWindowsOperator

TEMPLATED: dict[str, Any] = {
    "model": "{{ params.model }}",
    "model_version": "{{ params.version }}",
    "environment": "{{ var.value.environment }}",
    "predictions": Table("{{ params.predictions }}", conn_id="warehouse", time_column="at"),
    "labels": Table("labels", conn_id="warehouse"),
    "since": "{{ params.since }}",
    "as_of": "{{ data_interval_end }}",
    "store_conn_id": "{{ params.conn }}",
}
FIXED: dict[str, Any] = {"on": "id", "every": "@daily"}


def test_template_fields_are_assigned_verbatim() -> None:
    task = PendingWindowsOperator(task_id="t", **TEMPLATED, **FIXED)
    assert set(PendingWindowsOperator.template_fields) == set(TEMPLATED)
    assert all(getattr(task, name) is value for name, value in TEMPLATED.items())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"on": []}, "names no key"),
        ({"delay": timedelta(days=-1)}, "must be a timedelta of zero or more"),
        ({"every": "weekly"}, "every='weekly' is neither a timedelta nor one of @hourly, @daily"),
        ({"timezone": "Mars"}, "time zone 'Mars' is unknown"),
        ({"min_gain": 0}, "min_gain=0 must be a share"),
        ({"outage_after": timedelta(0)}, "must be longer than nothing"),
        ({"arrived_only": True, "outage_after": timedelta(days=1)}, "they need all windows"),
        ({"most": 0}, "most=0 must be a whole number from 1"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_finds_no_windows_is_refused_at_parse_time(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        PendingWindowsOperator(task_id="t", **TEMPLATED | FIXED | wrong)


def test_a_dag_file_with_one_loads_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "import airflow.sdk\n"
        "before = set(sys.modules)\n"
        "from airflow_ml_monitor.operators.pending_windows import PendingWindowsOperator\n"
        "from airflow_ml_monitor.data import Table\n"
        "data = Table('t', conn_id='c', time_column='at')\n"
        "PendingWindowsOperator(task_id='t', model='m', predictions=data, labels=data, on='id', every='@daily',\n"
        "                       since='2013-01-01T00:00Z')\n"
        "heavy = {'great_expectations', 'pandas', 'scipy', 'sklearn', 'pyarrow', 'numpy', 'sqlalchemy'}\n"
        "print(sorted(heavy & (sys.modules.keys() - before)))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip().splitlines()[-1] == "[]"
