"""What one column of a reference lets us expect of the next window, each with its reason in words and figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_ml_monitor.numerals import number, percent
from airflow_ml_monitor.profile.columns import ColumnProfile
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.levels import NAMED_FROM, LevelProfile
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.quality.learn_limits import LEAST_ROWS, Budget, outward
from airflow_ml_monitor.results import Severity

_NEVER_MISSING_SLACK = 0.01
_MISSING_SLACK = 0.03
_RANGE_SLACK = 0.005
_LEVEL_SLACK = 0.02
_MOST_UNLISTED = 0.1
_FEW_VALUES = 10
_MARGIN = 0.1
_LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the reference, and what is known of it beside its profile."""

    name: str
    profile: ColumnProfile
    types: Sequence[str] = ()
    key: bool = False
    integer: bool = False
    most_levels: int = 100


@dataclass(frozen=True)
class NotLearnt:
    """Why a column has no expectation of some sort."""

    reason: str


@dataclass(frozen=True)
class Learnt:
    """One expectation.

    :param allowed: share of the rows that may break it; ``None`` where the expectation has no ``mostly``.
    :param figures: what the reference shows, in plain JSON.
    """

    check: str
    arguments: dict[str, Any]
    severity: Severity
    why: str
    allowed: float | None = None
    figures: dict[str, Any] = field(default_factory=dict)

    def to_dict(self, column: str) -> dict[str, Any]:
        mostly = {"mostly": round(1.0 - self.allowed, 3)} if self.allowed else {}
        return {
            "type": self.check,
            "kwargs": {"column": column, **self.arguments, **mostly},
            "severity": self.severity.value,
            "meta": {"why": self.why, "learnt_from": self.figures},
        }


def learn_column(column: Column, budget: Budget) -> Iterator[Learnt | NotLearnt]:
    """Yield what is expected of a column: its type, presence, uniqueness, and its range or levels."""
    present = column.profile.rows - column.profile.missing
    if present < LEAST_ROWS:
        yield NotLearnt(f"{present:,} values are fewer than the {LEAST_ROWS} it takes")
        return
    yield (
        _type(column) if column.types else NotLearnt("type: Great Expectations' engines have no name for it in common")
    )
    yield _missing(column, budget)
    if column.key:
        why = f"All {present:,} values differ, as those of a key do: a repeated one is a row delivered twice."
        yield Learnt("expect_column_values_to_be_unique", {}, Severity.CRITICAL, why, figures={"rows": present})
        yield NotLearnt("range or levels: the values of a key are new in every window")
    elif isinstance(column.profile, NumericProfile) and column.profile.kind is Kind.NUMERIC:
        yield _range(column, column.profile, budget)
    elif isinstance(column.profile, LevelProfile):
        yield _levels(column, column.profile, budget)
    else:
        yield NotLearnt(_UNRANGED.get(column.profile.kind, "range or levels: values of this kind are not compared"))


_UNRANGED = {Kind.DATETIME: "range: times of later windows lie after those of the reference"}


def _type(column: Column) -> Learnt:
    why = f"It was {column.profile.kind.value}; the names are those of that family on Great Expectations' engines."
    return Learnt("expect_column_values_to_be_in_type_list", {"type_list": list(column.types)}, Severity.CRITICAL, why)


def _missing(column: Column, budget: Budget) -> Learnt | NotLearnt:
    missing, rows = column.profile.missing, column.profile.rows
    figures = {"rows": rows, "missing": missing}
    check = "expect_column_values_to_not_be_null"
    if column.key:
        why = f"None of {rows:,} rows lacks it, and a key identifies nothing where it is missing."
        return Learnt(check, {}, Severity.CRITICAL, why, figures=figures)
    allowed = budget.share(missing, rows, least=_MISSING_SLACK if missing else _NEVER_MISSING_SLACK)
    if allowed >= 1.0:
        return NotLearnt(f"missing: {percent(missing / rows)} of {rows:,} rows are, and all may be")
    seen = f"{missing:,} of {rows:,} rows ({percent(missing / rows)})" if missing else f"none of {rows:,} rows"
    why = f"Missing in {seen}; a fresh window may lack {percent(allowed)}."
    return Learnt(check, {}, Severity.CRITICAL, why, allowed, figures)


