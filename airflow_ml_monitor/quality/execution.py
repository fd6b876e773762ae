"""Running expectations on Great Expectations' own engines: pandas for files and frames, SQL for tables.

The engines are used directly, without a data context: nothing is written, registered or sent, and the SQL engine uses
the very SQLAlchemy engine of the connection (sockets, ``connect_args`` and passwords included) inside one subquery,
so no row and no temporary table is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data.dataset import Rows
from airflow_ml_monitor.data.table import TableRows
from airflow_ml_monitor.quality import gx
from airflow_ml_monitor.quality.window_engine import WindowEngine

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from great_expectations.expectations.expectation import Expectation

# Counts only: none of the values that broke an expectation is fetched.
_COUNTS_ONLY = {"result_format": {"result_format": "BASIC", "partial_unexpected_count": 0}}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Great Expectations found for one expectation; ``error`` says why it found nothing."""

    success: bool
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


class _Validator(gx.Validator):  # type: ignore[misc]
    def _determine_progress_bars(self) -> bool:
        return False


def run_expectations(rows: Rows, expectations: Sequence[Expectation], columns: Sequence[str]) -> list[Outcome]:
    """Return one outcome per expectation, in their order.

    :param rows: the dataset opened for its window, with at least one row.
    :param columns: the columns to give to Great Expectations.
    :raises SourceError: the database went away meanwhile.
    """
    comparable = [_comparable(_ignoring_missing(e), rows.full_schema) for e in expectations]
    with gx.quiet():
        if not isinstance(rows, TableRows):
            return _outcomes(gx.PandasExecutionEngine(), _frame(rows, expectations, columns), comparable)
        engine = WindowEngine(rows, columns)
        try:
            outcomes = _outcomes(engine, engine.window(), comparable)
        finally:
            engine.close()
    if any(outcome.error for outcome in outcomes):
        _require_reachable(rows)
    return outcomes


def _outcomes(engine: Any, data: Any, expectations: Sequence[Expectation]) -> list[Outcome]:
    configurations = []
    for position, expectation in enumerate(expectations):
        configuration = expectation.configuration
        configuration.id = str(position)  # results come back in another order
        configurations.append(configuration)
    validator = _Validator(execution_engine=engine, batches=[gx.Batch(data=data)])
    try:
        results = validator.graph_validate(configurations, runtime_configuration=_COUNTS_ONLY)
    except Exception:  # noqa: BLE001 - one expectation that cannot even be planned must not take the others along
        return [_alone(validator, configuration) for configuration in configurations]
    found = {int(result.expectation_config.id): _outcome(result) for result in results}
    lost = Outcome(success=False, error="Great Expectations returned no result")
    return [found.get(position, lost) for position in range(len(configurations))]


def _alone(validator: Any, configuration: Any) -> Outcome:
    try:
        return _outcome(validator.graph_validate([configuration], runtime_configuration=_COUNTS_ONLY)[0])
    except Exception as error:  # noqa: BLE001 - whatever an expectation's code raises is the finding
        return Outcome(success=False, error=f"{type(error).__name__}: {error}")


def _outcome(result: Any) -> Outcome:
    return Outcome(bool(result.success), dict(result.result or {}), _exception(result.exception_info or {}))


def _exception(info: Mapping[str, Any]) -> str | None:
    """Return the message of an exception, which is nested by metric where a metric failed."""
    if info.get("raised_exception"):
        return str(info.get("exception_message") or "unknown")
    nested = [entry for entry in info.values() if isinstance(entry, Mapping) and entry.get("raised_exception")]
    return str(nested[0].get("exception_message") or "unknown") if nested else None


def _require_reachable(rows: TableRows) -> None:
    import sqlalchemy as sa

    with rows.connect() as connection:
        connection.execute(sa.select(1))


def _frame(rows: Rows, expectations: Sequence[Expectation], columns: Sequence[str]) -> pd.DataFrame:
    frame = rows.to_pandas(columns)
    for expectation in expectations:
        column = getattr(expectation, "column", None)
        # With pandas 3 strings a list of types compares dtypes, so ["str"] is false; objects are compared one by one.
        if expectation.expectation_type == "expect_column_values_to_be_in_type_list" and column in frame.columns:
            frame[column] = frame[column].astype(object) if frame[column].dtype == "str" else frame[column]
    return frame


def _comparable(expectation: Expectation, schema: pa.Schema) -> Expectation:
    """Return the expectation with its dates as times, in UTC where its column's are aware.

    pandas does not compare a date with a time, SQLite compares them as texts, and a server takes its session's zone.
    """
    import pyarrow as pa

    column = getattr(expectation, "column", None)
    if column not in schema.names or not pa.types.is_timestamp(schema.field(column).type):
        return expectation
    configuration = expectation.configuration
    for name in ("min_value", "max_value"):
        bound = configuration.kwargs.get(name)
        if isinstance(bound, date):
            configuration.kwargs[name] = _time(bound, aware=schema.field(column).type.tz is not None)
    return configuration.to_domain_obj()


def _ignoring_missing(expectation: Expectation) -> Expectation:
    """Return the expectation without rows that lack a value of one of its columns, unless its author says otherwise.

    Great Expectations' own default keeps them, and then its engines disagree: pandas takes a missing value for broken
    and equal to any other missing one, a database for neither.
    """
    given = "ignore_row_if" in expectation.__fields_set__
    named = {"column_A": "either_value_is_missing", "column_list": "any_value_is_missing"}
    value = next((value for name, value in named.items() if hasattr(expectation, name)), None)
    if given or value is None or not hasattr(expectation, "ignore_row_if"):
        return expectation
    configuration = expectation.configuration
    configuration.kwargs["ignore_row_if"] = value
    return configuration.to_domain_obj()


def _time(bound: date, *, aware: bool) -> datetime:
    moment = bound if isinstance(bound, datetime) else datetime(bound.year, bound.month, bound.day)
    return moment.replace(tzinfo=UTC) if aware and moment.tzinfo is None else moment
