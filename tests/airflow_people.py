"""A person who answers the questions of tasks by Airflow's own REST API, while a run of the tests goes on."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


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


@functools.cache
def _client(name: str) -> Any:
    from airflow.api_fastapi.app import create_app
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient

    app = create_app(apps="core")
    token = app.state.auth_manager.generate_jwt(SimpleAuthManagerUser(username=name, role="admin"))
    return TestClient(app, headers={"Authorization": f"Bearer {token}"}, base_url="http://localhost")
