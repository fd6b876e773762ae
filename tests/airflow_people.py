"""A person who answers the questions of tasks by Airflow's own REST API, while a run of the tests goes on."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from airflow_ml_monitor.version_compat import AIRFLOW_V_3_3_PLUS


@contextmanager
def person(option: str, reason: str = "", name: str = "jane") -> Iterator[list[dict[str, Any]]]:
    """Answer each question that is asked inside with one option; yields what was asked and how Airflow took it."""
    seen: list[dict[str, Any]] = []
    over = threading.Event()
    answering = threading.Thread(target=_answer, args=(option, reason, name, seen, over))
    _client(name)
    answering.start()
    try:
        yield seen
    finally:
        over.set()
        answering.join()


def _answer(option: str, reason: str, name: str, seen: list[dict[str, Any]], over: threading.Event) -> None:
    while not over.is_set():
        for place in _waiting():
            path = "/api/v2/dags/{}/dagRuns/{}/taskInstances/{}/{}/hitlDetails".format(*place)
            asked = _client(name).get(path).json()
            body = {"chosen_options": [option], "params_input": {"reason": reason}}
            taken = _client(name).patch(path, json=body)
            seen.append({"subject": asked["subject"], "body": asked["body"], "taken": taken.status_code})
        time.sleep(0.1)


def _waiting() -> list[tuple[str, str, str, int]]:
    """Return where a task waits for an answer."""
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        query = sa.select(*(getattr(TaskInstance, name) for name in ("dag_id", "run_id", "task_id", "map_index")))
        query = query.join(HITLDetail, HITLDetail.ti_id == TaskInstance.id)
        open_ones = (HITLDetail.responded_at.is_(None), TaskInstance.state.in_(("awaiting_input", "deferred")))
        return [tuple(row) for row in session.execute(query.where(*open_ones))]


def look(*, overdue: bool = False) -> None:
    """Do what Airflow does between two rounds of task runs: hand answers on to the tasks that wait for them.

    From 3.3 on the answer itself does that, and the scheduler looks for questions that nobody answered in time; before,
    a trigger does both.

    :param overdue: the deadline of the questions without an answer is over.
    """
    if AIRFLOW_V_3_3_PLUS:
        from airflow.jobs.job import Job
        from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

        SchedulerJobRunner(Job()).check_awaiting_input_timeouts()
    else:
        _resume_deferred(overdue)


def _resume_deferred(overdue: bool) -> None:
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.trigger import handle_event_submit
    from airflow.triggers.base import TriggerEvent
    from airflow.utils.session import create_session

    with create_session() as session:
        query = sa.select(TaskInstance, HITLDetail).join(HITLDetail, HITLDetail.ti_id == TaskInstance.id)
        for ti, detail in session.execute(query.where(TaskInstance.state == "deferred")).all():
            if detail.responded_by is None and not overdue:
                continue
            answer = {
                "chosen_options": detail.chosen_options or detail.defaults,
                "params_input": detail.params_input or {"reason": ""},
                "responded_at": detail.responded_at or datetime.now(UTC),
                "responded_by_user": detail.responded_by_user,
                "timedout": detail.responded_by is None,
            }
            handle_event_submit(TriggerEvent(answer), task_instance=ti, session=session)


@functools.cache
def _client(name: str) -> Any:
    from airflow.api_fastapi.app import create_app
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient

    app = create_app(apps="core")
    token = app.state.auth_manager.generate_jwt(SimpleAuthManagerUser(username=name, role="admin"))
    return TestClient(app, headers={"Authorization": f"Bearer {token}"}, base_url="http://localhost")
