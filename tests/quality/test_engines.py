"""Both engines of Great Expectations must reach the same verdict on the same rows."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import great_expectations.expectations as gxe
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor.data import Connections, Files, Frame, Table
from airflow_ml_monitor.quality import validate
from airflow_ml_monitor.results import Status
from airflow_ml_monitor.window import Window

WEEK = Window(datetime(2013, 2, 4, tzinfo=UTC), datetime(2013, 2, 11, tzinfo=UTC))
ROWS_IN_WEEK = 7 * 24 * 3

BOTH = {
    "not null within mostly": gxe.ExpectColumnValuesToNotBeNull(column="late", mostly=0.8),
    "not null beyond mostly": gxe.ExpectColumnValuesToNotBeNull(column="late", mostly=0.9),
    "null": gxe.ExpectColumnValuesToBeNull(column="late"),
    "unique": gxe.ExpectColumnValuesToBeUnique(column="id"),
    "not unique": gxe.ExpectColumnValuesToBeUnique(column="carrier"),
    "in set": gxe.ExpectColumnValuesToBeInSet(column="carrier", value_set=["AA", "B6", "UA"]),
    "not in set": gxe.ExpectColumnValuesToNotBeInSet(column="carrier", value_set=["UA"], mostly=0.5),
    "numbers in set": gxe.ExpectColumnValuesToBeInSet(column="legs", value_set=[1, 2]),
    "between": gxe.ExpectColumnValuesToBeBetween(column="late", min_value=-30, max_value=30, mostly=0.5),
    "strictly between": gxe.ExpectColumnValuesToBeBetween(column="legs", min_value=1, strict_min=True),
    "times between": gxe.ExpectColumnValuesToBeBetween(column="at", min_value="2013-02-04", max_value="2013-02-06"),
    "mean": gxe.ExpectColumnMeanToBeBetween(column="late", min_value=0, max_value=10),
    "median": gxe.ExpectColumnMedianToBeBetween(column="distance", min_value=500, max_value=1500),
    "smallest": gxe.ExpectColumnMinToBeBetween(column="distance", min_value=100),
    "largest": gxe.ExpectColumnMaxToBeBetween(column="distance", max_value=1000),
    "latest time": gxe.ExpectColumnMaxToBeBetween(column="at", min_value="2013-02-10"),
    "sum": gxe.ExpectColumnSumToBeBetween(column="legs", min_value=ROWS_IN_WEEK, max_value=3 * ROWS_IN_WEEK),
    "standard deviation": gxe.ExpectColumnStdevToBeBetween(column="late", min_value=10, max_value=30),
    "quantiles": gxe.ExpectColumnQuantileValuesToBeBetween(
        column="distance", quantile_ranges={"quantiles": [0.25, 0.75], "value_ranges": [[100, 900], [900, 2000]]}
    ),
    "regex": gxe.ExpectColumnValuesToMatchRegex(column="carrier", regex="^[A-Z0-9]{2}$"),
    "no regex": gxe.ExpectColumnValuesToNotMatchRegex(column="carrier", regex="^A"),
    "length": gxe.ExpectColumnValueLengthsToEqual(column="carrier", value=2),
    "length between": gxe.ExpectColumnValueLengthsToBeBetween(column="carrier", min_value=3),
    "distinct set": gxe.ExpectColumnDistinctValuesToBeInSet(column="carrier", value_set=["AA", "B6"]),
    "distinct contains": gxe.ExpectColumnDistinctValuesToContainSet(column="carrier", value_set=["AA"]),
    "distinct equals": gxe.ExpectColumnDistinctValuesToEqualSet(column="carrier", value_set=["AA", "B6", "UA", "??"]),
    "distinct count": gxe.ExpectColumnUniqueValueCountToBeBetween(column="carrier", min_value=5),
    "share distinct": gxe.ExpectColumnProportionOfUniqueValuesToBeBetween(column="id", min_value=1.0),
    "most common": gxe.ExpectColumnMostCommonValueToBeInSet(column="carrier", value_set=["??"]),
    "pair greater": gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="distance", column_B="late"),
    "pair equal": gxe.ExpectColumnPairValuesToBeEqual(column_A="legs", column_B="id", mostly=0.01),
    "compound unique": gxe.ExpectCompoundColumnsToBeUnique(column_list=["carrier", "legs"]),
    "sum of columns": gxe.ExpectMulticolumnSumToEqual(column_list=["legs", "minus"], sum_total=0),
    "rows": gxe.ExpectTableRowCountToEqual(value=ROWS_IN_WEEK),
    "rows between": gxe.ExpectTableRowCountToBeBetween(max_value=ROWS_IN_WEEK - 1),
    "column exists": gxe.ExpectColumnToExist(column="gate"),
    "column count": gxe.ExpectTableColumnCountToEqual(value=8),
    "ordered columns": gxe.ExpectTableColumnsToMatchOrderedList(
        column_list=["id", "at", "carrier", "late", "legs", "minus", "distance", "Über Zeit"]
    ),
    "column set": gxe.ExpectTableColumnsToMatchSet(column_set=["id", "carrier"]),
    "a name that needs quotes": gxe.ExpectColumnValuesToBeBetween(column="Über Zeit", min_value=0, max_value=2),
    "a part of the rows": gxe.ExpectColumnValuesToBeInSet(
        column="carrier", value_set=["AA"], row_condition='col("legs") > 1', condition_parser="great_expectations"
    ),
    "no rows in that part": gxe.ExpectColumnValuesToBeInSet(
        column="carrier", value_set=["AA"], row_condition='col("legs") > 9', condition_parser="great_expectations"
    ),
}


def flights() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    at = pd.date_range("2013-02-01", "2013-02-15", freq="20min", inclusive="left", tz="UTC")
    late = rng.normal(5, 20, len(at)).round(1)
    late[rng.random(len(at)) < 0.15] = np.nan
    legs = rng.integers(1, 4, len(at))
    carrier = pd.Series(rng.choice(["AA", "B6", "UA"], len(at))).where(rng.random(len(at)) > 0.02)
    return pd.DataFrame(
        {
            "id": np.arange(len(at)),
            "at": at,
            "carrier": carrier,
            "late": late,
            "legs": legs,
            "minus": -legs,
            "distance": rng.integers(100, 2000, len(at)),
            "Über Zeit": rng.random(len(at)),
        }
    )


@pytest.fixture(scope="module")
def warehouse(postgres_server):
    """An engine on a database of this module's own that holds the flights."""
    name = f"engines_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    engine = sa.create_engine(postgres_server.set(database=name))
    flights().to_sql("flights", engine, index=False)
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture(scope="module")
def by_engine(warehouse, tmp_path_factory):
    """What each engine says of the week, by name of the expectation."""
    path = tmp_path_factory.mktemp("flights") / "flights.parquet"
    flights().to_parquet(path)
    connections = Connections({"warehouse": warehouse})
    datasets = {
        "pandas": Files(str(path), time_column="at"),
        "table": Table("flights", conn_id="warehouse", time_column="at"),
        "query": Table(sql="SELECT * FROM flights", conn_id="warehouse", time_column="at"),
    }
    suite = list(BOTH.values())
    return {
        kind: dict(zip(BOTH, validate(data, suite, window=WEEK, connections=connections).results[1:], strict=True))
        for kind, data in datasets.items()
    }


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("kind", ["table", "query"])
def test_the_database_and_pandas_reach_the_same_verdict(by_engine, kind, name):
    in_pandas, in_database = by_engine["pandas"][name], by_engine[kind][name]
    assert in_database.status is in_pandas.status
    assert in_pandas.status in (Status.PASS, Status.FAIL) or name == "no rows in that part"
    assert in_database.value == (None if in_pandas.value is None else pytest.approx(in_pandas.value, rel=1e-9))
    assert in_database.n_current == in_pandas.n_current


