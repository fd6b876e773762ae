"""Verdicts as Airflow's metrics: which there are, and what arrives at a StatsD server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from airflow_ml_monitor.operators.stats import MOST_COLUMNS, RANKS, Gauge, gauges
from airflow_ml_monitor.results import CheckResult, Report, Status

REPORT = Report(
    kind="drift",
    model="flight delay",
    environment="prod",
    as_of=datetime(2013, 2, 5, tzinfo=UTC),
    rows_current=6103,
    duration=0.25,
    results=(
        CheckResult(check="distribution", metric="ks", status="fail", column="dest", value=0.3, limits=(None, 0.1)),
        CheckResult(
            check="missing_share", metric="share", status="pass", column="dest", value=0.01, limits=(None, 0.02)
        ),
        CheckResult(check="unseen", metric="share", status="warn", column="origin", value=None),
        CheckResult(check="roc_auc", metric="roc_auc", status="pass", value=0.81, limits=(0.7, None)),
        CheckResult(check="roc_auc", metric="roc_auc", status="fail", value=0.5, segment="carrier=UA"),
        CheckResult(check="r2", metric="r2", status="insufficient"),
    ),
)


def named(name: str, report: Report = REPORT) -> list[Gauge]:
    return [gauge for gauge in gauges(report) if gauge.name == name]


class TestGauges:
    def test_a_report_has_a_status_and_a_size(self) -> None:
        about = {"environment": "prod", "model": "flight_delay", "kind": "drift"}
        assert named("status") == [Gauge("status", RANKS[Status.FAIL], about)]
        assert [gauge.value for name in ("rows", "duration_seconds") for gauge in named(name)] == [6103, 0.25]

    def test_checks_on_the_whole_have_their_value_segments_and_what_has_none_do_not(self) -> None:
        assert [(gauge.tags["metric"], gauge.value) for gauge in named("check_value")] == [("roc_auc", 0.81)]

    def test_a_column_has_its_worst_status_and_greatest_effect_in_limits(self) -> None:
        statuses = {gauge.tags["column"]: gauge.value for gauge in named("column_status")}
        assert statuses == {"dest": RANKS[Status.FAIL], "origin": RANKS[Status.WARN]}
        assert [(gauge.tags["column"], gauge.value) for gauge in named("column_effect")] == [
            ("dest", pytest.approx(3.0))
        ]

    def test_the_number_of_columns_is_bounded_and_they_are_the_same_every_time(self) -> None:
        checks = tuple(replace(REPORT.results[0], column=f"x{place:04}") for place in reversed(range(3 * MOST_COLUMNS)))
        columns = [gauge.tags["column"] for gauge in named("column_status", replace(REPORT, results=checks))]
        assert columns == [f"x{place:04}" for place in range(MOST_COLUMNS)]

    def test_a_worse_status_is_a_greater_number(self) -> None:
        assert sorted(RANKS, key=RANKS.__getitem__) == [
            Status.PASS,
            Status.INSUFFICIENT,
            Status.WARN,
            Status.FAIL,
            Status.ERROR,
        ]


SCRIPT = """
from tests.operators.test_stats import REPORT
from airflow_ml_monitor.operators.stats import emit
try:  # as the process of a task does
    from airflow.sdk._shared.observability.metrics import stats
    from airflow.sdk.observability.metrics import stats_utils
except ImportError:
    pass
else:
    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
emit(REPORT)
from opentelemetry import metrics
if hasattr(metrics.get_meter_provider(), "force_flush"):
    metrics.get_meter_provider().force_flush()
"""


def emit_in_a_process(options: dict[str, str]) -> None:
    metrics = {f"AIRFLOW__METRICS__{name}": value for name, value in options.items()}
    subprocess.run([sys.executable, "-c", SCRIPT], env=os.environ | metrics, check=True, timeout=120)


class Collector(BaseHTTPRequestHandler):
    """Takes OTLP metrics over HTTP, as an OpenTelemetry collector does."""

    points: ClassVar[dict[tuple[str, str], float]] = {}

    def do_POST(self) -> None:
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

        request = ExportMetricsServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for metric in [m for r in request.resource_metrics for scope in r.scope_metrics for m in scope.metrics]:
            for point in [*metric.gauge.data_points, *metric.sum.data_points]:
                tags = ",".join(f"{each.key}={each.value.string_value}" for each in point.attributes)
                self.points[metric.name, tags] = point.as_double or point.as_int
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def sent(options: dict[str, str]) -> set[str]:
    """Return what a StatsD server on loopback gets of one report."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        where = {"STATSD_ON": "True", "STATSD_HOST": "127.0.0.1", "STATSD_PORT": str(server.getsockname()[1])}
        emit_in_a_process(where | options)
        server.setblocking(False)
        received = set()
        while True:
            try:
                received.add(server.recv(65536).decode())
            except BlockingIOError:
                return received


@pytest.mark.integration
@pytest.mark.usefixtures("airflow_metadata")
class TestSending:
    def test_with_tags(self) -> None:
        received = sent({"STATSD_INFLUXDB_ENABLED": "True"})
        about = "environment=prod,model=flight_delay,kind=drift"
        assert f"airflow.ml_monitor.status,{about}:3|g" in received
        assert f"airflow.ml_monitor.reports,{about},status=fail:1|c" in received
        assert f"airflow.ml_monitor.column_status,{about},column=dest:3|g" in received

    def test_without_tags_the_names_have_them(self) -> None:
        received = sent({})
        assert "airflow.ml_monitor.status.prod.flight_delay.drift:3|g" in received
        assert "airflow.ml_monitor.reports.prod.flight_delay.drift.fail:1|c" in received
        assert "airflow.ml_monitor.column_status.prod.flight_delay.drift.origin:2|g" in received

    def test_over_open_telemetry(self) -> None:
        with HTTPServer(("127.0.0.1", 0), Collector) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            emit_in_a_process({"OTEL_ON": "True", "OTEL_HOST": "127.0.0.1", "OTEL_PORT": str(server.server_port)})
            server.shutdown()
        values = {(name, frozenset(tags.split(","))): value for (name, tags), value in Collector.points.items()}
        about = frozenset({"environment=prod", "model=flight_delay", "kind=drift"})
        assert values["airflow.ml_monitor.status", about] == 3
        assert values["airflow.ml_monitor.reports", about | {"status=fail"}] == 1
        assert values["airflow.ml_monitor.column_effect", about | {"column=dest"}] == pytest.approx(3.0)

    def test_nothing_where_metrics_are_off(self) -> None:
        assert sent({"STATSD_ON": "False"}) == set()
