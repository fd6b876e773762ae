"""What moved in a column: the two distributions, for a chart, and the levels that grew, shrank, came and went."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.levels import Levels
from airflow_ml_monitor.drift.wording import shown
from airflow_ml_monitor.profile.columns import ColumnProfile
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.profile.levels import LevelProfile
from airflow_ml_monitor.profile.numeric import NumericProfile
from airflow_ml_monitor.profile.text import TextProfile

_BARS = 24
_LEVELS = 15
_MOVES = 5


def explained(finding: Finding, reference: ColumnProfile, current: ColumnProfile) -> Finding:
    """Return the finding of a distribution that moved with both distributions in its detail; any other as it is."""
    if not finding.reached or finding.check not in ("distribution", "score") or "distribution" in finding.detail:
        return finding
    if isinstance(reference, TextProfile) and isinstance(current, TextProfile):
        name = finding.metric.split(".")[0]
        return explained(finding, reference.described[name], current.described[name])
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        return replace(finding, detail={**finding.detail, "distribution": histogram(reference, current)})
    if isinstance(reference, LevelProfile) and isinstance(current, LevelProfile):
        levels = Levels.of(reference, current)
        shown_levels = {"distribution": level_shares(levels), "levels_moved": level_moves(levels)}
        return replace(finding, detail={**finding.detail, **shown_levels})
    return finding


def distributions(reference: ColumnProfile, current: ColumnProfile) -> dict[str, dict[str, Any]]:
    """Return both distributions of a column, whether it moved or not: one under ``""``, of a text one for each of its
    descriptors; none where the two profiles do not count the same kind of values, or kinds that are not compared."""
    if isinstance(reference, TextProfile) and isinstance(current, TextProfile):
        shared = [name for name in reference.described if name in current.described]
        return {name: histogram(reference.described[name], current.described[name]) for name in shared}
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        return {"": histogram(reference, current)}
    if isinstance(reference, LevelProfile) and isinstance(current, LevelProfile):
        return {"": level_shares(Levels.of(reference, current))}
    return {}


def histogram(reference: NumericProfile, current: NumericProfile) -> dict[str, Any]:
    """Return both distributions in about 24 bins of like width over the reference's 1st to 99th percentile.

    ``edges`` are upper bounds, included; there is one share more than edges, the last being that beyond them.
    """
    edges = reference.edges
    wanted = np.linspace(edges.low, edges.high, _BARS + 1)
    chosen = np.unique(np.searchsorted(edges.values, wanted).clip(0, len(edges.values) - 1))
    bounds = [float(edges.values[place]) for place in chosen]
    return {
        "edges": [shown(reference, bound) if reference.kind is Kind.DATETIME else bound for bound in bounds],
        "reference": _shares(reference, chosen),
        "current": _shares(current, chosen),
    }


def _shares(profile: NumericProfile, chosen: np.ndarray[Any, Any]) -> list[float]:
    upto = np.concatenate(([0], profile.upto[chosen], [profile.count]))
    return [round(float(share), 6) for share in np.diff(upto) / max(1, profile.count)]


def level_shares(levels: Levels) -> dict[str, Any]:
    """Return the levels with most rows on any side, with both shares, and the rest as one."""
    was, now = levels.reference / max(1, levels.n), levels.current / max(1, levels.m)
    order = np.argsort(-np.maximum(was, now), kind="stable")
    top = [int(place) for place in order[:_LEVELS] if max(was[place], now[place]) > 0]
    rest = order[len(top) :]
    return {
        "levels": [levels.name(place) for place in top],
        "reference": [round(float(was[place]), 6) for place in top],
        "current": [round(float(now[place]), 6) for place in top],
        "rest": [round(float(was[rest].sum()), 6), round(float(now[rest].sum()), 6)],
    }


def level_moves(levels: Levels) -> dict[str, list[list[Any]]]:
    """Return the levels that grew, shrank, appeared and vanished, the largest moves first, with both shares."""
    was, now = levels.reference / max(1, levels.n), levels.current / max(1, levels.m)
    kinds = {
        "grew": (now > was) & (was > 0),
        "shrank": (now < was) & (now > 0),
        "appeared": (was == 0) & (now > 0),
        "vanished": (now == 0) & (was > 0),
    }
    moved: dict[str, list[list[Any]]] = {}
    for kind, which in kinds.items():
        order = [int(place) for place in np.argsort(-np.abs(now - was), kind="stable") if which[place]]
        moved[kind] = [[levels.name(place), float(was[place]), float(now[place])] for place in order[:_MOVES]]
    return moved
