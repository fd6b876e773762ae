"""Levels that are new or gone, and constant columns that woke up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.levels import Levels
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.drift.shares import p_all_current, rows_for
from airflow_ml_monitor.drift.wording import percent
from airflow_ml_monitor.profile.arrays import Counts
from airflow_ml_monitor.profile.levels import NAMED_FROM
from airflow_ml_monitor.results import Severity, Status


def unseen_levels(column: str, levels: Levels, policy: DriftPolicy) -> Finding:
    """Measure the share of rows whose level the reference does not have.

    That all k rows of some level are current has a probability of at most (number of levels) x (m / (n + m))^k under
    no change; the most frequent unseen level is the evidence.
    """
    n, m = levels.n, levels.m
    unseen = np.where(levels.reference == 0, levels.current, 0)
    largest, seen = int(np.argmax(levels.single(unseen))), levels.count
    limit = policy.limit("unseen_levels", column)
    return Finding(
        check="unseen_levels",
        metric="share",
        column=column,
        severity=policy.severity(column),
        n_reference=n,
        n_current=m,
        value=float(unseen.sum() / m),
        limit=limit,
        p_value=min(1.0, seen * p_all_current(int(unseen[largest]), n, m)) if unseen.any() else 1.0,
        chance=_chance_unseen(levels, limit),
        critical=lambda p: rows_for(p / seen, n, m) / m,
        linear=True,
        message=_unseen_story(levels, unseen, largest),
        detail={"rows": int(unseen.sum()), "levels": int(np.count_nonzero(unseen)), "largest": int(unseen[largest])},
    )


def unseen_level(column: str, levels: Levels, policy: DriftPolicy) -> Finding:
    """Measure the share of rows at the most frequent level that the reference does not have.

    For columns where unseen levels are the rule, such as ids, and only one that takes many rows means something.
    """
    found, single = unseen_levels(column, levels, policy), levels.single(levels.reference + levels.current)
    n, m = levels.n, levels.m
    reaching = single[single >= math.ceil(policy.limit("unseen_levels", column) * m - 1e-9)]
    # A level that is unseen and reaches the limit has all its rows on the current side.
    chance = min(1.0, float(np.exp(reaching * math.log(m / (n + m))).sum()))
    return replace(found, metric="largest_share", value=found.detail["largest"] / m, chance=chance)


def _chance_unseen(levels: Levels, limit: float) -> float:
    """Return Markov's bound on the probability that no change reaches the limit, given each level's rows in all."""
    n, m = levels.n, levels.m
    pooled = levels.reference + levels.current
    expected = float((pooled * np.exp(pooled * np.log(m / (n + m)))).sum())
    return min(1.0, expected / (limit * m))


def _unseen_story(levels: Levels, unseen: Counts, largest: int) -> str:
    count = int(np.count_nonzero(unseen))
    if not count:
        return "every level is known from the reference"
    share = percent(unseen[largest] / levels.m)
    levelled = "1 level" if count == 1 else f"{count:,} levels"
    told = f"{levelled} unseen in the reference in {percent(unseen.sum() / levels.m)} of the rows"
    return f"{told}, most often {levels.name(largest)} ({share})"


def vanished_levels(column: str, levels: Levels, policy: DriftPolicy) -> Finding | None:
    """Measure the share that levels without any row now had in the reference; ``None`` below the limit.

    A ``warning`` at most: a level that mattered moves the distribution as well.
    """
    n, m = levels.n, levels.m
    gone = np.where(levels.current == 0, levels.reference, 0)
    limit, largest = policy.limit("vanished_levels", column), int(np.argmax(gone))
    if gone.sum() / n < limit:
        return None
    names = [levels.name(int(i)) for i in np.argsort(-gone, kind="stable")[:3] if gone[i] >= NAMED_FROM]
    named = f": {', '.join(names)}" if names else ""
    return Finding(
        check="vanished_levels",
        metric="share",
        column=column,
        severity=Severity.WARNING,
        n_reference=n,
        n_current=m,
        value=float(gone.sum() / n),
        limit=limit,
        p_value=min(1.0, levels.count * p_all_current(int(gone[largest]), m, n)),
        critical=lambda p: rows_for(p / levels.count, m, n) / n,
        linear=True,
        message=f"levels that {percent(gone.sum() / n)} of the reference's rows had are gone{named}",
        detail={"rows": int(gone.sum()), "levels": int(np.count_nonzero(gone))},
    )


def woke_up(column: str, levels: Levels, policy: DriftPolicy) -> Finding:
    """Measure the share of rows that differ from the one value the reference has."""
    n, m = levels.n, levels.m
    constant = int(np.argmax(levels.reference))
    changed = m - int(levels.current[constant])
    name = levels.name(constant)
    message = f"constant at {name}, as in the reference"
    if changed:
        message = f"{percent(changed / m)} of the rows differ from {name}, the only value of the reference"
    return Finding(
        check="constant",
        metric="changed_share",
        column=column,
        severity=policy.severity(column),
        n_reference=n,
        n_current=m,
        value=changed / m,
        limit=policy.limit("constant", column),
        p_value=p_all_current(changed, n, m),
        chance=p_all_current(max(1, changed), n, m),
        critical=lambda p: rows_for(p, n, m) / m,
        linear=True,
        message=message,
        detail={"rows": changed},
    )


def too_many_levels(column: str, levels: Levels) -> Finding:
    """Say that a column has too many levels for their distribution to be compared: names, ids, free text."""
    about = "" if levels.complete else "about "
    return Finding(
        check="levels",
        metric="levels",
        column=column,
        severity=Severity.INFO,
        n_reference=levels.n,
        n_current=levels.m,
        value=float(levels.in_reference),
        settled=Status.PASS,
        message=(
            f"too many levels to compare: {about}{levels.in_reference:,} in {levels.n:,} rows of the reference; "
            "only missing values and single levels that grow are watched"
        ),
    )
