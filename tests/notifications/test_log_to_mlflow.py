"""Verdicts in MLflow, written by real Airflow runs to a real MLflow server on loopback."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from airflow.sdk import DAG

from airflow_ml_monitor import Report
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.notifications.mlflow import LogToMlflow
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from tests.airflow_runs import Run, clear, run_dag
from tests.mlflow_server import mlflow_server

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

WEEK = {"start": "2013-02-04T00:00:00Z", "end": "2013-02-11T00:00:00Z"}
VALUE = "drift/distance/distribution.ks"


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a real server."""
    with pytest.MonkeyPatch.context() as patch, mlflow_server(tmp_path_factory.mktemp("mlflow")) as address:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow import MlflowClient

        yield MlflowClient(address)


@pytest.fixture
def mlflow_connection(tracking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    host, port = tracking.tracking_uri.removeprefix("http://").split(":")
    connection = {"conn_type": "http", "host": host, "port": int(port)}
    monkeypatch.setenv("AIRFLOW_CONN_MLFLOW_DEFAULT", json.dumps(connection))


def rows(shift: float) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    at = pd.date_range("2013-02-04", "2013-02-10", periods=2_000, tz="UTC")
    return pd.DataFrame({"at": at, "distance": rng.normal(shift, 1, 2_000)})


def dag_of(on_verdict: LogToMlflow, *, shift: float = 1.0, **drift: Any) -> DAG:
    """Compare a week with a reference; where it moved, the drift task fails."""
    with DAG(f"mlflow_{uuid.uuid4().hex[:8]}", schedule=None) as dag:
        reference = BuildReferenceOperator(
            task_id="reference", model="m", name="r", data=Frame(lambda: rows(0.0), time_column="at")
        )
        drifted = DriftOperator(
            task_id="drift",
            model="m",
            data=Frame(lambda: rows(shift), time_column="at"),
            reference="r",
            on_verdict=on_verdict,
            **drift,
        )
        reference >> drifted
    return dag


def judge(on_verdict: LogToMlflow, **changes: Any) -> Run:
    return run_dag(dag_of(on_verdict, **changes), conf={"window": WEEK})


def only_run(tracking: Any, experiment: str) -> Any:
    (found,) = tracking.search_runs([tracking.get_experiment_by_name(experiment).experiment_id])
    return found


@pytest.mark.usefixtures("mlflow_connection")
@pytest.mark.parametrize(("shift", "state", "status"), [(1.0, "failed", "fail"), (0.0, "success", "pass")])
def test_a_verdict_is_in_mlflow_whatever_it_is(tracking: Any, shift: float, state: str, status: str) -> None:
    experiment = uuid.uuid4().hex
    run = judge(LogToMlflow(experiment=experiment, conn_id="mlflow_default"), shift=shift)
    assert run.states["drift"] == state
    found = only_run(tracking, experiment)
    tags = {key.removeprefix("ml_monitor.drift."): text for key, text in found.data.tags.items()}
    told = run.xcom("drift")
    assert (
        tags.items()
        >= {
            "status": status,
            "report_id": told["report_id"],
            "dag_id": run.dag_id,
            "dag_run": run.run_id,
            "task": "drift",
            "try_number": "1",
        }.items()
    )
    assert f"/dags/{run.dag_id}/runs/{run.run_id}/tasks/drift" in tags["link"]
    (point,) = tracking.get_metric_history(found.info.run_id, VALUE)
    assert point.step == 1360540800
    assert (point.value > 0.1) == (status == "fail")


@pytest.mark.usefixtures("mlflow_connection")
def test_the_page_is_an_artifact_that_says_where_it_is_from(tracking: Any) -> None:
    experiment = uuid.uuid4().hex
    run = judge(LogToMlflow(experiment=experiment, conn_id="mlflow_default"))
    found = only_run(tracking, experiment)
    page, plain = sorted(one.path for one in tracking.list_artifacts(found.info.run_id, "ml_monitor/drift"))
    assert page == f"ml_monitor/drift/20130211T000000Z_{run.xcom('drift')['report_id']}.html"
    html, report = (
        Path(tracking.download_artifacts(found.info.run_id, path)).read_text("utf-8") for path in (page, plain)
    )
    for part in ("<!doctype html>", "ks ", run.xcom("drift")["report_id"], run.run_id):
        assert part in html
    assert Report.from_dict(json.loads(report)).status == "fail"


def test_templates_name_the_run_and_the_server(tracking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment_id = tracking.create_experiment(uuid.uuid4().hex)
    trained = tracking.create_run(experiment_id).info.run_id
    on_verdict = LogToMlflow(run_id="{{ dag_run.conf['trained'] }}", tracking_uri="{{ dag_run.conf['mlflow'] }}")
    conf = {"window": WEEK, "trained": trained, "mlflow": tracking.tracking_uri}
    run_dag(dag_of(on_verdict), conf=conf)
    assert VALUE in tracking.get_run(trained).data.metrics
    assert on_verdict.run_id == "{{ dag_run.conf['trained'] }}"


@pytest.mark.usefixtures("mlflow_connection")
def test_a_version_of_the_registry_has_the_verdict(tracking: Any) -> None:
    trained = tracking.create_run(tracking.create_experiment(uuid.uuid4().hex)).info.run_id
    model = f"model-{uuid.uuid4().hex[:8]}"
    tracking.create_registered_model(model)
    tracking.create_model_version(model, f"runs:/{trained}/model", trained)
    run = judge(LogToMlflow(registered_model=model, conn_id="mlflow_default"), model_version="1")
    tags = tracking.get_model_version(model, "1").tags
    assert tags["ml_monitor.drift.status"] == "fail"
    assert tags["ml_monitor.drift.report_id"] == run.xcom("drift")["report_id"]
    assert VALUE in tracking.get_run(trained).data.metrics


@pytest.mark.usefixtures("mlflow_connection")
def test_a_task_that_is_cleared_adds_its_new_verdict_to_the_same_run(tracking: Any) -> None:
    experiment = uuid.uuid4().hex
    dag = dag_of(LogToMlflow(experiment=experiment, conn_id="mlflow_default", page=False))
    run = run_dag(dag, conf={"window": WEEK})
    first = run.xcom("drift")["report_id"]
    again = clear(dag, run, ["drift"]).xcom("drift")["report_id"]
    found = only_run(tracking, experiment)
    assert found.data.tags["ml_monitor.drift.report_id"] == again
    names = {one.path for one in tracking.list_artifacts(found.info.run_id, "ml_monitor/drift")}
    assert names == {f"ml_monitor/drift/20130211T000000Z_{report_id}.json" for report_id in (first, again)}


@pytest.mark.parametrize(("shift", "state"), [(1.0, "failed"), (0.0, "success")])
def test_a_server_that_is_down_changes_nothing_but_a_line_in_the_log(
    shift: float, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run = judge(LogToMlflow(experiment="e", tracking_uri=f"http://127.0.0.1:{port}"), shift=shift)
    assert run.states["drift"] == state
    (told,) = [line for line in capsys.readouterr().out.splitlines() if "is not in MLflow" in line]
    said = f"report {run.xcom('drift')['report_id']} is not in MLflow; the verdict stands: MLflow at http://127.0.0.1:{port}"
    assert "[warning" in told
    assert said in told


class Asked(BaseHTTPRequestHandler):
    """Keeps the credentials of requests, and refuses them."""

    credentials: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.credentials.append(self.headers["Authorization"])
        self.send_error(403)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("login", "sent"), [("ann", "Basic YW5uOnNlY3JldA=="), (None, "Bearer secret")], ids=["password", "token"]
)
def test_the_connection_says_who_asks(login: str | None, sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Asked, "credentials", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    connection = {"conn_type": "http", "host": f"http://127.0.0.1:{server.server_port}"}
    monkeypatch.setenv("AIRFLOW_CONN_GUARDED", json.dumps({**connection, "login": login, "password": "secret"}))
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run = judge(LogToMlflow(experiment="e", conn_id="guarded"), shift=0.0)
        server.shutdown()
    assert run.states["drift"] == "success"
    assert set(Asked.credentials) == {sent}


def test_a_missing_connection_is_a_line_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    run = judge(LogToMlflow(experiment="e", conn_id="nowhere"), shift=0.0)
    assert run.states["drift"] == "success"
    assert "Airflow connection 'nowhere' is not defined; add it: airflow connections add nowhere --conn-type http" in (
        capsys.readouterr().out
    )


def test_a_prefix_that_mlflow_would_refuse_is_a_line_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    to = LogToMlflow(experiment="e", tracking_uri="http://127.0.0.1:9", prefix="{{ 'x' * 101 }}")
    run = judge(to, shift=0.0)
    assert run.states["drift"] == "success"
    told = capsys.readouterr().out
    assert re.search("report [0-9a-f-]{36} is not in MLflow; the verdict stands: prefix='x+' has 101 characters", told)


def test_wrong_values_are_known_while_the_dag_is_parsed() -> None:
    with pytest.raises(ConfigurationError, match="nothing says where"):
        LogToMlflow()
    with pytest.raises(ConfigurationError, match="tracking_uri='http://x' and conn_id='c' exclude each other"):
        LogToMlflow(experiment="e", tracking_uri="http://x", conn_id="c")


def test_it_refuses_to_be_a_callback_of_another_kind() -> None:
    with pytest.raises(ConfigurationError, match="as on_verdict="):
        LogToMlflow(experiment="e")({"ti": None})


def test_a_dag_file_that_names_it_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from airflow_ml_monitor.notifications.mlflow import LogToMlflow\n"
        "LogToMlflow(experiment='e', conn_id='c')\n"
        "print(sorted({'mlflow', 'pandas', 'numpy', 'airflow_ml_monitor.store'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout.strip().endswith("[]")
