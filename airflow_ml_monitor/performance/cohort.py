"""The cohort of a window: its predictions, each once, with the label known of it at ``as_of``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    import pandas as pd

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class LabelCounts:
    """What is known of the labels of a window at ``as_of``. All are numbers of rows.

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
    :param unmatched_labels: labels that arrived since the window began and belong to no prediction at all.
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

    :param frame: the key columns, the columns asked for, and the label under its own name (missing where there is
        none), in the order the predictions came; its index counts from 0.
    :param labelled: which rows have a label and are not void; shape (rows,), as are the following.
    :param void: which rows never get one.
    :param mature: which rows are due.
    """

    frame: pd.DataFrame
    labelled: Mask
    void: Mask
    mature: Mask
    counts: LabelCounts
    window: Window | None
    as_of: datetime
