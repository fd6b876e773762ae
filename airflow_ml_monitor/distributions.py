"""Tail probabilities, in plain floating point: SciPy would take 17 MB and longer than a whole drift check."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_NORMAL = NormalDist()
_NOTHING = -800.0
"""A logarithm of a probability so small that no sum of any number of them is above zero."""
_SMALLEST = 1e-300
_MOST_TERMS = 200_000
_AS_NORMAL = 1e7


def normal_sf(z: float) -> float:
    """Return P(Z > z) of a standard normal."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def normal_isf(p: float) -> float:
    """Return the z with P(Z > z) = p, for p in (0, 1)."""
    return -_NORMAL.inv_cdf(min(max(p, _SMALLEST), 1.0 - 1e-16))


def kolmogorov_sf(x: float) -> float:
    """Return P(K > x) of the limiting Kolmogorov distribution."""
    if x < 0.2:
        return 1.0
    if x < 1.1:
        steps = np.arange(1, 20, 2)
        return float(1.0 - math.sqrt(2 * math.pi) / x * np.exp(-(steps**2) * math.pi**2 / (8 * x * x)).sum())
    steps = np.arange(1, 20)
    return float(max(0.0, 2.0 * (np.where(steps % 2, 1.0, -1.0) * np.exp(-2.0 * steps**2 * x * x)).sum()))


def chi_square_sf(x: float, df: int) -> float:
    """Return P(X > x) of the chi-square distribution: the regularised upper incomplete gamma function.

    Series for small x, continued fraction (Lentz) for large x; relative error about 1e-12.
    """
    shape, scaled = df / 2.0, x / 2.0
    if scaled <= 0.0 or df < 1:
        return 1.0
    if math.isinf(scaled):
        return 0.0
    front = math.exp(shape * math.log(scaled) - scaled - math.lgamma(shape))
    if scaled < shape + 1.0:
        return max(0.0, 1.0 - front * _gamma_series(shape, scaled))
    return min(1.0, front * _gamma_fraction(shape, scaled))


def _gamma_series(shape: float, x: float) -> float:
    term = total = 1.0 / shape
    for step in range(1, 100_000):
        term *= x / (shape + step)
        total += term
        if term < total * 1e-16:
            break
    return total


def _gamma_fraction(shape: float, x: float) -> float:
    b = x + 1.0 - shape
    c, d = 1.0 / _SMALLEST, 1.0 / b
    total = d
    for step in range(1, 100_000):
        a = -step * (step - shape)
        b += 2.0
        d = 1.0 / (a * d + b)
        c = b + a / c
        total *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return total


def chi_square_isf(p: float, df: int) -> float:
    """Return the x with P(X > x) = p: Newton's steps on log P from the approximation of Wilson & Hilferty (1931)."""
    spread = 2.0 / (9.0 * df)
    x = df * max(0.01, 1.0 - spread + normal_isf(p) * math.sqrt(spread)) ** 3
    for _ in range(100):
        tail = max(chi_square_sf(x, df), _SMALLEST)
        shape = df / 2.0
        density = math.exp((shape - 1.0) * math.log(x) - x / 2.0 - shape * math.log(2.0) - math.lgamma(shape))
        step = (math.log(tail) - math.log(max(p, _SMALLEST))) * tail / max(density, _SMALLEST)
        moved = min(2.0 * x, max(x / 2.0, x + step))
        if abs(moved - x) <= 1e-13 * x:
            break
        x = moved
    return x


