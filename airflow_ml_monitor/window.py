"""The window: a half-open interval ``[start, end)`` of event time, in UTC."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_ml_monitor.errors import WindowError


def as_utc(moment: datetime | str, *, what: str = "time") -> datetime:
    """Return an aware ``datetime`` in UTC from an aware one or an ISO 8601 text.

    :raises WindowError: the text is not ISO 8601, or the time carries no zone or is in UTC before year 1 or after 9999.
    """
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment.strip())
        except ValueError:
            raise WindowError(
                f"{what} {moment!r} is not an ISO 8601 time; write it like 2013-02-04T00:00:00-05:00"
            ) from None
    if not isinstance(moment, datetime):
        raise WindowError(f"{what} must be a datetime or an ISO 8601 text, not {type(moment).__name__} {moment!r}")
    if moment.tzinfo is None:
        raise WindowError(f"{what} {moment.isoformat()} has no time zone; add an offset such as +00:00")
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        raise WindowError(f"{what} {moment.isoformat()} is in UTC not in the years 1 to 9999; give another") from None
    return datetime.combine(utc.date(), utc.time(), UTC)  # a plain one: pendulum's cannot be divided by others


def as_of_or_now(as_of: datetime | str | None) -> datetime:
    """Return the moment whose knowledge counts, in UTC; now without one.

    :raises WindowError: as ``as_utc`` does.
    """
    return datetime.now(UTC) if as_of is None else as_utc(as_of, what="as_of")


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open interval ``[start, end)`` of event time.

    :param start: first moment inside; any zone, kept in UTC.
    :param end: first moment after; later than ``start``.
    :raises WindowError: a naive time, or ``start`` not before ``end``.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc(self.start, what="window start"))
        object.__setattr__(self, "end", as_utc(self.end, what="window end"))
        if self.start >= self.end:
            raise WindowError(
                f"window start {self.start.isoformat()} is not before its end {self.end.isoformat()}; "
                "a window is [start, end) and holds at least one moment"
            )

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, datetime) and self.start <= moment < self.end

    def __str__(self) -> str:
        return f"{_short(self.start)} to {_short(self.end)}"

    def to_dict(self) -> dict[str, str]:
        return {"start": self.start.isoformat(), "end": self.end.isoformat()}

    @classmethod
    def of(cls, value: Any) -> Window:
        """Read a window from a ``Window``, a ``{"start", "end"}`` mapping, a pair of times, or a text of one.

        A text is ``start/end`` as ISO 8601 writes an interval, or the mapping or pair as JSON, as templates write it.

        :raises WindowError: the value has another form.
        """
        if isinstance(value, str):
            value = _read(value)
        if isinstance(value, Window):
            return value
        if isinstance(value, dict) and {"start", "end"} <= value.keys():
            return cls(value["start"], value["end"])
        if isinstance(value, (list, tuple)) and len(value) == 2:
            return cls(value[0], value[1])
        raise WindowError(
            f'window {value!r} is neither a pair (start, end) nor {{"start": ..., "end": ...}} nor a text "start/end"; '
            "of another task take its output, which is no text, or add | tojson to the template"
        )


@dataclass(frozen=True, slots=True)
class Last:
    """The span of time that ends at ``as_of``: ``Last(timedelta(days=7))``.

    :raises WindowError: the span is not positive.
    """

    span: timedelta

    def __post_init__(self) -> None:
        if self.span <= timedelta(0):
            raise WindowError(f"Last({self.span!r}) must span more than nothing")

    def before(self, as_of: datetime) -> Window:
        return Window(as_of - self.span, as_of)


def _read(text: str) -> Any:
    """Return what a text says where it is JSON or an interval; any other text as it is."""
    start, slash, end = text.partition("/")
    if slash:
        return start, end
    try:
        return json.loads(text)
    except ValueError:
        return text


def _short(moment: datetime) -> str:
    text = moment.isoformat(timespec="seconds" if moment.second else "minutes")
    return text.replace("+00:00", "Z")
