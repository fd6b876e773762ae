"""The check ``schema``: columns that are gone, new or of another type than in the reference."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.quality.assertion import Assertion
from airflow_ml_monitor.results import CheckResult, Severity, Status

if TYPE_CHECKING:
    import pyarrow as pa

    from airflow_ml_monitor.profile import Profile


def present_columns(rows: Rows) -> list[str]:
    """Return the dataset's columns that are there: those it names, or all."""
    there = rows.full_schema.names
    return there if rows.dataset.columns is None else [name for name in rows.dataset.columns if name in there]


def schema_results(
    rows: Rows, reference: Profile | None, assertions: Sequence[Assertion], *, empty: bool
) -> list[CheckResult]:
    """Return one failing check per column that the dataset, the reference or the suite names and that is gone.

    With a reference, also what it says about new columns and other types; not for an ``empty`` window, whose types
    may be those of nothing.

    :raises ConfigurationError: the suite is about a column that is there and left out by the dataset's ``columns``.
    """
    _require_kept(rows, assertions)
    results = _against(reference, rows, empty=empty)
    known = {result.column for result in results if result.status is Status.FAIL}
    for name in absent_columns(rows, assertions):
        if name not in known:
            results.append(_gone(name, rows, _severity(name, rows, assertions)))
    return results


def absent_columns(rows: Rows, assertions: Sequence[Assertion]) -> list[str]:
    """Return the columns that the dataset or the suite names and that are not there, each once."""
    named = [*(rows.dataset.columns or ()), *(name for assertion in assertions for name in assertion.columns)]
    there = set(rows.full_schema.names)
    return [name for name in dict.fromkeys(named) if name not in there]


def _against(reference: Profile | None, rows: Rows, *, empty: bool) -> list[CheckResult]:
    if reference is None:
        return []
    if empty:
        message = f"there is no row in {rows.label} whose types could be compared with the reference"
        return [CheckResult(check="schema", metric="type", status=Status.INSUFFICIENT, message=message)]
    from airflow_ml_monitor.profile import schema_checks

    return schema_checks(reference, _schema_to_compare(reference, rows))


def _schema_to_compare(reference: Profile, rows: Rows) -> pa.Schema:
    """Return the columns that are there, without the dataset's times where the reference did not count them either."""
    import pyarrow as pa

    uncounted = {rows.dataset.time_column, rows.dataset.arrived_at_column} - set(reference.types)
    return pa.schema([rows.full_schema.field(name) for name in present_columns(rows) if name not in uncounted])


def _require_kept(rows: Rows, assertions: Sequence[Assertion]) -> None:
    kept = rows.dataset.columns
    if kept is None:
        return
    there = set(rows.full_schema.names)
    for assertion in assertions:
        for name in assertion.columns:
            if name in there and name not in kept:
                raise ConfigurationError(
                    f"{assertion.check} is about column {name!r}, which {rows.label} leaves out by "
                    f"columns={list(kept)}; add it there"
                )


def _severity(name: str, rows: Rows, assertions: Sequence[Assertion]) -> Severity:
    """Return the gravest severity of what needs the column; a column the dataset names itself is critical."""
    if name in (rows.dataset.columns or ()):
        return Severity.CRITICAL
    order = list(Severity)
    return min((a.severity for a in assertions if name in a.columns), key=order.index)


def _gone(name: str, rows: Rows, severity: Severity) -> CheckResult:
    near = difflib.get_close_matches(name, rows.full_schema.names, n=1)
    hint = f"; the nearest there is {near[0]!r}" if near else ""
    return CheckResult(
        check="schema",
        metric="absent",
        status=Status.FAIL,
        severity=severity,
        column=name,
        message=f"column {name!r} is not in {rows.label}{hint}",
    )
