"""``Table``: a database table or the result of a query, through a connection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import Dataset, Rows
from airflow_ml_monitor.data.failures import source_errors
from airflow_ml_monitor.data.times import Condition
from airflow_ml_monitor.data.values import arrow_array
from airflow_ml_monitor.errors import ConfigurationError, DataError, MissingDataError
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    import pyarrow as pa
    import sqlalchemy as sa

_BATCH_ROWS = 50_000
# Texts, quoted names, comments, blanks, semicolons, and whatever else there is.
_SQL_PIECES = r"'[^']*'" r'|"[^"]*"|--[^\n]*|/\*.*?\*/|\s+|;|[^\'"\-/\s;]+|.'


@dataclass(frozen=True)
class Table(Dataset):
    """A table or view by name, or a query, behind an Airflow connection.

    :param table: its name, with the schema where it needs one (``"analytics.flights"``).
    :param conn_id: the Airflow connection of the database.
    :param sql: a ``SELECT`` in place of a table; may be a template.
    :raises ConfigurationError: neither or both of ``table`` and ``sql``, or no connection.
    """

    kind: ClassVar[str] = "table"

    table: str | None = None
    conn_id: str = ""
    sql: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.table is None) == (self.sql is None):
            raise ConfigurationError(f"Table needs a table name or sql=, one of them: {self.table!r}, {self.sql!r}")
        if not self.conn_id:
            raise ConfigurationError(f"{self.label} needs conn_id=, the Airflow connection of its database")

    @property
    def label(self) -> str:
        what = f"table {self.table}" if self.table else f"query {' '.join(str(self.sql).split())[:60]!r}"
        return f"{what} of connection {self.conn_id!r}"

    def open(
        self,
        window: Window | None = None,
        *,
        as_of: datetime | None = None,
        connections: Connections | None = None,
    ) -> TableRows:
        return TableRows(self, window, as_of, connections or Connections())


class TableRows(Rows):
    """The rows of a ``Table``: the window is cut in the database, rows come in batches through a server-side cursor."""

    dataset: Table

    def __init__(self, dataset: Table, window: Window | None, as_of: datetime | None, connections: Connections) -> None:
        super().__init__(dataset, window, as_of)
        self._connections = connections
        self._times_comparable = False

    @cached_property
    def engine(self) -> sa.Engine:
        return self._connections.engine(self.dataset.conn_id)

    @cached_property
    def full_schema(self) -> pa.Schema:
        """Names and types of all columns.

        :raises MissingDataError: the table does not exist.
        :raises DataError: the query is refused by the database.
        :raises SourceError: the database cannot be reached.
        """
        import pyarrow as pa
        import sqlalchemy as sa

        self._require_table()
        with self.connect() as connection:
            result = connection.execute(sa.select(sa.text("*")).select_from(self._source()).limit(0))
            described = [(column[0], column[1]) for column in result.cursor.description]
        types = self._types(described)
        return pa.schema([(name, types.get(name) or pa.null()) for name, _ in described])

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """Open a connection; what goes wrong there is said as of this table.

        :raises MissingDataError: the table does not exist, or no longer.
        :raises DataError: the database refuses the query for another reason.
        :raises SourceError: the database cannot be reached, or gave up.
        """
        import sqlalchemy as sa

        with source_errors(self.label):
            try:
                with self.engine.connect() as connection:
                    yield connection
            except sa.exc.ProgrammingError:
                self._require_table()
                raise

    @property
    def conditions(self) -> tuple[Condition, ...]:
        found = super().conditions
        self._require_comparable_times()
        return found

    def select(self, columns: Sequence[str] | None = None, also: Sequence[Condition] = ()) -> sa.Select[Any]:
        """Return the ``SELECT`` of the window's rows as known at ``as_of``, of those that meet further conditions."""
        return self._select(self.schema.names if columns is None else columns, (*self.conditions, *also))

    def scan(
        self, columns: Sequence[str], conditions: Sequence[Condition], *, encoded: bool = False, threads: bool = True
    ) -> Iterator[pa.RecordBatch]:
        yield from self.run(self._select(columns, conditions), columns)

    def run(self, query: sa.Select[Any], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a ``SELECT`` that gives these columns of the table, in this order."""
        schema = [self.full_schema.field(name) for name in columns]
        with self.connect() as connection:
            options = connection.execution_options(stream_results=True, max_row_buffer=_BATCH_ROWS)
            result = options.execute(query)
            while rows := result.fetchmany(_BATCH_ROWS):
                yield _batch(schema, list(zip(*rows, strict=True)), self.label)

    def _select(self, columns: Sequence[str], conditions: Sequence[Condition]) -> sa.Select[Any]:
        import sqlalchemy as sa

        from airflow_ml_monitor.data.sqlite_times import as_text

        named: Any = sa.select(*(self._column(name) for name in columns))
        query = cast("sa.Select[Any]", named.select_from(self._source()))
        for condition in conditions:
            column = self._column(condition.column)
            bound: Any = as_text(condition.value) if self._in_sqlite else condition.value
            query = query.where(column >= bound if condition.operator == ">=" else column < bound)
        return query

    @property
    def _in_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def _column(self, name: str) -> Any:
        import pyarrow as pa
        import sqlalchemy as sa

        from airflow_ml_monitor.data.sqlite_times import comparable

        column: Any = sa.column(name)
        kind = self.full_schema.field(name).type
        if self._in_sqlite and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            return comparable(column, days=pa.types.is_date(kind)).label(name)
        return column

    def _require_comparable_times(self) -> None:
        if self._times_comparable or not self._in_sqlite:
            return
        from airflow_ml_monitor.data.sqlite_times import require_times

        with self.connect() as connection:
            for name in (self.dataset.time_column, self.dataset.arrived_at_column):
                if name is not None:
                    require_times(connection, self._source(), name, self.label)
        self._times_comparable = True

    def _source(self) -> Any:
        import sqlalchemy as sa

        if self.dataset.sql is not None:
            inner = _without_end(self.dataset.sql).replace(":", "\\:")
            # The DAG author's own SELECT, on lines of its own: it may end with a comment.
            return sa.text(f"(\n{inner}\n) AS monitored")
        schema, _, name = str(self.dataset.table).rpartition(".")
        return sa.table(name, schema=schema or None)

    def _require_table(self) -> None:
        import sqlalchemy as sa

        if self.dataset.table is None:
            return
        schema, _, name = self.dataset.table.rpartition(".")
        with source_errors(self.label):
            there = sa.inspect(self.engine).has_table(name, schema=schema or None)
        if not there:
            raise MissingDataError(f"{self.label} does not exist; check the name, its schema and the connection")

    def _types(self, described: Sequence[tuple[str, Any]]) -> Mapping[str, pa.DataType]:
        import sqlalchemy as sa

        if self.engine.dialect.name == "postgresql":
            return {name: _postgres_type(code) for name, code in described}
        if self.dataset.table is None:
            return {}
        schema, _, name = self.dataset.table.rpartition(".")
        with source_errors(self.label):
            reflected = sa.inspect(self.engine).get_columns(name, schema=schema or None)
        return {column["name"]: _generic_type(column["type"]) for column in reflected}


def _without_end(sql: str) -> str:
    """Return a statement without the semicolon that ends it, nor what follows that."""
    pieces = re.findall(_SQL_PIECES, sql, flags=re.DOTALL)
    end = len(pieces)
    while end and (pieces[end - 1].isspace() or pieces[end - 1].startswith(("--", "/*", ";"))):
        end -= 1
    ended = ";" in pieces[end:]
    return "".join(pieces[:end] if ended else pieces).strip()


def _batch(schema: Sequence[pa.Field], columns: Sequence[Sequence[Any]], label: str) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = [_array(field, values, label) for field, values in zip(schema, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=[field.name for field in schema])


def _array(field: pa.Field, values: Sequence[Any], label: str) -> pa.Array:
    import pyarrow as pa

    kind = field.type
    try:
        if pa.types.is_null(kind):
            return pa.array(values)
        if pa.types.is_floating(kind):
            return arrow_array([None if value is None else float(value) for value in values], kind)
        if pa.types.is_string(kind):
            return arrow_array([None if value is None else str(value) for value in values], kind)
        if (pa.types.is_timestamp(kind) or pa.types.is_date(kind)) and any(isinstance(value, str) for value in values):
            return pa.array(values, type=pa.string()).cast(kind)
        return arrow_array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError) as error:
        raise DataError(f"column {field.name!r} of {label} cannot be read as {kind}: {error}") from error


def _postgres_type(code: int) -> pa.DataType:
    """Return the Arrow type of a PostgreSQL type's OID (``pg_type.oid``); text for any other."""
    import pyarrow as pa

    known: dict[int, pa.DataType] = {
        16: pa.bool_(),
        20: pa.int64(),
        21: pa.int16(),
        23: pa.int32(),
        700: pa.float32(),
        701: pa.float64(),
        1700: pa.float64(),
        1082: pa.date32(),
        1114: pa.timestamp("us"),
        1184: pa.timestamp("us", tz="UTC"),
    }
    return known.get(code, pa.string())


def _generic_type(kind: Any) -> pa.DataType | None:
    """Return the Arrow type of a reflected SQLAlchemy type; ``None`` leaves it to the values."""
    import pyarrow as pa
    import sqlalchemy as sa

    pairs: list[tuple[Any, pa.DataType]] = [
        (sa.Boolean, pa.bool_()),
        (sa.Integer, pa.int64()),
        (sa.Numeric, pa.float64()),
        (sa.DateTime, pa.timestamp("us", tz="UTC" if getattr(kind, "timezone", False) else None)),
        (sa.Date, pa.date32()),
        (sa.String, pa.string()),
    ]
    return next((arrow for generic, arrow in pairs if isinstance(kind, generic)), None)
