"""Metrics that cannot be sent, in a real Airflow run."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat import sdk
from airflow.sdk import DAG

from tests.airflow_runs import run_dag
from tests.notifications.test_verdict_notifier import Measured
from tests.store.factories import make_check, make_window

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]


class Broken:
    """A client of metrics that raises, as one of a user's own may."""

    def incr(self, name: str, **_: Any) -> None:
        raise OSError(f"the network is unreachable, {name} is not sent")


def test_a_client_that_breaks_changes_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sdk, "Stats", Broken(), raising=False)
    with DAG("metrics_unsent", schedule=None) as dag:
        Measured(task_id="drift", checks=lambda: [make_check(status="pass")])
    run = run_dag(dag, conf={"window": make_window().to_dict()})
    assert (run.states["drift"], run.xcom("drift")["status"]) == ("success", "pass")
    assert "the metrics of a report could not be sent; the verdict stands" in "".join(capfd.readouterr())
