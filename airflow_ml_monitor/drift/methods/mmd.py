"""Maximum mean discrepancy of one column."""

from __future__ import annotations

from airflow_ml_monitor.drift.methods.ks import ks
from airflow_ml_monitor.drift.permutation import MOST_CELLS
from airflow_ml_monitor.drift.points import Points, grouped, own_points
from airflow_ml_monitor.drift.registry import NUMBERS, Measurement, enough, method
from airflow_ml_monitor.profile.numeric import NumericProfile

_EXACT = 1_000


@method("mmd", takes="numbers", kinds=NUMBERS)
def mmd(reference: NumericProfile, current: NumericProfile) -> Measurement:
    """Measure MMD = sqrt(E k(x,x') + E k(y,y') - 2 E k(x,y)), k(x,y) = exp(-(x - y)^2 / (2 s^2)).

    Range 0 to sqrt(2), unchanged by any change of unit: s is the median distance of two values of both sides (Gretton
    et al. 2012). Unbiased estimator of the square, 0 where that is negative. The p-value is that of 999 permutations of
    the rows, from a fixed seed, and of ``ks`` where none of them reaches MMD and that is smaller.

    Exact up to 1,000 different values; of more, and from a profile, neighbours are taken together in about 128 points,
    which changes MMD by up to 3e-3. Whole rows: see ``drift.multivariate.mmd``. Limit 0.1: a normal column moves by
    0.23 standard deviations.

    >>> from airflow_ml_monitor.drift import measure
    >>> round(measure("mmd", [0, 1, 2, 3], [10, 11, 12, 13]).value, 4)
    1.0119
    """
    from airflow_ml_monitor.drift.multivariate.mmd import mmd_weighted

    n, m = enough("mmd", (reference.count, current.count))
    points = own_points(reference, current)
    points = points if len(points.values) <= _EXACT else grouped(points, MOST_CELLS)
    found = mmd_weighted(*_on_unit_range(points), beyond=lambda: ks(reference, current).p_value or 0.0)
    return Measurement(found.value, found.p_value, n, m)


def _on_unit_range(points: Points) -> Points:
    """Return the points from 0 to 1: the squares of very large or small values would not be numbers."""
    halves = points.values / 2.0
    width = halves[-1] - halves[0]
    return points._replace(values=(halves - halves[0]) / width) if width > 0.0 else points
