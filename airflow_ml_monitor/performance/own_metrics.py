"""Metrics of the user's own: a function of labels and answers, with a bootstrap interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.expectations import AtLeast, AtMost, Expectation
from airflow_ml_monitor.performance.intervals import bootstrap
from airflow_ml_monitor.performance.own_functions import Function, answered, called
from airflow_ml_monitor.performance.own_rankings import own_ranking
from airflow_ml_monitor.performance.registry import (
    Better,
    Difference,
    Estimate,
    Metric,
    Needs,
    find_metric,
    is_own,
    metric_names,
    register_own,
)


def register_metric(name: str, function: Function, problem: str, *, better: Better, needs: Needs = "predicted") -> None:
    """Add a metric of your own, by whose name expectations then ask for it; in a DAG file, where all its tasks know it.

    Its interval is a seeded bootstrap of the rows, or of their clusters; it has no worst case, so that missing labels
    need ``min_completeness``, and no weights. A metric of your own may be given again, and then replaces the first.

    :param function: from labels and answers, as scikit-learn's metrics, to a number. Both are arrays of shape (n,), but
        for scores of more than two classes, which are (n, classes). Classes are coded: 0.0 and 1.0, or their positions.
        Of a ranking it is given one query at a time, labels and scores, and the metric is the mean over queries.
    :param problem: ``"binary"``, ``"multiclass"``, ``"regression"`` or ``"ranking"``.
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
    register_own(own_metric(name, function, Problem(problem), better, needs))


def own_metric(name: str, function: Function, problem: Problem, better: Better, needs: Needs) -> Metric:
    """Return the metric that a function is."""
    if problem is Problem.RANKING:
        return own_ranking(name, function, better)
    own = OwnMetric(name, function, needs)
    return Metric(name, problem, better, needs, own.estimate, own.compare, rows=True, sees_clusters=True)


def metrics_of(expect: Iterable[Expectation], problem: Problem) -> list[Metric]:
    """Return the metric of each expectation: of its name, or of its function.

    :raises ConfigurationError: there is none, or two functions have one name.
    """
    functions: dict[str, Function | None] = {}
    found = []
    for one in expect:
        if functions.setdefault(one.metric, one.function) is not one.function:
            raise ConfigurationError(f"expect has two metrics of the name {one.metric!r}; rename one of the functions")
        found.append(find_metric(one.metric, problem) if one.function is None else _of_function(one, problem))
    return found


def _of_function(expectation: Expectation, problem: Problem) -> Metric:
    name, function = expectation.metric, expectation.function
    assert function is not None, "its caller has seen to it"
    if name in metric_names(problem):
        registered = find_metric(name, problem)
        if is_own(registered):
            return registered
        raise ConfigurationError(f"the package has a metric {name!r} for {problem}; give the function another name")
    if not isinstance(expectation, AtLeast | AtMost):
        raise ConfigurationError(
            f"{expectation}: nobody knows which way {name} is better; say it by register_metric({name!r}, {name}, "
            f"{problem.value!r}, better=...) and give its name"
        )
    better: Better = "higher" if isinstance(expectation, AtLeast) else "lower"
    needs = "score" if problem is Problem.RANKING else answered(function, name)
    return own_metric(name, function, problem, better, needs)


@dataclass(frozen=True)
class OwnMetric:
    """A function of labels and answers, with a bootstrap of the rows or of their clusters."""

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
        given = answers.score if self.needs == "score" else answers.predicted
        assert given is not None, "the registry has seen to what it needs"
        return called(self.function, self.name, answers.y, given)


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
