"""A model's timeline: what was measured in each window, with limits and intervals, and what changed when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from airflow_ml_monitor import numerals
from airflow_ml_monitor.pages.drawing import TimeScale
from airflow_ml_monitor.results import Limits

if TYPE_CHECKING:
    from airflow_ml_monitor.store.decisions import Decision
    from airflow_ml_monitor.store.timelines import Measured, WindowVerdict

MOST_CHARTS = 12
MOST_MARKS = 12
_LABELS = ("coverage", "completeness")


@dataclass(frozen=True)
class Point:
    """What one check measured in one window."""

    verdict: WindowVerdict
    measured: Measured

    @property
    def limits(self) -> Limits:
        return Limits(self.measured.limit_lower, self.measured.limit_upper)

    @property
    def said(self) -> str:
        """The value with its interval and limits, in words."""
        found = self.measured
        value, lower, upper = numerals.beside(found.value, *self.limits)
        interval = f" ({numerals.number(found.interval_lower)} to {numerals.number(found.interval_upper)})"
        parts = [value if found.interval_lower is None else value + interval] if found.value is not None else []
        if self.limits != Limits():
            parts.append(self.limits.written(lower, upper))
        return ", ".join([*parts, found.status])


@dataclass(frozen=True)
class Series:
    """One check of one task over the windows.

    :param task: who measured it, where several tasks measure the same.
    """

    check: str
    metric: str
    task: str
    points: tuple[Point, ...]

    @property
    def title(self) -> str:
        name = self.metric if self.metric == self.check else f"{self.check}: {self.metric}"
        return f"{name} by {self.task}" if self.task else name

    @property
    def said(self) -> str:
        """What the chart shows, in words: the latest value, and how the windows came out."""
        counts = Counter(point.measured.status for point in self.points)
        counted = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        return f"Latest: {self.points[-1].said}. Windows: {counted}."

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, bool]:
        """Judged ones first, of them what failed, then how many labels were known, then what has an interval."""
        judged = any(point.limits != Limits() for point in self.points)
        critical = any(point.measured.severity == "critical" for point in self.points)
        interval = any(point.measured.interval_lower is not None for point in self.points)
        passed = all(point.measured.status == "pass" for point in self.points)
        return (not (judged and critical), passed, self.check not in _LABELS, not judged, not interval)


@dataclass(frozen=True)
class Mark:
    """What changed at a window: reference or model version, or what a person decided on it."""

    at: datetime
    what: str
    said: str


@dataclass(frozen=True)
class Timeline:
    """Verdicts in the order of time, what they measured, and the marks.

    :param crowded: how often a thing changed that changed too often to be marked.
    """

    verdicts: tuple[WindowVerdict, ...]
    series: tuple[Series, ...]
    marks: tuple[Mark, ...]
    crowded: Mapping[str, int]
    decisions: Mapping[UUID, Decision]

    @classmethod
    def of(
        cls,
        verdicts: Sequence[WindowVerdict],
        measured: Iterable[Measured],
        decisions: Mapping[UUID, Decision],
        *,
        shown: Sequence[WindowVerdict],
    ) -> Timeline:
        """Return the timeline of verdicts in the order of time.

        :param shown: those of the page; earlier ones say only what was before.
        """
        marks = [mark for mark in changes(verdicts) if any(mark.at == one.start for one in shown)]
        counts = Counter(mark.what for mark in marks)
        crowded = {what: count for what, count in counts.items() if count > MOST_MARKS}
        kept = tuple(mark for mark in marks if mark.what not in crowded)
        return cls(tuple(shown), tuple(_series(shown, measured)), kept, crowded, decisions)

    @cached_property
    def scale(self) -> TimeScale:
        return TimeScale.over((one.start, one.end) for one in self.verdicts)

    @property
    def times(self) -> list[tuple[float, str]]:
        """Where words stand below the charts, and which."""
        return self.scale.ticks(one.start for one in self.verdicts)

    @property
    def numbered(self) -> list[tuple[float, int]]:
        """Where the marks stand, and their numbers."""
        return [(self.scale(mark.at), number) for number, mark in enumerate(self.marks, 1)]

    @property
    def tasks(self) -> dict[str, list[WindowVerdict]]:
        """The verdicts by the task that made them."""
        found: dict[str, list[WindowVerdict]] = {}
        for one in self.verdicts:
            found.setdefault(f"{one.dag_id}.{one.task_id}", []).append(one)
        return found


def changes(verdicts: Sequence[WindowVerdict]) -> list[Mark]:
    """Return where a task compared with another reference than before, and where a model version was new."""
    last: dict[tuple[str, str, str], str] = {}
    seen: set[tuple[str, str, str]] = set()
    found: dict[Mark, None] = {}
    for one in verdicts:
        reference, version = (one.dag_id, one.task_id, "reference"), (one.dag_id, one.task_id, "version")
        if one.reference is not None:
            if last.setdefault(reference, one.reference) != one.reference:
                said = f"compared with {one.reference}, before that with {last[reference]}"
                found[Mark(one.start, "reference", said)] = None
            last[reference] = one.reference
        named = one.model_version or "none"
        if version in last and (*version[:2], named) not in seen:
            found[Mark(one.start, "model version", f"model version {named}, before that {last[version]}")] = None
        seen.add((*version[:2], named))
        last[version] = named
    return sorted(found, key=lambda mark: mark.at)


def _series(verdicts: Collection[WindowVerdict], measured: Iterable[Measured]) -> list[Series]:
    by_id = {one.id: one for one in verdicts}
    several = len({(one.dag_id, one.task_id) for one in verdicts}) > 1
    found: dict[tuple[str, str, str], list[Point]] = {}
    for each in measured:
        if each.report_id in by_id:
            one = by_id[each.report_id]
            task = f"{one.dag_id}.{one.task_id}" if several else ""
            found.setdefault((each.check, each.metric, task), []).append(Point(one, each))
    series = [Series(*key, tuple(_in_time(points))) for key, points in found.items()]
    return sorted((one for one in series if _has_value(one)), key=lambda one: one.rank)


def _in_time(points: Iterable[Point]) -> list[Point]:
    return sorted(points, key=lambda point: (point.verdict.start, point.verdict.end, point.verdict.map_index))


def _has_value(series: Series) -> bool:
    return any(point.measured.value is not None for point in series.points)