def student_t_two_sided(t: float, df: float) -> float:
    """Return P(|T| >= |t|) of Student's t: the regularised incomplete beta function of df / (df + t^2)."""
    if df > _AS_NORMAL:
        return 2.0 * normal_sf(abs(t))
    if t * t < 1.0:  # where df / (df + t^2) is nearly 1 and has lost what tells it from 1
        return 1.0 - beta_cdf(t * t / (df + t * t), 0.5, df / 2.0)
    return beta_cdf(df / (df + t * t), df / 2.0, 0.5)


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return P(X <= x) of the beta distribution, by its continued fraction (Lentz); relative error about 1e-10."""
    if not 0.0 < x < 1.0:
        return float(x >= 1.0)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return min(1.0, front * _beta_fraction(x, a, b) / a)
    return max(0.0, 1.0 - front * _beta_fraction(1.0 - x, b, a) / b)


def _beta_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1.0))
    total = d
    for step in range(1, 100_000):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for term in (even, odd):
            d = 1.0 / _not_zero(1.0 + term * d)
            c = _not_zero(1.0 + term / c)
            total *= d * c
        if abs(d * c - 1.0) < 1e-15:
            break
    return total


def _not_zero(value: float) -> float:
    return value if abs(value) > _SMALLEST else _SMALLEST


def hypergeometric_sf(k: int, drawn: int, marked: int, total: int) -> float:
    """Return P(X >= k): of ``total`` things ``marked`` are, ``drawn`` are taken, X of those are marked.

    Terms that are below 1e-16 of the sum are left out.
    """
    lowest, highest = max(0, drawn + marked - total), min(drawn, marked)
    if k <= lowest:
        return 1.0
    if k > highest:
        return 0.0
    terms = _terms(drawn, marked, total)
    if k > drawn * marked / total:
        if _log_pmf(k, drawn, marked, total) < _NOTHING:  # and each further outcome is less likely
            return 0.0
        return min(1.0, float(hypergeometric_pmf(k, min(highest, k + terms), drawn, marked, total).sum()))
    if _log_pmf(k - 1, drawn, marked, total) < _NOTHING:
        return 1.0
    below = hypergeometric_pmf(max(lowest, k - 1 - terms), k - 1, drawn, marked, total)
    return max(0.0, 1.0 - float(below.sum()))


def _terms(drawn: int, marked: int, total: int) -> int:
    """Return how many outcomes beyond one on the far side of the mean have all the probability beyond it."""
    share = marked / total
    variance = drawn * share * (1 - share) * (total - drawn) / max(1, total - 1)
    return min(_MOST_TERMS, math.ceil(12.0 * math.sqrt(variance)) + 60)


def hypergeometric_pmf(first: int, last: int, drawn: int, marked: int, total: int) -> NDArray[np.float64]:
    """Return P(X = k) for k from ``first`` to ``last``, both possible."""
    k = np.arange(first, last, dtype=np.float64)
    ratios = (marked - k) * (drawn - k) / ((k + 1) * (total - marked - drawn + k + 1))
    return np.exp(_log_pmf(first, drawn, marked, total) + np.concatenate(([0.0], np.cumsum(np.log(ratios)))))


def _log_pmf(k: int, drawn: int, marked: int, total: int) -> float:
    return _log_choose(marked, k) + _log_choose(total - marked, drawn - k) - _log_choose(total, drawn)


def fisher_two_sided(k: int, drawn: int, marked: int, total: int) -> float:
    """Return the p-value of Fisher's exact test: the total probability of all outcomes no likelier than X = k.

    Where more than 200,000 outcomes would count, twice the smaller tail.
    """
    mean = drawn * marked / total
    reach = math.ceil(abs(k - mean)) + _terms(drawn, marked, total)
    lowest = max(0, drawn + marked - total, math.floor(mean) - reach)
    highest = min(drawn, marked, math.ceil(mean) + reach)
    if highest - lowest > _MOST_TERMS:
        upper = hypergeometric_sf(k, drawn, marked, total)
        lower = hypergeometric_sf(drawn - k, drawn, total - marked, total)
        return min(1.0, 2.0 * min(upper, lower))
    masses = hypergeometric_pmf(lowest, highest, drawn, marked, total)
    return min(1.0, float(masses[masses <= masses[k - lowest] * (1 + 1e-7)].sum()))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
