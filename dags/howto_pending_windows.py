"""Judge every week whose labels have come: when it is mature, and again as more of them come or are corrected."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, AssetWatcher
from flight_delay.datasets import LABEL_DELAY, LABELS, MODEL, PREDICTIONS, TIMEZONE

from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.operators.pending_windows import PendingWindowsOperator
from airflow_ml_monitor.performance import AtLeast
from airflow_ml_monitor.triggers.labels_arrived import LabelsArrivedTrigger

# [START howto_trigger_labels_arrived]
LABELS_ARRIVED = Asset(
    "flight_labels_arrived",
    watchers=[
        AssetWatcher(
            name="flight_labels",
            trigger=LabelsArrivedTrigger(
                labels=LABELS,
                predictions=PREDICTIONS,
                on="flight_id",
                label="late",
                void="cancelled",
                every=timedelta(weeks=1),
                since="2013-02-04T00:00:00-05:00",
                timezone=TIMEZONE,
            ),
        )
    ],
)
# [END howto_trigger_labels_arrived]

# One run at a time: two at once would find the same windows due, and judge them twice.
with DAG("howto_pending_windows", schedule=[LABELS_ARRIVED], max_active_runs=1):
    # [START howto_operator_pending_windows]
    pending = PendingWindowsOperator(
        task_id="pending",
        model=MODEL,
        predictions=PREDICTIONS,
        labels=LABELS,
        on="flight_id",
        label="late",
        void="cancelled",
        delay=LABEL_DELAY,
        every=timedelta(weeks=1),
        since="2013-02-04T00:00:00-05:00",
        timezone=TIMEZONE,
        min_gain=0.05,
        most=10,
    )
    score = ModelQualityOperator.partial(
        task_id="score",
        model=MODEL,
        predictions=PREDICTIONS,
        labels=LABELS,
        on="flight_id",
        problem="binary",
        label="late",
        void="cancelled",
        delay=LABEL_DELAY,
        expect=[AtLeast("roc_auc", 0.6)],
        on_fail="record",
    ).expand(window=pending.output)
    score >> GateOperator(task_id="gate")
    # [END howto_operator_pending_windows]
