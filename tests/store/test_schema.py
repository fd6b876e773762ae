from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from airflow_ml_monitor.errors import StoreError
from airflow_ml_monitor.profile import build_reference
from airflow_ml_monitor.results import Severity, Status
from airflow_ml_monitor.store import Store, schema, tables
from tests.store.factories import make_check, make_origin, make_report
from tests.store.processes import in_processes


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    """The statements sent to the server meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(engine, "before_cursor_execute", note)


def set_revision(engine: sa.Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE ml_monitor.alembic_version SET version_num = :r"), {"r": revision})


class TestMigrate:
    def test_first_use_makes_the_schema(self, engine: sa.Engine) -> None:
        Store(engine).check()
        assert schema.recorded_revision(engine) == schema.HEAD

    def test_everything_is_in_the_schema(self, store: Store) -> None:
        with store.engine.connect() as connection:
            elsewhere = connection.execute(
                sa.text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            ).scalar_one()
        assert elsewhere == 0

    def test_again_changes_nothing(self, store: Store) -> None:
        written = store.write(make_report(), make_origin())
        assert store.migrate() == schema.HEAD
        assert store.reports([written.id]) == [written]

    def test_sixteen_processes_at_once(self, engine: sa.Engine) -> None:
        url = engine.url
        codes = in_processes(16, lambda _: Store(sa.create_engine(url, poolclass=sa.NullPool)).check())
        assert codes == [0] * 16

    def test_an_older_schema_is_upgraded_and_keeps_its_reports(
        self, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from alembic import command

        newest = command.upgrade
        monkeypatch.setattr(command, "upgrade", lambda config, _head: newest(config, "0001"))
        monkeypatch.setattr(schema, "HEAD", "0001")
        written = Store(engine).write(make_report(), make_origin())
        monkeypatch.undo()
        store = Store(engine)
        assert store.reports([written.id]) == [written]
        assert schema.recorded_revision(engine) == schema.HEAD

    def test_a_report_is_written_by_an_older_version_to_the_newest_schema(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(schema, "HEAD", "0001")
        older = Store(store.engine, auto_migrate=False)
        assert older.write(make_report(), make_origin()).report == make_report()

    def test_head_is_the_newest_script(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(schema._SCRIPTS))
        assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD

    def test_makes_the_tables_that_queries_expect(self, store: Store) -> None:
        with store.engine.connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={
                    "include_schemas": True,
                    "version_table_schema": tables.SCHEMA,
                    "include_name": lambda name, kind, _: name == tables.SCHEMA if kind == "schema" else True,
                    "include_object": lambda _object, _name, kind, *_: kind != "index",
                    "compare_server_default": True,
                },
            )
            assert compare_metadata(context, tables.metadata) == []

    def test_in_a_schema_that_an_administrator_made(self, engine: sa.Engine) -> None:
        role = str(engine.url.database)
        with engine.begin() as connection:
            connection.execute(sa.text(f'CREATE ROLE "{role}" LOGIN; CREATE SCHEMA ml_monitor AUTHORIZATION "{role}"'))
        owner = sa.create_engine(engine.url.set(username=role), poolclass=sa.NullPool)
        assert Store(owner).migrate() == schema.HEAD
        with engine.begin() as connection:
            connection.execute(sa.text(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"'))

    def test_half_a_migration_leaves_nothing(self, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE SCHEMA ml_monitor; CREATE TABLE ml_monitor.reference (mine int)"))
        with pytest.raises(StoreError, match="already exists"):
            Store(engine).migrate()
        assert sa.inspect(engine).get_table_names(schema="ml_monitor") == ["reference"]


class TestCheck:
    def test_of_a_schema_at_head_is_one_query(self, store: Store) -> None:
        with statements(store.engine) as sent:
            store.check()
        assert len(sent) == 1

    def test_comes_before_the_first_use_only(self, store: Store) -> None:
        fresh = Store(store.engine)
        fresh.reports([])
        with statements(store.engine) as sent:
            fresh.reports([])
        assert len([statement for statement in sent if "alembic_version" in statement]) == 0

    def test_without_auto_migrate_says_how_to_make_the_schema(self, engine: sa.Engine) -> None:
        with pytest.raises(StoreError, match=r"is not there; run `airflow ml-monitor migrate` or `python -m"):
            Store(engine, auto_migrate=False).check()

    def test_without_auto_migrate_makes_nothing(self, engine: sa.Engine) -> None:
        with pytest.raises(StoreError):
            Store(engine, auto_migrate=False).write(make_report(), make_origin())
        assert "ml_monitor" not in sa.inspect(engine).get_schema_names()

    def test_of_an_older_schema_without_auto_migrate(self, store: Store) -> None:
        set_revision(store.engine, "0000")
        with pytest.raises(StoreError, match="is at revision 0000, older than"):
            Store(store.engine, auto_migrate=False).check()

    def test_a_newer_schema_is_used_as_it_is(self, store: Store) -> None:
        set_revision(store.engine, "9999")
        newer = Store(store.engine)
        written = newer.write(make_report(), make_origin())
        assert newer.reports([written.id]) == [written]
        assert newer.migrate() == "9999"

    def test_of_a_server_that_is_not_there(self) -> None:
        url = sa.make_url("postgresql+psycopg2://ann:s3cret@127.0.0.1:1/monitoring")
        with pytest.raises(StoreError) as caught:
            Store(sa.create_engine(url)).check()
        message = str(caught.value)
        assert "database 'monitoring' on '127.0.0.1:1' as user 'ann' cannot be reached" in message
        assert "s3cret" not in message

    def test_of_a_database_that_is_not_there(self, engine: sa.Engine) -> None:
        with pytest.raises(StoreError, match=r"database \"nowhere\" does not exist"):
            Store(sa.create_engine(engine.url.set(database="nowhere"))).check()

    def test_by_a_role_that_may_not_make_the_schema(self, store: Store, restricted: sa.Engine) -> None:
        with store.engine.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA ml_monitor CASCADE"))
        with pytest.raises(StoreError, match=r"permission denied for database .* as a role that may"):
            Store(restricted).check()


def insert_changed(engine: sa.Engine, table: str, changes: dict[str, Any]) -> None:
    """Insert the only row of a table once more, changed."""
    record = "jsonb_populate_record(old, CAST(:changes AS jsonb))"
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"INSERT INTO ml_monitor.{table} SELECT ({record}).* FROM ml_monitor.{table} old"),
            {"changes": json.dumps(changes)},
        )


class TestConstraints:
    @pytest.mark.parametrize(
        ("table", "changes", "constraint"),
        [
            ("report", {"id": str(uuid.uuid4()), "status": "passed"}, "report_status_check"),
            ("report", {"id": str(uuid.uuid4()), "window_end": "2013-02-04T00:00:00Z"}, "report_check"),
            ("check_result", {"position": 1, "status": "FAIL"}, "check_result_status_check"),
            ("check_result", {"position": 1, "severity": "high"}, "check_result_severity_check"),
            ("reference", {"version": 2, "is_current": False, "window_end": "2013-01-01T00:00:00Z"}, "reference_check"),
        ],
        ids=lambda value: ", ".join(value) if isinstance(value, dict) else value,
    )
    def test_refuse_what_no_report_has(
        self, store: Store, table: str, changes: dict[str, Any], constraint: str
    ) -> None:
        profile = build_reference(pd.DataFrame({"distance": [200.0, 1_400.0]}))
        store.write(make_report(results=(make_check(),)), make_origin(), profile=profile, reference_name="january")
        with pytest.raises(sa.exc.IntegrityError, match=f'violates check constraint "{constraint}'):
            insert_changed(store.engine, table, changes)

    def test_let_every_status_and_severity_in(self, store: Store) -> None:
        results = tuple(make_check(status=status, severity=severity) for status in Status for severity in Severity)
        assert store.write(make_report(results=results), make_origin()).report.results == results


class TestIndexes:
    @pytest.mark.parametrize("table", ["report", "reference"])
    def test_lead_from_a_profile_to_what_refers_to_it(self, store: Store, table: str) -> None:
        indexes = sa.inspect(store.engine).get_indexes(table, schema="ml_monitor")
        assert [index["column_names"] for index in indexes if index["column_names"][0] == "profile_hash"]

    def test_give_current_reports_without_sorting(self, store: Store) -> None:
        with store.engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"))
            plan = connection.execute(
                sa.text("EXPLAIN SELECT * FROM ml_monitor.current_report WHERE environment = 'prod' AND model = 'm'")
            ).scalars()
            assert "Sort" not in "\n".join(plan)
