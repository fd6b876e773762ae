"""One week under a real scheduler and triggerer: labels arrive, the model is found degraded, retraining starts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from airflow_ml_monitor.window import Window
from flight_delay import warehouse
from flight_delay.demo_airflow import Airflow, AirflowError, free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from flight_delay.demo_environment import Place

EVALUATION, RETRAINING = "flight_delay_label_evaluation", "flight_delay_retraining"
_DEFERRED = sa.text(
    "SELECT count(*) FROM task_instance "
    "WHERE dag_id = :dag AND run_id = :run AND task_id = 'labels' AND state = 'deferred'"
)
_ENDED = sa.text("SELECT state FROM dag_run WHERE dag_id = :dag AND run_id = :run AND state IN ('success', 'failed')")
_STARTED_BY_EVENT = sa.text(
    "SELECT r.run_id FROM dag_run r JOIN dagrun_asset_event a ON a.dag_run_id = r.id "
    "JOIN asset_event e ON e.id = a.event_id "
    "WHERE r.dag_id = :dag AND e.source_run_id = :source AND r.state IN ('success', 'failed')"
)
_FORGET = tuple(sa.text(f"DELETE FROM {table}") for table in ("asset_dag_run_queue", "asset_event"))


def run_episode(place: Place, airflow: sa.Engine, week: Window, tell: Callable[[str], None]) -> tuple[str, str | None]:
    """Run one week's evaluation under the scheduler while its labels arrive.

    :returns: run ids of the evaluation and of the retraining its event started; ``None`` where there was no event.
    :raises AirflowError: something took too long, or failed.
    """
    labels = warehouse.connect()
    warehouse.withhold_labels(labels, week)
    forget_events(airflow)
    with running(place, free_port()) as server:
        for dag in (EVALUATION, RETRAINING):
            _unpause(server, dag)
        evaluation = server.call("POST", f"/dags/{EVALUATION}/dagRuns", {"logical_date": week.end.isoformat()})
        run_id = str(evaluation["dag_run_id"])
        _wait(server, lambda: _found(airflow, _DEFERRED, dag=EVALUATION, run=run_id), "the sensor did not defer")
        tell("the labels are not there: the sensor waits in the triggerer; now they arrive ...")
        warehouse.deliver_labels(labels, week)
        state = _wait(server, lambda: _found(airflow, _ENDED, dag=EVALUATION, run=run_id), "the evaluation did not end")
        tell(f"the evaluation ended in {state}")
        if not events_of(airflow, run_id):
            return run_id, None
        tell("the model is degraded: the event starts the retraining ...")
        started = {"dag": RETRAINING, "source": run_id}
        found = _wait(server, lambda: _found(airflow, _STARTED_BY_EVENT, **started), "the retraining did not end")
        for dag in (EVALUATION, RETRAINING):
            server.call("PATCH", f"/dags/{dag}", {"is_paused": True})
        return run_id, str(found)


def forget_events(airflow: sa.Engine) -> None:
    """Delete the events of earlier weeks, whose retraining the replay has run by hand.

    The scheduler does not know that: it would merge them into the first run that an event starts.
    """
    with airflow.begin() as connection:
        for delete in _FORGET:
            connection.execute(delete)


def events_of(airflow: sa.Engine, run_id: str) -> list[dict[str, Any]]:
    """Return the ``extra`` of the asset events of an evaluation's run, as Airflow's metadata has them."""
    query = sa.text("SELECT extra FROM asset_event WHERE source_dag_id = :dag AND source_run_id = :run")
    with airflow.connect() as connection:
        return list(connection.scalars(query, {"dag": EVALUATION, "run": run_id}))


def _unpause(server: Airflow, dag: str) -> None:
    def unpaused() -> bool:
        try:
            server.call("PATCH", f"/dags/{dag}", {"is_paused": False})
        except AirflowError:
            return False  # not parsed yet
        return True

    _wait(server, unpaused, f"{dag} was not parsed")


def _found(airflow: sa.Engine, query: sa.TextClause, **given: str) -> Any:
    with airflow.connect() as connection:
        return connection.execute(query, given).scalar()


def _wait(server: Airflow, until: Callable[[], Any], otherwise: str, seconds: float = 400.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        server.require_running()
        found = until()
        if found:
            return found
        time.sleep(0.5)
    raise AirflowError(f"{otherwise} within {seconds:.0f} s")
