"""The metrics by name: each is registered by ``performance.metrics`` for the problem it serves."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.answers import Answers, Numbers, Problem
from airflow_ml_monitor.performance.intervals.design import Scale
from airflow_ml_monitor.results import Interval


class Estimate(NamedTuple):
    """A metric of some answers.

    :param value: ``None`` where it is not defined; ``reason`` says why.
    :param interval: confidence interval; ``None`` where there is none.
    :param n: answers with a known label behind it.
    :param method: how the interval was made: ``"Wilson"``, ``"DeLong"``, ...
    """

    value: float | None
    interval: Interval | None
    n: int
    method: str = ""
    reason: str = ""


class Bounds(NamedTuple):
    """A metric with the labels that are missing where they make it lowest, and where they make it highest."""

    lowest: Estimate
    highest: Estimate


class Difference(NamedTuple):
    """A metric of a challenger less that of a champion, on the same answers, in the metric's own units."""

    value: float | None
    interval: Interval | None
    p_value: float | None
    n: int
    method: str = ""
    reason: str = ""


Better = Literal["higher", "lower", "neither"]
Needs = Literal["score", "predicted"]
Estimator = Callable[[Answers, float], Estimate]
Completions = Callable[[Answers], tuple[Numbers, Numbers] | None]
RowLoss = Callable[[Answers], Numbers]
Comparison = Callable[[Answers, Answers, float], Difference]
Influence = Callable[[Answers], tuple[float, Numbers]]
Units = Callable[[Answers], Answers]
Statistic = Callable[[Numbers], Numbers]


@dataclass(frozen=True)
class Metric:
    """A registered metric.

    :param better: which way is better; ``neither`` for those that are best at some value between.
    :param needs: whether it is computed from scores or from the class or value answered.
    :param completions: the labels, of answers some of whose labels are missing, that make it lowest and highest.
    :param rows: whether its interval needs passes over the rows, rather than over counts of them.
    :param row_loss: the loss of each row, lower being better, whose mean (or one less it) the metric is.
    :param influence: the weighted value, and what each row adds to it to first order: of weighted mean zero, known up
        to a factor. By it rows that belong together, or weigh more than others, are told from those that do not.
    :param scale: on which its intervals are stretched for such rows.
    :param row_by_row: whether ``completions`` are those of each row by itself, so that they hold of weighted rows, too.
    :param sees_clusters: whether its own interval is that of rows that belong together.
    :param units: from rows to what is independent of each other, for all that follows: of a ranking, its queries.
    :param statistic: from tables truth x answer, shape (..., classes, classes), to the metric, where it is of those.
    """

    name: str
    problem: Problem
    better: Better
    needs: Needs
    estimator: Estimator
    comparison: Comparison
    completions: Completions | None = None
    rows: bool = False
    row_loss: RowLoss | None = None
    influence: Influence | None = None
    scale: Scale = "plain"
    row_by_row: bool = True
    sees_clusters: bool = False
    units: Units | None = None
    statistic: Statistic | None = None

    @property
    def counted(self) -> str:
        """What ``Estimate.n`` counts, in words."""
        return "labels" if self.units is None else "queries"

    @property
    def higher_is_better(self) -> bool | None:
        return None if self.better == "neither" else self.better == "higher"


_METRICS: dict[tuple[Problem, str], Metric] = {}
_OWN: set[tuple[Problem, str]] = set()
_FAMILIES: dict[tuple[Problem, str], Callable[..., Metric]] = {}
_NUMBERS = re.compile(r"[-+]?\d*\.?\d+(,[-+]?\d*\.?\d+)*")


def register(metric: Metric) -> None:
    """Add a metric.

    :raises ConfigurationError: the problem has one of that name already.
    """
    key = (metric.problem, metric.name)
    if key in _METRICS:
        raise ConfigurationError(f"a metric {metric.name!r} for {metric.problem} exists already")
    _METRICS[key] = metric


def register_own(metric: Metric) -> None:
    """Add a metric of the user's own, or replace it by a later one: a DAG file is read more than once.

    :raises ConfigurationError: the package has one of that name.
    """
    if metric.name in metric_names(metric.problem) and (metric.problem, metric.name) not in _OWN:
        raise ConfigurationError(f"the package has a metric {metric.name!r} for {metric.problem}; give another name")
    _OWN.add((metric.problem, metric.name))
    _METRICS[metric.problem, metric.name] = metric


def is_own(metric: Metric) -> bool:
    """Return whether a metric is of the user's own."""
    return (metric.problem, metric.name) in _OWN


def register_family(problem: Problem, prefix: str, make: Callable[..., Metric]) -> None:
    """Add metrics named by a prefix and numbers, of which ``make`` makes one: ``pinball@`` for ``pinball@0.9``."""
    if (problem, prefix) in _FAMILIES:
        raise ConfigurationError(f"metrics {prefix!r} for {problem} exist already")
    _FAMILIES[problem, prefix] = make


def metric_families(problem: Problem | str) -> list[str]:
    """Return the beginnings of the names that say a number, such as ``pinball@`` of ``pinball@0.9``."""
    from airflow_ml_monitor.performance import metrics  # noqa: F401 - they register themselves

    return sorted(prefix for its, prefix in _FAMILIES if its == Problem(problem))


