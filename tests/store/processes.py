"""Running a function in many processes at once."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.context import BaseContext
from typing import Any

import sqlalchemy as sa

from airflow_ml_monitor import Report, Status, Window
from airflow_ml_monitor.results import CheckResult, Origin
from airflow_ml_monitor.store import Store


def in_processes(
    count: int,
    function: Callable[..., object],
    *arguments: Any,
    context: BaseContext | None = None,
    within: float = 60,
) -> list[int | None]:
    """Start ``count`` processes that call ``function(number, *arguments)``, and return their exit codes.

    One that is not over after so many seconds is killed and has a code below zero. Not a pool: of a task whose process
    dies, a pool tells nobody, and waits for it for ever.

    :param context: how processes are started; forked by default.
    """
    start: Any = context or multiprocessing.get_context("fork")
    children = [start.Process(target=function, args=(number, *arguments)) for number in range(count)]
    for child in children:
        child.start()
    deadline = time.monotonic() + within
    for child in children:
        child.join(max(deadline - time.monotonic(), 0.1))
        if child.is_alive():
            child.kill()
            child.join()
    return [child.exitcode for child in children]


def write_report(number: int, url: str) -> None:
    """Store the report of one of many mapped tasks, in a database that all of them use for the first time."""
    check = CheckResult(check="rows", metric="rows", status=Status.PASS, value=1.0)
    day = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")
    report = Report(
        kind="data_quality", model="m", results=(check,), window=day, as_of=datetime(2013, 3, 1, tzinfo=UTC)
    )
    store = Store(sa.create_engine(url, poolclass=sa.NullPool))
    store.check()
    store.write(report, Origin(dag_id="parallel", run_id="r", task_id="t", map_index=number))
