"""Type lists that hold on Great Expectations' pandas engine and on its SQL one, which name types differently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from airflow_ml_monitor.data.failures import source_errors
from airflow_ml_monitor.profile.kinds import ColumnType, Kind

if TYPE_CHECKING:
    from airflow_ml_monitor.data.dataset import Rows

_INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
_FLOATS = ["float16", "float32", "float64"]
# A column of integers is one of floats to pandas as soon as a value is missing, so the family is what can be asked for.
_NUMBERS = [*_INTEGERS, *_FLOATS, "int", "float", "Decimal"]
_SQL_NUMBERS = ["SMALLINT", "INTEGER", "BIGINT", "REAL", "FLOAT", "DOUBLE PRECISION", "NUMERIC"]
_TIMES = [f"datetime64[{unit}]" for unit in ("s", "ms", "us", "ns")]
_FAMILIES: dict[Kind, list[str]] = {
    Kind.NUMERIC: [*_NUMBERS, *_SQL_NUMBERS],
    Kind.BOOLEAN: ["bool", "BOOLEAN"],
    Kind.CATEGORICAL: ["str", "TEXT", "VARCHAR", "CHAR", "UUID"],
    Kind.DATETIME: [*_TIMES, "date", "TIMESTAMP", "TIMESTAMP WITHOUT TIME ZONE", "DATE"],
}
_TYPES_WITHOUT_NAMES = ("dictionary", "binary", "large_binary", "fixed_size_binary", "duration", "time32", "time64")


def type_list(column: ColumnType, database_name: str | None) -> list[str]:
    """Return the names of the column's family of types; none where pandas has no name that can be compared.

    :param database_name: the name that a database gives the column's type, sizes included (``VARCHAR(10)``).
    """
    zoned = column.kind is Kind.DATETIME and "tz=" in column.text
    if column.text.startswith(_TYPES_WITHOUT_NAMES) or zoned:
        return []
    family = _FAMILIES.get(column.kind, [])
    own = [database_name] if family and database_name and database_name not in family else []
    return [*family, *own]


def database_names(rows: Rows) -> Mapping[str, str]:
    """Return the names a database gives the types of a table's columns; nothing for other datasets and for queries."""
    from airflow_ml_monitor.data.table import TableRows

    if not isinstance(rows, TableRows) or rows.dataset.table is None:
        return {}
    import sqlalchemy as sa

    schema, _, name = rows.dataset.table.rpartition(".")
    with source_errors(rows.label):
        described = sa.inspect(rows.engine).get_columns(name, schema=schema or None)
    return {column["name"]: column["type"].compile(rows.engine.dialect) for column in described}
