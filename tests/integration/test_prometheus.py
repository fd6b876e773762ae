"""Verdicts in a real Prometheus: a task's metrics over StatsD, through a real collectd, by the files of the docs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from airflow_ml_monitor.operators.stats import PREFIX, Gauge, gauges
from tests.airflow_services import free_port
from tests.conftest import as_airflow_connection, database
from tests.operators.test_stats import stored

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "observability.md").read_text()
FILES: dict[str, str] = dict(re.findall(r"^```\w+\n# (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
PROGRAMS = {name: shutil.which(name, path=PLACES) for name in ("prometheus", "promtool", "collectd")}
ABOUT = {"environment": "prod", "model": "flight_delay", "kind": "drift", "dag_id": "flights_metrics"}


def program(name: str) -> str:
    found = PROGRAMS[name]
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: prometheus, collectd-core and libmicrohttpd12)")
    return found


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus, asked over its HTTP API."""

    port: int

    def ask(self, path: str, **parameters: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["data"]

    def values(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Return what a query finds: labels, those of the scrape left out, and value."""
        found = self.ask("query", query=query)["result"]
        return [(named(one["metric"]), float(one["value"][1])) for one in found]

    def alerts(self) -> dict[str, list[dict[str, str]]]:
        firing: dict[str, list[dict[str, str]]] = {}
        for one in self.ask("alerts")["alerts"]:
            if one["state"] == "firing":
                firing.setdefault(one["labels"]["alertname"], []).append(one)
        return firing


def named(labels: dict[str, str]) -> dict[str, str]:
    return {
        name: text for name, text in labels.items() if name not in ("__name__", "instance", "exported_instance", "job")
    }


def until(what: str, found: Callable[[], Any], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = found()
        except OSError:
            value = None
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.3)


@contextmanager
def running(command: list[str], log: Path) -> Iterator[None]:
    with log.open("w") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def write(folder: Path, name: str, **changes: str) -> str:
    """Write a file of the docs, with ports and pace of this test, and return its path."""
    text = FILES[name]
    for old, new in changes.values():
        assert old in text, f"{name} of the docs has no {old}"
        text = text.replace(old, new)
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.fixture(scope="module")
def prometheus(
    airflow_metadata: None, postgres_server: sa.URL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A Prometheus that scrapes a collectd, and a DAG that ran: a task whose verdict failed, and one that passed."""
    folder = tmp_path_factory.mktemp("prometheus")
    statsd, scraped, port = free_port(), free_port(), free_port()
    pace = ("10s", "1s")
    write(folder, "ml_monitor_rules.yml")
    configuration = write(folder, "prometheus.yml", port=("9103", str(scraped)), pace=pace)
    collectd = write(
        folder,
        "collectd.conf",
        pace=("Interval 10", f'Interval 1\nBaseDir "{folder}"'),
        port=("9103", str(scraped)),
        statsd=("8125", str(statsd)),
    )
    serve = [
        *(program("prometheus"), f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}"),
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with ExitStack() as stack:
        stack.enter_context(running([program("collectd"), "-f", "-C", collectd], folder / "collectd.log"))
        stack.enter_context(running(serve, folder / "prometheus.log"))
        url = stack.enter_context(database(postgres_server))
        asked = Prometheus(port)
        until("Prometheus to scrape collectd", lambda: asked.values("up == 1"))
        judge(url, statsd)
        until("the metrics of the last task", lambda: asked.values('airflow_ml_monitor_status{task_id="steady"}'))
        yield asked


def judge(store: sa.URL, statsd: int) -> None:
    options = {"STATSD_ON": "True", "STATSD_HOST": "127.0.0.1", "STATSD_PORT": str(statsd)}
    environment = {f"AIRFLOW__METRICS__{name}": value for name, value in options.items()}
    environment |= {"AIRFLOW_CONN_ML_MONITOR_DEFAULT": as_airflow_connection(store)}
    command = [sys.executable, "-m", "tests.integration.metrics_of_a_run"]
    done = subprocess.run(
        command, env=os.environ | environment, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


class TestScraped:
    def test_each_task_has_its_status(self, prometheus: Prometheus) -> None:
        found = {labels["task_id"]: (labels, value) for labels, value in prometheus.values("airflow_ml_monitor_status")}
        assert found["moved"] == ({**ABOUT, "task_id": "moved"}, 3)
        assert found["steady"] == ({**ABOUT, "task_id": "steady"}, 0)

    def test_verdicts_are_counted_by_status(self, prometheus: Prometheus) -> None:
        ((labels, count),) = prometheus.values('airflow_ml_monitor_reports{status="fail"}')
        assert (labels, count) == ({**ABOUT, "task_id": "moved", "status": "fail"}, 1)

    def test_a_column_tells_how_far_it_is_beyond_its_limit(self, prometheus: Prometheus) -> None:
        ((labels, _),) = prometheus.values("airflow_ml_monitor_column_effect > 1")
        assert labels == {**ABOUT, "task_id": "moved", "column": "distance"}

    def test_a_check_has_value_and_limit(self, prometheus: Prometheus) -> None:
        ((labels, rows),) = prometheus.values('airflow_ml_monitor_check_value{check="rows"}')
        assert (labels["kind"], labels["metric"], rows) == ("reference", "rows", 2000)
        assert [limit for _, limit in prometheus.values("airflow_ml_monitor_check_lower_limit")] == [1]

    def test_the_moment_of_a_verdict_is_exact_to_the_second(self, prometheus: Prometheus) -> None:
        ages = prometheus.values("time() - airflow_ml_monitor_verdict_timestamp_seconds")
        assert len(ages) == 3
        assert all(-5 < age < 600 for _, age in ages)

    def test_no_name_is_left_as_it_came(self, prometheus: Prometheus) -> None:
        assert prometheus.values('{statsd=~".*ml_monitor.*"}') == []


class TestAlerts:
    def test_the_failed_verdict_fires_and_the_passed_one_does_not(self, prometheus: Prometheus) -> None:
        (alert,) = until("the alert", lambda: prometheus.alerts().get("MlMonitorFailed"))
        assert alert["labels"]["task_id"] == "moved"
        assert alert["annotations"] == {
            "summary": "drift of flight_delay failed (prod)",
            "description": "Task moved of DAG flights_metrics has the report with its reasons.",
        }
        assert "MlMonitorSilent" not in prometheus.alerts()

    def test_windows_of_2013_are_old(self, prometheus: Prometheus) -> None:
        firing = until("the alert", lambda: prometheus.alerts().get("MlMonitorOldData"))
        assert {alert["labels"]["task_id"] for alert in firing} == {"moved", "steady"}

    def test_the_rules_hold_what_they_promise(self, tmp_path: Path) -> None:
        write(tmp_path, "ml_monitor_rules.yml")
        about = 'environment="prod",model="m",kind="drift",dag_id="d",task_id="t"'
        told = {"severity": "page", "environment": "prod", "model": "m", "kind": "drift", "dag_id": "d", "task_id": "t"}
        silent = {"exp_labels": told, "exp_annotations": {"summary": "drift of m had no verdict for 2d 1h 0m 0s"}}
        undecided = {
            "exp_labels": {**told, "severity": "ticket"},
            "exp_annotations": {"summary": "drift of m had too little evidence for 3 days"},
        }
        tests = {
            "rule_files": ["ml_monitor_rules.yml"],
            "tests": [
                {
                    "interval": "1m",
                    "input_series": [  # the exporter is started anew after an hour, and has forgotten the moment
                        {"series": f"airflow_ml_monitor_verdict_timestamp_seconds{{{about}}}", "values": "0x60"},
                        {"series": f"airflow_ml_monitor_status{{{about}}}", "values": "1x4400"},
                    ],
                    "alert_rule_test": [
                        {"eval_time": "47h", "alertname": "MlMonitorSilent", "exp_alerts": []},
                        {"eval_time": "49h", "alertname": "MlMonitorSilent", "exp_alerts": [silent]},
                        {"eval_time": "49h", "alertname": "MlMonitorFailed", "exp_alerts": []},
                        {"eval_time": "71h", "alertname": "MlMonitorUndecided", "exp_alerts": []},
                        {"eval_time": "73h", "alertname": "MlMonitorUndecided", "exp_alerts": [undecided]},
                    ],
                }
            ],
        }
        (tmp_path / "tests.yml").write_text(yaml.safe_dump(tests))
        for command in (["check", "rules", "ml_monitor_rules.yml"], ["test", "rules", "tests.yml"]):
            done = subprocess.run(
                [program("promtool"), *command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr


def test_the_mapping_for_statsd_exporter_takes_apart_every_name() -> None:
    mappings = yaml.safe_load(FILES["statsd_mapping.yml"])["mappings"]
    counted = Gauge("reports", 1, {**ABOUT, "task_id": "moved", "status": "fail"})
    for gauge in (counted, *gauges(stored())):
        name = ".".join(["airflow", PREFIX, gauge.name, *gauge.tags.values()])
        found, match = next((one, hit) for one in mappings if (hit := re.fullmatch(one["match"], name)))
        expanded = {tag: match.expand(text.replace("$", "\\")) for tag, text in found["labels"].items()}
        assert match.expand(found["name"].replace("$", "\\")) == f"airflow_ml_monitor_{gauge.name}"
        assert expanded == gauge.tags
