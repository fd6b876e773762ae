"""What is loaded, printed and sent, seen from a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = ("great_expectations", "pandas", "scipy", "sqlalchemy", "pyarrow")
SCRIPT = """
import json, logging, socket, sys, warnings
logging.basicConfig(level=logging.INFO)  # as Airflow logs
from datetime import timedelta
shown = warnings.showwarning
tried = []
def refuse(self, address, *_):
    tried.append(str(address))
    raise OSError("no network here")
socket.socket.connect = socket.socket.connect_ex = refuse
from airflow_ml_monitor.quality import VolumeLimits, load_suite, validate
after_import = [name for name in {heavy} if name in sys.modules]
from airflow_ml_monitor.data import Files
rows = Files({path!r}, time_column="at")
validate(rows, volume=VolumeLimits(max_rows=5), freshness=timedelta(days=1), as_of="2013-01-02T00:00:00Z")
after_validate = [name for name in {heavy} if name in sys.modules]
suite = [
    {{"type": "expect_column_values_to_not_be_null", "kwargs": {{"column": "late"}}}},
    {{"type": "expect_column_values_to_match_regex", "kwargs": {{"column": "late", "regex": "("}}}},
]
statuses = [str(result.status) for result in validate(rows, suite).results]
import great_expectations
print(json.dumps({{
    "after_import": after_import, "after_validate": after_validate, "statuses": statuses, "tried": tried,
    "warnings_are_the_process_s": warnings.showwarning is shown,
    "analytics_modules": sorted(name for name in sys.modules if "posthog" in name or name.endswith("gx.analytics")),
}}))
"""


@pytest.fixture(scope="module")
def process(tmp_path_factory) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "GX_ANALYTICS_ENABLED"}
    path = tmp_path_factory.mktemp("imports") / "flights.csv"
    path.write_text(
        "late,carrier,at\n1.0,AA,2013-01-01T00:00:00Z\n,B6,2013-01-01T01:00:00Z\n3.0,AA,2013-01-01T02:00:00Z\n"
    )
    code = SCRIPT.format(heavy=HEAVY, path=str(path))
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True, env=environment
    )


@pytest.fixture(scope="module")
def seen(process) -> dict[str, object]:
    return json.loads(process.stdout)


def test_importing_the_package_loads_nothing_heavy(seen):
    assert seen["after_import"] == []


def test_without_a_suite_neither_great_expectations_nor_pandas_is_loaded(seen):
    assert not {"great_expectations", "pandas", "scipy"} & set(seen["after_validate"])


def test_no_connection_is_tried(seen):
    assert seen["tried"] == []


def test_nothing_that_sends_analytics_is_loaded(seen):
    assert seen["analytics_modules"] == []


def test_how_the_process_shows_warnings_is_left_alone(seen):
    assert seen["warnings_are_the_process_s"]


def test_no_progress_bar_and_no_log_line_is_printed(process, seen):
    assert "error" in seen["statuses"]
    assert process.stderr == ""
