"""Real Airflow task runs in one process: a DAG is serialised into the metadata database and its tasks are run by
Airflow's own task runner against its own execution API, without a scheduler."""

from __future__ import annotations

import functools
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG

from airflow_ml_monitor.version_compat import AIRFLOW_V_3_3_PLUS
from airflow_ml_monitor.window import Window

_BUNDLE = "tests"
_ROUNDS = 60


@dataclass(frozen=True)
class Run:
    """One finished DAG run, as Airflow's metadata has it."""

    dag_id: str
    run_id: str
    errors: Mapping[str, BaseException] = field(default_factory=dict)
    """``task_id`` -> the last error that ended a try of it."""

    @property
    def states(self) -> dict[str, str]:
        """``task_id`` (``task_id[map_index]`` for mapped ones) -> state."""
        return {
            ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]": str(ti.state)
            for ti in self._task_instances()
        }

    def xcom(self, task_id: str, map_index: int = -1, key: str = "return_value") -> Any:
        """The value a task pushed; ``None`` if it did not."""
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session

        with create_session() as session:
            query = XComModel.get_many(
                run_id=self.run_id, key=key, task_ids=task_id, dag_ids=self.dag_id, map_indexes=map_index
            )
            row = session.execute(query.with_only_columns(XComModel.value)).first()
        return None if row is None else XComModel.deserialize_value(row)

    def set_state(self, task_id: str, state: str) -> None:
        """Set a task's state without running it, as Airflow does with one it gives up or cannot start."""
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import update

        mine = (TaskInstance.dag_id == self.dag_id, TaskInstance.run_id == self.run_id, TaskInstance.task_id == task_id)
        with create_session() as session:
            session.execute(update(TaskInstance).where(*mine).values(state=state))

    def _task_instances(self) -> list[Any]:
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            query = select(TaskInstance).where(TaskInstance.dag_id == self.dag_id, TaskInstance.run_id == self.run_id)
            return list(session.scalars(query))


def run_dag(
    dag: DAG,
    *,
    interval: Window | None = None,
    logical_date: datetime | None = None,
    conf: dict[str, Any] | None = None,
    run_type: str = "manual",
    events: Iterable[dict[str, Any] | int] = (),
    partition_key: str | None = None,
    between: Callable[[], Any] = lambda: None,
    inline_triggers: bool = True,
) -> Run:
    """Run a DAG once, to its end.

    :param interval: data interval; its start is the logical date. ``None`` with ``logical_date`` is a zero-length one.
    :param events: the ``extra`` of each asset event that triggered the run, or the id of one that there is.
    :param between: called after each round of task runs.
    :param inline_triggers: run the triggers of deferred tasks here; otherwise a triggerer must be running.
    """
    scheduler_dag = sync(dag)
    dag_run_id = _create(scheduler_dag, interval, logical_date, conf, run_type, list(events), partition_key)
    errors = _drive(dag, scheduler_dag, dag_run_id, between, inline_triggers)
    return Run(dag.dag_id, dag_run_id, errors)


def clear(dag: DAG, run: Run, task_ids: Iterable[str]) -> Run:
    """Clear tasks of a finished run, as the button in Airflow's UI does, and run it to its end again."""
    from airflow.utils.session import create_session

    scheduler_dag = sync(dag)
    with create_session() as session:
        scheduler_dag.clear(task_ids=list(task_ids), run_id=run.run_id, session=session, dag_run_state="running")
    errors = _drive(dag, scheduler_dag, run.run_id)
    return Run(run.dag_id, run.run_id, errors)


def sync(dag: DAG) -> Any:
    """Serialise a DAG into the metadata database; the DAG as the scheduler sees it."""
    from airflow.dag_processing.collection import update_dag_parsing_results_in_db
    from airflow.models.dagbag import DBDagBag
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.serialization.serialized_objects import LazyDeserializedDAG
    from airflow.utils.session import create_session

    _share_api_server()
    _tell_callbacks_the_error()
    errors: dict[Any, str] = {}
    with create_session() as session:
        if session.get(DagBundleModel, _BUNDLE) is None:
            session.add(DagBundleModel(name=_BUNDLE))
            session.commit()
        lazy = LazyDeserializedDAG.from_dag(dag)
        update_dag_parsing_results_in_db(_BUNDLE, None, [lazy], errors, None, set(), session)
        session.commit()
        assert not errors, errors
        found = DBDagBag().get_latest_version_of_dag(dag.dag_id, session=session)
        assert found is not None
        assert SerializedDagModel.has_dag(dag.dag_id, session=session)
        return found


