"""Make ``dags/flight_delay/suite.json``: learnt from January, then reviewed.

The review is the list below: what somebody who knows flights changes in what one month shows, and why. Run
``python -m flight_delay.make_suite`` in the folder ``dags``, and commit what changed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from airflow_ml_monitor import Window, learn_suite, save_suite
from flight_delay.datasets import FLIGHTS, JANUARY, SUITE

_NOT_NULL = "expect_column_values_to_not_be_null"
_IN_SET = "expect_column_values_to_be_in_set"
_BETWEEN = "expect_column_values_to_be_between"
_LENGTH = "expect_column_value_lengths_to_equal"
_CARRIERS = ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"]


@dataclass(frozen=True)
class Change:
    """One line of the review.

    :param replaces: type of the learnt expectation of the column that goes; ``None`` where one is added.
    """

    column: str
    check: str
    why: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    severity: str = "critical"
    replaces: str | None = None

    def expectation(self) -> dict[str, Any]:
        kwargs = {"column": self.column, **self.kwargs}
        return {"type": self.check, "kwargs": kwargs, "severity": self.severity, "meta": {"why": self.why}}


_MINUTES = {"min_value": 0, "max_value": 1439}
REVIEW = (
    Change(
        "late",
        _NOT_NULL,
        "A model learns from arrivals: a week with more than a tenth of them missing was no ordinary week. January was "
        "a calm month, and its limit of 5 % would stop every storm.",
        {"mostly": 0.9},
        replaces=_NOT_NULL,
    ),
    Change(
        "cancelled",
        _IN_SET,
        "Cancelled flights have no label; many of them mean a storm or a broken feed.",
        {"value_set": [False], "mostly": 0.9},
    ),
    Change(
        "origin", _IN_SET, "The three airports of New York.", {"value_set": ["EWR", "JFK", "LGA"]}, replaces=_IN_SET
    ),
    Change(
        "carrier",
        _IN_SET,
        "The carriers that fly from New York; OO had one flight in January.",
        {"value_set": _CARRIERS},
        replaces=_IN_SET,
    ),
    Change(
        "carrier",
        _NOT_NULL,
        "A model can do without the carrier, but should not have to.",
        severity="warning",
        replaces=_NOT_NULL,
    ),
    Change(
        "dest",
        _LENGTH,
        "IATA airport codes. January's list is left out: airports are added in the spring, and that is no fault.",
        {"value": 3},
        replaces=_IN_SET,
    ),
    Change(
        "distance",
        _BETWEEN,
        "Miles; the farthest airport is Honolulu.",
        {"min_value": 0, "strict_min": True, "max_value": 5000},
        replaces=_BETWEEN,
    ),
    Change("scheduled_departure", _BETWEEN, "Minutes since midnight.", _MINUTES, replaces=_BETWEEN),
    Change("scheduled_arrival", _BETWEEN, "Minutes since midnight.", _MINUTES, replaces=_BETWEEN),
    Change("scheduled_at", _NOT_NULL, "Windows are cut by it."),
)


# [START howto_learn_suite]
def make_suite() -> dict[str, Any]:
    """Return the suite learnt from January's flights, with the review's changes."""
    learnt = learn_suite(FLIGHTS, window=Window.of(JANUARY), name="flights")
    return {**learnt, "expectations": list(reviewed(learnt["expectations"]))}


# [END howto_learn_suite]


def reviewed(expectations: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the learnt expectations with those that the review replaces in their place, and its additions at the end.

    :raises ValueError: a change is about an expectation that was not learnt.
    """
    waiting = {(change.column, change.replaces): change for change in REVIEW if change.replaces}
    for learnt in expectations:
        change = waiting.pop((learnt["kwargs"]["column"], learnt["type"]), None)
        yield learnt if change is None else change.expectation()
    if waiting:
        raise ValueError(f"the review changes {sorted(waiting)}, which January did not teach; mend REVIEW")
    yield from (change.expectation() for change in REVIEW if not change.replaces)


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn the demo's suite from January's flights and review it.")
    parser.add_argument("--target", default=SUITE, help="file to write (default: %(default)s)")
    target = parser.parse_args().target
    suite = make_suite()
    save_suite(suite, target, overwrite=True)
    print(f"{target}: {len(suite['expectations'])} expectations")


if __name__ == "__main__":
    main()
