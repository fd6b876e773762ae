"""Random histories of predictions and labels, and what must be said of them, computed row by row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd
from hypothesis import strategies as st

from airflow_ml_monitor import Window
from airflow_ml_monitor.performance import LabelCounts

START = datetime(2024, 1, 1, tzinfo=UTC)


class Made(NamedTuple):
    """A prediction; times are days since ``START``."""

    key: int | None
    at: int
    void: bool | None


class Said(NamedTuple):
    """A row of labels."""

    key: int | None
    label: str | None
    at: int
    void: bool | None


def day(number: int) -> datetime:
    return START + timedelta(days=number)


@dataclass(frozen=True)
class History:
    """All that was ever predicted and said, the window to look at, and from when."""

    made: list[Made]
    said: list[Said]
    window: tuple[int, int]
    as_of: int
    delay: int

    @property
    def question(self) -> dict[str, Any]:
        return {
            "on": "key",
            "void": "void",
            "delay": timedelta(days=self.delay),
            "window": Window(day(self.window[0]), day(self.window[1])),
            "as_of": day(self.as_of),
        }

    @property
    def predictions(self) -> pd.DataFrame:
        rows = [(number, made.key, day(made.at), made.void) for number, made in enumerate(self.made)]
        frame = pd.DataFrame(rows, columns=["number", "key", "at", "void"])
        types = {"number": "int64", "key": "Int64", "at": "datetime64[us, UTC]", "void": "boolean"}
        return frame.astype(types)

    @property
    def labels(self) -> pd.DataFrame:
        rows = [(said.key, said.label, day(said.at), said.void) for said in self.said]
        frame = pd.DataFrame(rows, columns=["key", "label", "arrived_at", "void"])
        return frame.astype({"key": "Int64", "label": "str", "arrived_at": "datetime64[us, UTC]", "void": "boolean"})


_flags = st.sampled_from([None, False, False, True])
_made = st.builds(Made, st.sampled_from([None, *range(6)]), st.integers(0, 9), _flags)
_said = st.builds(Said, st.sampled_from([None, *range(8)]), st.sampled_from([None, *"abc"]), st.integers(0, 12), _flags)
_windows = st.tuples(st.integers(0, 6), st.integers(1, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))
histories = st.builds(
    History,
    made=st.lists(_made, max_size=14),
    said=st.lists(_said, max_size=20),
    window=_windows,
    as_of=st.integers(0, 13),
    delay=st.integers(0, 4),
)


class Truth(NamedTuple):
    """What is to be said of a history: (number, label, labelled, void, mature) of each prediction, and the counts."""

    rows: list[tuple[int, str | None, bool, bool, bool]]
    counts: LabelCounts


class Known(NamedTuple):
    """What the rows of one key say."""

    label: str | None
    void: bool
    first: int | None
    corrected: bool
    conflicting: bool
    withdrawn: bool
    repeated: int


def truth(history: History) -> Truth:
    """Recompute everything, a row and a key at a time."""
    made = [(number, row) for number, row in enumerate(history.made) if row.at <= history.as_of]
    here = [(number, row) for number, row in made if history.window[0] <= row.at < history.window[1]]
    acted_on: dict[int, tuple[int, Made]] = {}
    for number, row in here:
        if row.key is not None and (row.key not in acted_on or row.at < acted_on[row.key][1].at):
            acted_on[row.key] = (number, row)
    rows, counts = [], Counter[str]()
    for key, (number, row) in sorted(acted_on.items(), key=lambda item: item[1][0]):
        known = what_is_known(history, key)
        void = bool(row.void) or known.void
        mature = row.at + history.delay <= history.as_of
        labelled = known.label is not None and not void
        rows.append((number, known.label if labelled else None, labelled, void, mature))
        counts += Counter(
            predictions=1,
            void=void,
            mature=mature,
            mature_void=mature and void,
            labelled=labelled,
            mature_labelled=mature and labelled,
            repeated_labels=known.repeated,
            corrected_labels=known.corrected,
            conflicting_labels=known.conflicting and not void,
            withdrawn_labels=known.withdrawn and not void,
            late_labels=labelled and known.first is not None and known.first > row.at + history.delay,
            void_labelled=void and known.label is not None,
        )
    counts["keyless_predictions"] = sum(row.key is None for _, row in here)
    counts["duplicate_predictions"] = len(here) - counts["keyless_predictions"] - len(acted_on)
    counts["unmatched_labels"] = _unmatched(history, {row.key for _, row in made})
    return Truth(rows, LabelCounts(**{"predictions": 0, **counts}))


def what_is_known(history: History, key: int) -> Known:
    said = [row for row in history.said if row.key == key and row.at <= history.as_of]
    labelled = [row for row in said if row.label is not None]
    newest = max((row.at for row in said), default=None)
    last = {row.label for row in labelled if row.at == newest}
    changed = any(one.at < other.at and one.label != other.label for one in labelled for other in labelled)
    return Known(
        label=next(iter(last)) if len(last) == 1 else None,
        void=any(row.void for row in said if row.at == newest),
        first=min((row.at for row in labelled), default=None),
        corrected=changed,
        conflicting=len(last) > 1,
        withdrawn=bool(labelled) and not last,
        repeated=len(labelled) - len({row.label for row in labelled}),
    )


def _unmatched(history: History, predicted: set[int | None]) -> int:
    asked = [
        row
        for row in history.said
        if history.window[0] <= row.at <= history.as_of and row.label is not None and not row.void
    ]
    keyless = sum(row.key is None for row in asked)
    return keyless + len({row.key for row in asked if row.key is not None} - predicted)
