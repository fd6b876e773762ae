"""What OpenLineage is told of verdicts, by its own provider and its file transport, in real Airflow runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.sdk import DAG

from airflow_ml_monitor.data import Files, Frame, Table
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.lineage import check_results, facets
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.results import CheckResult, Report
from tests.airflow_runs import run_dag

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]

WEEK = {"start": "2013-02-04T00:00:00Z", "end": "2013-02-11T00:00:00Z"}


def write(path: Path, shift: float) -> str:
    rng = np.random.default_rng(1)
    at = pd.date_range("2013-02-04", "2013-02-10", periods=2_000, tz="UTC")
    pd.DataFrame({"at": at, "distance": rng.normal(shift, 1, 2_000)}).to_parquet(path)
    return str(path)


def judge(before: str, after: str) -> None:
    """Compare rows that moved with a reference that did not; the drift task fails."""
    common: dict[str, Any] = {"model": "m"}
    with DAG("lineage", schedule=None) as dag:
        reference = BuildReferenceOperator(
            task_id="reference", name="r", data=Files(path=before, time_column="at"), **common
        )
        drift = DriftOperator(task_id="drift", data=Files(path=after, time_column="at"), reference="r", **common)
        each = DriftOperator.partial(task_id="each", reference="r", on_fail="record", **common).expand(
            data=[Files(path=path, time_column="at") for path in (before, after)]
        )
        reference >> [drift, each]
    states = run_dag(dag, conf={"window": WEEK}).states
    assert states == {"reference": "success", "drift": "failed", "each[0]": "success", "each[1]": "success"}, states


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


@dataclass(frozen=True)
class Told:
    """What one run told, and the files it judged."""

    events: list[dict[str, Any]]
    before: str
    after: str

    def of(self, task: str, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.events if (one["job"]["name"], one["eventType"]) == (f"lineage.{task}", kind)]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, postgres_server: sa.URL, airflow_metadata: None) -> Told:
    """The events of one run, by OpenLineage's provider and file transport, in a process of its own."""
    from tests.conftest import as_airflow_connection, database  # its import gives a process another Airflow

    folder = tmp_path_factory.mktemp("lineage")
    before, after = write(folder / "before.parquet", 0.0), write(folder / "after.parquet", 1.0)
    transport = {"type": "file", "log_file_path": str(folder / "events.json"), "append": True}
    script = f"from tests.integration.test_lineage import judge; judge({before!r}, {after!r})"
    with database(postgres_server) as url:
        environment = os.environ | {
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
            "AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD": "True",
            "AIRFLOW_CONN_ML_MONITOR_DEFAULT": as_airflow_connection(url),
        }
        ran = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=300, check=False
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return Told(events(folder / "events.json"), before, after)


def test_a_task_that_succeeds_tells_what_it_counted(told: Told) -> None:
    ((built,),) = (one["inputs"] for one in told.of("reference", "COMPLETE"))
    assert (built["namespace"], built["name"]) == ("file", told.before)
    metrics = built["inputFacets"]["dataQualityMetrics"]
    assert metrics["rowCount"] == 2000
    assert metrics["columnMetrics"]["distance"]["nullCount"] == 0


def test_a_task_that_fails_tells_what_failed(told: Told) -> None:
    ((judged,),) = (one["inputs"] for one in told.of("drift", "FAIL"))
    assert judged["name"] == told.after
    failed = [one for one in judged["inputFacets"]["dataQualityAssertions"]["assertions"] if not one["success"]]
    assert {(one["assertion"], one["column"], one["severity"]) for one in failed} == {
        ("distribution", "distance", "error")
    }