def test_the_suite_tells_good_from_bad(by_engine):
    statuses = {result.status for result in by_engine["pandas"].values()}
    assert {Status.PASS, Status.FAIL} <= statuses


def test_no_row_leaves_the_database_and_no_table_is_made(warehouse):
    statements: list[str] = []
    sa.event.listen(warehouse, "before_cursor_execute", lambda _c, _k, text, *_: statements.append(text))
    table = Table("flights", conn_id="w", time_column="at")
    suite = [gxe.ExpectColumnValuesToBeInSet(column="carrier", value_set=["AA"]), gxe.ExpectColumnToExist(column="id")]
    validate(table, suite, window=WEEK, connections=Connections({"w": warehouse}))
    asked = [text for text in statements if "flights" in text]
    assert asked
    assert not [text for text in asked if "CREATE" in text.upper()]
    assert all("count(" in text or "sum(" in text or "LIMIT" in text for text in asked)


def test_the_engine_of_the_connection_stays_open():
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    pd.DataFrame({"late": [1.0, None]}).to_sql("flights", engine, index=False)
    suite = [gxe.ExpectColumnValuesToNotBeNull(column="late")]
    for _ in range(2):  # an in-memory database is gone once its engine is disposed of
        report = validate(Table("flights", conn_id="w"), suite, connections=Connections({"w": engine}))
        assert report.results[-1].value == 0.5


