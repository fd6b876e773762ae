"""Where everything of a chart over time stands: values, intervals, limits, marks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from airflow_ml_monitor.pages.drawing import BOTTOM, TOP, Scale, path, sign, value_scale, value_ticks
from airflow_ml_monitor.pages.timeline import Point, Series, Timeline

if TYPE_CHECKING:
    from airflow_ml_monitor.store.timelines import WindowVerdict

_LEAST_WIDTH = 3.0
_ROW = 34


@dataclass(frozen=True)
class Sign:
    """A verdict on a chart: where it stands, the outline of its status, and what is said of it."""

    x: float
    outline: str
    point: Point


@dataclass(frozen=True)
class MetricChart:
    """One series as a chart."""

    series: Series
    timeline: Timeline
    height: int = 190

    @property
    def title(self) -> str:
        return self.series.title

    @cached_property
    def scale(self) -> Scale:
        """What the axis spans: values, limits that count, and the intervals of what was decided.

        The interval of a window with few labels can be so wide that beside it no other one is seen.
        """
        values: list[float | None] = []
        for point in self.series.points:
            found = point.measured
            values.append(found.value)
            values += [] if found.severity == "info" else list(point.limits)
            values += [] if found.status == "insufficient" else [found.interval_lower, found.interval_upper]
        return value_scale([value for value in values if value is not None], self.height)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        return value_ticks(self.scale)

    @property
    def bands(self) -> list[tuple[float, float, float, float]]:
        """The interval of each window: x, y, width, height."""
        found = []
        for point in self.series.points:
            lower, upper = point.measured.interval_lower, point.measured.interval_upper
            if lower is not None and upper is not None:
                start, width = self._span(point)
                top, bottom = self.scale(upper), self.scale(lower)
                found.append((start, top, width, round(max(bottom - top, 1.0), 1)))
        return found

    @property
    def limits(self) -> str:
        """The limits of the windows, as lines, one where windows with the same limit meet."""
        lines: dict[float, list[list[float]]] = {}
        for point in self.series.points:
            start, width = self._span(point)
            for y in (self.scale(limit) for limit in point.limits if limit is not None and self._shows(limit)):
                found = lines.setdefault(y, [])
                if found and start <= found[-1][1] + 1:
                    found[-1][1] = start + width
                else:
                    found.append([start, start + width])
        return "".join(path([(start, y), (end, y)]) for y, found in lines.items() for start, end in found)

    @property
    def line(self) -> str:
        """The values, joined where no window between them lacks one."""
        return path(self._joined())

    @property
    def signs(self) -> list[Sign]:
        found = []
        for point in self.series.points:
            if point.measured.value is not None:
                x, y = self._middle(point), self.scale(point.measured.value)
                found.append(Sign(x, sign(point.measured.status, x, y), point))
        return found

    def _joined(self) -> Iterator[tuple[float, float] | None]:
        by_report = {point.verdict.id: point for point in self.series.points}
        for one in self.timeline.verdicts:
            point = by_report.get(one.id)
            if point is not None and point.measured.value is not None:
                yield self._middle(point), self.scale(point.measured.value)
            elif not self.series.task or self.series.task == f"{one.dag_id}.{one.task_id}":
                yield None

    def _shows(self, limit: float) -> bool:
        return self.scale.low <= limit <= self.scale.high

    def _span(self, point: Point) -> tuple[float, float]:
        start, end = self.timeline.scale(point.verdict.start), self.timeline.scale(point.verdict.end)
        return start, round(max(end - start, _LEAST_WIDTH), 1)

    def _middle(self, point: Point) -> float:
        start, width = self._span(point)
        return round(start + width / 2, 1)


@dataclass(frozen=True)
class StripRow:
    """The verdicts of one task: where their row stands and the sign of each, with where it stands."""

    task: str
    y: float
    signs: tuple[tuple[float, str, WindowVerdict], ...]


@dataclass(frozen=True)
class Strip:
    """The verdicts of each task as a row of signs, under the times and marks of the charts."""

    timeline: Timeline

    @property
    def height(self) -> int:
        return TOP + _ROW * len(self.timeline.tasks) + BOTTOM

    @property
    def rows(self) -> list[StripRow]:
        scale, found = self.timeline.scale, []
        for place, (task, verdicts) in enumerate(self.timeline.tasks.items()):
            y = TOP + _ROW * (place + 0.7)
            middles = [(round((scale(one.start) + scale(one.end)) / 2, 1), one) for one in verdicts]
            found.append(StripRow(task, y, tuple((x, sign(one.status, x, y), one) for x, one in middles)))
        return found
