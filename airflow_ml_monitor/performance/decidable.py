"""How many more labels would decide a verdict that the missing ones leave open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.answers import Answers, Numbers

MOST_ROWS = 200_000
_SEED = 20_130_204

Rows = NDArray[np.int64]


def labels_needed(answers: Answers, decides: Callable[[Answers], bool]) -> int | None:
    """Return about how many of the missing labels (NaN in ``y``) would have to come, if they are like those known.

    :param decides: whether the labels of some answers decide; with more labels more likely so.
    """
    return rows_needed(answers.y, lambda rows: decides(answers.take(rows)))


def rows_needed(y: Numbers, decides: Callable[[Rows], Any]) -> int | None:
    """Return about how many of the missing labels (NaN) would have to come, if they are like those known.

    Rows whose label would have come are replaced by ones drawn from those whose label is known. ``None`` where no
    label is known, where all of them would not decide, and of more than 200,000 rows, where it would take long.

    :param decides: whether the labels of some rows decide, given by their places; with more labels more likely so.
    """
    known, missing = np.flatnonzero(~np.isnan(y)), np.flatnonzero(np.isnan(y))
    if not len(known) or not len(missing) or len(y) > MOST_ROWS:
        return None
    random = np.random.default_rng(_SEED)
    missing, like = random.permutation(missing), random.choice(known, len(missing))

    def decided_by(more: int) -> bool:
        return bool(decides(np.concatenate((known, like[:more], missing[more:]))))

    if not decided_by(len(missing)):
        return None
    too_few, enough = 0, len(missing)
    while enough - too_few > max(1, len(missing) // 100):
        half = (too_few + enough) // 2
        too_few, enough = (too_few, half) if decided_by(half) else (half, enough)
    return enough
