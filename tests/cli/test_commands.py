"""Both front doors, run for real in processes of their own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.__main__ import main
from airflow_ml_monitor.store import Store, schema
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_2_PLUS, COMMAND_LINE
from tests.conftest import as_airflow_connection
from tests.store.factories import make_check, make_decision, make_origin, make_report

Run = Callable[..., "subprocess.CompletedProcess[str]"]

AIRFLOW = [str(Path(sys.executable).parent / "airflow"), "ml-monitor"]
PYTHON = [sys.executable, "-m", "airflow_ml_monitor"]


def url_text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


def revision(url: sa.URL) -> str | None:
    return schema.recorded_revision(sa.create_engine(url, poolclass=sa.NullPool))


@pytest.fixture
def run(tmp_path: Path, database_url: sa.URL) -> Run:
    """Runs a command where Airflow is fresh: no configuration, no metadata, one connection."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment = kept | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_ML_MONITOR_DEFAULT": as_airflow_connection(database_url),
        "COLUMNS": "200",
    }

    def run_command(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)

    return run_command


@pytest.mark.skipif(not AIRFLOW_V_3_2_PLUS, reason="Airflow 3.1 has no commands of providers")
class TestAirflowCommandLine:
    def test_help_names_the_commands(self, run: Run) -> None:
        ran = run(*AIRFLOW, "--help")
        assert ran.returncode == 0, ran.stderr
        assert "migrate" in ran.stdout
        assert "show" in ran.stdout

    def test_help_names_the_options(self, run: Run) -> None:
        assert "ml_monitor.store_conn_id" in run(*AIRFLOW, "show", "--help").stdout, "Airflow takes [...] for markup"

    def test_migrate_makes_the_schema_behind_the_connection(self, run: Run, database_url: sa.URL) -> None:
        ran = run(*AIRFLOW, "migrate")
        assert ran.returncode == 0, ran.stderr
        assert f"is at revision {schema.HEAD}" in ran.stdout
        assert revision(database_url) == schema.HEAD

    def test_show_prints_json_and_nothing_else(self, run: Run, store: Store) -> None:
        written = store.write(make_report(), make_origin())
        ran = run(*AIRFLOW, "show", str(written.id), "--output", "json")
        assert json.loads(ran.stdout)["status"] == "fail", ran.stderr


class TestCommandThatMessagesName:
    def test_works_on_this_airflow(self, run: Run, store: Store) -> None:
        written = store.write(make_report(), make_origin())
        program, *arguments = COMMAND_LINE.split()
        ran = run(str(Path(sys.executable).with_name(program)), *arguments, "show", str(written.id))
        assert ran.stdout.startswith(written.report.headline), ran.stderr


@pytest.mark.integration
@pytest.mark.usefixtures("airflow_metadata")
def test_a_connection_in_airflows_metadata_is_found(database_url: sa.URL) -> None:
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    added = f"added_{database_url.database}"
    with create_session() as session:
        where = {"host": database_url.query["host"], "schema": database_url.database, "login": database_url.username}
        session.add(Connection(conn_id=added, conn_type="postgres", **where))
    program, *arguments = COMMAND_LINE.split()
    command = [str(Path(sys.executable).with_name(program)), *arguments, "migrate", "--conn-id", added]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 0, ran.stderr
    assert revision(database_url) == schema.HEAD


