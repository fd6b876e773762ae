"""The page of methods says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from airflow_ml_monitor.drift import method_names
from airflow_ml_monitor.drift.limits import METHOD_LIMITS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "drift-methods.md"
ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| ([0-9.]+)", re.MULTILINE)


def test_every_method_is_there_with_its_limit() -> None:
    told = {name: float(limit) for name, limit in ROW.findall(PAGE.read_text())}
    assert told == dict(METHOD_LIMITS)
    assert set(told) == set(method_names())