def test_each_instance_of_a_mapped_task_tells_of_its_own_data(told: Told) -> None:
    found = told.of("each", "COMPLETE")
    verdicts = {
        one["inputs"][0]["name"]: all(
            check["success"] for check in one["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
        )
        for one in found
    }
    assert verdicts == {told.before: True, told.after: False}
    assert len({one["run"]["runId"] for one in found}) == 2


TEXT, WHOLE, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
FACETS: dict[str, dict[str, Any]] = {
    "dataQualityAssertions": {
        "required": ["assertions", "_producer", "_schemaURL"],
        "properties": {
            "assertions": {
                "items": {
                    "required": ["assertion", "success"],
                    "properties": {
                        **dict.fromkeys(("assertion", "column", "severity", "name", "description"), TEXT),
                        **dict.fromkeys(("expected", "actual", "content", "contentType"), TEXT),
                        "success": {"type": "boolean"},
                        "params": {"type": "object"},
                    },
                    "additionalProperties": False,
                }
            }
        },
    },
    "dataQualityMetrics": {
        "required": ["columnMetrics", "_producer", "_schemaURL"],
        "properties": {
            "rowCount": WHOLE,
            "columnMetrics": {
                "additionalProperties": {
                    "properties": {
                        "nullCount": WHOLE,
                        **dict.fromkeys(("count", "min", "max"), NUMBER),
                        "quantiles": {"type": "object"},
                    },
                    "additionalProperties": False,
                }
            },
        },
    },
}
"""The types that OpenLineage's specification has for the fields of the facets."""


@pytest.mark.parametrize("name", FACETS)
def test_a_facet_has_the_types_of_the_specification(told: Told, name: str) -> None:
    places = [place for one in told.events for place in one["inputs"]]
    found = [place["inputFacets"][name] for place in places if name in place.get("inputFacets", {})]
    assert len(found) == 4
    for facet in found:
        jsonschema.validate(facet, FACETS[name])


REPORT = Report(
    kind="drift",
    model="m",
    results=(
        CheckResult(check="distribution", metric="ks", status="fail", column="x", value=0.3, limits=(None, 0.1)),
        CheckResult(check="rows", metric="rows", status="insufficient", value=3, limits=(30, None)),
        CheckResult(check="unseen", metric="share", status="warn", severity="warning", column="y"),
    ),
)


def test_a_task_without_a_verdict_tells_of_nothing() -> None:
    drift = DriftOperator(task_id="drift", model="m", data=Files(path="flights.parquet"), reference="r")
    told = drift.get_openlineage_facets_on_complete(None)
    assert (told.inputs, told.outputs, told.run_facets, told.job_facets) == ([], [], {}, {})


RANGED = CheckResult(check="min", metric="min", status="pass", column="distance", value=1, limits=(1, 3))


def test_checks_are_kept_as_those_of_airflows_own_sql_checks() -> None:
    drifted, rows, unseen = check_results(REPORT, "flights")
    assert (drifted.name, drifted.check_type, drifted.success, drifted.column) == (
        "distribution[x].ks",
        "distribution",
        False,
        "x",
    )
    assert (drifted.table, drifted.actual, drifted.severity) == ("flights", "0.3", "error")
    assert (rows.success, unseen.success, unseen.severity) == (False, True, "warn")


def test_checks_have_the_fields_and_types_of_airflows_own(store_connection: sa.URL) -> None:
    from airflow.providers.common.sql.operators.sql import SQLColumnCheckOperator

    with sa.create_engine(store_connection, poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("CREATE TABLE flights AS SELECT 1 AS distance"))
    theirs = SQLColumnCheckOperator(
        task_id="checks",
        table="flights",
        conn_id="ml_monitor_default",
        column_mapping={"distance": {"min": {"geq_to": 1, "leq_to": 3}}},
    )
    theirs.execute({})
    (sql,) = theirs.check_results
    (ours,) = check_results(Report(kind="k", results=(RANGED,)), "flights")
    assert {name: type(value) for name, value in vars(ours).items()} == {
        **{name: type(value) for name, value in vars(sql).items()},
        "content": type(None),  # our checks have no SQL
    }
    assert (ours.success, ours.column, ours.actual) == (sql.success, sql.column, sql.actual)
    assert ours.expected == "limits 1 to 3"


def test_every_check_has_a_name_of_its_own() -> None:
    found = check_results(Report(kind="k", results=(RANGED, RANGED, *REPORT.results)), "flights")
    assert [one.name for one in found] == [
        "min[distance]",
        "min[distance]#2",
        "distribution[x].ks",
        "rows",
        "unseen[y].share",
    ]


def test_a_table_is_named_by_its_database(store_connection: sa.URL) -> None:
    told = facets(REPORT, [Table("analytics.flights", conn_id="ml_monitor_default")], None)
    (dataset,) = told.inputs
    assert dataset.name == f"{store_connection.database}.analytics.flights"
    assert dataset.namespace.startswith("postgres://")


def test_files_behind_a_url_are_named_without_their_connection() -> None:
    (dataset,) = facets(REPORT, [Files(path="s3://lake@bucket/flights/part.parquet")], None).inputs
    assert (dataset.namespace, dataset.name) == ("s3://bucket", "flights/part.parquet")


def test_rows_without_a_name_make_the_checks_tests_of_the_run() -> None:
    told = facets(REPORT, [Frame(pd.DataFrame)], None)
    assert told.inputs == []
    assert [(test.name, test.status) for test in told.run_facets["test"].tests] == [
        ("distribution[x].ks", "fail"),
        ("rows", "fail"),
        ("unseen[y].share", "pass"),
    ]


def test_checks_of_rows_without_a_name_are_not_told_of_the_labels_beside_them() -> None:
    told = facets(REPORT, [Frame(pd.DataFrame), Files(path="/lake/labels.parquet")], None)
    (labels,) = told.inputs
    assert (labels.name, labels.inputFacets) == ("/lake/labels.parquet", {})
    assert len(told.run_facets["test"].tests) == 3
