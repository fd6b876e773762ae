"""Numbers in a sentence: few digits, and never so few that two different ones look alike."""

from __future__ import annotations

import math
from collections.abc import Callable

_DIGITS = 4
_MOST_DIGITS = 12
_LEAST_P = 1e-300


def number(value: float | None, digits: int = _DIGITS) -> str:
    """Return a number with that many digits that count; the digits before the point are all shown up to 1e15."""
    if value is None:
        return "none"
    if not 1e3 <= abs(value) < 1e15:
        return f"{value:,.{digits}g}"
    text = f"{value:,.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def beside(value: float | None, *others: float | None) -> list[str]:
    """Return a value and what it is compared with, by as many digits as tell it from those it differs from.

    Values within a rounding of each other (1e-9) count as the same.

    >>> beside(0.100004, 0.1)
    ['0.100004', '0.1']
    """
    different = [other for other in others if other is not None and value is not None and not same(value, other)]
    digits = _DIGITS
    while digits < _MOST_DIGITS and any(number(value, digits) == number(other, digits) for other in different):
        digits += 1
    return [number(each, digits) for each in (value, *others)]


def percent(share: float) -> str:
    """Return a share in percent by three digits, or by as many more as tell it from all.

    >>> percent(0.0471), percent(0.99997)
    ('4.71 %', '99.997 %')
    """
    text = number(100 * share, 3)
    return f"{beside(100 * share, 100.0)[0] if text == '100' else text} %"


def same(one: float, other: float) -> bool:
    """Whether two numbers differ by no more than a rounding."""
    return math.isclose(one, other, rel_tol=1e-9)


def p_value(p: float, alpha: float = 0.05) -> str:
    """Return a p-value, by as many digits as tell it from the one it is compared with.

    >>> p_value(0.0501), p_value(0.0)
    ('0.0501', '<1e-300')
    """
    if p < _LEAST_P:
        return f"<{_LEAST_P:g}"
    return _apart(lambda digits: f"{p:.{digits}g}", p, alpha, 2)


def fixed(value: float, limit: float, decimals: int) -> str:
    """Return a value by that many decimals, or by as many more as tell it from its limit."""
    return _apart(lambda more: f"{value:.{more}f}", value, limit, decimals)


def _apart(write: Callable[[int], str], value: float, other: float, least: int) -> str:
    for digits in range(least, _MOST_DIGITS):
        if float(write(digits)) != other or same(value, other):
            return write(digits)
    return write(_MOST_DIGITS)
