"""What has arrived of the labels of many windows, counted in one pass over predictions and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.data.arrays import flags_as_arrow
from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import Dataset, Rows, as_dataset
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.label_history import LabelHistory, label_history
from airflow_ml_monitor.performance.label_join import LabelJoin
from airflow_ml_monitor.performance.label_keys import KeyIndex, KeyReader
from airflow_ml_monitor.performance.label_rows import LabelReader, LabelRows
from airflow_ml_monitor.performance.prediction_rows import Moments, as_table, due_of, moments_of
from airflow_ml_monitor.performance.void import require_known, void_rows
from airflow_ml_monitor.window import Window, as_of_or_now

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class WindowLabels:
    """What is known of the labels of a window, and what has come since an earlier moment; the words of ``LabelCounts``.

    :param due: when all its labels are due: where each prediction says so for itself, the last of these moments.
    :param gained: predictions that have a label now and had none then.
    :param changed: predictions that had a label then, and have another, or none, or are void now.
    """

    window: Window
    due: datetime
    predictions: int = 0
    void: int = 0
    mature: int = 0
    mature_void: int = 0
    labelled: int = 0
    mature_labelled: int = 0
    gained: int = 0
    changed: int = 0

    @property
    def expected(self) -> int:
        """Predictions that are not void."""
        return self.predictions - self.void

    @property
    def missing(self) -> int:
        """Predictions that are not void and have no label."""
        return self.expected - self.labelled


def labels_by_window(
    predictions: Any,
    labels: Any,
    *,
    windows: Sequence[Window],
    on: str | Sequence[str],
    label: str = "label",
    delay: timedelta | str = timedelta(0),
    void: str | Mapping[str, Any] | None = None,
    as_of: datetime | str | None = None,
    known_at: Mapping[Window, datetime] | None = None,
    connections: Connections | None = None,
) -> list[WindowLabels]:
    """Count the predictions of windows and what is known of their labels at ``as_of``.

    The counts of each window are those that ``label_coverage`` gives for it alone; the other arguments are explained
    at ``build_cohort``.

    :param windows: windows that do not overlap, in the order of time.
    :param known_at: for some windows an earlier moment, to count what has come since; where nobody knows when labels
        arrived, nothing is told of it.
    :raises ConfigurationError: windows that overlap; predictions without a ``time_column``; and what ``build_cohort``
        refuses.
    :raises DataError: an unknown column, keys that cannot match, naive times without a ``timezone``.
    """
    if not windows:
        return []
    if any(one.end > other.start for one, other in pairwise(windows)):
        raise ConfigurationError("windows= overlap or are not in the order of time; a prediction belongs to one")
    moment = as_of_or_now(as_of)
    join = LabelJoin.of(on=on, label=label, delay=delay, void=void)
    sources = as_dataset(predictions), as_dataset(labels)
    join.require_times(*sources, moment)
    if sources[0].time_column is None:
        raise ConfigurationError(f"{sources[0].label} needs time_column=: without it no prediction is in a window")
    made, known = read_arrivals(*sources, join, windows, moment, connections)
    return made.counted(windows, known, join.delay, moment, known_at or {})


def read_arrivals(
    predictions: Dataset,
    labels: Dataset,
    join: LabelJoin,
    windows: Sequence[Window],
    as_of: datetime,
    connections: Connections | None,
) -> tuple[MadePredictions, LabelRows]:
    """Return the predictions of windows that do not overlap, and the rows of labels that their keys have."""
    span = Window(windows[0].start, windows[-1].end)
    of_span = predictions.open(span, as_of=as_of, connections=connections)
    of_labels = labels.open(as_of=as_of, connections=connections)
    of_span.require(join.on)
    of_labels.require([*join.on, join.label])
    require_known(join.void, of_span, of_labels)
    keys = KeyReader(join.on)
    keys.expect(of_span.full_schema, f"the predictions ({of_span.label})")
    keys.expect(of_labels.full_schema, f"the labels ({of_labels.label})")
    made = MadePredictions.read(of_span, keys, join, windows, as_of)
    reader = LabelReader(
        labels=of_labels,
        predictions=of_span,
        all_predictions=of_span,
        keys=keys,
        label=join.label,
        void=join.void,
        since=None,
        as_of=as_of,
        unmatched=False,
    )
    return made, reader.read(made.index)


@dataclass(frozen=True)
class MadePredictions:
    """The predictions of all windows, each key once in each window.

    :param window: the place of each one's window; shape (predictions,), as are the following.
    :param key: the number of its key in ``index``.
    :param due: when its label is due; NaT where nobody knows.
    """

    index: KeyIndex
    window: Integers
    key: Integers
    at: Moments
    due: Moments
    void: Mask

    @classmethod
    def read(
        cls, rows: Rows, keys: KeyReader, join: LabelJoin, windows: Sequence[Window], as_of: datetime
    ) -> MadePredictions:
        time_column = str(rows.dataset.time_column)
        due_column = [join.delay] if isinstance(join.delay, str) else []
        wanted = list(dict.fromkeys([*join.on, *join.void.among(rows.full_schema.names), time_column, *due_column]))
        table = as_table(rows, wanted, rows.batches(wanted))
        at = moments_of(rows, time_column, table)
        assert at is not None
        here = ~(at > _plain(as_of))
        table, at = table.filter(flags_as_arrow(here)), at[here]
        index = KeyIndex(keys.read(table, rows.label))
        window = _places(windows, at)
        pair = np.where((window < 0) | (index.of_rows < 0), -1, window * max(len(index), 1) + index.of_rows)
        order = np.lexsort((at, pair))
        order = order[pair[order] >= 0]
        first = np.ones(len(order), dtype=bool)
        first[1:] = pair[order][1:] != pair[order][:-1]
        kept = order[first]
        void = void_rows(join.void, table, rows.label)[kept]
        due = due_of(rows, join.delay, table, at)
        assert due is not None
        return cls(index, window[kept], index.of_rows[kept], at[kept], due[kept], void)

    def counted(
        self,
        windows: Sequence[Window],
        known: LabelRows,
        delay: timedelta | str,
        as_of: datetime,
        known_at: Mapping[Window, datetime],
    ) -> list[WindowLabels]:
        """Return the counts of each window."""
        row, pair = label_pairs(self.key, known.key)
        now = self._state(known, row, pair, np.ones(len(row), dtype=bool))
        mature = ~(self.due > _plain(as_of))
        labelled, void = now >= 0, now == _VOID
        masks = {
            "predictions": np.ones(len(now), dtype=bool),
            "void": void,
            "mature": mature,
            "mature_void": mature & void,
            "labelled": labelled,
            "mature_labelled": mature & labelled,
        }
        if known.timed and known_at:
            before = np.array([_microseconds(known_at.get(window)) for window in windows], dtype=np.int64)
            then = self._state(known, row, pair, known.arrived[row] <= before[self.window[pair]])
            had = then >= 0
            masks |= {"gained": labelled & ~had, "changed": had & (now != then)}
        many = {name: np.bincount(self.window[mask], minlength=len(windows)) for name, mask in masks.items()}
        return [
            WindowLabels(window=window, due=due, **{name: int(each[place]) for name, each in many.items()})
            for place, (window, due) in enumerate(zip(windows, self._all_due(windows, delay), strict=True))
        ]

    def _all_due(self, windows: Sequence[Window], delay: timedelta | str) -> list[datetime]:
        """Return when the last label of each window is due."""
        if not isinstance(delay, str):
            return [window.end + delay for window in windows]
        last = np.array([_plain(window.end) for window in windows])
        told = ~np.isnat(self.due)
        np.maximum.at(last, self.window[told], self.due[told])
        return [moment.item().replace(tzinfo=UTC) for moment in last]

    def _state(self, known: LabelRows, row: Integers, pair: Integers, rows: Mask) -> Integers:
        """Return the code of each prediction's label by some rows of labels; -1 for none, -2 for void."""
        history = self.history(known, row[rows], pair[rows])
        return np.where(self.void | history.void, _VOID, history.label)

    def history(self, known: LabelRows, row: Integers, pair: Integers) -> LabelHistory:
        """Return what rows of labels say of each prediction."""
        return label_history(len(self.key), pair, known.arrived[row], known.code[row], known.void[row])


