"""A reference of half a year's weeks, from whose differences the drift limits are learnt."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG
from flight_delay.datasets import FLIGHT_FEATURES

from airflow_ml_monitor import DriftPolicy, Last, LearntLimits
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.reference import BuildReferenceOperator

with DAG("howto_learnt_limits", schedule=None):
    # [START howto_reference_of_windows]
    reference = BuildReferenceOperator(
        task_id="reference",
        model="flight_delay",
        name="first_half",
        data=FLIGHT_FEATURES,
        window=("2013-01-01T00:00:00-05:00", "2013-07-02T00:00:00-04:00"),
        windows=timedelta(weeks=1),
    )
    # [END howto_reference_of_windows]

    # [START howto_drift_policy]
    drift = DriftOperator(
        task_id="drift",
        model="flight_delay",
        data=FLIGHT_FEATURES,
        reference="first_half",
        window=Last(timedelta(weeks=1)),
        policy=DriftPolicy(
            warning=("carrier",),
            methods={"distance": "psi"},
            column_limits={"dest": {"tvd": 0.15}},
            learnt=LearntLimits(k=4),
            alarms_per_year=1,
        ),
    )
    # [END howto_drift_policy]
    reference >> drift
