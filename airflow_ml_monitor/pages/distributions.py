"""A column in one window: what its reference and the window hold, side by side, and what was found of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.pages.drawing import BOTTOM, LEFT, RIGHT, TOP, WIDTH, Scale, value_ticks
from airflow_ml_monitor.rendering import charts
from airflow_ml_monitor.rendering.charts import SIDES, Chart
from airflow_ml_monitor.rendering.selection import measured
from airflow_ml_monitor.store.column_profiles import column_profiles

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from airflow_ml_monitor.results import CheckResult
    from airflow_ml_monitor.store.stored import StoredReport

_HEIGHT = 240
_LINE = 30
_NAMES = 300
_MOST_WORDS = 7


class NoDistributionsError(Exception):
    """Neither the report nor the stored profiles have distributions of the column."""


@dataclass(frozen=True)
class Bar:
    """A share of rows as a rectangle."""

    side: str
    x: float
    y: float
    width: float
    height: float
    said: str


@dataclass(frozen=True)
class Bars:
    """Two distributions as bars: standing ones of bins, lying ones of levels."""

    chart: Chart

    @property
    def title(self) -> str:
        return self.chart.title

    @property
    def stand(self) -> bool:
        return self.chart.kind == "histogram"

    @property
    def height(self) -> int:
        return _HEIGHT if self.stand else TOP + _LINE * len(self.names) + BOTTOM

    @cached_property
    def names(self) -> list[str]:
        """The bins or levels, in their order."""
        return [row[1] for row in self.chart.rows if row[2] == SIDES[0]]

    @cached_property
    def scale(self) -> Scale:
        highest = max((row[3] for row in self.chart.rows), default=0.0) or 1.0
        ends = (self.height - BOTTOM, TOP) if self.stand else (_NAMES, WIDTH - RIGHT)
        return Scale(0.0, highest, *ends)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        shares = Scale(0.0, 100 * self.scale.high, self.scale.start, self.scale.end)
        return [(place, f"{said} %") for place, said in value_ticks(shares)]

    @property
    def words(self) -> list[tuple[float, float, str]]:
        """Where names stand, and which: ends of bins below them, levels beside them."""
        if not self.stand:
            return [(_NAMES - 6, TOP + _LINE * (place + 0.6), name) for place, name in enumerate(self.names)]
        ends = [name.rpartition(" to ")[2].removeprefix("≤ ") for name in self.names[:-1]]
        step = -(-len(ends) // _MOST_WORDS)
        return [
            (round(LEFT + self._step * (place + 1), 1), self.height - 8, end)
            for place, end in list(enumerate(ends))[::step]
        ]

    @property
    def bars(self) -> list[Bar]:
        return [self._bar(*row) for row in sorted(self.chart.rows, key=lambda row: SIDES.index(row[2]))]

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """The numbers: bin or level, share of the reference, share of the window."""
        shares = {(row[0], row[2]): numerals.percent(row[3]) for row in self.chart.rows}
        was, now = SIDES
        return [(name, shares[place, was], shares[place, now]) for place, name in enumerate(self.names)]

    @property
    def _step(self) -> float:
        return (WIDTH - LEFT - RIGHT) / max(1, len(self.names))

    def _bar(self, place: int, name: str, side: str, share: float) -> Bar:
        said = f"{name}, {side}: {numerals.percent(share)}"
        front = side != SIDES[0]
        if self.stand:
            inset = 0.28 if front else 0.06
            top = self.scale(share)
            left, width = LEFT + self._step * (place + inset), self._step * (1 - 2 * inset)
            return Bar(side, round(left, 1), top, round(width, 1), round(self.scale.start - top, 1), said)
        y, height = TOP + _LINE * place + (14 if front else 3), 10
        return Bar(side, _NAMES, y, round(self.scale(share) - _NAMES, 1), height, said)


def read_distributions(connection: Connection, stored: StoredReport, column: str) -> dict[str, Any]:
    """Return what the page of a column in a window shows.

    :raises NoDistributionsError: with a sentence that says why there is nothing to show.
    """
    checks = [one for one in stored.report.results if one.column == column and one.segment is None]
    kept = {chart.title: chart for one in checks if (chart := charts.of_distribution(one)) is not None}
    found = list(kept.values()) or _from_profiles(connection, stored, column)
    return {"bars": [Bars(chart) for chart in found], "checks": _said(checks), "from_profiles": not kept}


def _from_profiles(connection: Connection, stored: StoredReport, column: str) -> list[Chart]:
    from airflow_ml_monitor.drift.explain import distributions

    try:
        reference, current = column_profiles(connection, stored, column)
    except DataError as error:
        raise NoDistributionsError(f"The stored profiles cannot be read: {error}.") from error
    missing = [name for name, one in (("reference", reference), ("window", current)) if one is None]
    if reference is None or current is None:
        raise NoDistributionsError(
            f"Report {stored.id} keeps no distributions of column {column!r}, and the store holds no profile of its "
            f"{' and of its '.join(missing)} with that column, so they cannot be drawn. Drift reports store both; "
            "pruning takes them away."
        )
    found = distributions(reference, current)
    drawn = [charts.of_shares(f"{name} of {column}" if name else column, shares) for name, shares in found.items()]
    made = [chart for chart in drawn if chart is not None]
    if not made:
        raise NoDistributionsError(
            f"Values of column {column!r} have no distribution: it is {reference.kind} in the reference and "
            f"{current.kind} in the window."
        )
    return made


def _said(checks: Iterable[CheckResult]) -> Sequence[dict[str, Any]]:
    return [
        {
            "check": one.check,
            "status": one.status.value,
            "found": ", ".join(part for part in (f"{one.metric} {measured(one)[0]}", measured(one)[1]) if part),
            "p": "" if one.p_adjusted is None else numerals.p_value(one.p_adjusted),
            "message": one.message,
        }
        for one in checks
    ]
