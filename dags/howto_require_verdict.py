"""Two DAGs, one verdict: one judges the week's data, the other starts by it and asks again before it trains."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, task
from flight_delay.datasets import FLIGHTS, MODEL, SUITE

from airflow_ml_monitor import Last
from airflow_ml_monitor.task_groups import monitoring_gate

JUDGED = Asset("flights_judged")

with DAG("howto_emit_verdict", schedule="@weekly"):
    # [START howto_emit_verdict]
    monitoring_gate(
        model=MODEL,
        data=FLIGHTS,
        suite=SUITE,
        drift=None,
        window=Last(timedelta(weeks=1)),
        gate={"on_fail": "record", "emit": JUDGED, "emit_on": {"pass", "warn", "fail"}},
    )
    # [END howto_emit_verdict]

# [START howto_require_verdict]
with DAG("howto_require_verdict", schedule=[JUDGED]):

    @task
    def train() -> list[dict[str, Any]]:
        from airflow_ml_monitor.assets import require_verdict

        reports = require_verdict(JUDGED, allow={"pass", "warn"})
        return [stored.report.window.to_dict() for stored in reports if stored.report.window]

    train()
# [END howto_require_verdict]
