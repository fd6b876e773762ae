"""The demo's DAG runs, in a process of their own: a task takes over its process's signals, and Airflow its output."""

from __future__ import annotations

import multiprocessing
import os
import time
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flight_delay.datasets import TIMEZONE
from flight_delay.demo_environment import DAGS, Databases, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from sqlalchemy import Engine

    from flight_delay.demo_verdicts import Week


class DemoError(Exception):
    """The demo could not go on."""


def play(place: Place, databases: Databases, mondays: list[date], tell: Callable[[str], None]) -> list[Week]:
    """Run the reference DAG and then every week, telling of each as it comes out; return the weeks.

    The first week that went wrong, rather than being judged, is the last.

    :raises DemoError: the runs could not be made; the message says why or where that is written.
    """
    receive, send = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(target=_run_all, args=(place, databases, mondays, send))
    child.start()
    send.close()
    try:
        weeks = _listen(receive, tell)
        child.join()
    finally:
        child.kill()  # where we leave early: a task would answer anything gentler
        child.join()
    if child.exitcode:
        raise DemoError(f"Airflow's process ended with exit code {child.exitcode}; {place.log} says why")
    return weeks


def _listen(receive: Connection, tell: Callable[[str], None]) -> list[Week]:
    weeks: list[Week] = []
    while True:
        try:
            said = receive.recv()
        except EOFError:
            return weeks
        if isinstance(said, DemoError):
            raise said
        if isinstance(said, str):
            tell(said)
        else:
            weeks.append(said)


def _run_all(place: Place, databases: Databases, mondays: list[date], send: Connection) -> None:
    with place.log.open("a") as log:
        for descriptor in (1, 2):
            os.dup2(log.fileno(), descriptor)
    try:
        with _engines(databases) as (airflow, store):
            dags = _load_dags()
            send.send("January becomes the reference, and the first model learns from it ...")
            _build_reference(dags["flight_delay_reference"], airflow, place)
            _run_weeks(dags["flight_delay_retraining"], airflow, store, mondays, send)
    except DemoError as error:
        send.send(error)


@contextmanager
def _engines(databases: Databases) -> Iterator[tuple[Engine, Engine]]:
    """Connect to Airflow's metadata and to the store, and leave neither connected, Airflow itself included."""
    import sqlalchemy as sa
    from airflow.settings import dispose_orm

    both = sa.create_engine(databases.url(databases.airflow)), sa.create_engine(databases.url(databases.store))
    try:
        yield both
    finally:
        for engine in both:
            engine.dispose()
        dispose_orm()


def _load_dags() -> dict[str, Any]:
    from airflow_ml_monitor.version_compat import AIRFLOW_V_3_2_PLUS

    if AIRFLOW_V_3_2_PLUS:
        from airflow.dag_processing.dagbag import DagBag
    else:
        from airflow.models.dagbag import DagBag

    bag = DagBag(str(DAGS))
    if bag.import_errors:
        raise DemoError("\n".join(f"{file} cannot be imported: {error}" for file, error in bag.import_errors.items()))
    return bag.dags


def _build_reference(dag: Any, airflow: Engine, place: Place) -> None:
    from flight_delay.demo_verdicts import read_task_states

    states = read_task_states(airflow, dag.dag_id, dag.test().run_id)
    if set(states.values()) != {"success"}:
        raise DemoError(f"the run of {dag.dag_id} came to {states}; {place.log} says why")


def _run_weeks(dag: Any, airflow: Engine, store: Engine, mondays: list[date], send: Connection) -> None:
    from flight_delay.demo_table import progress
    from flight_delay.demo_verdicts import read_week

    for number, monday in enumerate(mondays, start=1):
        started = time.perf_counter()
        end = datetime.combine(monday + timedelta(weeks=1), datetime.min.time(), ZoneInfo(TIMEZONE))
        run = dag.test(
            run_after=end, logical_date=end
        )  # a manual run's data interval is the one that ends at its logical date
        week = read_week(airflow, store, dag.dag_id, run.run_id)
        send.send(progress(week, number, len(mondays), time.perf_counter() - started))
        send.send(week)
        if week.unexpected:
            break
