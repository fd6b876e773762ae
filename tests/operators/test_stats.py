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
from uuid import UUID

import pytest

from airflow_ml_monitor.operators.stats import MOST_SERIES, RANKS, Gauge, gauges
from airflow_ml_monitor.results import CheckResult, Origin, Report, Status
from airflow_ml_monitor.store import StoredReport
from airflow_ml_monitor.window import Window

REPORT = Report(
    kind="drift",
    model="flight delay",
    environment="prod",
    window=Window(datetime(2013, 1, 28, tzinfo=UTC), datetime(2013, 2, 4, tzinfo=UTC)),
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
ABOUT = {"environment": "prod", "model": "flight_delay", "kind": "drift", "dag_id": "retraining", "task_id": "drift"}


def stored(report: Report = REPORT) -> StoredReport:
    origin = Origin(dag_id="retraining", run_id="manual__1", task_id="drift")
    return StoredReport(UUID(int=1), report, origin, written_at=datetime(2013, 2, 5, 3, tzinfo=UTC))


def named(name: str, report: Report = REPORT) -> list[Gauge]:
    return [gauge for gauge in gauges(stored(report)) if gauge.name == name]


def with_columns(*columns: str) -> Report:
    return replace(REPORT, results=tuple(replace(REPORT.results[0], column=column) for column in columns))


LONG = with_columns("x" * 300 + "a", "x" * 300 + "b")


class TestGauges:
    def test_a_report_has_a_status_and_a_size(self) -> None:
        assert named("status") == [Gauge("status", RANKS[Status.FAIL], ABOUT)]
        assert [gauge.value for name in ("rows", "duration_seconds") for gauge in named(name)] == [6103, 0.25]

    def test_the_moments_of_the_verdict_and_of_the_end_of_its_window_are_known(self) -> None:
        (verdict,), (end,) = named("verdict_timestamp_seconds"), named("window_end_timestamp_seconds")
        assert verdict.value == datetime(2013, 2, 5, 3, tzinfo=UTC).timestamp()
        assert end.value == datetime(2013, 2, 4, tzinfo=UTC).timestamp()
        assert named("window_end_timestamp_seconds", replace(REPORT, window=None)) == []

    def test_checks_are_counted_by_status_also_where_there_are_none(self) -> None:
        counts = {gauge.tags["status"]: gauge.value for gauge in named("checks")}
        assert counts == {"pass": 2, "warn": 1, "fail": 2, "insufficient": 1, "error": 0}

    def test_checks_on_the_whole_have_their_status_value_and_limits_segments_have_none(self) -> None:
        assert {gauge.tags["check"]: gauge.value for gauge in named("check_status")} == {
            "roc_auc": RANKS[Status.PASS],
            "r2": RANKS[Status.INSUFFICIENT],
        }
        for name, value in (("check_value", 0.81), ("check_lower_limit", 0.7)):
            assert [(gauge.tags["metric"], gauge.value) for gauge in named(name)] == [("roc_auc", value)]
        assert named("check_upper_limit") == []

    def test_what_never_matters_is_no_worse_than_a_pass(self) -> None:
        told = tuple(replace(REPORT.results[place], severity="info") for place in (0, 3))
        for name in ("check_status", "column_status"):
            assert [gauge.value for gauge in named(name, replace(REPORT, results=told))] == [RANKS[Status.PASS]]

    def test_of_checks_with_one_name_the_worst_is_told(self) -> None:
        checks = [CheckResult(check="rows", metric="rows", status=s, value=v) for s, v in (("fail", 3), ("pass", 9))]
        report = replace(REPORT, results=tuple(checks))
        assert [gauge.value for gauge in named("check_value", report)] == [3]

    def test_a_column_has_its_worst_status_and_greatest_effect_in_limits(self) -> None:
        statuses = {gauge.tags["column"]: gauge.value for gauge in named("column_status")}
        assert statuses == {"dest": RANKS[Status.FAIL], "origin": RANKS[Status.WARN]}
        assert [(gauge.tags["column"], gauge.value) for gauge in named("column_effect")] == [
            ("dest", pytest.approx(3.0))
        ]

    def test_the_number_of_columns_is_bounded_and_they_are_the_same_every_time(self) -> None:
        names = [f"x{place:04}" for place in range(3 * MOST_SERIES)]
        columns = [gauge.tags["column"] for gauge in named("column_status", with_columns(*reversed(names)))]
        assert columns == names[:MOST_SERIES]

    def test_the_number_of_checks_is_bounded(self) -> None:
        checks = tuple(replace(REPORT.results[3], check=f"sql_{place:04}") for place in range(3 * MOST_SERIES))
        assert len(named("check_value", replace(REPORT, results=checks))) == MOST_SERIES

    def test_names_in_other_letters_stay_different(self) -> None:
        columns = [gauge.tags["column"] for gauge in named("column_status", with_columns("出発", "到着", "", "a b"))]
        assert len(set(columns)) == 4
        assert {"_", "a_b"} < set(columns)
        assert all(column.isascii() for column in columns)

    def test_a_worse_status_is_a_greater_number(self) -> None:
        assert sorted(RANKS, key=RANKS.__getitem__) == [
            Status.PASS,
            Status.INSUFFICIENT,
            Status.WARN,
            Status.FAIL,
            Status.ERROR,
        ]


SCRIPT = """
import sys
from airflow_ml_monitor.operators.stats import emit
from tests.operators import test_stats
try:  # as the process of a task does
    from airflow.sdk._shared.observability.metrics import stats
    from airflow.sdk.observability.metrics import stats_utils
except ImportError:
    pass
else:
    if hasattr(stats, "initialize"):
        stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
    else:  # Airflow 3.2
        stats.Stats.initialize(factory=stats_utils.get_stats_factory(stats.Stats))
emit(test_stats.stored(getattr(test_stats, sys.argv[1])))
from opentelemetry import metrics
if hasattr(metrics.get_meter_provider(), "force_flush"):
    metrics.get_meter_provider().force_flush()
"""


def emit_in_a_process(options: dict[str, str], report: str = "REPORT") -> None:
    metrics = {f"AIRFLOW__METRICS__{name}": value for name, value in options.items()}
    subprocess.run([sys.executable, "-c", SCRIPT, report], env=os.environ | metrics, check=True, timeout=120)


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


def sent(options: dict[str, str], report: str = "REPORT") -> set[str]:
    """Return what a StatsD server on loopback gets of one report."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        where = {"STATSD_ON": "True", "STATSD_HOST": "127.0.0.1", "STATSD_PORT": str(server.getsockname()[1])}
        emit_in_a_process(where | options, report)
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
        about = "environment=prod,model=flight_delay,kind=drift,dag_id=retraining,task_id=drift"
        assert f"airflow.ml_monitor.status,{about}:3|g" in received
        assert f"airflow.ml_monitor.reports,{about},status=fail:1|c" in received
        assert f"airflow.ml_monitor.column_status,{about},column=dest:3|g" in received

    def test_without_tags_the_names_have_them(self) -> None:
        received = sent({"OTEL_ON": "True"})  # beside StatsD, which Airflow then takes, it sends nothing
        assert "airflow.ml_monitor.status.prod.flight_delay.drift.retraining.drift:3|g" in received
        assert "airflow.ml_monitor.reports.prod.flight_delay.drift.retraining.drift.fail:1|c" in received
        assert "airflow.ml_monitor.column_status.prod.flight_delay.drift.retraining.drift.origin:2|g" in received

    def test_long_names_arrive_cut_and_different(self) -> None:
        received = [each for each in sent({"STATSD_INFLUXDB_ENABLED": "True"}, "LONG") if "column_status" in each]
        assert len(received) == 2
        assert max(map(len, received)) <= len("airflow.") + 250 + len(":3|g")

    def test_over_open_telemetry(self) -> None:
        with HTTPServer(("127.0.0.1", 0), Collector) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            emit_in_a_process({"OTEL_ON": "True", "OTEL_HOST": "127.0.0.1", "OTEL_PORT": str(server.server_port)})
            server.shutdown()
        values = {(name, frozenset(tags.split(","))): value for (name, tags), value in Collector.points.items()}
        about = frozenset(f"{tag}={value}" for tag, value in ABOUT.items())
        assert values["airflow.ml_monitor.status", about] == 3
        assert values["airflow.ml_monitor.reports", about | {"status=fail"}] == 1
        assert values["airflow.ml_monitor.column_effect", about | {"column=dest"}] == pytest.approx(3.0)

    def test_nothing_where_metrics_are_off(self) -> None:
        assert sent({"STATSD_ON": "False"}) == set()
