"""``validate``: everything that can be said about the quality of one window of a dataset."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data import Connections, as_dataset
from airflow_ml_monitor.data.dataset import Dataset, Rows
from airflow_ml_monitor.quality.assertion import Assertion, assertion_of
from airflow_ml_monitor.quality.extent import Extent, measure
from airflow_ml_monitor.quality.freshness import freshness_check, require_freshness_possible
from airflow_ml_monitor.quality.schema import absent_columns, present_columns, schema_results
from airflow_ml_monitor.quality.suite import load_suite, suite_to_list, with_parameters
from airflow_ml_monitor.quality.translation import check_result, undecided
from airflow_ml_monitor.quality.volume import VolumeLimits, rows_check
from airflow_ml_monitor.results import CheckResult, Report
from airflow_ml_monitor.window import Window, as_of_or_now

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from airflow_ml_monitor.profile import Profile


def validate(
    data: Any,
    suite: Any = None,
    *,
    reference: Profile | None = None,
    window: Window | None = None,
    as_of: datetime | str | None = None,
    freshness: timedelta | None = None,
    volume: VolumeLimits | None = None,
    parameters: Mapping[str, Any] | None = None,
    connections: Connections | None = None,
) -> Report:
    """Return a report on the quality of a window: its rows, schema, freshness, and each expectation of a suite.

    The checks: ``rows`` (an empty or missing window, a number of rows far from the reference's), ``schema`` (columns
    gone, new or of another type), ``freshness``, and one named after each expectation's type. Expectations run on
    Great Expectations' pandas engine for files and frames, and inside the database for tables. Where a column is gone
    or there is no row, the expectations concerned are ``insufficient`` beside the failing ``schema`` or ``rows``.

    Both engines reach the same verdict on the same rows, with two exceptions of Great Expectations: types have each
    engine's own names (``int64``, ``BIGINT``), and a quantile between two values is the nearest one in pandas and the
    lower one in a database. Rows that lack a value of one of several columns are left out unless ``ignore_row_if``
    says otherwise.

    :param data: a dataset, its ``to_dict`` form, or a data frame.
    :param suite: anything ``load_suite`` takes; ``None`` runs, and imports, no Great Expectations.
    :param reference: the profile to compare the number of rows and the schema with.
    :param window: event time to judge; all rows by default.
    :param as_of: the moment whose knowledge counts; now by default.
    :param freshness: how old the latest row may be at ``as_of``, or at the end of the window if that is earlier.
    :param volume: limits on the number of rows; half to twice the expected by default.
    :param parameters: values for the suite's ``{"$PARAMETER": ...}``.
    :param connections: where connection ids and URLs lead.
    :raises SuiteError: the suite cannot be read; nothing has been read from the data then.
    :raises DataError: the data is there and cannot be used as described.
    """
    started = time.perf_counter()
    dataset, connections, limits = as_dataset(data), connections or Connections(), volume or VolumeLimits()
    moment = as_of_or_now(as_of)
    window = None if window is None else Window.of(window)
    require_freshness_possible(dataset, freshness)
    expectations = [] if suite is None else with_parameters(load_suite(suite, connections=connections), parameters)
    rows = dataset.open(window, as_of=moment, connections=connections)
    extent = measure(rows)
    results = [rows_check(extent, dataset, window=window, limits=limits, reference=reference)]
    if freshness is not None:
        results.append(freshness_check(extent, rows.label, freshness=freshness, as_of=moment, window=window))
    results += _content_results(rows, extent, reference, expectations)
    return Report(
        kind="data_quality",
        results=tuple(results),
        window=window,
        as_of=moment,
        rows_reference=None if reference is None else reference.rows,
        rows_current=extent.rows,
        duration=time.perf_counter() - started,
        config=_config(dataset, expectations, limits, freshness, parameters),
    )


def _content_results(
    rows: Rows, extent: Extent, reference: Profile | None, expectations: Sequence[Expectation]
) -> list[CheckResult]:
    """Return the schema checks and those of the expectations, in the order of the suite."""
    assertions = [assertion_of(expectation) for expectation in expectations]
    if extent.missing is not None:
        return [undecided(assertion, "there is nothing to read") for assertion in assertions]
    results = schema_results(rows, reference, assertions, empty=extent.rows == 0)
    if extent.rows == 0:
        return results + [undecided(assertion, "there is no row") for assertion in assertions]
    return results + _expectation_results(rows, extent, expectations, assertions)


def _expectation_results(
    rows: Rows, extent: Extent, expectations: Sequence[Expectation], assertions: Sequence[Assertion]
) -> list[CheckResult]:
    absent = set(absent_columns(rows, assertions))
    pairs = zip(expectations, assertions, strict=True)
    runnable = [(expectation, assertion) for expectation, assertion in pairs if not absent & set(assertion.columns)]
    if not runnable:
        return [_without(assertion, absent) for assertion in assertions]
    from airflow_ml_monitor.quality.execution import run_expectations

    columns = _needed_columns(rows, [assertion for _, assertion in runnable])
    outcomes = iter(run_expectations(rows, [expectation for expectation, _ in runnable], columns))
    return [
        _without(assertion, absent)
        if absent & set(assertion.columns)
        else check_result(assertion, next(outcomes), extent.rows)
        for assertion in assertions
    ]


def _without(assertion: Assertion, absent: set[str]) -> CheckResult:
    gone = ", ".join(repr(name) for name in assertion.columns if name in absent)
    return undecided(assertion, f"column {gone} is absent")


def _needed_columns(rows: Rows, assertions: Sequence[Assertion]) -> list[str]:
    """Return the columns to read: those the expectations name, or all where one may look at any."""
    present = present_columns(rows)
    if any(not assertion.columns or assertion.condition for assertion in assertions):
        return present
    named = {name for assertion in assertions for name in assertion.columns}
    return [name for name in present if name in named]


def _config(
    dataset: Dataset,
    expectations: Sequence[Expectation],
    limits: VolumeLimits,
    freshness: timedelta | None,
    parameters: Mapping[str, Any] | None,
) -> dict[str, Any]:
    config = {
        "data": dataset.to_dict(),
        "suite": suite_to_list(expectations),
        "volume": asdict(limits),
        "freshness_seconds": None if freshness is None else freshness.total_seconds(),
        "parameters": dict(parameters or {}),
    }
    plain: dict[str, Any] = json.loads(json.dumps(config, default=str))
    return plain
