"""What judging the drift of files loads: neither pandas nor SciPy, whose imports take longer than the counting."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

SCRIPT = """
import json, sys
from airflow_ml_monitor import Window, build_reference, detect_drift
from airflow_ml_monitor.data import Files
from airflow_ml_monitor.profile import profile_like

path, *window = sys.argv[1:]
files = Files(path, time_column="at", timezone="UTC")
window = Window(*window) if window else None
reference = build_reference(files)
report = detect_drift(reference, profile_like(reference, files, window=window))
assert {result.column for result in report.results} >= {"x", "level"}, report
heavy = ("pandas", "scipy", "sklearn", "pyarrow.dataset", "pyarrow.acero")
print(json.dumps([name for name in heavy if name in sys.modules]))
"""


def loaded(path: Path, *window: str) -> list[str]:
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path), *window], capture_output=True, text=True, timeout=120, check=False
    )
    assert process.returncode == 0, process.stderr
    return list(json.loads(process.stdout))


@pytest.fixture
def rows() -> pa.Table:
    random = np.random.default_rng(1)
    start = datetime(2013, 1, 1, tzinfo=UTC)
    return pa.table(
        {
            "at": pa.array([start + timedelta(minutes=minute) for minute in range(3000)]),
            "x": random.normal(size=3000),
            "count": random.poisson(3, 3000),
            "level": [f"level {number}" for number in random.integers(0, 20, 3000)],
            "flag": random.random(3000) < 0.5,
        }
    )


@pytest.mark.parametrize("window", [(), ("2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z")], ids=["all", "window"])
def test_parquet(tmp_path: Path, rows: pa.Table, window: tuple[str, ...]) -> None:
    for carrier in ("AA", "UA"):
        (tmp_path / f"carrier={carrier}").mkdir()
        pq.write_table(rows, tmp_path / f"carrier={carrier}" / "part.parquet")
    assert loaded(tmp_path, *window) == []


def test_many_rows_in_row_groups_of_different_levels(tmp_path: Path, rows: pa.Table) -> None:
    many = pa.concat_tables([rows] * 12).append_column("part", pa.array([f"{at // 9000}" for at in range(36_000)]))
    pq.write_table(many, tmp_path / "rows.parquet", row_group_size=18_000)
    assert loaded(tmp_path / "rows.parquet") == []


@pytest.mark.parametrize("window", [(), ("2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z")], ids=["all", "window"])
def test_csv(tmp_path: Path, rows: pa.Table, window: tuple[str, ...]) -> None:
    pyarrow.csv.write_csv(rows, tmp_path / "rows.csv")
    assert loaded(tmp_path / "rows.csv", *window) == []
