"""What counts as a change of the schema, and how much it matters."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from airflow_ml_monitor.profile import build_reference, schema_checks
from airflow_ml_monitor.results import Severity, Status

REFERENCE = build_reference(
    pd.DataFrame({"age": [1, 2], "city": ["a", "b"], "at": pd.to_datetime(["2013-01-01", "2013-01-02"])})
)


def schema(**changes: pa.DataType | None) -> pa.Schema:
    types = {"age": pa.int64(), "city": pa.string(), "at": pa.timestamp("us")} | changes
    return pa.schema([(name, kind) for name, kind in types.items() if kind is not None])


def outcome(**changes: pa.DataType | None) -> list[tuple[str, str | None, Status, Severity]]:
    results = schema_checks(REFERENCE, schema(**changes))
    assert all(result.check == "schema" for result in results)
    return [(result.metric, result.column, result.status, result.severity) for result in results]


def test_the_same_columns_are_one_pass() -> None:
    assert outcome() == [("columns", None, Status.PASS, Severity.CRITICAL)]


def test_another_type_of_the_same_kind_is_no_change() -> None:
    like = {"age": pa.float32(), "city": pa.dictionary(pa.int8(), pa.string()), "at": pa.date32()}
    assert outcome(**like) == [("columns", None, Status.PASS, Severity.CRITICAL)]


def test_an_absent_column_fails() -> None:
    assert outcome(age=None) == [("absent", "age", Status.FAIL, Severity.CRITICAL)]


def test_a_column_of_another_kind_fails_and_says_what_it_was() -> None:
    assert outcome(age=pa.string()) == [("retyped", "age", Status.FAIL, Severity.CRITICAL)]
    assert "was numeric (int64) in the reference and is categorical (string) now" in (
        schema_checks(REFERENCE, schema(age=pa.string()))[0].message
    )


def test_a_new_column_is_a_warning() -> None:
    assert outcome(extra=pa.int8()) == [("new", "extra", Status.FAIL, Severity.WARNING)]


def test_a_column_without_a_type_is_no_change() -> None:
    assert outcome(age=pa.null()) == [("columns", None, Status.PASS, Severity.CRITICAL)]


def test_columns_the_reference_did_not_count_may_go_or_stay() -> None:
    reference = build_reference(pd.DataFrame({"age": [1], "note": ["x"]}), columns=["age"])
    for there in (pa.schema([("age", pa.int8())]), pa.schema([("age", pa.int8()), ("note", pa.string())])):
        assert [result.status for result in schema_checks(reference, there)] == [Status.PASS]