def _range(column: Column, profile: NumericProfile, budget: Budget) -> Learnt | NotLearnt:
    if not profile.count:
        return NotLearnt("range: every value is infinite or beyond 1e150")
    low, high, outside = _bounds(profile)
    odd = profile.infinite + profile.too_large
    present = profile.count + odd
    # Of a sample's own extremes, as many values are expected beyond each as if one had been seen there.
    allowed = budget.share(odd + outside + 1, present, least=_RANGE_SLACK)
    if allowed >= 1.0:
        return NotLearnt(f"range: {odd + outside:,} of {present:,} values lie outside any that could be named")
    bounds: list[float | int] = [math.floor(low), math.ceil(high)] if column.integer else [low, high]
    beyond = f"; {outside + odd:,} of them far beyond the others or infinite" if outside + odd else ""
    middle = f"98 % from about {number(profile.edges.low, 3)} to {number(profile.edges.high, 3)}"
    why = f"{present:,} values, {middle}{beyond}. The bounds leave room, and {percent(allowed)} may lie outside."
    figures = {"values": present, "far_outside": outside, "infinite": odd}
    arguments = {"min_value": bounds[0], "max_value": bounds[1]}
    return Learnt("expect_column_values_to_be_between", arguments, Severity.WARNING, why, allowed, figures)


def _bounds(profile: NumericProfile) -> tuple[float, float, int]:
    """Return bounds with some room, and how many values of the reference lie outside: those of a heavy tail.

    A heavy tail reaches more than three widths beyond the middle 98 %; it is cut there, since its extreme says nothing.
    """
    edges, least, greatest = profile.edges, profile.minimum, profile.maximum
    few = edges.distinct is not None and edges.distinct <= _FEW_VALUES
    if edges.far is None or least == greatest or few:
        return least, greatest, 0
    width = edges.high - edges.low
    low, high, outside = least - _MARGIN * width, greatest + _MARGIN * width, 0
    if least < edges.far[0]:
        low, outside = edges.far[0], outside + profile.count - _at_least(profile, edges.far[0])
    if greatest > edges.far[1]:
        high, outside = edges.far[1], outside + profile.count - _at_most(profile, edges.far[1])
    low, high = outward(low, high, width)
    # What is never below zero counts or measures something that cannot be.
    return (max(low, 0.0) if least >= 0 else low), (min(high, 0.0) if greatest <= 0 else high), outside


def _at_most(profile: NumericProfile, bound: float) -> int:
    """Return how many values are surely at most ``bound``."""
    upto = profile.upto[profile.edges.values <= bound]
    return int(upto[-1]) if len(upto) else 0


def _at_least(profile: NumericProfile, bound: float) -> int:
    """Return how many values are surely at least ``bound``."""
    below = (profile.upto - profile.at)[profile.edges.values >= bound]
    return profile.count - int(below[0]) if len(below) else 0


def _levels(column: Column, profile: LevelProfile, budget: Budget) -> Learnt | NotLearnt:
    listed = _listed(profile)
    if profile.kind is Kind.BOOLEAN and len(listed) != 1:
        return NotLearnt("levels: true and false both occur")
    # A level seen ten times is known, and yet one row fewer would have left it out: so much of the next window falls
    # on levels that are not listed (Good, 1953, with ten in the place of one).
    rare = int(profile.counts[profile.counts <= NAMED_FROM].sum()) + profile.outside.rows
    if not listed or len(listed) > column.most_levels or rare > _MOST_UNLISTED * profile.count:
        return NotLearnt(
            f"levels: {profile.levels:,} differ, {len(listed):,} have {NAMED_FROM} rows or more, and "
            f"{percent(rare / profile.count)} of the rows have rarer ones; a list must have at most "
            f"{column.most_levels} and leave out no more than {percent(_MOST_UNLISTED)}"
        )
    if any(len(name) >= _LONGEST_NAME for name in listed):
        return NotLearnt(f"levels: some are texts of {_LONGEST_NAME} characters or more")
    allowed = budget.share(rare, profile.count, least=_LEVEL_SLACK)
    if allowed >= 1.0:
        return NotLearnt("levels: too few rows to say how many may have another")
    unlisted = profile.levels - len(listed)
    without = f"; {unlisted:,} rarer left out" if unlisted else ""
    why = (
        f"The levels that have {NAMED_FROM} rows or more of {profile.count:,}{without}. "
        f"{percent(allowed)} of a window may have another."
    )
    values = [name == "true" for name in listed] if profile.kind is Kind.BOOLEAN else listed
    figures = {"values": profile.count, "levels": profile.levels, "rows_of_rare_levels": rare}
    check = "expect_column_values_to_be_in_set"
    return Learnt(check, {"value_set": values}, Severity.WARNING, why, allowed, figures)


def _listed(profile: LevelProfile) -> list[str]:
    """Return the levels whose names may be kept, in order."""
    counts = zip(profile.hashes.tolist(), profile.counts.tolist(), strict=True)
    return sorted(profile.names[key] for key, count in counts if count >= NAMED_FROM and key in profile.names)
