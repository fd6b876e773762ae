"""What a week came to, as Airflow's metadata and the store tell it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from flight_delay.datasets import TIMEZONE

if TYPE_CHECKING:
    from datetime import datetime

MONITORING = ("quality", "drift", "gate")
BLOCKED = {"gate": "failed", "train": "upstream_failed", "deploy": "upstream_failed"}

RUN = sa.text("SELECT state, data_interval_start, data_interval_end FROM dag_run WHERE dag_id = :dag AND run_id = :run")
TASKS = sa.text("SELECT task_id, state FROM task_instance WHERE dag_id = :dag AND run_id = :run")
DEPLOYED = sa.text(
    "SELECT value #>> '{}' FROM xcom "
    "WHERE dag_id = :dag AND run_id = :run AND task_id = 'deploy' AND key = 'return_value'"
)
REPORTS = sa.text(
    "SELECT id, task_id, status, rows_current FROM ml_monitor.current_report WHERE dag_id = :dag AND run_id = :run"
)
REASONS = sa.text(
    "SELECT check_name, column_name, metric, value, limit_upper, message "
    "FROM ml_monitor.check_result WHERE report_id = :report AND severity = 'critical' AND status IN ('fail', 'error') "
    "ORDER BY position"
)


@dataclass(frozen=True)
class Reason:
    """A check that closed the gate: the store's row of it."""

    task: str
    check: str
    column: str | None
    metric: str
    value: float | None
    limit: float | None
    message: str


@dataclass(frozen=True)
class Week:
    """One run of the retraining DAG.

    :param tasks: task -> state, from Airflow's metadata.
    :param verdicts: monitoring task -> status of its report, from the store.
    :param rows: flights of the window, as the quality report counted them.
    :param deployed: version of the model that went into use; ``None`` where none did.
    """

    run_id: str
    run_state: str
    start: datetime
    end: datetime
    tasks: dict[str, str | None]
    verdicts: dict[str, str]
    rows: int | None
    deployed: str | None
    reasons: tuple[Reason, ...]

    @property
    def released(self) -> bool:
        return self.tasks["gate"] == "success"

    @property
    def unexpected(self) -> list[str]:
        """What went wrong rather than being judged: an erring task, a report that is missing or an error."""
        wrong = [f"{task} has no report" for task in MONITORING if task not in self.verdicts]
        wrong += [f"report of {task} is an error" for task, status in self.verdicts.items() if status == "error"]
        expected = dict.fromkeys(self.tasks, "success") | (BLOCKED if self.verdicts.get("gate") == "fail" else {})
        wrong += [f"task {task} is {state}" for task, state in self.tasks.items() if state != expected[task]]
        return wrong

    def to_dict(self) -> dict[str, Any]:
        plain = asdict(self) | {"released": self.released}
        return plain | {"start": self.start.isoformat(), "end": self.end.isoformat()}


def read_week(airflow: sa.Engine, store: sa.Engine, dag_id: str, run_id: str) -> Week:
    """Return what a run came to."""
    key = {"dag": dag_id, "run": run_id}
    zone = ZoneInfo(TIMEZONE)
    with airflow.connect() as connection:
        state, start, end = connection.execute(RUN, key).one()
        tasks: dict[str, str | None] = dict(connection.execute(TASKS, key).tuples().all())
        deployed = connection.execute(DEPLOYED, key).scalar()
    with store.connect() as connection:
        reports = {row.task_id: row for row in connection.execute(REPORTS, key)}
        reasons = [
            reason for task in MONITORING[:2] if task in reports for reason in _reasons(connection, reports[task])
        ]
    return Week(
        run_id=run_id,
        run_state=state,
        start=start.astimezone(zone),
        end=end.astimezone(zone),
        tasks=tasks,
        verdicts={task: row.status for task, row in reports.items()},
        rows=reports["quality"].rows_current if "quality" in reports else None,
        deployed=deployed if tasks.get("deploy") == "success" else None,
        reasons=tuple(reasons),
    )


def read_task_states(airflow: sa.Engine, dag_id: str, run_id: str) -> dict[str, str | None]:
    """Return task -> state of a run."""
    with airflow.connect() as connection:
        return dict(connection.execute(TASKS, {"dag": dag_id, "run": run_id}).tuples().all())


def _reasons(connection: sa.Connection, report: Any) -> list[Reason]:
    return [Reason(report.task_id, *row) for row in connection.execute(REASONS, {"report": report.id})]
