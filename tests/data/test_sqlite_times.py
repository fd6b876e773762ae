"""Windows of SQLite tables: whatever form a time's text has, the same rows are in the window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import great_expectations.expectations as gxe
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor import Window, validate
from airflow_ml_monitor.data import Connections, Table
from airflow_ml_monitor.data.sqlite_times import as_text, comparable
from airflow_ml_monitor.errors import DataError

START = datetime(2013, 1, 1)
WINDOW = Window("2013-01-01T04:00:00Z", "2013-01-02T04:00:00Z")
FORMS = {
    "blank": lambda at: at.isoformat(" "),
    "T": lambda at: at.isoformat(),
    "minutes": lambda at: at.isoformat(timespec="minutes"),
    "milliseconds": lambda at: at.isoformat(timespec="milliseconds"),
    "microseconds": lambda at: at.isoformat(" ", timespec="microseconds"),
    "nanoseconds": lambda at: at.isoformat(timespec="microseconds") + "000",
    "mixed": lambda at: at.isoformat(" " if at.hour % 2 else "T", timespec="milliseconds" if at.hour % 3 else "auto"),
}


def database(path: Path, times: list[Any], kind: str = "TIMESTAMP") -> Connections:
    engine = sa.create_engine(f"sqlite:///{path}/hours.db")
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE hours (at {kind}, x INTEGER)"))
        rows = [{"at": at, "x": x} for x, at in enumerate(times)]
        connection.execute(sa.text("INSERT INTO hours VALUES (:at, :x)"), rows)
    return Connections({"lite": engine})


def table(**kwargs: Any) -> Table:
    return Table("hours", conn_id="lite", time_column="at", timezone="UTC", **kwargs)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_window_has_its_hours_in_every_form(tmp_path: Path, form: Any) -> None:
    connections = database(tmp_path, [form(START + timedelta(hours=hour)) for hour in range(48)])
    frame = table().open(WINDOW, connections=connections).to_pandas()
    assert frame["x"].tolist() == list(range(4, 28))
    assert frame["at"].tolist() == [START + timedelta(hours=hour) for hour in range(4, 28)]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_great_expectations_sees_the_same_rows(tmp_path: Path, form: Any) -> None:
    connections = database(tmp_path, [form(START + timedelta(hours=hour)) for hour in range(48)])
    suite = [
        gxe.ExpectTableRowCountToEqual(value=24),
        gxe.ExpectColumnSumToBeBetween(column="x", min_value=0),
        gxe.ExpectColumnValuesToBeBetween(
            column="at", min_value="2013-01-01T05:00:00", max_value="2013-01-02", strict_max=True
        ),
    ]
    report = validate(
        table(), suite, window=WINDOW, as_of=WINDOW.end, freshness=timedelta(days=1), connections=connections
    )
    rows, fresh, counted, summed, between = (result.value for result in report.results)
    assert (rows, fresh, counted, summed) == (24, 3600.0, 24, sum(range(4, 28)))
    assert between == pytest.approx(5 / 24), "the hours 4 and, of the next day, 0 to 3"


@pytest.mark.parametrize("at", ["2013-01-01", "2013-01-01 17:00:00"])
def test_a_column_of_days(tmp_path: Path, at: str) -> None:
    connections = database(tmp_path, [at, at.replace("01-01", "01-02"), at.replace("01-01", "01-03")], kind="DATE")
    window = Window("2013-01-02T00:00:00Z", "2013-01-03T00:00:00Z")
    assert table().open(window, connections=connections).to_pandas()["x"].tolist() == [1]


@pytest.mark.parametrize(
    "odd",
    ["2013-01-01T05:00:00Z", "2013-01-01 05:00:00-05:00", "2013-01-01 25:00:00", "yesterday", 1357016400, 2456293.5],
)
def test_what_is_no_such_time_is_refused_and_named(tmp_path: Path, odd: Any) -> None:
    connections = database(tmp_path, ["2013-01-01 05:00:00", None, odd])
    rows = table().open(WINDOW, connections=connections)
    with pytest.raises(
        DataError, match=r"time column 'at' of table hours of connection 'lite' holds .*; SQLite"
    ) as raised:
        list(rows.batches(["x"]))
    assert repr(odd) in str(raised.value)


def test_a_missing_time_is_in_no_window(tmp_path: Path) -> None:
    connections = database(tmp_path, [None, "2013-01-01 05:00:00"])
    assert table().open(WINDOW, connections=connections).to_pandas()["x"].tolist() == [1]


def test_rows_that_arrived_later_do_not_exist(tmp_path: Path) -> None:
    connections = database(tmp_path, ["2013-01-01T05:00:00", "2013-01-01T06:00:00", "2013-01-01T06:00:00.000001"])
    data = Table("hours", conn_id="lite", arrived_at_column="at", timezone="UTC")
    rows = data.open(as_of=datetime(2013, 1, 1, 6, tzinfo=UTC), connections=connections)
    assert rows.to_pandas()["x"].tolist() == [0, 1]


TIMES = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31))
LITE = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)


@given(at=TIMES, bound=TIMES, form=st.sampled_from(["blank", "T", "microseconds", "nanoseconds"]))
def test_texts_sort_as_their_times_do(at: datetime, bound: datetime, form: str) -> None:
    with LITE.connect() as connection:
        for other in (at, bound):
            text = sa.literal(FORMS[form](at))
            before = connection.scalar(sa.select(comparable(text, days=False) < as_text(other)))
            assert bool(before) == (at < other)
