"""What a week came to, as Airflow's metadata and the store tell it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from flight_delay.datasets import TIMEZONE
from flight_delay.demo_episode import EVALUATION, RETRAINING, events_of

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_ml_monitor.window import Window

BLOCKED = {"gate": "failed", "train": "upstream_failed", "compare": "upstream_failed", "deploy": "upstream_failed"}
REFUSED = {"compare": "failed", "deploy": "upstream_failed"}

TASKS = sa.text("SELECT task_id, state FROM task_instance WHERE dag_id = :dag AND run_id = :run")
RUN_TYPE = sa.text("SELECT run_type FROM dag_run WHERE dag_id = :dag AND run_id = :run")
DEPLOYED = sa.text(
    "SELECT value #>> '{}' FROM xcom "
    "WHERE dag_id = :dag AND run_id = :run AND task_id = 'deploy' AND key = 'return_value'"
)
REPORTS = sa.text(
    "SELECT id, task_id, status, rows_current FROM ml_monitor.current_report WHERE dag_id = :dag AND run_id = :run"
)
REASONS = sa.text(
    "SELECT check_name, column_name, metric, value, coalesce(limit_lower, limit_upper), message "
    "FROM ml_monitor.check_result WHERE report_id = :report AND severity = 'critical' "
    "AND status IN ('fail', 'error', 'insufficient') ORDER BY position"
)
LABELS = sa.text(
    "SELECT predictions, void, labelled, coverage, completeness "
    "FROM ml_monitor.label_coverage WHERE report_id = :report"
)
VALUES = sa.text(
    "SELECT check_name, value FROM ml_monitor.check_result "
    "WHERE report_id = :report AND segment IS NULL AND value IS NOT NULL"
)


@dataclass(frozen=True)
class Reason:
    """A check that stopped something: the store's row of it."""

    task: str
    check: str
    column: str | None
    metric: str
    value: float | None
    limit: float | None
    message: str


@dataclass(frozen=True)
class Week:
    """One week: what its labels said of the model, and what became of a retraining on it.

    :param tasks: task -> state, of both runs, from Airflow's metadata.
    :param verdicts: monitoring task -> status of its report, from the store.
    :param event: whether the evaluation was an event of the asset.
    :param started_by: ``scheduler``, by the event; ``replay``, by the demo with the event's window; ``hand``.
    :param labels: predictions, void, labelled, coverage, completeness, as the verdict knew them.
    :param late: share of late flights among the labelled; ``said`` the mean score of the same.
    :param difference: log loss of the challenger less the champion's; ``None`` where none was compared.
    :param deployed: version of the model that went into use; ``None`` where none did.
    """

    start: datetime
    end: datetime
    tasks: dict[str, str | None]
    verdicts: dict[str, str]
    event: bool
    started_by: str
    labels: dict[str, Any]
    late: float | None
    said: float | None
    difference: float | None
    deployed: str | None
    reasons: tuple[Reason, ...]

    @property
    def released(self) -> bool:
        """Whether the gate let the retraining go on."""
        return self.tasks.get("gate") == "success"

    @property
    def unexpected(self) -> list[str]:
        """What went wrong rather than being judged: an erring task, a report that is missing or an error."""
        compared = ("compare",) if self.released else ()
        wrong = [
            f"{task} has no report"
            for task in ("model_quality", "quality", "drift", "gate", *compared)
            if task not in self.verdicts
        ]
        wrong += [f"report of {task} is an error" for task, status in self.verdicts.items() if status == "error"]
        expected = dict.fromkeys(self.tasks, "success")
        if self.verdicts.get("gate") == "fail":
            expected |= BLOCKED
        elif self.verdicts.get("compare") in ("fail", "insufficient", "warn"):
            expected |= REFUSED
        return wrong + [f"task {task} is {state}" for task, state in self.tasks.items() if state != expected[task]]

    def to_dict(self) -> dict[str, Any]:
        plain = asdict(self) | {"released": self.released}
        return plain | {"start": self.start.isoformat(), "end": self.end.isoformat()}


def read_week(airflow: sa.Engine, store: sa.Engine, window: Window, evaluation: str, retraining: str) -> Week:
    """Return what a week's two runs came to."""
    zone = ZoneInfo(TIMEZONE)
    runs = [{"dag": EVALUATION, "run": evaluation}, {"dag": RETRAINING, "run": retraining}]
    with airflow.connect() as connection:
        tasks: dict[str, str | None] = {}
        for key in runs:
            tasks |= dict(connection.execute(TASKS, key).tuples().all())
        deployed = connection.execute(DEPLOYED, runs[1]).scalar()
        run_type = str(connection.execute(RUN_TYPE, runs[1]).scalar())
    event = bool(events_of(airflow, evaluation))
    with store.connect() as connection:
        reports = {row.task_id: row for key in runs for row in connection.execute(REPORTS, key)}
        values = {task: _values(connection, row.id) for task, row in reports.items()}
        labels = _labels(connection, reports.get("model_quality"))
        reasons = [one for task, row in reports.items() if task != "gate" for one in _reasons(connection, row)]
    judged = values.get("model_quality", {})
    late = judged.get("positive_share")
    return Week(
        start=window.start.astimezone(zone),
        end=window.end.astimezone(zone),
        tasks=tasks,
        verdicts={task: row.status for task, row in reports.items()},
        event=event,
        started_by="scheduler" if run_type == "asset_triggered" else "replay" if event else "hand",
        labels=labels,
        late=late,
        said=None if late is None else late + judged["calibration_in_the_large"],
        difference=values.get("compare", {}).get("log_loss"),
        deployed=deployed if tasks.get("deploy") == "success" else None,
        reasons=tuple(sorted(reasons, key=lambda reason: list(tasks).index(reason.task))),
    )


def read_task_states(airflow: sa.Engine, dag_id: str, run_id: str) -> dict[str, str | None]:
    """Return task -> state of a run."""
    with airflow.connect() as connection:
        return dict(connection.execute(TASKS, {"dag": dag_id, "run": run_id}).tuples().all())


def _values(connection: sa.Connection, report: Any) -> dict[str, float]:
    return dict(connection.execute(VALUES, {"report": report}).tuples().all())


def _labels(connection: sa.Connection, report: Any) -> dict[str, Any]:
    if report is None:
        return {}
    return dict(connection.execute(LABELS, {"report": report.id}).mappings().one())


def _reasons(connection: sa.Connection, report: Any) -> list[Reason]:
    return [Reason(report.task_id, *row) for row in connection.execute(REASONS, {"report": report.id})]
