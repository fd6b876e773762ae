"""How many labels of a window have arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.performance.cohort import LabelCounts, build_cohort
from airflow_ml_monitor.performance.delays_learnt import Delay


def label_coverage(
    predictions: Any,
    labels: Any,
    *,
    on: str | Sequence[str],
    label: str = "label",
    delay: Delay = timedelta(0),
    void: str | Mapping[str, Any] | None = None,
    window: Any = None,
    as_of: datetime | str | None = None,
    connections: Connections | None = None,
) -> LabelCounts:
    """Count a window's predictions and what is known of their labels at ``as_of``.

    The counts are those of the cohort that ``build_cohort`` gives for the same arguments, which are explained there.
    Where both datasets are tables of one PostgreSQL connection, it finds the labels that matter by itself.

    :raises ConfigurationError: a past ``as_of`` though nobody knows when labels arrived, and what else cannot be.
    :raises DataError: an unknown column, keys that cannot match, naive times without a ``timezone``.
    """
    return build_cohort(
        predictions,
        labels,
        on=on,
        label=label,
        delay=delay,
        void=void,
        window=window,
        as_of=as_of,
        connections=connections,
    ).counts
