"""Arrow's own conversion is the oracle."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.data.values import arrow_array

NEW_YORK_WINTER = timezone(timedelta(hours=-5))
KINDS: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.bool_(): st.booleans(),
    pa.int16(): st.integers(-(2**15), 2**15 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float32(): st.floats(width=32, allow_nan=False),
    pa.float64(): st.floats(allow_nan=False),
    pa.string(): st.text(st.characters(codec="utf-8")),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.timestamp("us", "UTC"): st.datetimes(
        datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.sampled_from([UTC, NEW_YORK_WINTER])
    ),
}


@given(st.sampled_from(list(KINDS)).flatmap(lambda kind: st.tuples(st.just(kind), st.lists(st.none() | KINDS[kind]))))
def test_is_what_arrow_makes(asked: tuple[pa.DataType, list[Any]]) -> None:
    kind, values = asked
    made = arrow_array(values, kind)
    made.validate(full=True)
    assert made.type == kind
    assert made.equals(pa.array(values, type=kind))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2.0], pa.int64()),
        ([1, None], pa.float64()),
        ([datetime(2013, 1, 1, tzinfo=NEW_YORK_WINTER)], pa.timestamp("us")),
        ([datetime(2013, 1, 1)], pa.timestamp("us", "UTC")),
        ([datetime(2013, 1, 1)], pa.date32()),
        ([1, None], pa.decimal128(5, 2)),
    ],
)
def test_what_is_not_simply_of_the_kind_is_left_to_arrow(values: list[Any], kind: pa.DataType) -> None:
    assert arrow_array(values, kind).equals(pa.array(values, type=kind))


@pytest.mark.parametrize(
    ("values", "kind"),
    [([2**15], pa.int16()), (["a"], pa.float64()), ([1], pa.string()), (["\ud800"], pa.string())],
)
def test_what_the_kind_cannot_hold_raises(values: list[Any], kind: pa.DataType) -> None:
    with pytest.raises((pa.ArrowException, TypeError, ValueError, OverflowError)):
        arrow_array(values, kind)


SCRIPT = """
import sys
import sqlalchemy as sa
from airflow_ml_monitor import build_reference, detect_drift
from airflow_ml_monitor.data import Connections, Table
from airflow_ml_monitor.window import Window

connections = Connections({"warehouse": sa.create_engine(sys.argv[1])})
rows = Table("rows", conn_id="warehouse", time_column="at")
reference = build_reference(rows, connections=connections)
window = Window("2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z")
report = detect_drift(reference, rows, window=window, connections=connections)
assert {result.column for result in report.results} >= {"x", "level"}, report
print([name for name in ("pandas", "scipy") if name in sys.modules])
"""


def test_judging_the_drift_of_a_table_loads_no_pandas(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        query = (
            "CREATE TABLE rows AS SELECT timestamptz '2013-01-01 00:00Z' + n * interval '1 minute' AS at,"
            " n * 0.1 AS x, n % 7 = 0 AS flag, n % 9 AS count, 'level ' || n % 5 AS level"
            " FROM generate_series(1, 2000) AS n"
        )
        connection.execute(sa.text(query))
    url = engine.url.render_as_string(hide_password=False)
    ran = subprocess.run([sys.executable, "-c", SCRIPT, url], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip().splitlines()[-1] == "[]"
