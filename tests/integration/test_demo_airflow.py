"""The demo's own Airflow: what is said where it cannot start or ends, that nothing of it stays, what it forgets."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from flight_delay.demo_environment import Place

STANDALONE = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
{then}
"""


pytestmark = pytest.mark.usefixtures("dags_on_path")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    from flight_delay.demo_environment import Place

    return Place(tmp_path)


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, then: str) -> None:
    """Make ``python -m airflow`` another program, which starts a process, and then does this."""
    package = folder / "program" / "airflow"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(STANDALONE.format(then=then))
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


def child_of(place: Place) -> int:
    return int(place.log.read_text().split("child")[1].split()[0])


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def test_a_port_that_is_taken_is_named_before_anything_starts(place: Place) -> None:
    import socket

    from flight_delay.demo_airflow import AirflowError, running

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AirflowError, match=f"port {port} of 127.0.0.1 is taken"), running(place, port):
            pass
    assert not place.log.exists()


class TestStarting:
    def test_one_that_ends_at_once_is_told_with_its_exit_code(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from flight_delay.demo_airflow import AirflowError, free_port, running

        stand_in(place.folder, monkeypatch, "sys.exit(3)")
        with pytest.raises(AirflowError, match=r"exit code 3; .*airflow\.log says why"), running(place, free_port()):
            pass
        assert not is_running(child_of(place))

    def test_one_that_does_not_get_ready_is_stopped_with_all_it_started(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from flight_delay import demo_airflow

        monkeypatch.setattr(demo_airflow, "_STARTS_WITHIN", 2.0)
        stand_in(place.folder, monkeypatch, "time.sleep(600)")
        ready = demo_airflow.running(place, demo_airflow.free_port())
        with pytest.raises(demo_airflow.AirflowError, match="was not ready within 2 s"), ready:
            pass
        assert not is_running(child_of(place))


class TestWaiting:
    def test_ends_when_airflow_does(self) -> None:
        from flight_delay.demo_airflow import Airflow, AirflowError, free_port
        from flight_delay.demo_episode import _wait

        ended = subprocess.Popen([sys.executable, "-c", "raise SystemExit(9)"])
        ended.wait()
        began = time.monotonic()
        with pytest.raises(AirflowError, match="Airflow ended with exit code 9"):
            _wait(Airflow(free_port(), ended), lambda: None, "the retraining did not end", 30)
        assert time.monotonic() - began < 5

    def test_a_server_that_is_gone_is_one_clear_sentence(self) -> None:
        from flight_delay.demo_airflow import Airflow, AirflowError, free_port

        ended = subprocess.Popen([sys.executable, "-c", "pass"])
        ended.wait()
        with pytest.raises(AirflowError, match="GET /auth/token was not answered"):
            Airflow(free_port(), ended).call("GET", "/dags")


@pytest.mark.integration
@pytest.mark.usefixtures("airflow_metadata", "store_connection")
def test_events_of_earlier_weeks_do_not_reach_the_run_that_an_event_starts() -> None:
    from airflow import settings
    from flight_delay.demo_episode import forget_events

    asset, run = degraded_before()
    assert counts(asset) == (1, 1)
    forget_events(settings.engine)
    assert counts(asset) == (0, 0)
    assert run.states == {"quality": "success"}


def degraded_before() -> tuple[Any, Any]:
    """A run that made an event, for which a DAG waits to be started."""
    from airflow.sdk import DAG, Asset

    from tests.airflow_runs import run_dag, sync
    from tests.integration.test_events import DAY, EMPTY, GOOD, judge

    asset = Asset("demo_degraded_before")
    with DAG("demo_consumer", schedule=[asset], is_paused_upon_creation=False) as consumer:
        judge(GOOD, Asset("demo_of_the_consumer"))
    sync(consumer)
    with DAG("demo_producer", schedule=None) as producer:
        judge(EMPTY, asset)
    return asset, run_dag(producer, interval=DAY)


def counts(asset: Any) -> tuple[int, int]:
    """How many events an asset has, and how many DAGs wait to be started by it."""
    from airflow import settings

    both = (
        "SELECT count(*) FROM asset_event e JOIN asset a ON a.id = e.asset_id WHERE a.name = :name",
        "SELECT count(*) FROM asset_dag_run_queue q JOIN asset a ON a.id = q.asset_id WHERE a.name = :name",
    )
    with settings.engine.connect() as connection:
        first, second = (connection.execute(sa.text(sql), {"name": asset.name}).scalar_one() for sql in both)
    return first, second
