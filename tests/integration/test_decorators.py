"""``@task.ml_*`` in real Airflow runs: what a function returns is judged, and never pushed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from airflow.sdk import DAG, task

from airflow_ml_monitor import AtLeast, Status, Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.store import Store
from tests.airflow_runs import Run, run_dag

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

DAY = Window("2013-02-04T00:00:00Z", "2013-02-05T00:00:00Z")
NEXT = Window(DAY.end, DAY.end + DAY.length)


def hours() -> pd.DataFrame:
    return pd.DataFrame({"at": pd.date_range("2013-02-04", periods=48, freq="h", tz="UTC"), "x": range(48)})


def run(dag_id: str, made: Callable[[], Any], **how: Any) -> Run:
    with DAG(dag_id, schedule=None) as dag:
        made()
    return run_dag(dag, **{"interval": DAY} | how)


@pytest.mark.parametrize(
    ("name", "returned"),
    [
        ("pandas", hours),
        ("arrow", lambda: pa.Table.from_pandas(hours())),
        ("dataset", lambda: Frame(hours, time_column="at")),
        ("described", lambda: Frame(f"{__name__}:hours", time_column="at").to_dict()),
    ],
)
def test_what_the_function_returns_is_judged(store: Store, name: str, returned: Callable[[], Any]) -> None:
    @task.ml_quality(model="m", time_column="at")
    def flights() -> Any:
        return returned()

    found = run(f"decorated_{name}", flights)
    assert found.states == {"flights": "success"}
    (stored,) = store.run_reports(dag_id=found.dag_id, run_id=found.run_id)
    assert (stored.report.rows_current, stored.report.window) == (24, DAY)
    assert found.xcom("flights")["report_id"] == str(stored.id), "the summary is pushed, and no rows"


def test_a_failing_verdict_fails_the_task_with_its_evidence_stored(store: Store) -> None:
    @task.ml_quality(model="m")
    def flights() -> pd.DataFrame:
        return hours().iloc[:0]

    found = run("decorated_fails", flights)
    assert found.states == {"flights": "failed"}
    (stored,) = store.run_reports(dag_id=found.dag_id, run_id=found.run_id)
    assert stored.report.status is Status.FAIL
    assert "flights" in str(stored.report.config["data"]["load"]), "the report names the function"


def test_the_function_is_told_of_the_run(store: Store) -> None:
    seen: dict[str, Any] = {}

    @task.ml_quality(model="{{ dag.dag_id }}")
    def flights(day: str, window: Any, *, model: str, as_of: Any, dag_run: Any = None) -> pd.DataFrame:
        seen.update(day=day, window=window, model=model, as_of=as_of, run_id=dag_run.run_id)
        return hours()

    found = run("decorated_told", lambda: flights("{{ ds }}"))
    assert found.states == {"flights": "success"}
    (stored,) = store.run_reports(dag_id=found.dag_id, run_id=found.run_id)
    assert seen == {
        "day": "2013-02-04",
        "window": DAY,
        "model": "decorated_told",
        "as_of": stored.report.as_of,
        "run_id": found.run_id,
    }


@pytest.mark.parametrize("how", ["positional", "keyword"])
def test_the_window_it_is_called_with_is_the_one_that_is_judged(store: Store, how: str) -> None:
    seen: list[Any] = []

    @task.ml_quality(model="m", time_column="at")
    def flights(window: Any) -> pd.DataFrame:
        seen.append(window)
        return hours()

    found = run(
        f"decorated_{how}",
        lambda: flights(NEXT.to_dict()) if how == "positional" else flights(window=NEXT.to_dict()),
    )
    assert seen == [NEXT]
    assert found.xcom("flights")["window"] == NEXT.to_dict()


def test_it_maps_over_models_and_windows_and_a_gate_reduces(store: Store) -> None:
    def made() -> None:
        @task
        def due() -> list[dict[str, str]]:
            return [DAY.to_dict(), NEXT.to_dict()]

        @task.ml_quality(time_column="at", on_fail="record")
        def flights(rows: int, *, model: str, window: Any) -> pd.DataFrame:
            return hours().head(rows if model == "b" else 48)

        flights.partial(rows=24).expand(model=["a", "b"], window=due()) >> GateOperator(task_id="gate")

    found = run("decorated_mapped", made)
    judged = [found.xcom("flights", index) for index in range(4)]
    assert [(one["model"], one["window"]["start"][:10], one["status"]) for one in judged] == [
        ("a", "2013-02-04", "pass"),
        ("a", "2013-02-05", "pass"),
        ("b", "2013-02-04", "pass"),
        ("b", "2013-02-05", "fail"),
    ]
    assert found.states["gate"] == "failed"
    assert "flights[3].rows" in str(found.errors["gate"])


def test_mapped_over_an_empty_list_the_gate_has_nothing_to_judge(store: Store) -> None:
    def made() -> None:
        @task
        def models() -> list[str]:
            return []

        @task.ml_quality(on_fail="record")
        def flights(model: str) -> pd.DataFrame:
            return hours()

        flights.expand(model=models()) >> GateOperator(task_id="gate")

    found = run("decorated_mapped_over_nothing", made)
    assert found.states["gate"] == "success"
    assert found.xcom("gate")["status"] == "insufficient"


def test_drift(store: Store) -> None:
    def made() -> None:
        data = Frame(hours, time_column="at", columns=("x",))
        reference = BuildReferenceOperator(
            task_id="reference", model="m", name="r", data=data, window=(DAY.start, NEXT.end)
        )

        @task.ml_drift(model="m", reference="r")
        def shifted() -> pd.DataFrame:
            return pd.DataFrame({"x": range(1000, 1048)})

        reference >> shifted()

    found = run("decorated_drift", made)
    assert found.states == {"reference": "success", "shifted": "failed"}
    assert found.xcom("shifted")["status"] == "fail"


def test_model_quality(store: Store) -> None:
    labels = Frame(lambda: pd.DataFrame({"id": range(48), "label": [True, False] * 24}))

    @task.ml_model_quality(
        model="m", labels=labels, on="id", problem="binary", expect=[AtLeast("accuracy", 0.9)], time_column="at"
    )
    def predictions() -> pd.DataFrame:
        return hours().assign(id=range(48), score=[0.9, 0.1] * 24)

    found = run("decorated_model_quality", predictions, interval=Window(DAY.start, NEXT.end))
    assert found.states == {"predictions": "success"}
    assert found.xcom("predictions")["kind"] == "model_quality"


@pytest.mark.parametrize("returned", [None, {"x": 1}, "flights.parquet"], ids=["nothing", "mapping", "path"])
def test_anything_else_is_refused_by_name(store: Store, returned: Any) -> None:
    @task.ml_quality(model="m")
    def flights() -> Any:
        return returned

    found = run(f"decorated_{type(returned).__name__}", flights)
    assert found.states == {"flights": "failed"}
    assert f"flights of task 'flights' returned a {type(returned).__name__}; return a pandas" in str(
        found.errors["flights"]
    )


def test_an_async_function_is_awaited(store: Store) -> None:
    @task.ml_quality(model="m", time_column="at")
    async def flights() -> pd.DataFrame:
        await asyncio.sleep(0)
        return hours()

    found = run("decorated_async", flights)
    assert (found.states["flights"], found.xcom("flights")["status"]) == ("success", "pass")


def test_multiple_outputs_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="@task.ml_quality has one output"):
        task.ml_quality(model="m", multiple_outputs=True)


def test_the_dataset_cannot_be_given_twice() -> None:
    @task.ml_quality(model="m", data=Frame(hours))
    def flights() -> pd.DataFrame:
        return hours()

    with DAG("decorated_twice", schedule=None), pytest.raises(ConfigurationError, match="data= is what the decorated"):
        flights()


def test_an_annotated_mapping_is_still_one_output(store: Store) -> None:
    @task.ml_quality(model="m")
    def flights() -> dict[str, Any]:
        return Frame(hours).to_dict() | {"load": f"{__name__}:hours"}

    found = run("decorated_annotated", flights)
    assert found.xcom("flights")["status"] == "pass"
    assert found.xcom("flights", key="status") is None


def test_defaults_of_the_dag_are_taken(store: Store) -> None:
    with DAG("decorated_defaults", schedule=None, default_args={"model": "from_the_dag"}) as dag:

        @task.ml_quality
        def flights() -> pd.DataFrame:
            return hours()

        flights()
    assert run_dag(dag, interval=DAY).xcom("flights")["model"] == "from_the_dag"


def test_callables_are_called_by_the_task_and_not_by_airflow(store: Store) -> None:
    def suite() -> list[dict[str, Any]]:
        return [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "x", "min_value": 0}}]

    def made() -> None:
        DataQualityOperator(task_id="one", model="m", data=hours, suite=suite)
        DataQualityOperator.partial(task_id="mapped", data=hours, suite=suite).expand(model=["a", "b"])

    found = run("decorated_callables", made)
    assert found.states == {"one": "success", "mapped[0]": "success", "mapped[1]": "success"}
    assert found.xcom("one")["counts"] == {"pass": 2}
