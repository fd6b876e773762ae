"""The answer to an approval, brought to the task by Airflow's own triggerer, as it is before 3.3."""

from __future__ import annotations

import time

import pytest

from airflow_ml_monitor.store import Store
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_3_PLUS
from tests.airflow_people import person
from tests.airflow_runs import run_dag
from tests.integration.test_approval import DAY, decisions, made
from tests.integration.test_labels_sensor import triggerer  # noqa: F401

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "triggerer")]


@pytest.mark.skipif(AIRFLOW_V_3_3_PLUS, reason="from 3.3 on the answer itself resumes the task")
def test_the_triggerer_brings_the_answer(store: Store) -> None:
    with person("Approve", "the airport was closed"):
        run = run_dag(made("triggered"), interval=DAY, between=lambda: time.sleep(2), inline_triggers=False)
    assert set(run.states.values()) == {"success"}
    (decision,) = decisions(store)
    assert decision[2:5] == (True, "jane", "the airport was closed")
