"""How many more labels would decide a verdict that the missing ones leave open."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from airflow_ml_monitor.performance.answers import Answers

MOST_ROWS = 200_000
_SEED = 20_130_204


def labels_needed(answers: Answers, decides: Callable[[Answers], bool]) -> int | None:
    """Return about how many of the missing labels (NaN in ``y``) would have to come, if they are like those known.

    Answers whose label would have come are replaced by ones drawn from those whose label is known. ``None`` where no
    label is known, where all of them would not decide, and of more than 200,000 answers, where it would take long.

    :param decides: whether the labels of some answers decide; with more labels more likely so.
    """
    known, missing = np.flatnonzero(~np.isnan(answers.y)), np.flatnonzero(np.isnan(answers.y))
    if not len(known) or not len(missing) or len(answers) > MOST_ROWS:
        return None
    random = np.random.default_rng(_SEED)
    missing, like = random.permutation(missing), random.choice(known, len(missing))

    def decided_by(more: int) -> bool:
        return decides(answers.take(np.concatenate((known, like[:more], missing[more:]))))

    if not decided_by(len(missing)):
        return None
    too_few, enough = 0, len(missing)
    while enough - too_few > max(1, len(missing) // 100):
        half = (too_few + enough) // 2
        too_few, enough = (too_few, half) if decided_by(half) else (half, enough)
    return enough
