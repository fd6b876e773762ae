"""``detect_drift``: compare a batch with its reference and say whether it matters."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from airflow_ml_monitor.data import Connections, Dataset, as_dataset
from airflow_ml_monitor.drift.alarms import false_alarms, within_budget
from airflow_ml_monitor.drift.checks.by_name import refuse_methods_of_other_kinds
from airflow_ml_monitor.drift.choice import methods_used
from airflow_ml_monitor.drift.columns import column_findings
from airflow_ml_monitor.drift.confirmation import confirmed
from airflow_ml_monitor.drift.dataset_rule import dataset_check
from airflow_ml_monitor.drift.decide import decide
from airflow_ml_monitor.drift.explain import explained
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.learnt import with_learnt_limit
from airflow_ml_monitor.drift.multivariate import rows_needed, whole_rows
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.errors import ConfigurationError, DataError, NoRowsError
from airflow_ml_monitor.history import reports_known
from airflow_ml_monitor.profile import Profile, build_reference, profile_like
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.schema import schema_changes
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status
from airflow_ml_monitor.window import Window, as_of_or_now


def detect_drift(
    reference: Any,
    current: Any,
    *,
    policy: DriftPolicy | None = None,
    window: Any = None,
    as_of: datetime | str | None = None,
    history: Iterable[Report] = (),
    connections: Connections | None = None,
) -> Report:
    """Compare a batch with a reference, column by column, and return the report.

    A check fails when its effect is at or beyond its limit and its p-value, adjusted for all tests of the report, is
    at most alpha. What cannot be decided is ``insufficient`` or says how many rows would decide it. A batch without
    rows fails: it is an outage. Against a reference without rows everything is ``insufficient``.

    :param reference: a stored ``Profile``, or a dataset, data frame or Arrow table to make one of (all its rows).
    :param current: the batch: a dataset, data frame or Arrow table; or its ``Profile``, counted by ``profile_like``.
    :param policy: limits, columns and severities; the default policy without one.
    :param window: event time of the batch, as ``Window.of`` takes it.
    :param as_of: the moment whose knowledge counts; default now.
    :param history: earlier reports, for a policy that wants drift confirmed by several windows.
    :raises DataError: the current profile was not counted like the reference.
    :raises ConfigurationError: the policy names columns that the reference does not have, for a score one that is
        not numeric, or a method for a column of a kind that it does not measure.
    """
    started = time.perf_counter()
    policy = policy or DriftPolicy()
    window = None if window is None else Window.of(window)
    as_of = as_of_or_now(as_of)
    try:
        base = _reference(reference, as_of, connections, policy)
    except NoRowsError as error:
        return Report(kind="drift", results=(_no_reference(error),), window=window, as_of=as_of)
    chosen = base.only(policy.chosen(base.columns, uncounted=base.types))
    _refuse_scores_that_are_none(chosen, policy)
    refuse_methods_of_other_kinds(chosen, policy)
    batch = current if isinstance(current, Profile) else as_dataset(current)
    if isinstance(batch, Dataset):
        rows = rows_needed(policy)
        profile = profile_like(chosen, batch, window=window, as_of=as_of, sample=rows, connections=connections)
    else:
        profile = _comparable(chosen, batch)
    window = window or profile.window
    policy = within_budget(policy, window)
    known = reports_known(history, as_of)
    results = _judged(chosen, profile, batch, policy, window, known) if profile.rows else [_no_rows(profile, window)]
    return Report(
        kind="drift",
        results=tuple(results),
        window=window,
        as_of=as_of,
        reference=base.digest[:12],
        rows_reference=base.rows,
        rows_current=profile.rows,
        duration=time.perf_counter() - started,
        config={"policy": policy.to_dict(), "reference": base.digest, "current": _described(batch)},
    )


def _reference(reference: Any, as_of: datetime, connections: Connections | None, policy: DriftPolicy) -> Profile:
    if not isinstance(reference, Profile):
        return build_reference(reference, as_of=as_of, sample=rows_needed(policy), connections=connections)
    if not reference.rows:
        raise NoRowsError("the reference profile has no rows; build it from data that has some")
    return reference


def _refuse_scores_that_are_none(reference: Profile, policy: DriftPolicy) -> None:
    for name in policy.scores:
        kind = reference.columns[name].kind
        if kind not in (Kind.NUMERIC, Kind.EMPTY):
            raise ConfigurationError(
                f"DriftPolicy(scores=) names {name}, which is {kind} in the reference; a score must be numeric: "
                f"build the reference with kinds={{{name!r}: 'numeric'}}, or leave {name} out of scores"
            )


def _comparable(reference: Profile, current: Profile) -> Profile:
    for name, column in reference.columns.items():
        other = current.columns.get(name)
        if other is not None and not column.comparable(other):
            raise DataError(
                f"column {name!r} of the current profile was not counted like the reference; "
                "make it with profile_like(reference, data)"
            )
    return current


def _judged(
    reference: Profile,
    current: Profile,
    batch: Dataset | Profile,
    policy: DriftPolicy,
    window: Window | None,
    history: Sequence[Report],
) -> list[CheckResult]:
    only = batch.columns if isinstance(batch, Dataset) else None
    expected = [name for name in reference.columns if only is None or name in only]
    types = {name: kind for name, kind in current.types.items() if name not in policy.exclude}
    if policy.columns is not None:
        types = {name: kind for name, kind in types.items() if name in policy.columns}
    schema = schema_changes(reference, types, expected)
    findings = [*_findings(reference, current, policy), *whole_rows(reference, current, policy)]
    structure = [_weighed(result, policy) for result in schema]
    decided = decide(findings, policy)
    drift = confirmed([*dataset_check([*structure, *decided], policy), *decided], policy, window, history)
    about = [methods_used(findings, reference, policy), false_alarms(findings, policy, window, reference.variation)]
    return [*structure, *drift, *about]


def _weighed(result: CheckResult, policy: DriftPolicy) -> CheckResult:
    """Keep a passing schema from deciding a report whose columns could not be decided."""
    if result.status is Status.PASS:
        return replace(result, severity=Severity.INFO)
    return replace(result, severity=Severity.WARNING) if result.column in policy.warning else result


def _findings(reference: Profile, current: Profile, policy: DriftPolicy) -> Iterator[Finding]:
    for name, column in reference.columns.items():
        if name in current.columns:
            batch = current.columns[name]
            for finding in column_findings(name, column, batch, policy):
                yield explained(with_learnt_limit(finding, reference.variation, policy.learnt), column, batch)


def _no_rows(current: Profile, window: Window | None) -> CheckResult:
    within = f" in {window}" if window else ""
    source = f" of {current.source}" if current.source else ""
    return CheckResult(
        check="rows", metric="rows", status=Status.FAIL, value=0.0, n_current=0, message=f"no rows{within}{source}"
    )


def _no_reference(error: NoRowsError) -> CheckResult:
    return CheckResult(
        check="rows",
        metric="rows_reference",
        status=Status.INSUFFICIENT,
        required=True,
        value=0.0,
        n_reference=0,
        message=str(error),
    )


def _described(batch: Dataset | Profile) -> Any:
    return batch.digest if isinstance(batch, Profile) else batch.to_dict()