class TestPythonModule:
    def test_migrate_by_connection_needs_no_metadata(self, run: Run, database_url: sa.URL, tmp_path: Path) -> None:
        ran = run(*PYTHON, "migrate")
        assert ran.returncode == 0, ran.stderr
        assert revision(database_url) == schema.HEAD
        assert not (tmp_path / "airflow.db").exists()

    def test_a_connection_that_is_not_defined(self, run: Run) -> None:
        ran = run(*PYTHON, "migrate", "--conn-id", "nowhere")
        assert ran.returncode == 1
        assert "'nowhere' is not defined; add it" in ran.stderr
        assert "Traceback" not in ran.stderr

    def test_migrate_by_url_loads_no_airflow(self, database_url: sa.URL) -> None:
        code = (
            "import sys; from airflow_ml_monitor.__main__ import main; "
            f"main(['migrate', '--url', {url_text(database_url)!r}]); print('airflow' in sys.modules)"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert ran.stdout.splitlines()[-1] == "False"
        assert revision(database_url) == schema.HEAD


class TestMigrate:
    def test_again_says_the_same(self, database_url: sa.URL, capsys: pytest.CaptureFixture[str]) -> None:
        for _ in range(2):
            main(["migrate", "--url", url_text(database_url)])
        first, second = capsys.readouterr().out.splitlines()
        assert first == second

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--url", "not a url"], "--url is not a SQLAlchemy URL"),
            (["--url", "mysql://ann@host/db"], "--url is of 'mysql'"),
            (["--url", "postgresql://ann@host/db", "--conn-id", "x"], "--url and --conn-id both name a store"),
            (["--url", "postgresql://ann:s3cret@127.0.0.1:1/db"], "cannot be reached"),
            (
                ["--url", "postgresql://ann:at@s3cret@127.0.0.1:1/db"],
                "write one that is in the user or password as %40",
            ),
        ],
    )
    def test_says_what_is_wrong_in_one_sentence(self, arguments: list[str], sentence: str) -> None:
        with pytest.raises(SystemExit, match=sentence) as caught:
            main(["migrate", *arguments])
        assert "s3cret" not in str(caught.value)


class TestShow:
    def test_text_has_the_verdict_and_every_check(self, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
        checks = tuple(make_check(column=f"column_{number}") for number in range(30))
        written = store.write(make_report(results=checks), make_origin(map_index=2))
        main(["show", str(written.id), "--url", url_text(store.engine.url)])
        shown = capsys.readouterr().out
        assert shown.startswith(written.report.headline)
        assert "retraining.drift[2], run manual__1, try 1" in shown
        assert all(str(check) in shown for check in checks)

    def test_a_reader_that_has_enough_is_no_error(self, store: Store) -> None:
        checks = tuple(make_check(column=f"column_{number}") for number in range(500))
        written = store.write(make_report(results=checks), make_origin())
        show = shlex.join([*PYTHON, "show", str(written.id), "--url", url_text(store.engine.url)])
        ended = subprocess.run(f"{show} | head -1", shell=True, capture_output=True, text=True, timeout=120, check=True)
        assert (ended.stdout, ended.stderr) == (f"{written.report.headline}\n", "")

    def test_json_reads_back_as_the_report(self, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
        written = store.write(make_report(), make_origin())
        main(["show", str(written.id), "--url", url_text(store.engine.url), "-o", "json"])
        shown = json.loads(capsys.readouterr().out)
        assert type(written.report).from_dict(shown) == written.report
        assert shown["id"] == str(written.id)

    def test_who_let_it_through_and_why_is_shown(self, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
        written = store.write(make_report(), make_origin())
        decision = make_decision(written.id, reason="a blizzard")
        store.save_decisions([decision])
        main(["show", str(written.id), "--url", url_text(store.engine.url)])
        assert f"decision     {decision}" in capsys.readouterr().out
        main(["show", str(written.id), "--url", url_text(store.engine.url), "-o", "json"])
        shown = json.loads(capsys.readouterr().out)["decision"]
        assert (shown["approved"], shown["decided_by"], shown["reason"]) == (True, "jane", "a blizzard")

    def test_of_an_id_that_is_not_stored(self, store: Store) -> None:
        with pytest.raises(
            SystemExit, match="no report 0f8fad5b-d9cb-569f-a165-70867728950e is in the store in database"
        ):
            main(["show", "0f8fad5b-d9cb-569f-a165-70867728950e", "--url", url_text(store.engine.url)])

    def test_of_what_is_no_id(self) -> None:
        with pytest.raises(SystemExit, match="'drift' is not a report id"):
            main(["show", "drift", "--url", "postgresql://ann@host/db"])

    def test_makes_no_schema(self, database_url: sa.URL) -> None:
        with pytest.raises(
            SystemExit,
            match="run `airflow ml-monitor migrate` .* with --conn-id or --url where it is not the default store",
        ):
            main(["show", "0f8fad5b-d9cb-569f-a165-70867728950e", "--url", url_text(database_url)])
        assert revision(database_url) is None
