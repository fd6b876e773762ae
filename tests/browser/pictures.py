"""Make the pictures of docs/pages.md anew: ``python -m tests.browser.pictures`` shows the last demo to Chromium.

Nothing of it is a test, and no test makes pictures. Look at every one before it is committed.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.chromium import HOW_TO_INSTALL, Browser, chromium, installed

_HERE = Path(__file__).resolve()
_DAGS, _IMAGES = _HERE.parents[2] / "dags", _HERE.parents[2] / "docs" / "images"
_DAG = "flight_delay_retraining"
_OF_MODEL = "?environment=prod&model=flight_delay"


@dataclass(frozen=True)
class Picture:
    """A page in Airflow, as a file of docs/images."""

    name: str
    path: str
    scheme: str = "light"
    wait_for: str = "h1"
    height: int = 657
    """of the picture, in pixels"""

    def take(self, browser: Browser) -> Path:
        browser.colours(self.scheme)
        browser.size(1200, self.height)
        browser.open(self.path)
        browser.run("localStorage.setItem('theme', arguments[0])", self.scheme)
        browser.open(self.path)
        browser.enter_frame()
        browser.find(self.wait_for)
        time.sleep(2)  # Airflow fills in what is around the frame
        browser.leave_frame()
        file = _IMAGES / f"{self.name}.png"
        browser.picture(file)
        return file


def pictures(report_id: str, run_id: str) -> list[Picture]:
    """The pictures, of one report and the run that it is of."""
    pages = "/plugin/ml-monitor-nav/ml-monitor"
    column = f"/distributions?report_id={report_id}&column=distance"
    return [
        Picture("pages-models", f"{pages}/"),
        Picture("pages-timeline", f"{pages}/timeline{_OF_MODEL}&kind=model_quality", height=817),
        Picture("pages-heat-map", f"{pages}/drift{_OF_MODEL}", height=417),
        Picture("pages-heat-map-dark", f"{pages}/drift{_OF_MODEL}", scheme="dark", height=417),
        Picture("pages-distributions", f"{pages}{column}", height=717),
        Picture("pages-checks", f"{pages}/checks?status=fail&text=distance", height=417),
        Picture("pages-report", f"{pages}/reports/{report_id}", wait_for=".chart svg", height=757),
        Picture("pages-tab", f"/dags/{_DAG}/runs/{quote(run_id)}/plugin/ml-monitor-dag_run", height=787),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=_DAGS.parent / ".demo", help="where the demo was run")
    parser.add_argument("--only", default="", help="take only the pictures that have this in their names")
    given = parser.parse_args()
    if not installed():
        raise SystemExit(HOW_TO_INSTALL)
    sys.path.insert(0, str(_DAGS))
    from flight_delay.demo_airflow import free_port, running
    from flight_delay.demo_environment import Place, configure_airflow, migrate_store, postgres

    place = Place(given.folder.resolve())
    with place.reserved(), postgres(place) as databases:
        configure_airflow(place, databases)
        migrate_store(databases)
        report_id, run_id = _failed(databases.url(databases.store))
        with running(place, free_port()) as airflow, chromium(airflow.url) as browser:
            browser.open("/auth/token/login")
            for one in pictures(report_id, run_id):
                if given.only in one.name:
                    file = one.take(browser)
                    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB", flush=True)
    return 0


def _failed(store: str) -> tuple[str, str]:
    """Return the latest drift report that failed, and its run."""
    import sqlalchemy as sa

    query = "SELECT id, run_id FROM ml_monitor.report WHERE kind = 'drift' AND status = 'fail' ORDER BY window_end"
    with sa.create_engine(store, poolclass=sa.NullPool).connect() as connection:
        key, run_id = connection.execute(sa.text(f"{query} DESC LIMIT 1")).one()
    return str(key), str(run_id)


if __name__ == "__main__":
    raise SystemExit(main())
