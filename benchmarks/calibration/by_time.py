"""The flights week by week: how often the default policy closes a gate as time goes on, limits learnt and not.

python -m calibration.by_time RESULTS CODE
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
from airflow_ml_monitor.data.frame import Frame, InMemory
from airflow_ml_monitor.drift import build_reference, detect_drift
from airflow_ml_monitor.window import Window

from calibration.judge_ours import POLICY, verdict_of
from calibration.sources import TIME, flights
from calibration.study import BY_TIME, finished, keep
from calibration.tallies import Tally

ZONE = "America/New_York"
WEEK = timedelta(weeks=1)
FIRST = pd.Timestamp("2013-01-01", tz=ZONE).to_pydatetime()
WEEKS = 52
POLICIES = {"learnt": POLICY, "not learnt": replace(POLICY, learnt=None)}
"""The default policy, and the same with the practical limits alone."""
REFERENCES = {"first 8 weeks": (8, True), "8 weeks before": (8, False), "4 weeks before": (4, False)}
"""Weeks of the reference, and whether it stays where it is."""


def splits(weeks: int, *, fixed: bool) -> Iterator[tuple[tuple[Window, ...], Window]]:
    """Yield the weeks of the reference and the week that is compared with them."""
    for number in range(weeks, WEEKS):
        begin = 0 if fixed else number - weeks
        yield tuple(map(_week, range(begin, begin + weeks))), _week(number)


def tallies(reference: str) -> dict[str, Tally]:
    """Return what each policy says of every week against references of that kind."""
    weeks, fixed = REFERENCES[reference]
    data = Frame(InMemory(flights()), time_column=TIME, timezone=ZONE)
    columns = set(map(str, flights())) - {TIME}
    found = {name: Tally() for name in POLICIES}
    compared: tuple[Window, ...] = ()
    profile = None
    for before, week in splits(weeks, fixed=fixed):
        if compared != before:
            compared, profile = before, build_reference(data, windows=before)
        for name, policy in POLICIES.items():
            report = detect_drift(profile, data, window=week, policy=policy)
            found[name].add(verdict_of(report), columns, set())
    return found


def _week(number: int) -> Window:
    """Return a week of the calendar, from midnight to midnight: an hour shorter or longer where the clocks change."""
    return Window(FIRST + number * WEEK, FIRST + (number + 1) * WEEK)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("code", help="what the results hold for")
    options = parser.parse_args()
    done = {found["name"] for found in finished(options.results)}
    for reference in REFERENCES:
        name = f"{BY_TIME} {options.code} {reference}"
        if name not in done:
            plain = {policy: tally.to_dict() for policy, tally in tallies(reference).items()}
            keep(options.results, {"name": name, "reference": reference, "tallies": plain})


if __name__ == "__main__":
    main()
