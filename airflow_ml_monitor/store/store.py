"""``Store``: the way in and out of the schema ``ml_monitor``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from airflow_ml_monitor.errors import ConfigurationError, StoreError
from airflow_ml_monitor.results import Origin, Report
from airflow_ml_monitor.store import reading, schema
from airflow_ml_monitor.store.decisions import Decision, last_decisions, save_decisions
from airflow_ml_monitor.store.failures import MIGRATE, described, store_errors
from airflow_ml_monitor.store.ledger import LedgerEntry, read_ledger
from airflow_ml_monitor.store.marks import read_mark, save_mark
from airflow_ml_monitor.store.messages import is_first_to_tell
from airflow_ml_monitor.store.references import read_reference, save_reference
from airflow_ml_monitor.store.repeats import stored_before
from airflow_ml_monitor.store.stored import StoredReference, StoredReport
from airflow_ml_monitor.store.windows import window_profiles
from airflow_ml_monitor.store.writing import insert_report
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from airflow_ml_monitor.profile import Profile


class Store:
    """Reports, profiles and references in a PostgreSQL database, version 12 or newer.

    Nothing is connected before it is needed. Every method raises ``StoreError`` where the database cannot be reached,
    refuses, or does not hold the schema.

    :param engine: a SQLAlchemy engine on psycopg2; not to be shared across forks, unless its pool is a ``NullPool``.
    :param auto_migrate: make or upgrade the schema on first use.
    :param name: the store in words, for messages; by default database, host and user of the engine.
    :raises ConfigurationError: an engine of another database or driver.
    """

    def __init__(self, engine: sa.Engine, *, auto_migrate: bool = True, name: str | None = None) -> None:
        if (engine.dialect.name, engine.dialect.driver) != ("postgresql", "psycopg2"):
            raise ConfigurationError(
                f"the store cannot use an engine of {engine.dialect.name}+{engine.dialect.driver}; "
                "make one with a postgresql+psycopg2:// URL"
            )
        self.engine = engine
        self.auto_migrate = auto_migrate
        self.name = name or f"the store in {described(engine.url)}"
        self._ready = False

    def migrate(self) -> str:
        """Bring the schema to the newest revision this version knows, and return the one it is at."""
        with store_errors(self.name):
            revision = schema.migrate(self.engine)
        self._ready = True
        return revision

    def check(self) -> None:
        """Make sure that the store can be reached and holds its schema, made on first use if ``auto_migrate``."""
        with store_errors(self.name):
            revision = schema.recorded_revision(self.engine)
        if schema.is_sufficient(revision):
            self._ready = True
        elif self.auto_migrate:
            self.migrate()
        else:
            state = "is not there" if revision is None else f"is at revision {revision}, older than {schema.HEAD}"
            raise StoreError(f"the schema ml_monitor of {self.name} {state}; {MIGRATE}")

    def write(
        self,
        report: Report,
        origin: Origin,
        *,
        profile: Profile | None = None,
        reference_name: str | None = None,
    ) -> StoredReport:
        """Store a report with its checks in one transaction, and return what is stored.

        Writing the same again under the same key (``store.report_id``) changes nothing and returns what was stored
        the first time.

        :param profile: the judged window's profile, stored with the report.
        :param reference_name: make that profile the current version of this reference.
        :raises ConfigurationError: a report without a model, or a reference name without a profile.
        :raises StoreError: the key is stored already, with another status, other checks or another profile.
        """
        _check_model(report)
        if reference_name is not None and profile is None:
            raise ConfigurationError(f"reference {reference_name!r} cannot be stored without a profile; give profile=")
        with self.begin() as connection:
            written = insert_report(connection, report, origin, profile)
            if written is None:
                return stored_before(connection, report, origin, profile)
            if profile is not None and reference_name is not None:
                save_reference(connection, reference_name, profile, report, origin)
            return written

    def reports(self, ids: Iterable[UUID]) -> list[StoredReport]:
        """Return the reports with these ids in that order; ids that are not stored are left out."""
        with self.begin() as connection:
            return reading.reports_by_id(connection, ids)

    def current_reports(
        self,
        *,
        model: str,
        environment: str,
        window: Window | None = None,
        kinds: Collection[str] | None = None,
        model_version: str | None = None,
    ) -> list[StoredReport]:
        """Return the current reports of a model, the latest window first.

        Current is the latest per model version, task, map index and window: the latest ``as_of``, then the one written
        last.

        :param window: only reports of exactly this window; ``None`` for all windows.
        :param kinds: only reports of these kinds.
        :param model_version: only reports of this version; ``None`` for any, also for none.
        """
        with self.begin() as connection:
            return reading.current_reports(
                connection,
                model=model,
                environment=environment,
                window=window,
                kinds=kinds,
                model_version=model_version,
            )

    def run_reports(
        self, *, dag_id: str, run_id: str, task_ids: Collection[str] | None = None, environment: str | None = None
    ) -> list[StoredReport]:
        """Return what a DAG run's tasks reported: the try that wrote last, per task and map index.

        :param environment: only reports of this environment; two that share a store may have equal run ids.
        """
        with self.begin() as connection:
            return reading.run_reports(
                connection, dag_id=dag_id, run_id=run_id, task_ids=task_ids, environment=environment
            )

    def reference(self, *, model: str, environment: str, name: str, version: int | None = None) -> StoredReference:
        """Return a reference's current version, or the one asked for.

        :raises ReferenceNotFoundError: the model has no such reference or version.
        """
        with self.begin() as connection:
            return read_reference(connection, model=model, environment=environment, name=name, version=version)

    def window_profiles(
        self,
        *,
        model: str,
        environment: str,
        kind: str = "drift",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Profile]:
        """Return the profiles of the windows that a model's current reports judged, in the order of time.

        :param kind: the kind of report; ``since`` and ``until``: only windows that lie between these times.
        """
        with self.begin() as connection:
            return window_profiles(
                connection, model=model, environment=environment, kind=kind, since=since, until=until
            )

    def ledger(
        self,
        *,
        model: str,
        environment: str,
        model_version: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[LedgerEntry]:
        """Return what the last verdict on each of a model's windows knew of their labels, in the order of time.

        :param model_version: only verdicts on this version; ``None`` for any, also for none.
        :param since: only windows that begin then or later; ``until``: that end then or earlier.
        """
        with self.begin() as connection:
            return read_ledger(
                connection,
                model=model,
                environment=environment,
                model_version=model_version,
                since=since,
                until=until,
            )

    def arrival_mark(self, watch: str) -> tuple[datetime, int] | None:
        """Return the latest arrival that a watch over labels has told of, and how many came shortly before it."""
        with self.begin() as connection:
            return read_mark(connection, watch)

    def save_arrival_mark(self, watch: str, newest: datetime, recent: int) -> None:
        """Keep how far a watch has come; it goes on from there after a restart."""
        with self.begin() as connection:
            save_mark(connection, watch, newest, recent)

    def save_decisions(self, decisions: Iterable[Decision]) -> None:
        """Store what a person decided on reports, all or none of it; the same decision again changes nothing."""
        with self.begin() as connection:
            save_decisions(connection, decisions)

    def decisions(self, reports: Collection[UUID]) -> dict[UUID, Decision]:
        """Return the last decision on each of these reports that has one."""
        with self.begin() as connection:
            return last_decisions(connection, reports)

    @contextmanager
    def telling_once(self, *, attempt: str, scope: str, channel: str) -> Iterator[bool]:
        """Give whether nobody was told of a try that ended without a verdict; kept unless the block raises."""
        with self.begin() as connection:
            yield is_first_to_tell(connection, attempt=attempt, scope=scope, channel=channel)

    def dispose(self) -> None:
        """Close the connections the engine keeps."""
        self.engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Give a connection in a transaction of its own, for what ``Store`` has no method for."""
        if not self._ready:
            self.check()
        with store_errors(self.name), self.engine.begin() as connection:
            yield connection


def _check_model(report: Report) -> None:
    if not report.model:
        raise ConfigurationError(f"a {report.kind} report without a model cannot be stored; give model=")
    if report.model.strip() in ("", "None"):
        raise ConfigurationError(
            f"a {report.kind} report of model {report.model!r} cannot be stored: a template that rendered to nothing? "
            "give model= the model's name"
        )
