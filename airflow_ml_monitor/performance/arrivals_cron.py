"""Where windows begin that cron text divides: as Airflow's own timetables have it, also where clocks change.

A DAG file makes these while it is parsed, so nothing here loads what computes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from croniter import CroniterBadCronError, CroniterBadDateError, croniter

from airflow_ml_monitor.data.times import zone

_FIELD = re.compile(r"(?![HR])[0-9A-Z*/,#?-]+", re.IGNORECASE)
"""Croniter's ``H`` and ``R`` stand for hashed and random values, of which no window can be made."""
_HOURS = 1


def is_cron(text: str) -> bool:
    """Whether a text is cron's five fields, and names some time."""
    fields = text.split()
    if len(fields) != 5 or not all(_FIELD.fullmatch(field) for field in fields):
        return False
    try:
        croniter(text, datetime(2000, 1, 1)).get_next(datetime)
    except (CroniterBadCronError, CroniterBadDateError):
        return False
    return True


def cron_moments(text: str, first: datetime, timezone: str) -> Iterator[datetime]:
    """Yield the moments of cron text from a moment on, in UTC, without an end.

    Text that names hours is of the clock: a time that clocks leave out counts so long after they changed, one that
    comes twice counts the second time. Text of every hour is of time that passes.
    """
    where = zone(timezone)
    begin = first - timedelta(seconds=1)
    walls = croniter(text, begin.astimezone(where).replace(tzinfo=None))
    every_hour = walls.expanded[_HOURS] == ["*"]
    last = begin
    while True:
        if every_hour:
            wall = last.astimezone(where).replace(tzinfo=None)
            if walls.get_current(datetime) != wall:
                walls.set_current(wall)
            moment = last + (walls.get_next(datetime) - wall)
        else:
            wall = walls.get_next(datetime).replace(tzinfo=where)
            moment = max(each.astimezone(UTC) for each in (wall, wall.replace(fold=1)))
        if moment > last:
            last = moment
            if moment >= first:
                yield moment
