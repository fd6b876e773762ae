"""Making an operator reads nothing, renders nothing, and refuses only what can never work."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import Asset

from airflow_ml_monitor.data import Files
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.notifications.verdict import VerdictNotifier
from airflow_ml_monitor.operators.compare_models import CompareModelsOperator
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.estimate_performance import EstimatePerformanceOperator
from airflow_ml_monitor.operators.explain_change import ExplainChangeOperator
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.label_arrivals import LabelArrivalsOperator
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator
from airflow_ml_monitor.performance.delays_learnt import LearntDelay

DATA = Files("nowhere/{{ ds }}.parquet")
COMMON = {
    "model": "{{ params.model }}",
    "model_version": "{{ params.version }}",
    "environment": "{{ var.value.environment }}",
    "window": ("{{ data_interval_start }}", "{{ data_interval_end }}"),
    "as_of": "{{ data_interval_end }}",
    "store_conn_id": "{{ params.conn }}",
    "reports_path": "file:///reports/{{ ds }}",
}
OPERATORS: dict[type[Any], dict[str, Any]] = {
    DataQualityOperator: {
        "data": DATA,
        "suite": "{{ ds }}.json",
        "parameters": {"a": "{{ ds }}"},
        "reference": "{{ ds }}",
    },
    DriftOperator: {"data": DATA, "reference": "{{ ds }}", "reference_version": "{{ params.v }}"},
    BuildReferenceOperator: {"data": DATA, "name": "{{ ds }}"},
    GateOperator: {},
    ModelQualityOperator: {"predictions": DATA, "labels": DATA, "reference": "{{ ds }}", "trained_at": "{{ ds }}"},
    CompareModelsOperator: {"champion": DATA, "challenger": DATA, "labels": DATA},
    EstimatePerformanceOperator: {
        "predictions": DATA,
        "reference": DATA,
        "reference_window": ("{{ ds }}", "{{ ds }}"),
        "labels": DATA,
    },
    ExplainChangeOperator: {"predictions": DATA, "labels": DATA, "reference": "{{ ds }}"},
    LabelArrivalsOperator: {"predictions": DATA, "labels": DATA},
}
UNTEMPLATED: dict[type[Any], dict[str, Any]] = {
    ModelQualityOperator: {"on": "id", "problem": "binary"},
    CompareModelsOperator: {"on": "id", "problem": "binary", "metric": "log_loss"},
    EstimatePerformanceOperator: {"problem": "binary"},
    ExplainChangeOperator: {"on": "id", "problem": "binary", "metric": "log_loss"},
    LabelArrivalsOperator: {"on": "id", "overdue_after": timedelta(days=7)},
}


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda cls: cls.__name__)
def test_template_fields_are_assigned_verbatim(operator: type[Any]) -> None:
    given = COMMON | OPERATORS[operator]
    task = operator(task_id="t", **given, **UNTEMPLATED.get(operator, {}))
    assert set(given) == set(operator.template_fields)
    assert all(getattr(task, name) is value for name, value in given.items())


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda cls: cls.__name__)
def test_template_fields_is_a_tuple_of_attributes(operator: type[Any]) -> None:
    assert isinstance(operator.template_fields, tuple)


@pytest.mark.parametrize("operator", [ModelQualityOperator, CompareModelsOperator], ids=lambda cls: cls.__name__)
def test_a_learnt_delay_needs_what_it_is_learnt_from(operator: type[Any]) -> None:
    given = COMMON | OPERATORS[operator] | UNTEMPLATED[operator]
    operator(task_id="t", **given, delay=LearntDelay(over=timedelta(weeks=26)))
    with pytest.raises(ConfigurationError, match="needs over="):
        operator(task_id="u", **given, delay=LearntDelay())


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda cls: cls.__name__)
def test_unknown_on_fail_is_refused_at_parse_time(operator: type[Any]) -> None:
    with pytest.raises(ConfigurationError, match="on_fail='stop' is not known; use one of 'fail', 'skip', 'record'"):
        operator(task_id="t", on_fail="stop", **COMMON | OPERATORS[operator] | UNTEMPLATED.get(operator, {}))


@pytest.mark.parametrize(
    ("close_on", "said"),
    [({"broken"}, "unknown statuses broken; known: pass"), ("fail", "is one text; give a set")],
)
def test_unknown_close_on_is_refused_at_parse_time(close_on: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        GateOperator(task_id="t", close_on=close_on)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "emit_on=fail with on_fail='fail' could never be an event: .* use on_fail=\"record\""),
        ({"on_fail": "skip", "emit_on": {"warn", "error"}}, "emit_on=error with on_fail='skip' could never"),
        ({"on_fail": "record", "emit_on": "fail"}, "emit_on='fail' is one text"),
        ({"on_fail": "record", "emit_on": {"bad"}}, "emit_on has unknown statuses bad"),
        ({"on_fail": "record", "emit": "degraded"}, "emit='degraded' is no asset"),
    ],
)
def test_events_that_could_never_be_are_refused_at_parse_time(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        GateOperator(task_id="t", **{"emit": Asset("degraded")} | arguments)


def test_an_event_needs_on_fail_record_only_for_statuses_that_close() -> None:
    task = GateOperator(task_id="t", emit=Asset("degraded"), emit_on={"warn"})
    assert [outlet.name for outlet in task.outlets] == ["degraded"]


def test_comparing_models_closes_on_all_but_pass() -> None:
    task = CompareModelsOperator(
        task_id="t", **OPERATORS[CompareModelsOperator], **UNTEMPLATED[CompareModelsOperator], model="m"
    )
    assert set(task.close_on) == {"fail", "error", "insufficient", "warn"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"kinds": ["drift"]}, "needs model="),
        ({"kinds": ["drift"], "model": "m", "tasks": ["t"]}, "takes no tasks="),
        ({"wait": 1}, "wait= is for gates across DAGs"),
        ({"kinds": ["drift"], "model": "m", "wait": 60}, "wait=60 is no length of time"),
        ({"kinds": ["drift"], "model": "m", "poke_interval": 30}, "poke_interval=30 is no length of time"),
        ({"kinds": "drift", "model": "m"}, "kinds='drift' must be a list of names"),
        ({"kinds": [], "model": "m"}, "not an empty one"),
        ({"tasks": []}, "not an empty one"),
    ],
)
def test_gates_that_cannot_work_are_refused_at_parse_time(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        GateOperator(task_id="gate", **arguments)


LABELLED = [operator for operator, arguments in UNTEMPLATED.items() if "on" in arguments]


@pytest.mark.parametrize("operator", LABELLED, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"on": []}, "names no key"),
        ({"on": "id", "label": "id"}, "is a key column, too"),
        ({"delay": timedelta(days=-1)}, "must be a timedelta of zero or more"),
        ({"void": ["cancelled"]}, "names no column"),
    ],
)
def test_labels_that_can_never_be_joined_are_refused_at_parse_time(
    operator: type[Any], wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        operator(task_id="t", **COMMON | OPERATORS[operator] | UNTEMPLATED[operator] | wrong)


def test_importing_all_operators_loads_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "import airflow.sdk\n"
        "before = set(sys.modules)  # on 3.1 Airflow itself loads alembic\n"
        "import airflow_ml_monitor, airflow_ml_monitor.data\n"
        "from airflow_ml_monitor.drift import DriftPolicy\n"
        "from airflow_ml_monitor.quality import VolumeLimits\n"
        "from airflow_ml_monitor import AtLeast, NoWorseThanReference, Segment\n"
        "from airflow_ml_monitor.operators import compare_models, data_quality, drift, gate, model_quality, reference\n"
        "from airflow_ml_monitor.operators import estimate_performance\n"
        "from airflow_ml_monitor.sensors import labels\n"
        "from airflow_ml_monitor.hooks import store\n"
        "heavy = {'great_expectations', 'pandas', 'scipy', 'sklearn', 'pyarrow', 'numpy', 'alembic'}\n"
        "print(sorted(heavy & (sys.modules.keys() - before)))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"find_segments": []}, "must name columns"), ({"fairness": "sex"}, "give FairnessLimit")],
)
def test_segments_and_fairness_that_are_none_are_refused_at_parse_time(arguments: dict[str, Any], said: str) -> None:
    given = COMMON | OPERATORS[ModelQualityOperator] | UNTEMPLATED[ModelQualityOperator]
    with pytest.raises(ConfigurationError, match=said):
        ModelQualityOperator(task_id="t", **given, **arguments)


@pytest.mark.parametrize(
    ("on_verdict", "said"),
    [
        (
            SmtpNotifier(to="a@example.com"),
            r"on_verdict=SmtpNotifier\(\.\.\.\) takes no report; wrap it: VerdictNotifier",
        ),
        ([print, "team"], "on_verdict='team' cannot be called; give a function of a report and a context"),
    ],
    ids=["notifier", "text"],
)
def test_what_cannot_take_a_verdict_is_refused(on_verdict: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        DataQualityOperator(task_id="t", model="m", data=DATA, on_verdict=on_verdict)


@pytest.mark.parametrize(
    "on_verdict",
    [None, [], [None], print, (print, VerdictNotifier(SmtpNotifier(to="a@example.com")))],
    ids=["none", "no callback", "list of none", "function", "function and notifier"],
)
def test_what_takes_a_verdict_is_kept_as_it_is(on_verdict: Any) -> None:
    task = DataQualityOperator(task_id="t", model="m", data=DATA, on_verdict=on_verdict)
    assert task.on_verdict is on_verdict
