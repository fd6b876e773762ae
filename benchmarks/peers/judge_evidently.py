"""Evidently's default ``DataDriftPreset``: an alarm on any column, and its rule of half of the columns."""

from __future__ import annotations

from typing import Any

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset

from calibration.tallies import Verdict

ANY, HALF = "any column", "half of the columns"


def judge(reference: pd.DataFrame, batch: pd.DataFrame) -> Verdict:
    """Return the verdict on a batch.

    :raises RuntimeError: the columns read off its values are not as many as it counts itself.
    """
    metrics = Report([DataDriftPreset()]).run(batch, reference).dict()["metrics"]
    counted = next(metric for metric in metrics if "DriftedColumnsCount" in metric["metric_name"])
    flagged = frozenset(metric["config"]["column"] for metric in metrics if _drifted(metric))
    if len(flagged) != int(counted["value"]["count"]):
        raise RuntimeError(f"Evidently counts {counted['value']}, its values say {sorted(flagged)}")
    share, limit = counted["value"]["share"], counted["config"]["drift_share"]
    return Verdict(closed={ANY: bool(flagged), HALF: share >= limit}, flagged=flagged)


def _drifted(metric: dict[str, Any]) -> bool:
    if "ValueDrift" not in metric["metric_name"]:
        return False
    config = metric["config"]
    value, limit = float(metric["value"]), float(config["threshold"])
    return value < limit if "p_value" in config["method"] else value >= limit
