"""What a model must keep: limits on metrics. Imported by DAG files; loads nothing that computes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.own_functions import Function, name_of
from airflow_ml_monitor.results import Severity


@dataclass(frozen=True)
class Expectation:
    """A limit on a metric; one of its subclasses.

    :param metric: its name, as ``performance.metric_names()`` lists them; or a function of your own, from labels and
        answers to a number, whose name it then has (see ``register_metric``).
    :param severity: ``critical`` decides the report, ``warning`` can at most make it warn, ``info`` never matters.
    :param required: the report is ``insufficient`` where this cannot be decided.
    :raises ConfigurationError: no metric, a function without a name or of other arguments, or a number that is not
        finite.
    """

    metric: Any
    function: Function | None = field(default=None, init=False, repr=False)
    severity: Severity = field(default=Severity.CRITICAL, kw_only=True)
    required: bool = field(default=False, kw_only=True)

    @property
    def number(self) -> float:
        """The limit or the margin."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        object.__setattr__(self, "severity", Severity(self.severity))
        if callable(self.metric):
            object.__setattr__(self, "function", self.metric)
            object.__setattr__(self, "metric", name_of(self.metric))
        if not isinstance(self.metric, str) or not self.metric:
            raise ConfigurationError(f"{type(self).__name__}({self.metric!r}) names no metric; give one: 'roc_auc'")
        if isinstance(self.number, bool) or not isinstance(self.number, (int, float)) or not math.isfinite(self.number):
            raise ConfigurationError(
                f"{type(self).__name__}({self.metric!r}, {self.number!r}): the limit must be a finite number"
            )

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.metric!r}, {self.number!r})"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        plain = {name: value.value if isinstance(value, Severity) else value for name, value in vars(self).items()}
        function = plain.pop("function", None)
        own = {} if function is None else {"function": f"{function.__module__}.{self.metric}"}
        return {"type": type(self).__name__} | plain | own


@dataclass(frozen=True)
class Limit(Expectation):
    """A limit that is a number.

    :param over_windows: it holds of the mean over all windows judged so far, by an interval that may be looked at
        after each of them; for ``accuracy`` and ``brier``, whose losses are between 0 and 1.
    """

    limit: float
    over_windows: bool = field(default=False, kw_only=True)

    @property
    def number(self) -> float:
        return self.limit


@dataclass(frozen=True)
class AtLeast(Limit):
    """The metric is at the limit or above it."""


@dataclass(frozen=True)
class AtMost(Limit):
    """The metric is at the limit or below it."""


@dataclass(frozen=True)
class Relative(Expectation):
    """A limit relative to another value of the same metric."""

    margin: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.margin < 0:
            raise ConfigurationError(f"{self}: {self._margin}, in its own units, so it cannot be below zero")

    _margin: ClassVar[str] = "the margin is how much worse the metric may be"

    @property
    def number(self) -> float:
        return self.margin


@dataclass(frozen=True)
class NoWorseThanReference(Relative):
    """The metric is worse than the reference's own by no more than a margin.

    :param margin: in the metric's own units, not below zero.
    """


@dataclass(frozen=True)
class NoWorseThanPrevious(Relative):
    """The metric is worse than that of the window before, of the same length, by no more than a margin.

    It sees a model fall from one window to the next, and not one that decays slowly: that takes a reference.

    :param margin: in the metric's own units, not below zero.
    """


@dataclass(frozen=True)
class BetterThanDummy(Relative):
    """The metric is better by at least a margin than that of a dummy, which answers the same whatever it is asked.

    Its one answer is the mean (for ``mae`` the median), or the shares of the classes and the most frequent one, of the
    labels of the reference, or of the window where no reference is given; of a ranking, any order as well as any other.
    Both are compared on the same rows.

    :param margin: in the metric's own units, not below zero.
    """

    margin: float = 0.0
    _margin: ClassVar[str] = "the margin is how much better the metric must be"
