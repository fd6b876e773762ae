"""Serve the last demo in Airflow's own UI, on this machine only.

``python dags/flight_delay/demo_ui.py`` (or ``make demo-ui``). A demo that was never run is run first. ``PORT=8081``
chooses the port. Ctrl-C stops Airflow and the PostgreSQL it runs on.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

if not __package__:  # run as a script: its own folder would offer our modules under everybody's names
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from flight_delay.demo import FOLDER, TELLING, run
from flight_delay.demo_airflow import Airflow, AirflowError, require_free, running
from flight_delay.demo_environment import Place, configure_airflow, migrate_store, postgres, stop_in_order
from flight_delay.demo_episode import EVALUATION, RETRAINING
from flight_delay.demo_runs import DemoError


def serve(place: Place, port: int) -> None:
    """Start Airflow on the demo's data and stay until told to stop.

    :raises AirflowError: the port is taken, or Airflow ended.
    """
    with postgres(place) as databases:
        configure_airflow(place, databases)
        migrate_store(databases)
        print("Airflow starts ...", flush=True)
        with running(place, port) as airflow:
            print(f"All verdicts: {airflow.url}/plugin/ml-monitor-nav", flush=True)
            print(f"The runs of the weeks: {airflow.url}/dags/{RETRAINING}", flush=True)
            print(f"What their labels said: {airflow.url}/dags/{EVALUATION}", flush=True)
            print("Ctrl-C stops it.", flush=True)
            try:
                _stay(airflow, place)
            finally:
                print("Airflow stops, which takes some seconds ...", flush=True)


def _stay(airflow: Airflow, place: Place) -> None:
    while airflow.process.poll() is None:
        time.sleep(1)
    raise AirflowError(f"Airflow ended with exit code {airflow.process.returncode}; {place.log} says why")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8080), help="default: PORT, or 8080")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the demo was run")
    given = parser.parse_args()
    place = Place(given.folder.resolve())
    stop_in_order()
    try:
        with place.reserved():
            require_free(given.port)
            if not place.postgres.exists():
                print("No demo was run yet: it is run first.", flush=True)
                if run(place, os.environ.get("WEEKS") or TELLING, None):
                    return 1
            serve(place, given.port)
    except (AirflowError, DemoError) as error:
        print(f"the demo's UI stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
