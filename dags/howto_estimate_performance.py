"""Every week: how is the model probably doing? Asked four weeks before the labels can say."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG
from flight_delay.datasets import JANUARY, LABELS, MODEL, PREDICTIONS

from airflow_ml_monitor import AtMost, Last, NoWorseThanReference
from airflow_ml_monitor.operators.estimate_performance import EstimatePerformanceOperator

with DAG("howto_estimate_performance", schedule="@weekly"):
    # [START howto_operator_estimate_performance]
    estimate = EstimatePerformanceOperator(
        task_id="estimate",
        model=MODEL,
        predictions=PREDICTIONS,
        reference=PREDICTIONS,
        reference_window=JANUARY,
        labels=LABELS,
        on="flight_id",
        void="cancelled",
        problem="binary",
        label="late",
        expect=[AtMost("log_loss", 0.6), NoWorseThanReference("roc_auc", 0.05)],
        window=Last(timedelta(weeks=1)),
    )
    # [END howto_operator_estimate_performance]
