"""Many naive times of a zone as moments in UTC."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

Microseconds = NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1)
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1) // _TICK
_DAYS = (datetime.min - _EPOCH).days + 1, (datetime.max - _EPOCH).days - 1
"""The days, since 1970, of which both midnights are moments in every zone; beyond them clocks stay as they are."""


def local_to_utc(times: Microseconds, where: tzinfo) -> Microseconds:
    """Return wall times of a zone as moments in UTC, both in microseconds since 1970; shape (rows,).

    A wall time that occurs twice is the first of the two; one that never occurs is the moment of the change.
    """
    day = times // _DAY
    days = _distinct(day)
    midnights = {at: _offset(at, where) for at in {*days.tolist(), *(days + 1).tolist()}}
    offsets = np.array([midnights[at] for at in days.tolist()], dtype=np.int64)
    place = np.searchsorted(days, day)
    moments = times - offsets[place]
    changes = np.array([midnights[at] != midnights[at + 1] for at in days.tolist()], dtype=bool)
    for row in np.flatnonzero(changes[place]).tolist():
        moments[row] = _moment(int(times[row]), where)
    return moments


def _distinct(values: Microseconds) -> Microseconds:
    ordered = np.sort(values)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _offset(day: int, where: tzinfo) -> int:
    """Return how far the clocks are ahead of UTC as a day begins, the first time it does."""
    least, most = _DAYS
    return _ahead((_EPOCH + timedelta(days=min(max(day, least), most))).replace(tzinfo=where))


def _moment(time: int, where: tzinfo) -> int:
    wall = _EPOCH + time * _TICK
    before, after = (_ahead(wall.replace(tzinfo=where, fold=fold)) for fold in (0, 1))
    if before >= after:
        return time - before
    # Clocks go forward over it: the change is the first moment that has the later offset.
    moments = range(time - after, time - before)
    return time - after + bisect_left(moments, after, key=lambda at: _ahead_at(at, where))


def _ahead_at(moment: int, where: tzinfo) -> int:
    return _ahead((_EPOCH.replace(tzinfo=UTC) + moment * _TICK).astimezone(where))


def _ahead(at: datetime) -> int:
    return (at.utcoffset() or timedelta(0)) // _TICK
