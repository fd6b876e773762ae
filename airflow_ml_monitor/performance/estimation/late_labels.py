"""Labels that are not among the rows of their predictions, and come late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from airflow_ml_monitor.data import Connections, Dataset, as_dataset
from airflow_ml_monitor.data.arrays import flags_as_arrow
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.cohort import build_cohort
from airflow_ml_monitor.performance.label_join import LabelJoin
from airflow_ml_monitor.window import Window


@dataclass(frozen=True, kw_only=True)
class LateLabels:
    """Where the labels of predictions are, and what they share; see ``build_cohort``.

    :param label: the column of the label.
    :raises ConfigurationError: no key, a label that is one, or a void condition that names no column.
    """

    labels: Dataset
    on: str | Sequence[str]
    label: str
    void: str | Mapping[str, Any] | None

    def __post_init__(self) -> None:
        LabelJoin.of(on=self.on, label=self.label, delay=timedelta(0), void=self.void)

    @classmethod
    def of(cls, labels: Any, *, on: str | Sequence[str], label: str, void: Any) -> LateLabels | None:
        """Return them; ``None`` where the predictions hold their labels themselves.

        :raises ConfigurationError: a key or a void condition, and no labels.
        """
        if labels is not None:
            return cls(labels=as_dataset(labels), on=on, label=label, void=void)
        if on or void is not None:
            raise ConfigurationError(f"on={on!r} and void={void!r} are of labels that come late; give labels=, too")
        return None

    def beside(
        self,
        predictions: Dataset,
        columns: Sequence[str],
        *,
        window: Window | None,
        as_of: datetime,
        connections: Connections | None,
    ) -> pa.Table:
        """Return these columns of a window's predictions with the label known of each; void ones are left out."""
        cohort = build_cohort(
            predictions,
            self.labels,
            on=self.on,
            label=self.label,
            columns=columns,
            void=self.void,
            window=window,
            as_of=as_of,
            connections=connections,
        )
        return cohort.table.filter(flags_as_arrow(~cohort.void))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        void = (
            self.void if self.void is None or isinstance(self.void, str) else {k: str(v) for k, v in self.void.items()}
        )
        on = [self.on] if isinstance(self.on, str) else list(self.on)
        return {"labels": self.labels.to_dict(), "on": on, "void": void}
