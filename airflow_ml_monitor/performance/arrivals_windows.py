"""The windows that event time is divided into: of one length, or of the calendar, in a zone's own time.

A DAG file makes these while it is parsed, so nothing here loads what computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_ml_monitor.data.times import zone
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.arrivals_cron import cron_moments, is_cron
from airflow_ml_monitor.window import Window, as_utc

_DAY = timedelta(days=1)
_MONDAY = datetime(1970, 1, 5)  # wall times, of whichever zone
_SUNDAY = datetime(1970, 1, 4)
_PRESETS = {"@hourly": timedelta(hours=1), "@daily": _DAY, "@weekly": timedelta(weeks=1), "@monthly": None}
_MOST = 10_000
"""More windows than this are a mistake in ``since`` or ``every``: each of them is counted at every look."""


@dataclass(frozen=True, kw_only=True)
class WindowGrid:
    """Windows one after another, without a gap.

    A length of whole days is counted on the clock of ``timezone``: a day has 23 or 25 hours where clocks change. Any
    other length is time that passes.

    :param every: the length of a window, or what Airflow's presets call it: ``"@hourly"``, ``"@daily"``, ``"@weekly"``
        (from Sunday), ``"@monthly"``. Those begin where the calendar has them begin. Or cron text, ``"0 6 * * 1-5"``:
        a window from each of its moments to the next, as by ``CronDataIntervalTimetable``.
    :param since: when the first window begins: a moment; for a preset or cron, the first beginning from then on. A
        ``timedelta`` looks back so long; weeks begin on Monday then, days at midnight.
    :param timezone: the IANA zone of days, weeks and months.
    :raises ConfigurationError: a length that is none, text that is neither preset nor cron, an unknown zone, a span of
        nothing.
    """

    every: timedelta | str
    since: datetime | str | timedelta
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        zone(self.timezone)
        if not isinstance(self.every, timedelta) and self.every not in _PRESETS and not is_cron(str(self.every)):
            known = ", ".join(_PRESETS)
            raise ConfigurationError(f"every={self.every!r} is neither a timedelta nor one of {known} nor cron text")
        if isinstance(self.every, timedelta) and self.every <= timedelta(0):
            raise ConfigurationError(f"every={self.every!r} must be longer than nothing")
        if isinstance(self.since, timedelta):
            if self.since <= timedelta(0):
                raise ConfigurationError(f"since={self.since!r} must look back longer than nothing")
        elif isinstance(self.since, datetime):
            as_utc(self.since, what="since")

    def until(self, moment: datetime) -> list[Window]:
        """Return the windows that are over at a moment, in the order of time.

        :raises WindowError: ``since`` is no time.
        :raises ConfigurationError: more than 10,000 windows.
        """
        found: list[Window] = []
        begin = None
        for boundary in self._boundaries(moment):
            if boundary > moment:
                break
            if begin is not None:
                found.append(Window(begin, boundary))
            if len(found) > _MOST:
                raise ConfigurationError(
                    f"every={self.every!r} since={self.since!r} makes more than {_MOST:,} windows; give a later since="
                )
            begin = boundary
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, lengths in seconds; ``from_dict`` gives an equal one back."""
        plain: dict[str, Any] = {"timezone": self.timezone}
        for name in ("every", "since"):
            value = getattr(self, name)
            if isinstance(value, datetime):
                value = as_utc(value).isoformat()
            plain[name] = value.total_seconds() if isinstance(value, timedelta) else value
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> WindowGrid:
        lengths = {
            name: value if isinstance(value, str) else timedelta(seconds=value)
            for name, value in plain.items()
            if name != "timezone"
        }
        return cls(**lengths, timezone=plain["timezone"])

    def _boundaries(self, moment: datetime) -> Iterator[datetime]:
        """Yield where windows begin, from ``since`` on, without an end."""
        relative = isinstance(self.since, timedelta)
        first = moment - self.since if isinstance(self.since, timedelta) else as_utc(self.since, what="since")
        where = zone(self.timezone)
        local = first.astimezone(where).replace(tzinfo=None)
        if self.every == "@monthly":
            yield from (each for each in map(self._moment, _months(local)) if each >= first)
            return
        if isinstance(self.every, str) and self.every not in _PRESETS:
            yield from cron_moments(self.every, first, self.timezone)
            return
        length = _PRESETS[self.every] if isinstance(self.every, str) else self.every
        assert length is not None
        if length % _DAY:
            begin = _aligned(first, length) if relative or isinstance(self.every, str) else first
            while True:
                yield begin
                begin += length
        anchor = local
        if relative or isinstance(self.every, str):
            anchor = _SUNDAY if self.every == "@weekly" else _MONDAY
            anchor += (local - anchor) // length * length
        while True:
            begin = self._moment(anchor)
            if begin >= first:
                yield begin
            anchor += length

    def _moment(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=zone(self.timezone)).astimezone(UTC)


def _aligned(moment: datetime, length: timedelta) -> datetime:
    """Return the first multiple of a length since 1970 that is not before a moment."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch - (epoch - moment) // length * length


def _months(wall: datetime) -> Iterator[datetime]:
    year, month = wall.year, wall.month
    while True:
        yield datetime(year, month, 1)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
