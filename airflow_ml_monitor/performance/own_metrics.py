"""Metrics of the user's own: a function of labels and answers, with a bootstrap interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals import bootstrap
from airflow_ml_monitor.performance.registry import Better, Difference, Estimate, Metric, Needs, register_own

Function = Callable[[Numbers, Numbers], float]


def register_metric(name: str, function: Function, problem: str, *, better: Better, needs: Needs = "predicted") -> None:
    """Add a metric of your own, by whose name expectations then ask for it; in a DAG file, where all its tasks know it.

    Its interval is a seeded bootstrap of the rows, or of their clusters; it has no worst case, so that missing labels
    need ``min_completeness``, and no weights. A metric of your own may be given again, and then replaces the first.

    :param function: from labels and answers, as scikit-learn's metrics, to a number. Both are arrays of shape (n,), but
        for scores of more than two classes, which are (n, classes). Classes are coded: 0.0 and 1.0, or their positions.
    :param problem: ``"binary"``, ``"multiclass"`` or ``"regression"``.
    :param better: ``"higher"``, ``"lower"`` or ``"neither"``.
    :param needs: ``"score"`` or ``"predicted"``, the class or value answered.
    :raises ConfigurationError: the package has a metric of that name, or what is given is no such thing.
    """
    if problem not in tuple(Problem):
        raise ConfigurationError(
            f"problem={problem!r} of metric {name!r} is not known; use one of {', '.join(Problem)}"
        )
    if not isinstance(name, str) or not name or not callable(function):
        raise ConfigurationError(f"register_metric({name!r}, {function!r}) needs a name and a function")
    if better not in ("higher", "lower", "neither") or needs not in ("score", "predicted"):
        raise ConfigurationError(
            f"metric {name!r} has better={better!r} and needs={needs!r}; use higher, lower or neither, and score or "
            "predicted"
        )
    own = _Own(name, function, needs)
    register_own(
        Metric(name, Problem(problem), better, needs, own.estimate, own.compare, rows=True, sees_clusters=True)
    )


@dataclass(frozen=True)
class _Own:
    name: str
    function: Function
    needs: Needs

    def estimate(self, answers: Answers, confidence: float) -> Estimate:
        value = self._value(answers)
        if math.isnan(value):
            return Estimate(None, None, len(answers), reason=f"{self.name} is not defined for these rows")
        values = _resampled(answers, lambda rows: self._value(answers.take(rows)))
        interval = bootstrap.percentile(values, confidence)
        reason = "" if interval else f"{self.name} is not defined for most resamples"
        return Estimate(value, interval, len(answers), _named(answers, values), reason)

    def compare(self, champion: Answers, challenger: Answers, confidence: float) -> Difference:
        value = self._value(challenger) - self._value(champion)
        if math.isnan(value):
            return Difference(None, None, None, len(champion), reason=f"{self.name} is not defined for these rows")
        values = _resampled(
            champion, lambda rows: self._value(challenger.take(rows)) - self._value(champion.take(rows))
        )
        interval = bootstrap.percentile(values, confidence)
        return Difference(value, interval, bootstrap.two_sided(values), len(champion), _named(champion, values))

    def _value(self, answers: Answers) -> float:
        """Return the metric; NaN where the function refuses the rows, as many do of which a class is missing."""
        answered = answers.score if self.needs == "score" else answers.predicted
        assert answered is not None, "the registry has seen to what it needs"
        try:
            return float(self.function(answers.y, answered))
        except (ValueError, ArithmeticError):
            return math.nan


def _resampled(answers: Answers, statistic: Callable[[np.ndarray], float]) -> Numbers:
    """Return a statistic of resamples: of positions of rows, drawn with all others of their cluster."""
    generator = np.random.default_rng(bootstrap.SEED)
    cluster = np.arange(len(answers)) if answers.cluster is None else answers.cluster
    _, position, sizes = np.unique(cluster, return_inverse=True, return_counts=True)
    together = np.split(np.argsort(position, kind="stable"), np.cumsum(sizes)[:-1])
    values = []
    for _ in range(bootstrap.resamples(len(answers))):
        drawn = generator.integers(0, len(sizes), len(sizes))
        rows = drawn if answers.cluster is None else np.concatenate([together[one] for one in drawn])
        values.append(statistic(rows))
    found = np.array(values)
    finite: Numbers = found[np.isfinite(found)]
    return finite


def _named(answers: Answers, values: Numbers) -> str:
    return bootstrap.named(values) + ("" if answers.cluster is None else " of clusters")
