"""Whether the columns are still those of the reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from airflow_ml_monitor.profile.kinds import ColumnType, Kind, column_types
from airflow_ml_monitor.profile.profile import Profile
from airflow_ml_monitor.results import CheckResult, Severity, Status


def schema_checks(reference: Profile, schema: pa.Schema) -> list[CheckResult]:
    """Compare the columns of a batch with those a reference counted.

    A column that is absent, of another kind or there more than once fails; a new one fails with severity ``warning``.
    A change of type within a kind (``int64`` to ``double``) is none. One passing result where nothing changed.
    """
    return schema_changes(reference, column_types(schema), reference.columns)


def schema_changes(reference: Profile, types: Mapping[str, ColumnType], expected: Iterable[str]) -> list[CheckResult]:
    """Compare types that are known already; of the reference's columns only the ``expected`` ones matter."""
    expected = list(expected)
    repeated = [_repeated(name) for name, kind in types.items() if kind.kind is Kind.REPEATED]
    absent = [_absent(name, reference.types[name]) for name in expected if name not in types]
    changed = [
        _changed(name, reference.types[name], types[name])
        for name in expected
        if name in types and not _alike(reference.types[name].kind, types[name].kind)
        if types[name].kind is not Kind.REPEATED
    ]
    new = [
        _new(name, kind)
        for name, kind in types.items()
        if name not in reference.types and kind.kind is not Kind.REPEATED
    ]
    if repeated or absent or changed or new:
        return [*repeated, *absent, *changed, *new]
    message = f"the {len(expected)} columns of the reference are there, with values of the same kind"
    return [CheckResult(check="schema", metric="columns", status=Status.PASS, value=len(expected), message=message)]


def _alike(was: Kind, now: Kind) -> bool:
    return was is now or Kind.EMPTY in (was, now)


def _absent(name: str, was: ColumnType) -> CheckResult:
    message = f"column {name!r} ({was.text} in the reference) is absent; its other checks are not made"
    return CheckResult(check="schema", metric="absent", column=name, status=Status.FAIL, message=message)


def _repeated(name: str) -> CheckResult:
    message = f"column {name!r} is there more than once: nobody can say which one is meant; rename or drop the others"
    return CheckResult(check="schema", metric="repeated", column=name, status=Status.FAIL, message=message)


def _changed(name: str, was: ColumnType, now: ColumnType) -> CheckResult:
    message = (
        f"column {name!r} was {was.kind} ({was.text}) in the reference and is {now.kind} ({now.text}) now; "
        "its other checks are not made"
    )
    return CheckResult(check="schema", metric="retyped", column=name, status=Status.FAIL, message=message)


def _new(name: str, now: ColumnType) -> CheckResult:
    message = f"column {name!r} ({now.text}) is new: the reference does not have it"
    return CheckResult(
        check="schema", metric="new", column=name, status=Status.FAIL, severity=Severity.WARNING, message=message
    )
