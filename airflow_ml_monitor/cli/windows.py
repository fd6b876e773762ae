"""Files, spans of time and ids of reports, as command lines give them."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.window import Window, as_utc

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Files


def files_of(args: argparse.Namespace) -> Files:
    """Return the files that ``--data`` names."""
    from airflow_ml_monitor.data import Files

    return Files(path=args.data, time_column=args.time_column, timezone=args.timezone)


def span_of(args: argparse.Namespace) -> tuple[datetime | None, datetime | None]:
    """Return ``--since`` and ``--until``; ``None`` for one that is not given.

    :raises ConfigurationError: one of them is no time, or nothing lies between them.
    """
    since, until = (
        None if text is None else as_utc(text, what=name)
        for name, text in (("--since", args.since), ("--until", args.until))
    )
    if since is not None and until is not None and since >= until:
        raise ConfigurationError(f"--since {args.since} is not before --until {args.until}; nothing lies between them")
    return since, until


def window_of(args: argparse.Namespace) -> Window | None:
    """Return the window from ``--since`` to ``--until``; ``None`` without both.

    :raises ConfigurationError: only one of them, or no ``--time-column`` to find it by.
    """
    since, until = span_of(args)
    if since is None and until is None:
        return None
    if since is None or until is None or args.time_column is None:
        needed = {"--time-column": args.time_column, "--since": since, "--until": until}
        absent = [name for name, value in needed.items() if value is None]
        raise ConfigurationError(f"a window of --data needs --time-column, --since and --until; give {absent[0]}")
    return Window(since, until)


def report_key(text: str) -> UUID:
    """Return the id of a report."""
    try:
        return UUID(text)
    except ValueError:
        raise ConfigurationError(
            f"{text!r} is not a report id; it looks like 0f8fad5b-d9cb-569f-a165-70867728950e"
        ) from None


_UNITS = {"d": timedelta(days=1), "w": timedelta(weeks=1), "h": timedelta(hours=1)}


def moment_before(text: str) -> datetime:
    """Return the moment that is a length of time ago: ``400d``, ``52w`` or ``12h``."""
    found = re.fullmatch(r"(\d+)([dwh])", text.strip())
    if found is None or not int(found[1]):
        raise ConfigurationError(f"{text!r} is no age; write days, weeks or hours like 400d, 52w or 12h")
    try:
        return datetime.now(UTC) - int(found[1]) * _UNITS[found[2]]
    except OverflowError:
        raise ConfigurationError(f"{text!r} is before all time; write an age like 400d, 52w or 12h") from None
