"""Streams of predictions and late labels as they come in life, and a recomputation of all that is to be said of them.

The clocks of both go back in between: New York's, which the predictions were read off, on 3 November 2024, and
Berlin's, which the arrivals were read off, on 27 October. The recomputation is in plain pandas and shares nothing with
the package: no join, no interval and no decision.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy.stats import binomtest

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
START = datetime(2024, 10, 25, tzinfo=NEW_YORK)
WINDOW = tuple(datetime(2024, month, day, tzinfo=NEW_YORK).astimezone(UTC) for month, day in ((10, 26), (11, 4)))
DELAY = timedelta(days=6)
LEAST = 30


@dataclass(frozen=True)
class Manner:
    """How labels come: the shares of those that are corrected, said again, void, and that never come.

    :param by_outcome: how many times sooner positives come than negatives.
    :param strangers: labels of keys that nobody predicted; ``repeated``: the share of keys that are predicted again.
    """

    by_outcome: float = 1.0
    corrected: float = 0.0
    again: float = 0.0
    void: float = 0.0
    never: float = 0.0
    strangers: int = 0
    repeated: float = 0.0


MANNERS = {
    "at random": Manner(),
    "positives first": Manner(by_outcome=8.0),
    "negatives first": Manner(by_outcome=0.125),
    "corrected": Manner(corrected=0.4),
    "duplicated": Manner(again=0.5, repeated=0.2),
    "never": Manner(never=0.3),
    "for unknown keys": Manner(strangers=12),
    "void": Manner(void=0.2),
    "all at once": Manner(4.0, 0.2, 0.2, 0.1, 0.1, 15, 0.1),
}
_share = st.sampled_from([0.0, 0.1, 0.4])
manners = st.builds(
    Manner,
    by_outcome=st.sampled_from([0.2, 1.0, 5.0]),
    corrected=_share,
    again=_share,
    void=st.sampled_from([0.0, 0.1]),
    never=_share,
    strangers=st.integers(0, 10),
    repeated=_share,
)


@dataclass(frozen=True)
class Stream:
    """Predictions with naive times of New York, labels with naive arrivals of Berlin."""

    predictions: pd.DataFrame
    labels: pd.DataFrame

    @cached_property
    def made(self) -> pd.DataFrame:
        """The predictions by moments."""
        return self.predictions.assign(at=in_utc(self.predictions["at"], NEW_YORK))

    @cached_property
    def said(self) -> pd.DataFrame:
        """The labels by moments."""
        return self.labels.assign(arrived=in_utc(self.labels["arrived_at"], BERLIN))

    @property
    def moments(self) -> list[datetime]:
        """Every moment at which anything changes, and the one before it."""
        changes = {*self.made["at"], *(self.made["at"] + DELAY), *self.said["arrived"]}
        tick = timedelta(microseconds=1)
        return sorted({moment for change in changes for moment in (change - tick, change)})


def stream(manner: Manner, *, seed: int, rows: int = 80) -> Stream:
    """Make one: predictions over twelve days, of which the model knows something."""
    random = np.random.default_rng(seed)
    truth = random.random(rows) < 0.4
    score = np.clip(np.where(truth, 0.65, 0.35) + random.normal(0, 0.25, rows), 0, 1)
    at = [START + timedelta(minutes=int(minute)) for minute in np.sort(random.integers(0, 12 * 24 * 60, rows))]
    made = [(key, moment, float(score[key])) for key, moment in enumerate(at)]
    made += [
        (key, moment + timedelta(hours=int(random.integers(1, 60))), float(random.random()))
        for key, moment in enumerate(at)
        if random.random() < manner.repeated
    ]
    said = [row for key, moment in enumerate(at) for row in _said(manner, random, key, moment, bool(truth[key]))]
    said += [
        (1000 + number, bool(random.random() < 0.5), False, START + timedelta(hours=int(random.integers(0, 400))))
        for number in range(manner.strangers)
    ]
    return Stream(
        pd.DataFrame(
            [(key, _read_off(moment, NEW_YORK), each) for key, moment, each in made], columns=["key", "at", "score"]
        ),
        pd.DataFrame(
            [(key, label, void, _read_off(moment, BERLIN)) for key, label, void, moment in said],
            columns=["key", "label", "void", "arrived_at"],
        ).astype({"label": "boolean", "void": "boolean", "arrived_at": "datetime64[us]"}),
    )


def _said(
    manner: Manner, random: np.random.Generator, key: int, at: datetime, truth: bool
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of labels of one prediction."""
    if random.random() < manner.never:
        return
    first = at + timedelta(minutes=1 + int(random.exponential(4 * 24 * 60) / (manner.by_outcome if truth else 1.0)))
    if random.random() < manner.void:
        yield key, None, True, first
        return
    wrong = random.random() < manner.corrected
    yield key, truth != wrong, False, first
    later = first + timedelta(hours=int(random.integers(3, 150)))
    if wrong:
        yield key, truth, False, later
    if random.random() < manner.again:
        yield key, truth, False, later


