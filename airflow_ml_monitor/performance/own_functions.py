"""Functions that are metrics of the user's own: what they must be, known while a DAG file is parsed."""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Callable
from typing import Any, Literal

from airflow_ml_monitor.errors import ConfigurationError

Function = Callable[[Any, Any], Any]
_SCORES = ("score", "prob")


def name_of(function: Function) -> str:
    """Return the name of a function, by which a report tells its metric.

    :raises ConfigurationError: it has none, or does not take labels and answers.
    """
    name = getattr(function, "__name__", "<none>")
    if not name.isidentifier():
        raise ConfigurationError(
            f"{function!r} has no name by which a report could tell it; give a function made by def, or "
            "register_metric(name, function, ...)"
        )
    answered(function, name)
    return str(name)


def answered(function: Function, name: str) -> Literal["score", "predicted"]:
    """Return what a function is given beside the labels: scores where its second argument is named after them.

    As scikit-learn names them: ``y_score``, ``y_prob`` or ``y_proba``, else ``y_pred``.

    :raises ConfigurationError: it does not take two arguments.
    """
    try:
        signature = inspect.signature(function)
        signature.bind(None, None)
    except TypeError:
        raise ConfigurationError(f"{name} must take two arguments, the labels and the answers") from None
    except ValueError:  # of a few functions written in C nobody knows the arguments
        return "predicted"
    second = [*signature.parameters][1:2]
    return "score" if second and any(word in second[0] for word in _SCORES) else "predicted"


def called(function: Function, name: str, labels: Any, answers: Any) -> float:
    """Return what a function makes of some rows; NaN where it refuses them, as many do of which a class is missing.

    :raises ConfigurationError: it returned no number.
    """
    try:
        found = function(labels, answers)
    except (ValueError, ArithmeticError):
        return math.nan
    if isinstance(found, bool) or not (isinstance(found, numbers.Real) or getattr(found, "shape", None) == ()):
        raise ConfigurationError(f"metric {name!r} returned {found!r:.60}, which is no number; let it return a float")
    return float(found)
