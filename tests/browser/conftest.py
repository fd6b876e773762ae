"""A real ``airflow standalone`` with two users and the runs of some monitoring tasks, and a browser to look at it."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.airflow_services import Services, free_port, services
from tests.browser.history import write_history
from tests.chromium import HOW_TO_INSTALL, Browser, chromium, installed
from tests.conftest import as_airflow_connection, database

DAG_ID = "guarded"
ADMIN, VIEWER = "ann", "vic"
_DAG_FILE = Path(__file__).with_name("watched.py")


@dataclass(frozen=True)
class Airflow:
    """What runs: where it is, who may log in with which password, and the run of the monitoring tasks."""

    url: str
    passwords: Mapping[str, str]
    store: sa.URL
    run_id: str
    reports: Mapping[str, str]
    """task, as ``mapped[1]`` -> the id of its report"""


@pytest.fixture(scope="package")
def airflow(postgres_server: sa.URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Airflow's own database, a store and a finished run in it."""
    if not installed():
        pytest.skip(HOW_TO_INSTALL)
    folder = tmp_path_factory.mktemp("standalone")
    (folder / "dags").mkdir()
    shutil.copy(_DAG_FILE, folder / "dags")
    port = free_port()
    with database(postgres_server) as metadata, database(postgres_server) as store:
        write_history(store, DAG_ID)
        settings = _settings(folder, metadata, store)
        with services(folder / "dags", folder / "logs", settings, names=("standalone",), port=port) as running:
            api = _Api(f"http://127.0.0.1:{port}", json.loads((folder / "passwords.json").read_text()))
            run_id = _run(running, api)
            reports = _reports(store, run_id)
            assert "mapped[1]" in reports, f"only {sorted(reports)} have reports; the logs are in {folder}"
            yield Airflow(api.url, api.passwords, store, run_id, reports)


@pytest.fixture(scope="package")
def window(airflow: Airflow) -> Iterator[Browser]:
    """One window of Chromium for all tests, the admin logged in by Airflow's own form."""
    with chromium(airflow.url) as browser:
        log_in(browser, airflow, ADMIN)
        yield browser


@pytest.fixture
def browser(window: Browser) -> Iterator[Browser]:
    """The window, in light colours; what our pages have left in its console that is an error fails the test.

    Airflow's own pages are not ours to judge, and Chromium notes each answer that is not a success: some are wanted.
    """
    window.colours("light")
    window.size(1280, 760)
    yield window
    window.leave_frame()
    ours = [said for said in window.problems() if f"{window.url}/ml-monitor/" in said]
    assert [said for said in ours if "the server responded with a status of" not in said] == []


def log_in(browser: Browser, airflow: Airflow, name: str, *, here: bool = False) -> None:
    """Fill in Airflow's form.

    :param here: it is there already; otherwise it is opened.
    """
    if not here:
        browser.open("/auth/login")
    for field, value in (("username", name), ("password", airflow.passwords[name])):
        browser.find(f"input[name={field}]").send_keys(value)
    browser.find("button[type=submit]").click()
    browser.until("the way back", lambda: "/auth/login" not in browser.here)


@dataclass(frozen=True)
class _Api:
    """Airflow's REST API, for the admin."""

    url: str
    passwords: Mapping[str, str]

    @cached_property
    def _token(self) -> str:
        known = {"username": ADMIN, "password": self.passwords[ADMIN]}
        return str(self._ask("POST", "/auth/token", known, {})["access_token"])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self._ask(method, f"/api/v2{path}", body, {"Authorization": f"Bearer {self._token}"})

    def _ask(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        data = None if body is None else json.dumps(body).encode()
        known = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=known)
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.loads(response.read())


def _run(running: Services, api: _Api) -> str:
    """Run the DAG once, to its end, by Airflow's own scheduler."""

    def parsed() -> bool:
        return any(dag["dag_id"] == DAG_ID for dag in api.call("GET", "/dags")["dags"])

    running.until("the DAG", parsed, 240)
    made = api.call("POST", f"/dags/{DAG_ID}/dagRuns", {"logical_date": datetime.now(UTC).isoformat()})
    path = f"/dags/{DAG_ID}/dagRuns/{made['dag_run_id']}"
    running.until("the end of the run", lambda: api.call("GET", path)["state"] == "failed", 300)
    return str(made["dag_run_id"])


def _reports(store: sa.URL, run_id: str) -> dict[str, str]:
    query = sa.text(
        "SELECT task_id || CASE WHEN map_index < 0 THEN '' ELSE '[' || map_index || ']' END, id::text "
        "FROM ml_monitor.report WHERE run_id = :run"
    )
    engine = sa.create_engine(store, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return {str(task): str(key) for task, key in connection.execute(query, {"run": run_id})}


def _settings(folder: Path, metadata: sa.URL, store: sa.URL) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(folder / "home"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata.render_as_string(hide_password=False),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin,{VIEWER}:viewer",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "tasks"),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW_CONN_ML_MONITOR_DEFAULT": as_airflow_connection(store),
    }
