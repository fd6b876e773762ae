"""What takes reports out of the store, on purpose: by age (``prune``) or all that is known of a model (``erase``)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.plain import plain_text

_report = tables.report.c
_reference = tables.reference.c


@dataclass(frozen=True)
class Removed:
    """How many rows of each table went."""

    reports: int = 0
    checks: int = 0
    references: int = 0
    profiles: int = 0

    @property
    def anything(self) -> bool:
        return any((self.reports, self.checks, self.references, self.profiles))

    def __str__(self) -> str:
        return (
            f"{self.reports:,} reports with {self.checks:,} checks, {self.references:,} versions of references, "
            f"{self.profiles:,} profiles"
        )


def prune(
    connection: sa.Connection,
    *,
    before: datetime,
    model: str | None,
    environment: str | None,
    kinds: Collection[str] | None,
    superseded: bool,
) -> Removed:
    """Delete reports written before a moment, and the profiles that nothing needs any more; references stay.

    Of what people were told then nothing is left either, unless only some reports go.

    :param superseded: only those that a later report of the same task, model version and window replaced.
    """
    if not (model or environment or kinds or superseded):
        connection.execute(sa.delete(tables.ended_try).where(tables.ended_try.c.told_at < before))
    which = [_report.written_at < before, *_of(_report, model, environment)]
    if kinds is not None:
        which.append(_report.kind.in_([plain_text(kind) for kind in kinds]))
    if superseded:
        which.append(_report.id.not_in(sa.select(tables.current_report.c.id)))
    return _delete(connection, which, None)


def erase(connection: sa.Connection, *, model: str, environment: str | None) -> Removed:
    """Delete all that is stored of a model: reports, references, and the profiles that nothing else needs."""
    return _delete(connection, _of(_report, model, environment), _of(_reference, model, environment))


def _of(columns: Any, model: str | None, environment: str | None) -> list[sa.ColumnElement[bool]]:
    wanted = {"model": model, "environment": environment}
    return [columns[name] == plain_text(text) for name, text in wanted.items() if text is not None]


def _delete(
    connection: sa.Connection,
    reports: list[sa.ColumnElement[bool]],
    references: list[sa.ColumnElement[bool]] | None,
) -> Removed:
    connection.execute(sa.text("SET LOCAL ml_monitor.allow_delete = 'on'"))
    ids = sa.select(_report.id).where(*reports)
    profiles = set(connection.scalars(sa.select(_report.profile_hash).where(*reports)))
    if references is not None:
        profiles |= set(connection.scalars(sa.select(_reference.profile_hash).where(*references)))
    profiles.discard(None)
    checks = tables.check_result
    return Removed(
        checks=connection.execute(sa.delete(checks).where(checks.c.report_id.in_(ids))).rowcount,
        reports=connection.execute(sa.delete(tables.report).where(*reports)).rowcount,
        references=_delete_references(connection, references),
        profiles=_delete_unused(connection, profiles),
    )


def _delete_references(connection: sa.Connection, which: list[sa.ColumnElement[bool]] | None) -> int:
    return 0 if which is None else connection.execute(sa.delete(tables.reference).where(*which)).rowcount


def _delete_unused(connection: sa.Connection, profiles: set[str]) -> int:
    key = tables.profile.c.hash
    used = sa.exists().where(_report.profile_hash == key) | sa.exists().where(_reference.profile_hash == key)
    return connection.execute(sa.delete(tables.profile).where(key.in_(profiles), ~used)).rowcount
