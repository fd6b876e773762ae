"""A year of verdicts, written as the store keeps them: more than one page of a list and wider than a window."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from airflow_ml_monitor.results import Status
from airflow_ml_monitor.store import Store
from tests.store.factories import make_check, make_origin, make_report, make_window

WEEKS = 46
_COLUMNS = ("distance", "departure hour", "a feature with " + "a very long name " * 3, *(f"f{at}" for at in range(12)))


def write_history(url: sa.URL, dag_id: str) -> None:
    """Write a drift and a data quality report of each week, and some on a model of which only these are known."""
    store = Store(sa.create_engine(url, poolclass=sa.NullPool))
    store.migrate()
    for week in range(WEEKS):
        window = make_window(week)
        origin = make_origin(dag_id=dag_id, run_id=f"scheduled__{week:02}")
        seen = {"window": window, "as_of": window.end + timedelta(days=1)}
        store.write(make_report(results=_checks(week), **seen), origin)
        quality = (make_check(check="not null", metric="share", status="pass", value=1.0, limits=(0.99, None)),)
        store.write(
            make_report(kind="data_quality", results=quality, **seen),
            make_origin(dag_id=dag_id, run_id=origin.run_id, task_id="quality"),
        )
    undecided = make_check(status="insufficient", value=None, interval=None, p_value=None, p_adjusted=None)
    store.write(make_report(model="churn", results=(undecided,)), make_origin(dag_id=dag_id, task_id="churn"))


def _checks(week: int) -> tuple[object, ...]:
    return tuple(
        make_check(column=column, value=value, status=Status.FAIL if value > 0.1 else Status.PASS)
        for at, column in enumerate(_COLUMNS)
        for value in [0.02 + 0.01 * ((week * (at + 1)) % 10)]
    )
