"""Serialise the DAGs and queue one run after another: ``python -m overhead.queued DAG_ID TIMES ...``.

Prints, as a JSON object, what an executor would hand to its workers: DAG id -> workloads.
"""

from __future__ import annotations

import json
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

from speed.timing import MARK


def workloads(dag_id: str, times: int) -> list[str]:
    """Make runs of a DAG with one task each, and return each task's workload as the JSON a worker takes."""
    from airflow.models.dagbag import DBDagBag
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        run_ids = [_run(dag, session) for _ in range(times)]
        tasks = session.scalars(select(TaskInstance).where(TaskInstance.run_id.in_(run_ids))).all()
        return [_workload(task) for task in tasks]


def _run(dag: Any, session: Any) -> str:
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    now = datetime.now(UTC)
    run = dag.create_dagrun(
        run_id=f"manual__{uuid.uuid4().hex}",
        run_after=now,
        start_date=now,
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.TEST,
        state=DagRunState.RUNNING,
        session=session,
    )
    for task in run.get_task_instances(session=session):
        task.state, task.try_number, task.queued_dttm = "queued", 1, now
    session.flush()
    return str(run.run_id)


def _workload(task: Any) -> str:
    from airflow.executors.local_executor import LocalExecutor
    from airflow.executors.workloads import ExecuteTask

    return str(ExecuteTask.make(task, generator=LocalExecutor(parallelism=1).jwt_generator).model_dump_json())


def main() -> None:
    pairs = zip(sys.argv[1::2], map(int, sys.argv[2::2]), strict=True)
    print(MARK + json.dumps({dag_id: workloads(dag_id, times) for dag_id, times in pairs}))


if __name__ == "__main__":
    main()
