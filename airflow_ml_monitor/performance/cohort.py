"""The cohort of a window: its predictions, each once, with the label known of it at ``as_of``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.data.arrays import as_arrow
from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import Dataset, as_dataset
from airflow_ml_monitor.performance.delays import known_delay
from airflow_ml_monitor.performance.delays_learnt import Delay
from airflow_ml_monitor.performance.label_history import LabelHistory, label_history
from airflow_ml_monitor.performance.label_join import LabelJoin
from airflow_ml_monitor.performance.label_keys import KeyReader
from airflow_ml_monitor.performance.label_rows import LabelReader, LabelRows
from airflow_ml_monitor.performance.prediction_rows import Moments, PredictionRows, read_predictions
from airflow_ml_monitor.performance.void import require_known
from airflow_ml_monitor.window import Window, as_of_or_now

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class LabelCounts:
    """What is known of the labels of a window at ``as_of``. All are numbers of rows, unless they say keys.

    :param predictions: predictions of the window, each key once.
    :param void: those that by their nature never get a label.
    :param mature: those that are due, ``predicted_at + delay <= as_of``, void ones included.
    :param mature_void: those that are both.
    :param labelled: those with a label that are not void, mature or not.
    :param mature_labelled: those of them that are mature.
    :param duplicate_predictions: further rows of a key that the window has already; left out.
    :param keyless_predictions: rows without a key; left out, since no label can reach them.
    :param repeated_labels: further rows that say the same label of a key again.
    :param corrected_labels: keys of which a later row says another label than an earlier one did; the later one counts.
    :param conflicting_labels: keys with different labels and no telling which is the later; they count as missing.
    :param withdrawn_labels: keys whose latest row has no label any more; they count as missing.
    :param late_labels: labels that arrived after they were due.
    :param void_labelled: void predictions that have a label all the same; they stay void.
    :param unmatched_labels: keys whose labels arrived since the window began and that no prediction at all has; each
        label without a key is one.
    """

    predictions: int
    void: int = 0
    mature: int = 0
    mature_void: int = 0
    labelled: int = 0
    mature_labelled: int = 0
    duplicate_predictions: int = 0
    keyless_predictions: int = 0
    repeated_labels: int = 0
    corrected_labels: int = 0
    conflicting_labels: int = 0
    withdrawn_labels: int = 0
    late_labels: int = 0
    void_labelled: int = 0
    unmatched_labels: int = 0

    @property
    def missing(self) -> int:
        """Predictions that are not void and have no label."""
        return self.predictions - self.void - self.labelled

    @property
    def coverage(self) -> float | None:
        """Labelled share of what is mature and not void; ``None`` where nothing is."""
        due = self.mature - self.mature_void
        return self.mature_labelled / due if due else None

    @property
    def completeness(self) -> float | None:
        """Labelled share of all that is not void; ``None`` where all is void or there is nothing."""
        expected = self.predictions - self.void
        return self.labelled / expected if expected else None


@dataclass(frozen=True)
class Cohort:
    """The predictions of a window, a row each, with what is known of their labels at ``as_of``.

    :param table: the key columns, the columns asked for, and the label under its own name (missing where there is
        none), in the order the predictions came.
    :param labelled: which rows have a label and are not void; shape (rows,), as are the following.
    :param void: which rows never get one.
    :param mature: which rows are due.
    """

    table: pa.Table
    labelled: Mask
    void: Mask
    mature: Mask
    counts: LabelCounts
    window: Window | None
    as_of: datetime

    @property
    def frame(self) -> pd.DataFrame:
        """The table as a pandas data frame of its own, whose index counts from 0."""
        found: pd.DataFrame = self.table.to_pandas()
        return found


def build_cohort(
    predictions: Any,
    labels: Any,
    *,
    on: str | Sequence[str],
    label: str = "label",
    columns: Sequence[str] = (),
    delay: Delay = timedelta(0),
    void: str | Mapping[str, Any] | None = None,
    window: Any = None,
    as_of: datetime | str | None = None,
    connections: Connections | None = None,
) -> Cohort:
    """Set the predictions of a window beside the labels that were known of them at ``as_of``.

    Of a key that has several predictions the earliest counts: it was acted on. Of a key that has several labels the
    latest to arrive counts; where two different ones arrived last, or nobody knows when they arrived, none does.

    :param predictions: a dataset or data frame; its ``time_column`` is the time of the prediction.
    :param labels: a dataset or data frame; it is never cut by the window. Rows whose ``arrived_at_column`` is later
        than ``as_of`` do not exist.
    :param on: the key that a prediction and its label share: a column, or several.
    :param label: column of the label.
    :param columns: further columns of the predictions to keep.
    :param delay: a prediction is mature, its label due, that long after its time; or the column of the predictions that
        says when, such as ``"label_due_at"``. Where that is missing, the label counts as due. Or a ``LearntDelay``.
    :param void: which predictions never get a label: a boolean column of predictions or labels, or
        ``{column: value or values}``. Where both have the column, either says so; of labels it is the latest row.
    :param window: event time to look at: a ``Window`` or a pair of times; all predictions by default.
    :param as_of: the moment whose knowledge counts; now by default.
    :param connections: where connection ids and URLs of datasets lead.
    :raises ConfigurationError: a past ``as_of`` though nobody knows when labels arrived; a delay, though nobody knows
        when predictions were made; a delay below zero; no key.
    :raises DataError: an unknown column, keys that cannot match, naive times without a ``timezone``.
    """
    moment = as_of_or_now(as_of)
    sources = as_dataset(predictions), as_dataset(labels)
    question: dict[str, Any] = {"on": on, "label": label, "void": void}
    learnt = known_delay(delay, *sources, as_of=moment, connections=connections, **question)
    join = LabelJoin.of(delay=learnt, **question)
    join.require_times(*sources, moment)
    where = None if window is None else Window.of(window)
    found, known, history = _join(*sources, join, list(columns), where, moment, connections)
    return _cohort(found, known, history, join, where, moment)


def _join(
    predictions: Dataset,
    labels: Dataset,
    join: LabelJoin,
    columns: list[str],
    window: Window | None,
    as_of: datetime,
    connections: Connections | None,
) -> tuple[PredictionRows, LabelRows, LabelHistory]:
    of_window, of_all_times = (predictions.open(each, as_of=as_of, connections=connections) for each in (window, None))
    of_labels = labels.open(as_of=as_of, connections=connections)
    for rows, names in ((of_window, [*join.on, *columns]), (of_labels, [*join.on, join.label])):
        rows.require(names)
    require_known(join.void, of_window, of_labels)
    keys = KeyReader(join.on)
    keys.expect(of_window.full_schema, f"the predictions ({of_window.label})")
    keys.expect(of_labels.full_schema, f"the labels ({of_labels.label})")
    kept = [name for name in dict.fromkeys([*join.on, *columns]) if name != join.label]
    found = read_predictions(of_window, keys, columns=kept, void=join.void, as_of=as_of, delay=join.delay)
    reader = LabelReader(
        labels=of_labels,
        predictions=of_window,
        all_predictions=of_all_times,
        keys=keys,
        label=join.label,
        void=join.void,
        since=None if window is None else window.start,
        as_of=as_of,
    )
    known = reader.read(found.index)
    return found, known, label_history(len(found.index), known.key, known.arrived, known.code, known.void)


def _cohort(
    found: PredictionRows,
    known: LabelRows,
    history: LabelHistory,
    join: LabelJoin,
    window: Window | None,
    as_of: datetime,
) -> Cohort:
    rows = found.number
    due = found.due
    void = found.void | history.void[rows]
    code = np.where(void, -1, history.label[rows])
    labelled, has_label = code >= 0, history.label[rows] >= 0
    mature = _mature(due, len(found), as_of)
    arrivals_known = due is not None and known.timed
    late = labelled & (history.first_arrival[rows].astype("datetime64[us]") > due if arrivals_known else False)
    counts = LabelCounts(
        predictions=len(found),
        void=int(void.sum()),
        mature=int(mature.sum()),
        mature_void=int((mature & void).sum()),
        labelled=int(labelled.sum()),
        mature_labelled=int((mature & labelled).sum()),
        duplicate_predictions=found.duplicates,
        keyless_predictions=found.keyless,
        repeated_labels=int(history.repeated.sum()),
        corrected_labels=int(history.corrected.sum()),
        conflicting_labels=int((history.conflicting[rows] & ~void).sum()),
        withdrawn_labels=int((history.withdrawn[rows] & ~void).sum()),
        late_labels=int(late.sum()),
        void_labelled=int((void & has_label).sum()),
        unmatched_labels=known.unmatched,
    )
    labels = known.labels.take(as_arrow(code, labelled))
    table = found.table.append_column(join.label, labels)
    return Cohort(table, labelled, void, mature, counts, window, as_of)


def _mature(due: Moments | None, rows: int, as_of: datetime) -> Mask:
    """Return which predictions are due; one whose time nobody knows is."""
    if due is None:
        return np.ones(rows, dtype=bool)
    return ~(due > np.datetime64(as_of.replace(tzinfo=None), "us"))
