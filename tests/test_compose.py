"""``docker-compose.yaml``, piece by piece: no engine is needed to know that its parts fit."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
    return loaded


def test_airflow_is_the_version_that_is_tested(compose: dict[str, Any]) -> None:
    pinned = dict(
        line.split(" ")[0].split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if line
    )
    image = compose["services"]["airflow"]["build"]["dockerfile_inline"].splitlines()[0]
    assert image.startswith(f"FROM apache/airflow:{pinned['apache-airflow']}-python3.")


def test_everything_the_image_copies_is_there(compose: dict[str, Any]) -> None:
    lines = compose["services"]["airflow"]["build"]["dockerfile_inline"].splitlines()
    sources = [word for line in lines if line.startswith("COPY") for word in line.split()[2:-1]]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


@pytest.mark.parametrize("name", ["AIRFLOW_CONN_ML_MONITOR_DEFAULT", "AIRFLOW_CONN_WAREHOUSE"])
def test_a_connection_leads_to_a_database_of_the_service(compose: dict[str, Any], name: str) -> None:
    from airflow.sdk import Connection

    airflow, postgres = compose["services"]["airflow"]["environment"], compose["services"]["postgres"]["environment"]
    connection = Connection.from_json(airflow[name])
    assert connection.conn_type == "postgres"
    assert connection.host in compose["services"]
    assert (connection.login, connection.password) == (postgres["POSTGRES_USER"], postgres["POSTGRES_PASSWORD"])
    assert f"CREATE DATABASE {connection.schema} " in compose["configs"]["databases"]["content"]


@pytest.mark.integration
def test_the_databases_script_runs(compose: dict[str, Any], postgres_server: sa.URL) -> None:
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE ROLE airflow LOGIN"))
        for statement in compose["configs"]["databases"]["content"].strip().splitlines():
            connection.execute(
                sa.text(statement)
            )  # one by one, as psql runs them: no database is made in a transaction
        for database in ("monitor", "warehouse"):
            connection.execute(sa.text(f"DROP DATABASE {database}"))
        connection.execute(sa.text("DROP ROLE airflow"))


def test_only_this_machine_reaches_airflow_which_has_no_login(compose: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["airflow"]["ports"])


def test_the_demos_dags_find_their_connections(compose: dict[str, Any]) -> None:
    named = set(re.findall(r'conn_id="(\w+)"', (ROOT / "dags" / "flight_delay" / "datasets.py").read_text()))
    given = {name for name in compose["services"]["airflow"]["environment"] if name.startswith("AIRFLOW_CONN_")}
    assert {f"AIRFLOW_CONN_{name.upper()}" for name in named} <= given
    assert named == {"warehouse"}


def commands() -> list[list[str]]:
    """What the file says to run in the container, without what leads into it."""
    lines = (ROOT / "docker-compose.yaml").read_text().splitlines()
    return [shlex.split(line.partition("exec airflow ")[2]) for line in lines if "exec airflow " in line]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_airflow_understands_the_commands(command: list[str]) -> None:
    from airflow.cli.cli_parser import get_parser

    assert command[0] == "airflow"
    parsed = get_parser().parse_args(command[1:])
    assert callable(parsed.func)
