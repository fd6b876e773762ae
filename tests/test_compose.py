"""``docker-compose.yaml``, piece by piece: no engine is needed to know that its parts fit."""

from __future__ import annotations

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


def test_the_connection_leads_to_the_services_database(compose: dict[str, Any]) -> None:
    from airflow.sdk import Connection

    airflow, postgres = compose["services"]["airflow"]["environment"], compose["services"]["postgres"]["environment"]
    connection = Connection.from_json(airflow["AIRFLOW_CONN_ML_MONITOR_DEFAULT"])
    assert connection.conn_type == "postgres"
    assert connection.host in compose["services"]
    assert (connection.login, connection.password) == (postgres["POSTGRES_USER"], postgres["POSTGRES_PASSWORD"])
    assert f"CREATE DATABASE {connection.schema} " in compose["configs"]["databases"]["content"]


@pytest.mark.integration
def test_the_databases_script_runs(compose: dict[str, Any], postgres_server: sa.URL) -> None:
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE ROLE airflow LOGIN"))
        connection.execute(sa.text(compose["configs"]["databases"]["content"]))
        connection.execute(sa.text("DROP DATABASE monitor"))
        connection.execute(sa.text("DROP ROLE airflow"))


def test_only_this_machine_reaches_airflow_which_has_no_login(compose: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["airflow"]["ports"])
