"""Limits that a fresh window of the same process keeps, from what a reference shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

LEAST_ROWS = 30
"""Rows, and values of a column, from which something can be learnt."""
FALSE_ALARMS = 0.02
"""Of the windows that come from the reference's own process, the share that a learnt suite may stop."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a fresh window may differ by chance.

    :param rows: rows a window to be judged has at least.
    :param alpha: probability with which one expectation may fail on a window of the reference's own process.
    """

    rows: int
    alpha: float

    def share(self, count: int, of: int, *, least: float) -> float:
        """Return the share of rows to allow where the reference has ``count`` in ``of``, rounded up to a thousandth.

        The share that a fresh window exceeds with probability ``alpha``, whatever the true one is: the quantile of a
        beta-binomial with Clopper and Pearson's upper limit's distribution, Beta(count + 1, of - count). For no
        row at all it is the share of rows beyond the extremes of the reference, free of any distribution.

        :param least: what the share may rise by, at least, before it matters.
        """
        if count >= of:
            return 1.0
        from scipy.stats import betabinom

        window = max(1, round(self.rows * of / max(of, self.rows)))
        unlikely = float(betabinom.ppf(1.0 - self.alpha, window, count + 1, of - count)) / window
        return min(1.0, math.ceil(max(count / of + least, unlikely) * 1000 - 1e-9) / 1000)


def outward(low: float, high: float, scale: float) -> tuple[float, float]:
    """Return bounds rounded away from each other, to the second digit of ``scale``: a limit is no one's value.

    >>> outward(83.0, 5157.3, 2400.0)
    (0.0, 5200.0)
    """
    digits = 1 - math.floor(math.log10(scale))
    step = 10.0**-digits
    return round(math.floor(low / step) * step, digits), round(math.ceil(high / step) * step, digits)
