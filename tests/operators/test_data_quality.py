"""What a task that judges a suite writes into its log, seen from a process of its own."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import logging, sys
from datetime import UTC, datetime
import pyarrow as pa
from airflow_ml_monitor.data import Connections
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.inputs import Inputs

def suite():
    import great_expectations.expectations as gxe
    return [gxe.ExpectColumnValuesToNotBeNull(column="x")]

task = DataQualityOperator(task_id="quality", model="m", data=lambda: pa.table({"x": [1, 2]}), suite=suite)
given = {"model": "m", "model_version": None, "environment": "prod", "window": None, "as_of": datetime.now(UTC)}
logging.basicConfig(level=logging.INFO, stream=sys.stdout, force=True)
print(task.compute(Inputs(context={}, store=None, connections=Connections(), **given)).report.status)
"""


def test_a_suites_function_imports_great_expectations_without_its_lines() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=240, check=True)
    assert ran.stdout.splitlines() == ["pass"]
