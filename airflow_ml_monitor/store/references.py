"""Named references: versions of profiles, one of them current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from airflow_ml_monitor.errors import ReferenceNotFoundError
from airflow_ml_monitor.results import Origin, Report
from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.plain import plain_text
from airflow_ml_monitor.store.rows import origin_columns, window_columns, window_of
from airflow_ml_monitor.store.stored import ReferenceVersion, StoredReference
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from airflow_ml_monitor.profile import Profile

_reference = tables.reference.c


def save_reference(connection: sa.Connection, name: str, profile: Profile, report: Report, origin: Origin) -> None:
    """Make a stored profile the current version of a reference; nothing changes where it is that already.

    A profile that was current before and is saved again becomes a new version: the versions in their order say
    what was in force when.
    """
    key = {"environment": report.environment, "model": str(report.model), "name": name}
    save_version(connection, key, profile.digest, report.window, origin)


def save_version(
    connection: sa.Connection, key: Mapping[str, str], digest: str, window: Window | None, origin: Origin
) -> None:
    """Make a profile that is in the store the current version of a reference.

    :param key: environment, model and name of the reference.
    """
    key = {column: plain_text(text) for column, text in key.items()}
    _lock(connection, *key.values())
    one = [tables.reference.c[column] == text for column, text in key.items()]
    current = connection.execute(
        sa.select(_reference.version, _reference.profile_hash).where(*one, _reference.is_current)
    ).one_or_none()
    if current is not None and current.profile_hash == digest:
        return
    connection.execute(sa.update(tables.reference).where(*one, _reference.is_current).values(is_current=False))
    latest = connection.scalar(sa.select(sa.func.max(_reference.version)).where(*one)) or 0
    row: dict[str, Any] = {**key, "version": latest + 1, "profile_hash": digest, "is_current": True}
    connection.execute(sa.insert(tables.reference).values(**row, **window_columns(window), **origin_columns(origin)))


def read_reference(
    connection: sa.Connection, *, model: str, environment: str, name: str, version: int | None
) -> StoredReference:
    """Return a reference's current version, or the one asked for.

    :raises ReferenceNotFoundError: there is no such reference or version.
    """
    from airflow_ml_monitor.profile import Profile

    of_model = (_reference.model == plain_text(model), _reference.environment == plain_text(environment))
    which = _reference.is_current if version is None else _reference.version == version
    row = connection.execute(
        sa.select(_reference.name, _reference.version, tables.profile.c.hash, tables.profile.c.content)
        .join(tables.profile)
        .where(*of_model, _reference.name == plain_text(name), which)
    ).one_or_none()
    if row is None:
        versions = _versions(connection, of_model)
        raise ReferenceNotFoundError(_not_found(model, environment, name, version, versions))
    return StoredReference(row.name, row.version, row.hash, Profile.from_bytes(bytes(row.content)))


def promote(
    connection: sa.Connection, *, model: str, environment: str, name: str, version: int, origin: Origin
) -> StoredReference:
    """Put an earlier version of a reference in force again, as a new version, and return that one.

    :raises ReferenceNotFoundError: there is no such reference or version.
    """
    wanted = {"environment": environment, "model": model, "name": name}
    earlier = read_reference(connection, **wanted, version=version)
    one = [tables.reference.c[column] == plain_text(text) for column, text in wanted.items()]
    row = connection.execute(
        sa.select(_reference.window_start, _reference.window_end).where(*one, _reference.version == version)
    ).one()
    save_version(connection, wanted, earlier.digest, window_of(row.window_start, row.window_end), origin)
    return read_reference(connection, **wanted, version=None)


def reference_versions(
    connection: sa.Connection, *, model: str | None, environment: str | None
) -> list[ReferenceVersion]:
    """Return the versions of all references, or of a model's or an environment's, the latest of each name first."""
    query = sa.select(tables.reference, tables.profile.c.rows).join(tables.profile)
    for column, text in ((_reference.model, model), (_reference.environment, environment)):
        if text is not None:
            query = query.where(column == plain_text(text))
    order = (_reference.environment, _reference.model, _reference.name, sa.desc(_reference.version))
    return [
        ReferenceVersion(
            environment=row["environment"],
            model=row["model"],
            name=row["name"],
            version=row["version"],
            current=row["is_current"],
            rows=row["rows"],
            window=window_of(row["window_start"], row["window_end"]),
            digest=row["profile_hash"],
            origin=Origin(dag_id=row["dag_id"], run_id=row["run_id"], task_id=row["task_id"]),
            created_at=row["created_at"],
        )
        for row in connection.execute(query.order_by(*order)).mappings()
    ]


def _lock(connection: sa.Connection, *key: str) -> None:
    """Let one transaction at a time save versions of one reference."""
    text = "ml_monitor.reference\n" + "\n".join(key)
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(text, 0))))


def _versions(connection: sa.Connection, of_model: tuple[sa.ColumnElement[bool], ...]) -> dict[str, int]:
    query = sa.select(_reference.name, sa.func.max(_reference.version)).where(*of_model).group_by(_reference.name)
    return {row[0]: row[1] for row in connection.execute(query.order_by(_reference.name))}


def _not_found(model: str, environment: str, name: str, version: int | None, versions: dict[str, int]) -> str:
    of_model = f"model {model!r} in environment {environment!r}"
    if name in versions:
        return f"reference {name!r} of {of_model} has no version {version}; it has the versions 1 to {versions[name]}"
    known = ", ".join(repr(known) for known in versions) or "none"
    return (
        f"{of_model} has no reference {name!r} (it has: {known}); run a BuildReferenceOperator with name={name!r} "
        "for that model first, or correct the name"
    )
