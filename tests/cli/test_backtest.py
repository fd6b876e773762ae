"""``backtest`` on a real store, in processes of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from airflow_ml_monitor import Profile, Window
from airflow_ml_monitor.drift import DriftPolicy, build_reference, detect_drift
from airflow_ml_monitor.profile import profile_like
from airflow_ml_monitor.results import Origin
from airflow_ml_monitor.store import Store
from tests.drift.test_windows import DAY, START, dataset, days, span

FRAME = days([0.0] * 5 + [0.0, 2.0, 0.0])
WEEK = ["--data", "x.csv", "--time-column", "at", "--since", "2013-01-01T00:00:00Z", "--until", "2013-01-08T00:00:00Z"]
ENVIRONMENT = {"model": "flight_delay", "environment": "staging"}


@pytest.fixture
def url(database_url: sa.URL) -> str:
    """A store that holds a reference, three judged windows, and one counted otherwise."""
    store = Store(sa.create_engine(database_url, poolclass=sa.NullPool))
    reference = build_reference(dataset(FRAME), window=span(5))
    for place in range(5, 8):
        judge(store, reference, place, "drift")
    judge(store, build_reference(dataset(FRAME.head(100))), 7, "other")
    return database_url.render_as_string(hide_password=False)


def judge(store: Store, reference: Profile, place: int, task_id: str) -> None:
    window = Window(START + place * DAY, START + (place + 1) * DAY)
    profile = profile_like(reference, dataset(FRAME), window=window)
    report = replace(detect_drift(reference, profile, window=window), **ENVIRONMENT)
    store.write(report, Origin(dag_id="d", run_id=f"r{place}", task_id=task_id), profile=profile)
    if place == 5:
        origin = Origin(dag_id="d", run_id="reference", task_id="reference")
        store.write(replace(report, kind="reference"), origin, profile=reference, reference_name="first days")


def run(url: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "airflow_ml_monitor", "backtest", "--model", "flight_delay", "--environment"]
    command += ["staging", "--reference", "first days", "--url", url, *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


def test_stored_windows_are_replayed(url: str) -> None:
    ran = run(url, "--alarms-per-year", "1")
    assert ran.returncode == 0, ran.stderr
    assert "flight_delay against first days v1 (sha256" in ran.stdout
    assert "1 left out: counted like another reference" in ran.stdout
    assert "1 of 3 windows would have failed" in ran.stdout
    assert "2013-01-07T00:00Z to 2013-01-08T00:00Z: distribution[x] ks" in ran.stdout
    assert "  - x: ks" in ran.stdout


def test_a_policy_from_a_file_in_json(url: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    limits = {"ks": 0.9, "wasserstein_normed": 9, "stuck_value": 0.5}
    policy.write_text(json.dumps(DriftPolicy(limits=limits).to_dict()))
    ran = run(url, "--policy", str(policy), "--since", "2013-01-06T00:00:00Z", "--output", "json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["windows"], found["alarms"], found["policy"]["limits"]["ks"]) == (3, [], 0.9)


def test_files_are_cut_into_windows(url: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pandas(FRAME, preserve_index=False), path)
    ran = run(url, "--data", str(path), "--time-column", "at", "--days", "1", "--since", "2013-01-06T00:00:00Z",
              "--until", "2013-01-09T00:00:00Z")  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "1 of 3 windows would have failed, 121.8 a year" in ran.stdout


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--until", "2012-01-01T00:00:00Z"], "none of them counted like reference 'first days'; give --data"),
        (["--data", "x.parquet"], "--data is cut into windows; give --time-column, --days, --since, --until"),
        (["--policy", "nowhere.json"], "--policy nowhere.json cannot be read"),
        (["--reference-version", "9"], "has no version 9"),
        (["--since", "yesterday"], "--since 'yesterday' is not an ISO 8601 time"),
        (["--alarms-per-year", "nan"], "alarms_per_year=nan is no number of alarms"),
        ([*WEEK, "--days", "nan"], "--days nan does not cut the 7 days from --since to --until"),
        ([*WEEK, "--days", "8"], "--days 8 does not cut the 7 days from --since to --until"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(url: str, more: list[str], sentence: str) -> None:
    ran = run(url, *more)
    assert ran.returncode == 1
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr
