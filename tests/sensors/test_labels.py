"""``LabelsSensor`` as a DAG file makes it: what it refuses, what it costs, what Airflow is told of it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_ml_monitor import Last
from airflow_ml_monitor.data import Files, Table
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.delays_learnt import LearntDelay
from airflow_ml_monitor.sensors.labels import LabelsSensor
from airflow_ml_monitor.triggers.labels_start import LabelsStartTrigger
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_2_PLUS, AIRFLOW_V_3_3_PLUS

PREDICTIONS = Table("predictions_{{ ds_nodash }}", conn_id="nowhere", time_column="at")
LABELS = Table("labels", conn_id="nowhere", arrived_at_column="arrived_at")


def make(**kwargs: Any) -> LabelsSensor:
    return LabelsSensor(**{"task_id": "labels", "predictions": PREDICTIONS, "labels": LABELS, "on": "id"} | kwargs)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"min_coverage": 0}, "min_coverage=0 must be a share above 0 and at most 1"),
        ({"min_coverage": 95}, "min_coverage=95 must be a share above 0 and at most 1"),
        ({"min_coverage": True}, "min_coverage=True must be a share"),
        ({"delay": timedelta(days=-1)}, "must be a timedelta of zero or more"),
        ({"delay": 28}, "delay=28 must be a timedelta"),
        ({"delay": LearntDelay()}, "needs over=, such as"),
        ({"overdue_after": timedelta(days=-1)}, "must be a timedelta of zero or more"),
        ({"overdue_after": timedelta(days=1), "delay": "due_at"}, "needs a delay= that is a timedelta, not 'due_at'"),
        ({"on_timeout": "skip"}, "on_timeout='skip' is not known; use 'fail' or 'go_on'"),
        ({"void": 3}, "void=3 names no column"),
        ({"on": []}, "names no key"),
        ({"on": None}, "names no key"),
        ({"label": "id"}, "label='id' is a key column, too"),
    ],
)
def test_wrong_values_fail_while_the_dag_is_parsed(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        make(**wrong)


def test_template_fields_are_assigned_as_given() -> None:
    sensor = make(window="{{ ds }}", as_of="{{ ts }}")
    assert (sensor.predictions, sensor.window, sensor.as_of) == (PREDICTIONS, "{{ ds }}", "{{ ts }}")
    assert set(sensor.template_fields) == {"predictions", "labels", "window", "as_of"}


START = {"start_from_trigger": True, "window": ["{{ data_interval_start }}", "{{ data_interval_end }}"]}


@pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="earlier schedulers do not defer tasks themselves")
def test_the_scheduler_is_told_of_a_trigger_that_has_the_templates() -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    with DAG("starts", schedule=None) as dag:
        make(**START, as_of="{{ ts }}", delay=timedelta(days=1))
    task = DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task("labels")
    assert task.start_from_trigger
    path, arguments = LabelsStartTrigger(**make(**START).start_trigger_args.trigger_kwargs).serialize()
    assert (path, arguments["window"]) == (task.start_trigger_args.trigger_cls, START["window"])
    assert json.loads(json.dumps(arguments)) == arguments


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"window": None}, "needs window= as a pair of times or templates, not None"),
        ({"window": Last(timedelta(days=1))}, "needs window= as a pair"),
        ({"labels": Files("labels.parquet")}, "needs a Table as labels="),
    ],
    ids=["event", "last", "files"],
)
def test_what_only_a_worker_can_know_does_not_start_in_the_triggerer(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        make(**START | wrong)


def test_no_worker_is_held_by_default() -> None:
    assert make().reschedule
    assert not make().deferrable


def test_it_is_deferrable_where_airflow_is_told_so() -> None:
    code = "from airflow_ml_monitor.sensors.labels import LabelsSensor as S; import inspect; " \
        "print(inspect.signature(S.__init__).parameters['deferrable'].default)"  # fmt: skip
    for told in ("True", "False"):
        env = {"AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": told}
        assert run_python(code, env).strip() == told


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "('pandas', 'numpy', 'pyarrow', 'scipy', 'sklearn')"
    code = (
        "import sys; from airflow_ml_monitor.sensors.labels import LabelsSensor; "
        "from airflow_ml_monitor.data import Table; t = Table('t', conn_id='c'); "
        "LabelsSensor(task_id='labels', predictions=t, labels=t, on='id', void='v'); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert run_python(code, {}).strip() == "[]"


def test_it_is_stored_with_its_dag() -> None:
    from airflow.serialization import serialized_objects

    name = "DagSerialization" if AIRFLOW_V_3_2_PLUS else "SerializedDAG"
    serialization = getattr(serialized_objects, name)
    with DAG("stored", schedule=None) as dag:
        make(void={"state": ["lost"]})
    once, again = (serialization.to_dict(dag) for _ in range(2))
    assert once == again


def run_python(code: str, env: dict[str, str]) -> str:
    import os

    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | env, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]
