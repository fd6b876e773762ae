"""From what Great Expectations found to a ``CheckResult``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.quality.assertion import Assertion
from airflow_ml_monitor.quality.sentences import (
    in_words,
    measure_sentence,
    range_of,
    share_sentence,
    statement_sentence,
)
from airflow_ml_monitor.results import CheckResult, Limits, Status

if TYPE_CHECKING:
    from airflow_ml_monitor.quality.execution import Outcome

_MOST_ERROR_TEXT = 300
_SINGLE_LIMITS = {
    "expect_column_kl_divergence_to_be_less_than": "threshold",
    "unexpected_rows_expectation": None,
}


def check_result(assertion: Assertion, outcome: Outcome, rows: int) -> CheckResult:
    """Return the check result of an expectation that was run on so many ``rows``.

    A share of unexpected rows is kept as metric ``unexpected_share``, any other number as ``observed_value``. An
    expectation that holds for want of any value to look at is ``insufficient``, never a pass. Observed values that
    are not numbers, quantiles, types or column names stay out: they are the data itself.
    """
    if outcome.error is not None:
        message = f"{in_words(assertion)} could not be computed: {_one_line(outcome.error)}"
        return assertion.result(Status.ERROR, message)
    if outcome.result.get("element_count") is not None and "unexpected_count" in outcome.result:
        return _share_result(assertion, outcome)
    return _observed_result(assertion, outcome, None if assertion.condition else rows)


def undecided(assertion: Assertion, reason: str) -> CheckResult:
    """Return the check result of an expectation that was not run."""
    return assertion.result(Status.INSUFFICIENT, f"{in_words(assertion)} was not checked: {reason}")


def _share_result(assertion: Assertion, outcome: Outcome) -> CheckResult:
    elements = int(outcome.result["element_count"])
    considered = elements - int(outcome.result.get("missing_count") or 0)
    unexpected = int(outcome.result["unexpected_count"] or 0)
    if considered == 0:
        where = "no row meets its condition" if elements == 0 else f"all {elements:,} rows have no value"
        return undecided(assertion, where)
    share = unexpected / considered
    allowed = round(1 - float(assertion.kwargs.get("mostly", 1.0)), 12)
    return assertion.result(
        Status.PASS if outcome.success else Status.FAIL,
        share_sentence(assertion, share, considered, allowed=allowed, whole=considered == elements),
        metric="unexpected_share",
        value=share,
        limits=Limits(None, allowed),
        n_current=considered,
        detail={"unexpected_count": unexpected, "unexpected_share": share, "rows": elements},
    )


def _observed_result(assertion: Assertion, outcome: Outcome, rows: int | None) -> CheckResult:
    observed = outcome.result.get("observed_value")
    value, limits = _finite(observed), _limits(assertion)
    status = Status.PASS if outcome.success else Status.FAIL
    if value is not None or isinstance(observed, date):
        message = measure_sentence(
            assertion, observed if value is None else value, range_of(assertion.kwargs) or _single(limits)
        )
        detail = {"observed_value": observed.isoformat()} if isinstance(observed, date) else {}
        return assertion.result(status, message, value=value, limits=limits, n_current=rows, detail=detail)
    because, detail = _evidence(assertion, outcome.result)
    message = statement_sentence(assertion, success=outcome.success, because=because)
    return assertion.result(status, message, n_current=rows, detail=detail)


def _limits(assertion: Assertion) -> Limits:
    kwargs = assertion.kwargs
    if "_to_equal" in assertion.check and "value" in kwargs:
        return Limits(_finite(kwargs["value"]), _finite(kwargs["value"]))
    if assertion.check in _SINGLE_LIMITS:
        name = _SINGLE_LIMITS[assertion.check]
        return Limits(None, 0.0 if name is None else _finite(kwargs.get(name)))
    return Limits(_finite(kwargs.get("min_value")), _finite(kwargs.get("max_value")))


def _single(limits: Limits) -> str:
    if limits.lower is not None and limits.lower == limits.upper:
        return f"exactly {limits.lower:,.15g}"
    return f"at most {limits.upper:,.15g}" if limits.upper is not None else ""


def _evidence(assertion: Assertion, result: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return, in words and as JSON, what was observed where that is not the data itself."""
    observed = result.get("observed_value")
    if assertion.check.startswith("expect_table_column") and isinstance(observed, (list, set, tuple)):
        names = [str(name) for name in observed]
        return f"there are {', '.join(names)}"[:_MOST_ERROR_TEXT], {"observed_value": names[:100]}
    if "type" in assertion.check and isinstance(observed, str):
        return f"it is {observed}", {"observed_value": observed}
    if isinstance(observed, Mapping) and "quantiles" in observed:
        values = {str(q): _finite(v) for q, v in zip(observed["quantiles"], observed["values"], strict=True)}
        return ", ".join(f"{q}: {v}" for q, v in values.items()), {"observed_value": values}
    if result.get("unexpected_count"):
        count = int(result["unexpected_count"])
        return f"{count:,} distinct values are not", {"unexpected_count": count}
    if "observed_value" in result and observed is None and "between" in assertion.check:
        return "there is no value to compute it from", {}
    return "", {}


def _finite(value: Any) -> float | None:
    """Return a number as a finite ``float``; ``None`` for anything else."""
    if isinstance(value, (bool, str)) or value is None:
        return None
    try:
        converted = float(value)
    except (TypeError, ValueError):
        return None
    return converted if math.isfinite(converted) else None


def _one_line(error: str) -> str:
    wrapped = re.search(r'An SQL execution Exception occurred\.\s+\w+: "(.*)', error)
    line = (wrapped.group(1) if wrapped else error).strip().splitlines()[0].rstrip(". ")
    if line.startswith("No provider found"):
        return f"{line}; Great Expectations does not compute it for this kind of dataset"
    return line if len(line) <= _MOST_ERROR_TEXT else f"{line[:_MOST_ERROR_TEXT]}..."
