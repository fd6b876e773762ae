"""``VerdictApprovalOperator``: ask a person whether a verdict may be let through, and keep the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta
from inspect import signature
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.hooks.store import MonitorStoreHook
from airflow_ml_monitor.operators._base import given, origin_of
from airflow_ml_monitor.operators.gating import MonitoringFailed, known_statuses
from airflow_ml_monitor.operators.links import page_address
from airflow_ml_monitor.operators.upstream import class_of, upstream_evidence
from airflow_ml_monitor.results import Status

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.store import Decision, StoredReport

APPROVE, REFUSE = "Approve", "Refuse"
_ASKED = "asked"
_MOST = 10
# Older releases of Airflow's operator wait as long as the task may run.
_DEADLINE = (
    "response_timeout" if "response_timeout" in signature(HITLOperator.__init__).parameters else "execution_timeout"
)


class VerdictApprovalOperator(HITLOperator):
    """Ask a person about this run's upstream verdicts, by Airflow's human-in-the-loop; a ``GateOperator`` goes by it.

    It asks where a report upstream has a status in ``ask_on``, and nothing at all where none has, one is missing or is
    an ``error``: those cannot be approved. The question holds the summary of each report; the answer is stored with the
    reports it is about and speaks for no others. Nobody's answer within the deadline refuses. The task succeeds with
    either answer: the gate downstream closes on what was refused; without one, what is downstream is not let run.

    :param ask_on: the statuses that a person is asked about: ``fail``, ``warn``, ``insufficient``.
    :param deadline: how long an answer is waited for; no worker is held.
    :param tasks: only these monitoring tasks upstream; by default all, back to the gate that judged them.
    :param subject: headline of the question, templated; by default it names the model and what failed.
    :param store_conn_id: Airflow connection of the store; the ``[ml_monitor] store_conn_id`` option by default.
    :param kwargs: further ones of Airflow's ``HITLOperator``: ``assigned_users``, ``notifiers``.
    :raises ConfigurationError: an unknown status, ``error`` or ``pass``, or a deadline that is none; at run time,
        tasks but no gate downstream.
    """

    template_fields: Sequence[str] = ("subject", "body", "store_conn_id")
    ui_color = "#f7e8d0"

    def __init__(
        self,
        *,
        ask_on: Collection[str] = ("fail",),
        deadline: timedelta = timedelta(days=1),
        tasks: Collection[str] | None = None,
        subject: str = "",
        store_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("trigger_rule", "all_done")
        kwargs[_DEADLINE] = deadline
        kwargs.pop("params", None)  # Airflow hands the DAG's to every task
        if not isinstance(deadline, timedelta) or deadline <= timedelta(0):
            raise ConfigurationError(
                f"deadline={deadline!r} leaves no time to answer; give one like timedelta(hours=4)"
            )
        reason = Param("", type="string", title="Reason", description="Why; an approval without one is not taken.")
        super().__init__(
            subject=subject,
            options=[APPROVE, REFUSE],
            defaults=[REFUSE],
            params={"reason": reason},
            **kwargs,
        )
        # The DAG's are no part of the question: older releases of Airflow would ask for them as well.
        self.params = ParamsDict({"reason": reason})
        self.ask_on = ask_on
        self.tasks = tasks
        self.store_conn_id = store_conn_id
        if self._statuses & {Status.ERROR, Status.PASS}:  # wrong values are known while the DAG is parsed
            raise ConfigurationError(f"ask_on={sorted(ask_on)} can be of fail, warn and insufficient only")

    def execute(self, context: Context) -> dict[str, Any]:
        self._require_gate()
        reports = self._in_question(context)
        if not reports:
            return {_ASKED: [], "approved": None}
        # The answer is about what was shown, whatever is judged again meanwhile.
        context["ti"].xcom_push(key=_ASKED, value=[str(one.id) for one in reports])
        self.subject = self.subject or _subject(reports)
        self.body = _body(reports)
        waited: dict[str, Any] = super().execute(context)  # it waits by raising
        return waited

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        answer = super().execute_complete(context, event)
        decisions = self._decisions(context, answer)
        self._store().save_decisions(decisions)
        for one in decisions:
            self.log.info("report %s: %s", one.report_id, one)
        last = decisions[-1]
        return {
            _ASKED: [str(one.report_id) for one in decisions],
            "approved": last.approved,
            "decided_by": last.decided_by,
            "reason": last.reason,
            "decided_at": last.decided_at.isoformat(),
        }

    def _require_gate(self) -> None:
        """Raise where tasks downstream would run with either answer: this one succeeds with both."""
        from airflow_ml_monitor.operators.gate import GateOperator

        following = list(self.get_flat_relatives(upstream=False))
        if following and not any(issubclass(class_of(one), GateOperator) for one in following):
            raise ConfigurationError(
                f"task {self.task_id!r} has no gate downstream, so {following[0].task_id!r} would run with either "
                "answer; put a GateOperator between the two"
            )

    def _in_question(self, context: Context) -> list[StoredReport]:
        """Return the reports to ask about; none where an answer could not open the gate."""
        evidence = upstream_evidence(self, context, self._store(), tasks=self.tasks)
        errors = [one.origin.task_id for one in evidence.reports if one.report.status is Status.ERROR]
        closed = sorted({*evidence.missing, *errors})
        if closed:
            self.log.info("nobody is asked: without a verdict of %s no answer could open a gate", ", ".join(closed))
            return []
        asked = [one for one in evidence.reports if one.report.status in self._statuses]
        if not asked:
            self.log.info("nobody is asked: no report is %s", " or ".join(sorted(self._statuses)))
        return asked

    def _decisions(self, context: Context, answer: Any) -> list[Decision]:
        """Return the answer as a decision on each report that was shown."""
        from airflow_ml_monitor.store import Decision

        task = origin_of(context)
        asked = context["ti"].xcom_pull(task_ids=self.task_id, key=_ASKED, map_indexes=task.map_index) or []
        person, reason = _person(answer["responded_by_user"]), str(answer["params_input"].get("reason") or "").strip()
        approved = answer["chosen_options"] == [APPROVE] and person is not None
        if not asked or (approved and not reason):
            what = f"{person} approved without a reason" if asked else "what was asked about is no longer known"
            raise MonitoringFailed(f"{what}, so nothing is let through; clear task {self.task_id!r} to ask again")
        return [
            Decision(
                report_id=UUID(one),
                approved=approved,
                decided_by=person,
                reason=reason,
                decided_at=answer["responded_at"],
                dag_id=task.dag_id,
                run_id=task.run_id,
                task_id=task.task_id,
                map_index=task.map_index,
            )
            for one in asked
        ]

    def _store(self) -> Any:
        return MonitorStoreHook(given(self.store_conn_id)).store

    @property
    def _statuses(self) -> set[Status]:
        return known_statuses("ask_on", self.ask_on)


def _person(user: Any) -> str | None:
    """Return who answered, by name and where it differs by id; ``None`` where the deadline did."""
    if user is None:
        return None
    # A mapping or an object, by the version of Airflow.
    name, key = (user["name"], user["id"]) if isinstance(user, dict) else (user.name, user.id)
    return str(name) if str(name) == str(key) else f"{name} ({key})"


def _subject(reports: Sequence[StoredReport]) -> str:
    models = ", ".join(sorted({str(one.report.model) for one in reports}))
    counts = Counter(f"{one.report.kind.replace('_', ' ')} {one.report.status.value}" for one in reports)
    found = ", ".join(what if count == 1 else f"{count:,} x {what}" for what, count in counts.items())
    return f"{models}: {found}. Let it through?"


def _body(reports: Sequence[StoredReport]) -> str:
    from airflow_ml_monitor.rendering import to_markdown

    told = [
        f"{to_markdown(one.report, most=_MOST)}\n[Report]({page_address(f'/reports/{one.id}')}) `{one.id}`\n"
        for one in reports[:_MOST]
    ]
    if len(reports) > _MOST:
        told.append(f"and {len(reports) - _MOST:,} more reports; the answer is about all of them.\n")
    return "\n".join(told)