_VOID = -2


def label_pairs(key: Integers, label_key: Integers) -> tuple[Integers, Integers]:
    """Return each row of labels with each prediction that has its key: their places, of shape (pairs,) both."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    begin, end = (np.searchsorted(ordered, label_key, side=side) for side in ("left", "right"))
    many = end - begin
    row = np.repeat(np.arange(len(label_key)), many)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    return row, order[np.repeat(begin, many) + offset]


def _places(windows: Sequence[Window], at: Moments) -> Integers:
    """Return the place of the window that each moment lies in; -1 where none has it."""
    starts, ends = (np.array([_plain(each) for each in bounds]) for bounds in zip(*map(_bounds, windows), strict=True))
    place = np.searchsorted(starts, at, side="right") - 1
    inside = (place >= 0) & (at < ends[np.maximum(place, 0)])
    return np.where(inside, place, -1).astype(np.int64)


def _bounds(window: Window) -> tuple[datetime, datetime]:
    return window.start, window.end


def _plain(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.replace(tzinfo=None), "us")


def _microseconds(moment: datetime | None) -> int:
    """Return a moment as ``LabelRows`` has it; the latest there is for none, so that nothing came since."""
    return np.iinfo(np.int64).max if moment is None else int(_plain(moment).astype(np.int64))