def test_connect_arguments_that_no_url_holds_are_kept(database_url):
    engine = sa.create_engine(database_url, connect_args={"options": "-c search_path=marts"})
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA marts"))
        connection.execute(sa.text("CREATE TABLE marts.flights (late float)"))
        connection.execute(sa.text("INSERT INTO marts.flights VALUES (1), (2)"))
    suite = [gxe.ExpectColumnMeanToBeBetween(column="late", max_value=2)]
    report = validate(Table("flights", conn_id="w"), suite, connections=Connections({"w": engine}))
    engine.dispose()
    assert report.results[-1].value == 1.5


def test_a_table_in_a_schema(engine):
    with engine.begin() as connection:
        connection.execute(sa.text('CREATE SCHEMA "Marts"'))
        connection.execute(sa.text('CREATE TABLE "Marts".flights (late float)'))
        connection.execute(sa.text('INSERT INTO "Marts".flights VALUES (1), (NULL)'))
    suite = [gxe.ExpectColumnValuesToNotBeNull(column="late")]
    report = validate(Table("Marts.flights", conn_id="w"), suite, connections=Connections({"w": engine}))
    assert report.results[-1].value == 0.5


def test_rows_that_a_query_finds_are_of_the_window_only(warehouse):
    query = "SELECT * FROM {batch} WHERE id < 0 OR carrier = 'AA'"
    table = Table("flights", conn_id="w", time_column="at")
    suite = [gxe.UnexpectedRowsExpectation(unexpected_rows_query=query)]
    report = validate(table, suite, window=WEEK, connections=Connections({"w": warehouse}))
    expected = flights().query("carrier == 'AA' and at >= @WEEK.start and at < @WEEK.end")
    assert report.results[-1].value == len(expected)


@pytest.mark.parametrize("types", [["str"], ["int64", "str"]])
def test_a_list_of_types_knows_texts_in_pandas(types):
    suite = [gxe.ExpectColumnValuesToBeInTypeList(column="carrier", type_list=types)]
    assert validate(flights(), suite).results[-1].status is Status.PASS


@pytest.mark.parametrize(
    ("column", "type_"),
    [("late", "DOUBLE PRECISION"), ("id", "BIGINT"), ("carrier", "TEXT"), ("at", "TIMESTAMP WITH TIME ZONE")],
)
def test_a_query_knows_the_types_of_its_columns(warehouse, column, type_):
    table = Table(sql="SELECT * FROM flights", conn_id="w")
    suite = [gxe.ExpectColumnValuesToBeInTypeList(column=column, type_list=[type_, type_.replace(" ", "_")])]
    report = validate(table, suite, connections=Connections({"w": warehouse}))
    assert report.results[-1].status is Status.PASS


@pytest.mark.parametrize("kind", ["pandas", "table"])
def test_the_columns_are_those_the_dataset_names(warehouse, kind):
    columns = ("legs", "carrier")
    data = {
        "pandas": Frame(flights, columns=columns),
        "table": Table("flights", conn_id="w", columns=columns),
    }
    suite = [
        gxe.ExpectTableColumnsToMatchOrderedList(column_list=list(columns)),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=list(columns), mostly=0.0),
    ]
    report = validate(data[kind], suite, connections=Connections({"w": warehouse}))
    assert report.status is Status.PASS


@pytest.mark.parametrize("kind", ["pandas", "table"])
def test_the_author_says_what_a_missing_value_of_a_pair_means(engine, kind):
    data = pd.DataFrame({"a": [2.0, None, 3.0], "b": [1.0, 1.0, None]})
    data.to_sql("pairs", engine, index=False)
    suite = [
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="a", column_B="b"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="a", column_B="b", ignore_row_if="neither"),
    ]
    source = data if kind == "pandas" else Table("pairs", conn_id="w")
    silent, explicit = validate(source, suite, connections=Connections({"w": engine})).results[1:]
    assert (silent.n_current, explicit.n_current) == (1, 3)


@pytest.mark.parametrize(("kind", "status"), [("pandas", Status.PASS), ("table", Status.ERROR)])
def test_a_condition_in_pandas_own_words_is_for_pandas_only(warehouse, kind, status):
    data = {"pandas": Frame(flights), "table": Table("flights", conn_id="w")}[kind]
    expectation = gxe.ExpectColumnValuesToNotBeNull(column="legs", row_condition="legs==1", condition_parser="pandas")
    result = validate(data, [expectation], connections=Connections({"w": warehouse})).results[-1]
    assert (result.status, result.segment) == (status, "legs==1")
