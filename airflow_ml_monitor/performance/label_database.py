"""Predictions and labels in one PostgreSQL database: it matches their keys itself, so only what matters is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.data.times import not_after, not_before

if TYPE_CHECKING:
    import sqlalchemy as sa

    from airflow_ml_monitor.data.table import TableRows


@dataclass(frozen=True)
class LabelDatabase:
    """Queries for labels by whether predictions have their keys.

    :param labels: the labels as known at a moment.
    :param predictions: the predictions of a window as known then.
    :param all_predictions: the predictions of all times as known then.
    """

    labels: TableRows
    predictions: TableRows
    all_predictions: TableRows

    @classmethod
    def of(cls, labels: Rows, predictions: Rows, all_predictions: Rows) -> LabelDatabase | None:
        """Return the database that has both; ``None`` where they are apart, or where it is another than PostgreSQL."""
        from airflow_ml_monitor.data.table import TableRows

        if not isinstance(labels, TableRows) or not isinstance(predictions, TableRows):
            return None
        if not isinstance(all_predictions, TableRows) or labels.dataset.conn_id != predictions.dataset.conn_id:
            return None
        return cls(labels, predictions, all_predictions) if labels.engine.dialect.name == "postgresql" else None

    def of_window(self, columns: Sequence[str], on: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the labels whose key a prediction of the window has."""
        query, labels = self._labels(columns)
        predictions = self.predictions.select(on).subquery()
        return self.labels.run(query.where(self._exists(predictions, labels, on)), columns)

    def of_no_prediction(
        self, columns: Sequence[str], on: Sequence[str], *, since: datetime | None, as_of: datetime
    ) -> Iterator[pa.RecordBatch]:
        """Yield the labels that arrived since then whose key no prediction made by ``as_of`` has."""
        rows, dataset = self.labels, self.labels.dataset
        recent = []
        if dataset.arrived_at_column is not None and since is not None:
            recent = [not_before(dataset, rows.full_schema, dataset.arrived_at_column, since)]
        query, labels = self._labels(columns, recent)
        made = []
        time_column = self.all_predictions.dataset.time_column
        if time_column is not None:
            made = [not_after(self.all_predictions.dataset, self.all_predictions.full_schema, time_column, as_of)]
        predictions = self.all_predictions.select(on, made).subquery()
        return self.labels.run(query.where(~self._exists(predictions, labels, on)), columns)

    def _labels(self, columns: Sequence[str], also: Sequence[Any] = ()) -> tuple[sa.Select[Any], Any]:
        import sqlalchemy as sa

        labels = self.labels.select(columns, also).subquery()
        query: sa.Select[Any] = sa.select(*(labels.c[name] for name in columns))
        return query, labels

    def _exists(self, predictions: Any, labels: Any, on: Sequence[str]) -> Any:
        import sqlalchemy as sa

        pairs = [(predictions.c[name], labels.c[name], self.labels.full_schema.field(name).type) for name in on]
        # Texts as which other types are read, such as uuid, can be compared with texts only as texts.
        alike = [
            (sa.cast(a, sa.Text), sa.cast(b, sa.Text)) if pa.types.is_string(kind) else (a, b) for a, b, kind in pairs
        ]
        return sa.exists().where(*(one == other for one, other in alike))