@functools.cache
def _of_family(name: str, problem: Problem) -> Metric | None:
    for prefix in metric_families(problem):
        numbers = name.removeprefix(prefix)
        if name.startswith(prefix) and _NUMBERS.fullmatch(numbers):
            return replace(_FAMILIES[problem, prefix](*map(float, numbers.split(","))), name=name)
    return None


def find_metric(name: str, problem: Problem) -> Metric:
    """Return the metric of that name.

    :raises ConfigurationError: the problem has none.
    """
    from airflow_ml_monitor.performance import metrics  # noqa: F401 - they register themselves

    found = _METRICS.get((problem, name)) or _of_family(name, problem)
    if found is None:
        known = [*metric_names(problem), *(f"{prefix}<number>" for prefix in metric_families(problem))]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise ConfigurationError(f"no metric {name!r} for a {problem} problem; {hint}")
    return found


def metric_names(problem: Problem | str | None = None) -> list[str]:
    """Return the names of all metrics, or of a problem's, in alphabetical order."""
    from airflow_ml_monitor.performance import metrics  # noqa: F401 - they register themselves

    return sorted({name for its, name in _METRICS if problem is None or its == Problem(problem)})


def estimate(metric: Metric, answers: Answers, *, confidence: float = 0.95) -> Estimate:
    """Return a metric of the answers whose label is known, with its confidence interval.

    :raises ConfigurationError: the answers lack what the metric is computed from.
    """
    _require(metric, answers)
    known = answers.known
    if not len(known):
        return Estimate(None, None, 0, reason=_none_known(answers))
    return _computed(metric, known if metric.units is None else metric.units(known), confidence)


def _none_known(answers: Answers) -> str:
    return "no label is known" if answers.query is None else "of no query are all labels known"


def _computed(metric: Metric, answers: Answers, confidence: float) -> Estimate:
    """Return the metric, without what overflows."""
    import numpy as np

    from airflow_ml_monitor.performance.unlike_rows import of_unlike_rows

    with np.errstate(over="ignore", invalid="ignore"):
        by_itself = metric.sees_clusters and answers.weight is None
        found = metric.estimator(answers if by_itself else answers.as_alike(), confidence)
        if not answers.alike and not by_itself:
            found = of_unlike_rows(metric, answers, found, confidence)
    if found.value is not None and not np.isfinite(found.value):
        return Estimate(None, None, found.n, reason="the numbers are too large to compute it")
    if found.interval is not None and not np.isfinite(found.interval).all():
        return found._replace(interval=None, reason="the numbers are too large to compute it")
    return found


def bounds(metric: Metric, answers: Answers, *, confidence: float = 0.95) -> Bounds | None:
    """Return a metric at the two extremes that the missing labels (NaN in ``answers.y``) allow.

    Each comes with its interval, as if the labels were those. ``None`` where the metric has no closed form.
    """
    if metric.completions is None or (answers.weight is not None and not metric.row_by_row):
        return None
    _require(metric, answers)
    completed = metric.completions(answers)
    if completed is None:
        return None
    lowest, highest = (_computed(metric, answers.with_labels(labels), confidence) for labels in completed)
    return Bounds(lowest, highest)


def difference(metric: Metric, champion: Answers, challenger: Answers, *, confidence: float = 0.95) -> Difference:
    """Return the paired difference of two models' answers to the same rows, in the same order.

    Labels of one class give no interval: what the models answer to the other may differ the other way.

    :raises ConfigurationError: not the same rows, or the answers lack what the metric is computed from.
    """
    import numpy as np

    from airflow_ml_monitor.performance.metrics.classes import one_class
    from airflow_ml_monitor.performance.unlike_rows import compare_unlike_rows

    _require(metric, champion)
    _require(metric, challenger)
    if not np.array_equal(champion.y, challenger.y, equal_nan=True):
        raise ConfigurationError("the two models' answers are not to the same rows; give both in the same order")
    champion, challenger = champion.known, replace(challenger, query=champion.query).known
    if not len(champion):
        return Difference(None, None, None, 0, reason=_none_known(champion))
    if metric.units is not None:
        champion, challenger = metric.units(champion), metric.units(challenger)
    reason = one_class(champion)
    with np.errstate(over="ignore", invalid="ignore"):
        by_itself = champion.alike or (metric.sees_clusters and champion.weight is None)
        compare = metric.comparison if by_itself else compare_unlike_rows(metric)
        found = compare(champion, challenger, confidence)
    if reason:
        defined = found.value is not None and np.isfinite(found.value)
        return Difference(found.value if defined else None, None, None, found.n, found.method, reason)
    if np.isfinite([one for one in (found.value, *(found.interval or ()), found.p_value) if one is not None]).all():
        return found
    return Difference(None, None, None, found.n, reason="the numbers are too large to compute it")


def _require(metric: Metric, answers: Answers) -> None:
    if metric.problem is not answers.problem:
        raise ConfigurationError(f"{metric.name} is a metric for {metric.problem}, the answers are {answers.problem}")
    if metric.needs == "predicted" and answers.predicted is None:
        raise ConfigurationError(f"{metric.name} needs what the model answered; name its column by prediction=")
    if metric.needs == "score" and answers.score is None:
        column = "scores=" if metric.problem is Problem.MULTICLASS else "score="
        raise ConfigurationError(f"{metric.name} needs the model's scores; name their column by {column}")
