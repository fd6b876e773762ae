"""What is asked of a comparison of two models. Imported by DAG files; loads nothing that computes."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

from airflow_ml_monitor.errors import ConfigurationError

Goal = Literal["superiority", "non_inferiority"]


def require_terms(goal: str, margin: float, min_completeness: float | None) -> None:
    """Refuse a goal, a margin or a share that is none.

    :raises ConfigurationError: it is one.
    """
    if goal not in get_args(Goal):
        raise ConfigurationError(f"goal={goal!r} is not known; use 'superiority' or 'non_inferiority'")
    _require_margin("margin", margin)
    if min_completeness is not None and not (_is_number(min_completeness) and 0 < min_completeness <= 1):
        raise ConfigurationError(f"min_completeness={min_completeness!r} must be a share above 0 and up to 1")


def require_segment_margin(segments: Any, margin: float | None) -> None:
    """Refuse segments without a margin, and a margin without segments.

    :raises ConfigurationError: one is there without the other, or the margin is none.
    """
    if segments and margin is None:
        raise ConfigurationError("segments= needs segment_margin=, how much worse a challenger may be in one of them")
    if margin is not None and not segments:
        raise ConfigurationError(f"segment_margin={margin!r} needs segments=, the columns it is about")
    if margin is not None:
        _require_margin("segment_margin", margin)


def _require_margin(name: str, margin: float) -> None:
    if not _is_number(margin) or margin < 0:
        raise ConfigurationError(f"{name}={margin!r} must be zero or more, in the units of the metric")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
