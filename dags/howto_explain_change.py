"""Every week, once the labels are there: why is the model worse than in January?"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG
from flight_delay.datasets import JANUARY, LABELS, MODEL, PREDICTIONS

from airflow_ml_monitor import Last
from airflow_ml_monitor.operators.explain_change import ExplainChangeOperator

with DAG("howto_explain_change", schedule="@weekly"):
    # [START howto_operator_explain_change]
    why = ExplainChangeOperator(
        task_id="why",
        model=MODEL,
        predictions=PREDICTIONS,
        labels=LABELS,
        on="flight_id",
        problem="binary",
        label="late",
        void="cancelled",
        reference=JANUARY,
        window=Last(timedelta(weeks=1)),
        metric="log_loss",
        margin=0.05,
        features=["carrier", "origin"],
    )
    # [END howto_operator_explain_change]
