"""A relative suite path in a DAG file means the file beside it, wherever the task runs."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from airflow.sdk import DAG

from airflow_ml_monitor.errors import SuiteError
from airflow_ml_monitor.operators.data_quality import suite_path
from tests.airflow_runs import run_dag

DAG_FILE = """
import pandas as pd
from airflow.sdk import DAG

from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.operators.data_quality import DataQualityOperator

with DAG({dag_id!r}, schedule=None) as dag:
    data = Frame(lambda: pd.DataFrame({{"at": pd.date_range("2013-02-04", periods=24, freq="h", tz="UTC"), "x": 1}}))
    window = ["2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z"]
    DataQualityOperator(task_id="quality", model="m", data=data, window=window, suite="suites/flights.json")
"""


def dag_in(folder: Path, dag_id: str) -> DAG:
    """Import a DAG from a file, as Airflow does."""
    folder.mkdir()
    (folder / "monitor.py").write_text(DAG_FILE.format(dag_id=dag_id))
    spec = importlib.util.spec_from_file_location(f"{dag_id}_file", folder / "monitor.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.dag  # type: ignore[no-any-return]


def write_suite(folder: Path, most: int) -> None:
    (folder / "suites").mkdir()
    expectation = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "x", "max_value": most}}
    (folder / "suites" / "flights.json").write_text(json.dumps([expectation]))


@pytest.mark.integration
@pytest.mark.usefixtures("airflow_metadata", "store_connection")
class TestInATask:
    def test_the_suite_beside_the_dag_file_is_taken_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dag = dag_in(tmp_path / "dags", "suite_beside")
        write_suite(tmp_path / "dags", most=1)
        write_suite(tmp_path, most=0)
        monkeypatch.chdir(tmp_path)
        assert run_dag(dag).states == {"quality": "success"}

    def test_a_suite_that_is_nowhere_is_named_with_the_places_tried(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dag = dag_in(tmp_path / "dags", "suite_nowhere")
        monkeypatch.chdir(tmp_path)
        error = str(run_dag(dag).errors["quality"])
        assert f"{tmp_path}/dags/suites/flights.json nor at {tmp_path}/suites/flights.json" in error


class TestPlaces:
    def test_the_working_directory_comes_second(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_suite(tmp_path, most=1)
        monkeypatch.chdir(tmp_path)
        assert suite_path("suites/flights.json", tmp_path / "dags") == f"{tmp_path}/suites/flights.json"

    @pytest.mark.parametrize("path", ["s3://lake/suite.json", "file:///suite.json", "/suites/a.json", "~/a.json"])
    def test_other_places_are_left_as_they_are(self, path: str, tmp_path: Path) -> None:
        assert suite_path(path, tmp_path) == path

    def test_one_place_is_named_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SuiteError) as raised:
            suite_path("a.json", tmp_path)
        assert str(raised.value).count(str(tmp_path)) == 1
