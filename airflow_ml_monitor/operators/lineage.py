"""Verdicts for lineage: ``check_results`` as the SQL checks of Airflow have them, and OpenLineage facets.

``apache-airflow-providers-openlineage`` asks an operator for its facets when a task ends, whatever the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_ml_monitor.results import CheckResult, Limits, Report, Severity, Status

if TYPE_CHECKING:
    from airflow.providers.common.sql.operators.sql import SQLCheckResult
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.profile import Profile

_SEVERITIES = {Severity.CRITICAL: "error", Severity.WARNING: "warn", Severity.INFO: "info"}


def check_results(report: Report, table: str | None) -> list[SQLCheckResult]:
    """Return the checks of a report as ``common-sql`` keeps those of its own; none where that has no such class.

    A check that could not be decided is no success.
    """
    try:
        from airflow.providers.common.sql.operators.sql import SQLCheckResult
    except ImportError:
        return []
    return [SQLCheckResult(table=table, **described) for described in _described(report)]


def facets(report: Report, datasets: Sequence[Dataset], profile: Profile | None) -> OperatorLineage[Any, Any]:
    """Return the datasets read, each check as an assertion on the first, the one judged, and what its profile counted.

    Rows that have no name outside the task (a data frame made by a function) are no dataset: where such rows are
    judged, the checks are tests of the run.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import test_run

    places = [_place(dataset) for dataset in datasets]
    named = [place for place in places if place is not None]
    inputs = [InputDataset(namespace=namespace, name=name) for namespace, name in dict.fromkeys(named)]
    if not inputs or places[0] is None:
        tests = [test_run.TestExecution(**_as_test(described)) for described in _described(report)]
        return OperatorLineage(inputs=inputs, run_facets={"test": test_run.TestRunFacet(tests=tests)})
    inputs[0].inputFacets = _facets_of(report, profile)
    return OperatorLineage(inputs=inputs)


def no_facets() -> OperatorLineage[Any, Any]:
    """Return what OpenLineage takes for nothing: of ``None`` its provider warns in the task's log."""
    from airflow.providers.openlineage.extractors import OperatorLineage

    return OperatorLineage()


def _facets_of(report: Report, profile: Profile | None) -> dict[str, Any]:
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as assertions
    from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as metrics

    made = [assertions.Assertion(**_as_assertion(described)) for described in _described(report)]
    found: dict[str, Any] = {"dataQualityAssertions": assertions.DataQualityAssertionsDatasetFacet(assertions=made)}
    if profile is not None or report.rows_current is not None:
        columns = {} if profile is None else dict(_columns(profile))
        rows = report.rows_current if profile is None else profile.rows
        found["dataQualityMetrics"] = metrics.DataQualityMetricsInputDatasetFacet(rowCount=rows, columnMetrics=columns)
    return found


def _columns(profile: Profile) -> Iterable[tuple[str, Any]]:
    from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as metrics

    from airflow_ml_monitor.profile.numeric import NumericProfile

    for name, column in profile.columns.items():
        counted: dict[str, Any] = {"nullCount": column.missing, "count": column.rows - column.missing}
        if isinstance(column, NumericProfile) and column.count:
            counted |= {"min": column.minimum, "max": column.maximum}
        yield name, metrics.ColumnMetrics(**counted)


def _described(report: Report) -> Iterator[dict[str, Any]]:
    """Yield each check by the names of ``SQLCheckResult``; of checks with one name the second has ``#2`` behind."""
    seen: Counter[str] = Counter()
    for result in report.results:
        name = result.label if result.check == result.metric else f"{result.label}.{result.metric}"
        seen[name] += 1
        yield _one(result, name if seen[name] == 1 else f"{name}#{seen[name]}")


def _one(result: CheckResult, name: str) -> dict[str, Any]:
    params = {"metric": result.metric, "status": result.status.value, "segment": result.segment}
    return {
        "name": name,
        "check_type": result.check,
        "success": result.status in (Status.PASS, Status.WARN),
        "severity": _SEVERITIES[result.severity],
        "column": result.column,
        "expected": _expected(result.limits),
        "actual": None if result.value is None else str(result.value),
        "description": str(result),
        "params": {name: value for name, value in params.items() if value is not None},
    }


def _expected(limits: Limits) -> str | None:
    if limits == Limits():
        return None
    return limits.written(str(limits.lower), str(limits.upper))


def _as_assertion(described: dict[str, Any]) -> dict[str, Any]:
    return {("assertion" if name == "check_type" else name): value for name, value in described.items()}


def _as_test(described: dict[str, Any]) -> dict[str, Any]:
    kept = {name: described[name] for name in ("name", "severity", "expected", "actual", "description")}
    params = described["params"] | ({"tested_column": described["column"]} if described["column"] else {})
    status = "pass" if described["success"] else "fail"
    return kept | {"type": described["check_type"], "status": status, "params": params}


def _place(dataset: Dataset) -> tuple[str, str] | None:
    """Return namespace and name of a dataset by OpenLineage's rules; ``None`` where it has none."""
    plain = dataset.to_dict()
    if plain["kind"] == "files":
        return _place_of_files(str(plain["path"]))
    if plain["kind"] == "table" and plain.get("table"):
        return _place_of_table(str(plain["table"]), str(plain["conn_id"]))
    return None


def _place_of_files(path: str) -> tuple[str, str]:
    url = urlsplit(path)
    if url.scheme in ("", "file"):
        return "file", url.path
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}", url.path.lstrip("/") or "/"


def _place_of_table(table: str, conn_id: str) -> tuple[str, str] | None:
    from airflow.providers.openlineage.sqlparser import SQLParser
    from airflow.sdk import BaseHook

    connection = BaseHook.get_connection(conn_id)
    hook: Any = connection.get_hook()  # type: ignore[no-untyped-call]
    if not hasattr(hook, "get_openlineage_database_info"):
        return None
    information = hook.get_openlineage_database_info(connection)
    parts: list[Any] = [*table.split(".")]
    if len(parts) == 1:
        parts = [hook.get_openlineage_default_schema(), *parts]
    if len(parts) == 2:
        parts = [information.database or connection.schema, *parts]
    return SQLParser.create_namespace(information), ".".join(str(part) for part in parts if part)
