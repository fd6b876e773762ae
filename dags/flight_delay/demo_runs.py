"""The demo's DAG runs, in a process of their own: a task takes over its process's signals, and Airflow its output."""

from __future__ import annotations

import multiprocessing
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow_ml_monitor.window import Window
from flight_delay.datasets import LABEL_DELAY, TIMEZONE
from flight_delay.demo_environment import DAGS, Databases, Place
from flight_delay.demo_episode import EVALUATION, RETRAINING, run_episode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from sqlalchemy import Engine

    from flight_delay.demo_verdicts import Week


FIRST, LAST = date(2013, 2, 4), date(2013, 12, 30)
EPISODE = date(2013, 6, 24)
"""The week that is run under a real scheduler, where it is chosen."""


class DemoError(Exception):
    """The demo could not go on."""


def every_monday() -> list[date]:
    return [FIRST + timedelta(weeks=n) for n in range((LAST - FIRST).days // 7 + 1)]


def week_of(monday: date) -> Window:
    """Return the week of New York that begins on a Monday."""
    edges = (datetime.combine(day, datetime.min.time(), ZoneInfo(TIMEZONE)) for day in (monday, monday + timedelta(7)))
    return Window(*edges)


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
    from flight_delay.demo_airflow import AirflowError

    try:
        with _engines(databases) as (airflow, store):
            dags = _load_dags()
            send.send("January becomes the reference, and the first model learns from it; labels are written down ...")
            _start_project(dags["flight_delay_reference"], airflow, place)
            _Replay(place, dags, airflow, store, send).run(mondays)
    except (DemoError, AirflowError) as error:
        send.send(DemoError(str(error)))


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


def _start_project(dag: Any, airflow: Engine, place: Place) -> None:
    from flight_delay.demo_verdicts import read_task_states

    states = read_task_states(airflow, dag.dag_id, dag.test().run_id)
    if set(states.values()) != {"success"}:
        raise DemoError(f"the run of {dag.dag_id} came to {states}; {place.log} says why")


@dataclass
class _Replay:
    """The year, run after run: at each chosen week's turn, all weeks up to then have been scored."""

    place: Place
    dags: dict[str, Any]
    airflow: Engine
    store: Engine
    send: Connection
    scored: int = 0

    def run(self, mondays: list[date]) -> None:
        from flight_delay.demo_table import progress
        from flight_delay.demo_verdicts import read_week

        for number, monday in enumerate(mondays, start=1):
            started, window = time.perf_counter(), week_of(monday)
            self._score_until(window.end + LABEL_DELAY, mondays)
            if monday == EPISODE:
                self.send.send(f"{monday}: under a real scheduler and triggerer ...")
            evaluation, retraining = self._episode(window) if monday == EPISODE else self._in_process(window)
            week = read_week(self.airflow, self.store, window, evaluation, retraining)
            self.send.send(progress(week, number, len(mondays), time.perf_counter() - started))
            self.send.send(week)
            if week.unexpected:
                break

    def _in_process(self, window: Window) -> tuple[str, str]:
        # A manual run's data interval is the one that ends at its logical date.
        evaluation = self.dags[EVALUATION].test(run_after=window.end, logical_date=window.end)
        return evaluation.run_id, self._retrain(window)

    def _retrain(self, window: Window) -> str:
        at = window.end + LABEL_DELAY  # without a date of its own Airflow would put each run in the place of the last
        run = self.dags[RETRAINING].test(run_after=at, logical_date=at, run_conf={"window": window.to_dict()})
        return str(run.run_id)

    def _episode(self, window: Window) -> tuple[str, str]:
        evaluation, retraining = run_episode(
            self.place, self.airflow, window, lambda line: self.send.send(f"        {line}")
        )
        return evaluation, retraining or self._retrain(window)

    def _score_until(self, moment: datetime, mondays: list[date]) -> None:
        """Log the predictions of every week that began before a moment, by the model in use when it began.

        Chosen weeks by their DAG, the others by the function it calls.
        """
        from flight_delay.pipeline import score_week

        weeks = every_monday()
        while self.scored < len(weeks) and week_of(weeks[self.scored]).start < moment:
            window = week_of(weeks[self.scored])
            if weeks[self.scored] in mondays:
                self.dags["flight_delay_scoring"].test(run_after=window.end, logical_date=window.end)
            else:
                score_week(window)
            self.scored += 1
