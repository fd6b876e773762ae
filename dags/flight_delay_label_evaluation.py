"""For every week: wait until its labels are in, judge the model by them, and say so where it has degraded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable
from flight_delay.assets import DEGRADED
from flight_delay.datasets import JANUARY, LABEL_DELAY, LABELS, MODEL, PREDICTIONS, TIMEZONE

from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.performance import AtLeast, AtMost, NoWorseThanReference
from airflow_ml_monitor.sensors.labels import LabelsSensor

# The year is replayed: what counts is what was known four weeks after the week. A live DAG leaves as_of out.
AS_OF = "{{ data_interval_end + macros.timedelta(weeks=4) }}"

with DAG(
    "flight_delay_label_evaluation",
    schedule=CronDataIntervalTimetable("0 0 * * 1", timezone=TIMEZONE),
    start_date=datetime(2013, 2, 4, 5, tzinfo=UTC),
    end_date=datetime(2014, 1, 6, 5, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=30)},
    doc_md=__doc__,
    tags=["flight_delay", "ml-monitor"],
):
    # [START howto_sensor_labels]
    labels = LabelsSensor(
        task_id="labels",
        predictions=PREDICTIONS,
        labels=LABELS,
        on="flight_id",
        label="late",
        void="cancelled",
        delay=LABEL_DELAY,
        min_coverage=0.95,
        as_of=AS_OF,
        deferrable=True,
        poke_interval=timedelta(seconds=5),
        timeout=timedelta(weeks=6),
    )
    # [END howto_sensor_labels]

    # [START howto_operator_model_quality]
    model_quality = ModelQualityOperator(
        task_id="model_quality",
        model=MODEL,
        predictions=PREDICTIONS,
        labels=LABELS,
        on="flight_id",
        problem="binary",
        label="late",
        void="cancelled",
        delay=LABEL_DELAY,
        expect=[
            NoWorseThanReference("log_loss", 0.13),
            AtLeast("calibration_in_the_large", -0.15),
            AtMost("calibration_in_the_large", 0.15),
        ],
        segments=["origin"],
        reference=JANUARY,
        as_of=AS_OF,
        on_fail="record",
        emit=DEGRADED,
    )
    # [END howto_operator_model_quality]

    labels >> model_quality
