"""``Assertion``: what one expectation says, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.results import CheckResult, Severity, Status

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

_ABOUT_NAMES = ("expect_table_", "expect_column_to_exist")
_MOST_ITEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What one expectation says, free of Great Expectations' classes.

    :param check: the expectation's type in snake case (``"expect_column_values_to_not_be_null"``).
    :param kwargs: its arguments as JSON types, runtime parameters filled in.
    :param severity: what its failing means.
    :param description: the author's own words for it.
    :param condition: the rows it is about, as text; ``None`` for all rows.
    """

    check: str
    kwargs: Mapping[str, Any]
    severity: Severity = Severity.CRITICAL
    description: str | None = None
    condition: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values it is about; none where it is about the columns' names or whole rows."""
        if self.check.startswith(_ABOUT_NAMES):
            return ()
        named = [self.kwargs.get(key) for key in ("column", "column_A", "column_B")]
        return tuple(name for name in (*named, *(self.kwargs.get("column_list") or ())) if isinstance(name, str))

    @property
    def column(self) -> str | None:
        """The column it is about; several in one text."""
        name = self.kwargs.get("column")
        return name if isinstance(name, str) else ", ".join(self.columns) or None

    def result(self, status: Status, message: str, **found: Any) -> CheckResult:
        """Return the check result of this assertion; its arguments go into ``detail``, which tells alike ones apart."""
        kwargs = {key: _bounded(value) for key, value in self.kwargs.items() if key not in ("column", "row_condition")}
        return CheckResult(
            check=self.check,
            metric=found.pop("metric", "observed_value"),
            status=status,
            severity=self.severity,
            column=self.column,
            segment=self.condition,
            message=f"{self.description}: {message}" if self.description else message,
            detail={"kwargs": kwargs} | found.pop("detail", {}),
            **found,
        )


def assertion_of(expectation: Expectation) -> Assertion:
    """Return what an expectation says, in plain values."""
    plain = expectation.configuration.to_json_dict()
    return Assertion(
        check=plain["type"],
        kwargs={key: value for key, value in plain["kwargs"].items() if key != "batch_id"},
        severity=Severity(plain["severity"]),
        description=expectation.description,
        condition=_condition(getattr(expectation, "row_condition", None)),
    )


def _condition(condition: Any) -> str | None:
    """Return a condition on rows as its author wrote it; Great Expectations wraps what it hands on to pandas."""
    if not condition:
        return None
    written = getattr(condition, "pass_through_filter", condition)
    return written if isinstance(written, str) else repr(written)


def _bounded(value: Any) -> Any:
    if isinstance(value, list) and len(value) > _MOST_ITEMS:
        return [*value[:_MOST_ITEMS], f"and {len(value) - _MOST_ITEMS} more"]
    return value
