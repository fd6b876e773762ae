"""``Chart``: rows of numbers and the kind of picture they make; and what the checks of a report have to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from airflow_ml_monitor import numerals
from airflow_ml_monitor.rendering.selection import in_one_line
from airflow_ml_monitor.results import CheckResult, Report, Status

Kind = Literal["histogram", "levels", "intervals", "calibration", "confusion"]

SIDES = ("reference", "current")
_LONGEST_NAME = 40
_MOST_ROWS = 40
_MOST_CLASSES = 20
_HEIGHTS = {"histogram": 180, "calibration": 240}
_LINE = {"levels": 22, "intervals": 22, "confusion": 36}


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One picture.

    :param kind: which one; ``specs.spec`` draws it.
    :param title: what it shows, in words: also what a screen reader says of it.
    :param names: of the values in each row, which are numbers and texts.
    :param domain: what the axis spans; ``None`` for all that is drawn.
    """

    kind: Kind
    title: str
    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    domain: tuple[float, float] | None = None

    @property
    def height(self) -> int:
        """Pixels of the drawing, without axes: a step of Vega-Lite's own would not fit the width of a page."""
        if self.kind in _HEIGHTS:
            return _HEIGHTS[self.kind]
        by_line = {"levels": 1, "intervals": 1, "confusion": 0}[self.kind]
        return _LINE[self.kind] * len({row[by_line] for row in self.rows})


def of_distribution(result: CheckResult) -> Chart | None:
    """Return both distributions of a column that moved; ``None`` where the check kept none."""
    found = result.detail.get("distribution")
    described, dot, _ = result.metric.partition(".")
    of = f"{described} of {result.column}" if dot else str(result.column)
    return of_shares(of, found) if isinstance(found, Mapping) else None


def of_shares(of: str, found: Mapping[str, Any]) -> Chart | None:
    """Return two distributions, as a check keeps them in its detail; ``None`` of a column without values.

    :param of: what they are distributions of.
    """
    if "levels" in found:
        return _levels(of, found)
    return _histogram(of, found) if found.get("edges") else None


def of_metrics(report: Report) -> list[Chart]:
    """Return, for each metric with an interval, its values with intervals and limits: of all rows, then by segment."""
    by_metric: dict[str, list[CheckResult]] = {}
    for result in report.results:
        if result.interval is not None and result.value is not None:
            by_metric.setdefault(result.metric, []).append(result)
    judged = [name for name, found in by_metric.items() if any(_limited(one) for one in found)]
    return [_intervals(name, by_metric[name]) for name in judged]


def of_answers(report: Report) -> list[Chart]:
    """Return the calibration curve and the table of truth and answer, where the report has them."""
    made = {"calibration_curve": _calibration, "confusion_matrix": _confusion}
    found = [made[result.check](result.detail) for result in report.results if result.check in made]
    return [chart for chart in found if chart is not None]


def _histogram(column: str, found: Mapping[str, Any]) -> Chart:
    bounds = _bounds(found["edges"])
    bins = [f"≤ {bounds[0]}", *(f"{low} to {high}" for low, high in pairwise(bounds))]
    return _shares("histogram", f"Shares of rows by {column}", "bin", [*bins, f"> {bounds[-1]}"], found)


def _levels(column: str, found: Mapping[str, Any]) -> Chart:
    names = [_short(level) for level in found["levels"]]
    sides = {side: list(found[side]) for side in SIDES}
    if any(found.get("rest", ())):
        names.append("all other levels")
        sides = {side: [*sides[side], rest] for side, rest in zip(SIDES, found["rest"], strict=True)}
    return _shares("levels", f"Shares of rows by level of {column}", "level", names, sides)


def _shares(kind: Kind, title: str, what: str, names: Sequence[str], sides: Mapping[str, Sequence[float]]) -> Chart:
    rows = [
        (place, name, side, share)
        for place, (name, *both) in enumerate(zip(names, *(sides[side] for side in SIDES), strict=True))
        for side, share in zip(SIDES, both, strict=True)
    ]
    return Chart(kind=kind, title=in_one_line(title), names=("place", what, "side", "share"), rows=tuple(rows))


def _intervals(metric: str, found: Sequence[CheckResult]) -> Chart:
    whole_first = sorted(found, key=lambda one: one.segment is not None)[:_MOST_ROWS]
    names = ("place", "rows", "value", "lower", "upper", "lower_limit", "upper_limit", "status")
    rows = [
        (place, _short(one.segment or "all"), one.value, *(one.interval or ()), *one.limits, one.status.value)
        for place, one in enumerate(whole_first)
    ]
    title = in_one_line(f"{metric} with intervals and limits")
    return Chart(kind="intervals", title=title, names=names, rows=tuple(rows), domain=_domain(whole_first))


def _domain(found: Sequence[CheckResult]) -> tuple[float, float] | None:
    """Return what the intervals of decided checks span, with all values and limits; ``None`` where none is decided.

    The interval of a small segment can be so wide that beside it no other one is seen.
    """
    decided = [bound for one in found if one.status is not Status.INSUFFICIENT for bound in one.interval or ()]
    others = [number for one in found for number in (one.value, *one.limits) if number is not None]
    if not decided or min(decided + others) == max(decided + others):
        return None
    low, high = min(decided + others), max(decided + others)
    return low - (high - low) / 20, high + (high - low) / 20


def _calibration(detail: Mapping[str, Any]) -> Chart | None:
    if "mean_score" not in detail:  # a detail that was too large for the store
        return None
    rows = zip(detail["mean_score"], detail["share_positive"], detail["rows"], strict=True)
    return Chart(
        kind="calibration",
        title="Calibration: share of positives by mean score; on the diagonal they are equal",
        names=("mean_score", "share_positive", "rows"),
        rows=tuple(rows),
    )


def _confusion(detail: Mapping[str, Any]) -> Chart | None:
    classes = [_short(name) for name in detail.get("classes", ())]
    if not 0 < len(classes) <= _MOST_CLASSES:
        return None
    rows = [
        (truth, answer, count, round(count / max(1, sum(counts)), 6))
        for truth, counts in zip(classes, detail["table"], strict=True)
        for answer, count in zip(classes, counts, strict=True)
    ]
    names = ("truth", "answer", "rows", "share_of_truth")
    return Chart(kind="confusion", title="Rows by truth and answer", names=names, rows=tuple(rows))


def _bounds(edges: Sequence[str | float]) -> list[str]:
    """Return edges in words, by so many digits that no two look alike: bins are told apart by their names."""
    written: list[str] = []
    for digits in (4, 6, 9, 12, 17):
        written = [edge if isinstance(edge, str) else numerals.number(edge, digits) for edge in edges]
        if len(set(written)) == len(written):
            break
    return written


def _limited(result: CheckResult) -> bool:
    return any(limit is not None for limit in result.limits)


def _short(name: object) -> str:
    line = in_one_line(name)
    return line if len(line) <= _LONGEST_NAME else f"{line[: _LONGEST_NAME - 1]}…"
