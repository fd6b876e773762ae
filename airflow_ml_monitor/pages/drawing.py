"""Charts as SVG, drawn by the server: no script, the colours of the page's style sheet, text that can be read aloud."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_ml_monitor import numerals

WIDTH = 960
LEFT, RIGHT, TOP, BOTTOM = 72, 16, 18, 26
SIZE = {"width": WIDTH, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP, "bottom": BOTTOM}
"""Pixels that all charts share, for templates."""

_GREATEST = 1e300
_MOST_TIMES = 8
_TIME_WIDTH = 84


@dataclass(frozen=True)
class Scale:
    """Values from ``low`` to ``high`` as pixels from ``start`` to ``end``; what lies beyond is drawn at the edge."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return round(self.start + (self.end - self.start) * min(max(share, 0.0), 1.0), 1)


@dataclass(frozen=True)
class TimeScale:
    """Times as pixels across a chart."""

    first: datetime
    last: datetime

    def __call__(self, moment: datetime) -> float:
        return self._scale(moment.timestamp())

    @property
    def _scale(self) -> Scale:
        return Scale(self.first.timestamp(), self.last.timestamp(), LEFT, WIDTH - RIGHT)

    @classmethod
    def over(cls, spans: Iterable[tuple[datetime, datetime]]) -> TimeScale:
        """Return the scale on which all these spans of time lie; a moment alone is in the middle of a day."""
        all_spans = list(spans)
        first, last = min(start for start, _ in all_spans), max(end for _, end in all_spans)
        half = timedelta(hours=12) if first == last else timedelta(0)
        return cls(first - half, last + half)

    def ticks(self, starts: Iterable[datetime]) -> list[tuple[float, str]]:
        """Return where words stand below the chart, and which: starts of windows, few enough to be read."""
        found = sorted(set(starts))
        step = math.ceil(len(found) / _MOST_TIMES) or 1
        chosen: list[datetime] = []
        for moment in found[::step]:
            if not chosen or self(moment) - self(chosen[-1]) >= _TIME_WIDTH:
                chosen.append(moment)
        hours = (self.last - self.first) < timedelta(days=_MOST_TIMES)
        return [(self(moment), f"{moment:%d %b %H:%M}" if hours else f"{moment:%d %b %Y}") for moment in chosen]


def value_scale(values: Sequence[float], height: int) -> Scale:
    """Return the scale of a chart's values, with some room on both sides, up to where a float can tell them apart."""
    low, high = (min(max(value, -_GREATEST), _GREATEST) for value in (min(values), max(values)))
    room = (high - low) / 12 or abs(high) / 10 or 1.0
    return Scale(low - room, high + room, height - BOTTOM, TOP)


def value_ticks(scale: Scale, most: int = 5) -> list[tuple[float, str]]:
    """Return where round numbers stand beside the chart, and how they are written."""
    raw = (scale.high - scale.low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * round_step for round_step in (1, 2, 5, 10) if power * round_step >= raw)
    first, last = math.ceil(scale.low / step), math.floor(scale.high / step)
    return [(scale(place * step), numerals.number(round(place * step, 12))) for place in range(first, last + 1)]


def path(points: Iterable[tuple[float, float] | None]) -> str:
    """Return a line through points as SVG writes it; ``None`` breaks it."""
    pieces, drawing = [], False
    for point in points:
        if point is not None:
            pieces.append(f"{'L' if drawing else 'M'}{point[0]:g} {point[1]:g}")
        drawing = point is not None
    return "".join(pieces)


_SHAPES = {
    "pass": "M{x} {y}m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0Z",
    "warn": "M{x} {y}m0-6l6 10.5h-12Z",
    "fail": "M{x} {y}m-5-5h10v10h-10Z",
    "insufficient": "M{x} {y}m0-6.5l6.5 6.5l-6.5 6.5l-6.5-6.5Z",
    "error": "M{x} {y}m-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4Z",
}


def sign(status: str, x: float, y: float) -> str:
    """Return the outline of the sign of a status: circle pass, triangle warn, square fail, diamond insufficient,
    cross error."""
    return _SHAPES[status].format(x=f"{x:g}", y=f"{y:g}")