def pause_known_dags() -> None:
    """Let no scheduler go on with the runs that tests left: Airflow 3.1 ends at one whose DAG has no file."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        session.execute(update(DagModel).values(is_paused=True))


def _create(
    dag: Any,
    interval: Window | None,
    logical_date: datetime | None,
    conf: dict[str, Any] | None,
    run_type: str,
    events: list[dict[str, Any] | int],
    partition_key: str | None,
) -> str:
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    at = interval.start if interval else logical_date
    between = None if at is None else (interval.start, interval.end) if interval else (at, at)
    extra = {} if partition_key is None else {"partition_key": partition_key}
    with create_session() as session:
        run = dag.create_dagrun(
            run_id=f"{run_type}__{uuid.uuid4().hex[:10]}",
            logical_date=at,
            data_interval=between,
            run_after=datetime.now(UTC),
            conf=conf,
            run_type=DagRunType(run_type),
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            start_date=datetime.now(UTC),
            session=session,
            **extra,
        )
        for event in events:
            _add_event(run, event, session)
        return str(run.run_id)


def _add_event(run: Any, extra: dict[str, Any] | int, session: Any) -> None:
    from airflow.models.asset import AssetEvent, AssetModel

    if isinstance(extra, int):
        run.consumed_asset_events.append(session.get_one(AssetEvent, extra))
        return
    asset = AssetModel(name=f"asset-{uuid.uuid4().hex[:8]}", uri=f"test://{uuid.uuid4().hex}", group="asset")
    session.add(asset)
    session.flush()
    event = AssetEvent(asset_id=asset.id, extra=extra)
    session.add(event)
    run.consumed_asset_events.append(event)


def _drive(
    dag: DAG,
    scheduler_dag: Any,
    run_id: str,
    between: Callable[[], Any] = lambda: None,
    inline_triggers: bool = True,
) -> dict[str, BaseException]:
    """Run what the scheduler would schedule, until the run is over; return what its tasks raised."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState
    from sqlalchemy import select

    errors: dict[str, BaseException] = {}
    for _ in range(_ROUNDS):
        with create_session() as session:
            run = session.scalar(select(DagRun).where(DagRun.dag_id == dag.dag_id, DagRun.run_id == run_id))
            run.dag = scheduler_dag
            ready, _callbacks = run.update_state(session=session)
            if run.state != DagRunState.RUNNING:
                return errors
            for ti in ready:
                if ti.state != TaskInstanceState.UP_FOR_RESCHEDULE:
                    ti.try_number += 1
                ti.state = TaskInstanceState.SCHEDULED
                ti.scheduled_dttm = datetime.now(UTC)
            session.commit()
            resumed = [
                ti for ti in run.get_task_instances(session=session) if ti.state == "scheduled" and ti.next_method
            ]
            for ti in [*ready, *resumed]:
                error = _try(ti, dag.task_dict[ti.task_id], inline_triggers)
                if error is not None:
                    errors[ti.task_id] = error
        between()
        if not ready:
            time.sleep(0.2)  # a task waits for its retry or its next look
    raise AssertionError(f"run {run_id} of {dag.dag_id} was not over after {_ROUNDS} rounds")


def _try(ti: Any, task: Any, inline_triggers: bool) -> BaseException | None:
    """Run one try of a task; return the error that ended it."""
    from airflow.sdk.definitions.dag import _run_task

    with suppress(Exception):  # the task's state says how it ended
        result = _run_task(ti=ti, task=task, run_triggerer=inline_triggers)
        return None if result is None else result.error
    return None


@functools.cache
def _share_api_server() -> None:
    """One in-process execution API for all task runs: Airflow makes one for each, which takes seconds."""
    from airflow.sdk.execution_time import supervisor

    supervisor.in_process_api_server = functools.cache(supervisor.in_process_api_server)


@functools.cache
def _tell_callbacks_the_error() -> None:
    """Do as Airflow's workers do: before 3.3 a run in one process leaves out of the context what ended a task."""
    from airflow.sdk.execution_time import task_runner

    if AIRFLOW_V_3_3_PLUS:
        return
    plain = task_runner.finalize

    def finalize(ti: Any, state: Any, context: Any, log: Any, error: BaseException | None = None) -> None:
        context["exception"] = error
        plain(ti, state, context, log, error)

    task_runner.finalize = finalize