def _read_off(moment: datetime, clock: ZoneInfo) -> datetime:
    return moment.astimezone(clock).replace(tzinfo=None, fold=0)


def in_utc(times: Iterable[Any], clock: ZoneInfo) -> list[datetime]:
    """Return wall times as moments: of an hour that is there twice the first one counts."""
    naive = (pd.Timestamp(time).to_pydatetime() for time in times)
    return [time.replace(tzinfo=clock, fold=0).astimezone(UTC) for time in naive]


def recomputed(found: Stream, as_of: datetime) -> pd.DataFrame:
    """Return a row per prediction of the window: key, score, void, mature, and its label where there is one."""
    made = found.made
    made = made[(made["at"] >= WINDOW[0]) & (made["at"] < WINDOW[1]) & (made["at"] <= as_of)]
    made = made.sort_values("at", kind="stable").drop_duplicates("key")
    known = found.said[found.said["arrived"] <= as_of]
    last = known[known["arrived"] == known.groupby("key")["arrived"].transform("max")]
    by_key = last.groupby("key")
    agreed = by_key["label"].nunique() == 1
    rows = made.set_index("key")
    rows["void"] = by_key["void"].any().reindex(rows.index).fillna(False).astype(bool)
    rows["mature"] = rows["at"] + DELAY <= as_of
    rows["label"] = by_key["label"].first().where(agreed).reindex(rows.index).astype("Float64")
    rows.loc[rows["void"], "label"] = pd.NA
    return rows


def strangers(found: Stream, as_of: datetime) -> int:
    """Return how many keys have a label since the window began and no prediction at all."""
    known, made = found.said, found.made
    known = known[(known["arrived"] <= as_of) & (known["arrived"] >= WINDOW[0]) & known["label"].notna()]
    return len(set(known.loc[~known["void"], "key"]) - set(made.loc[made["at"] <= as_of, "key"]))


def verdict(rows: pd.DataFrame, metric: str, limit: float) -> str:
    """Return what is to be said of ``AtLeast(metric, limit)``: every number of positives among the missing is tried."""
    asked = rows[~rows["void"]]
    said, label = asked["score"] >= 0.5, asked["label"]
    if label.notna().sum() < LEAST or _share_of(metric, _table(said, label)) is None:
        return "insufficient"
    known = _table(said, label)
    lacking = [int((label.isna() & (said == answer)).sum()) for answer in (False, True)]
    tables = [
        (known[0] + lacking[0] - negative, known[1] + negative, known[2] + lacking[1] - positive, known[3] + positive)
        for negative, positive in itertools.product(*(range(count + 1) for count in lacking))
    ]
    shares = [share for share in (_share_of(metric, table) for table in tables) if share is not None]
    least, most = (pick(shares, key=lambda share: share[0] / share[1]) for pick in (min, max))
    either = {_decided(least, limit), _decided(most, limit)}
    if len(either) == 1:
        return either.pop()
    return "warn" if either == {"pass", "warn"} else "insufficient"


def _table(said: pd.Series[bool], label: pd.Series[Any]) -> tuple[int, int, int, int]:
    """Count true negatives, false negatives, false positives and true positives."""
    cells = [(said == answer) & (label == truth).fillna(False) for answer in (False, True) for truth in (0, 1)]
    negative, missed, false, hits = (int(cell.sum()) for cell in cells)
    return negative, missed, false, hits


def _share_of(metric: str, table: tuple[int, int, int, int]) -> tuple[int, int] | None:
    negative, missed, false, hits = table
    share = {
        "accuracy": (negative + hits, sum(table)),
        "precision": (hits, hits + false),
        "recall": (hits, hits + missed),
        "specificity": (negative, negative + false),
    }[metric]
    return share if share[1] else None


def _decided(share: tuple[int, int], limit: float) -> str:
    interval = binomtest(*share).proportion_ci(0.95, method="wilson")
    if interval.high < limit:
        return "fail"
    return "warn" if interval.low < limit else "pass"
