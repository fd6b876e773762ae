"""Great Expectations' SQL engine on the window of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data.table import TableRows
from airflow_ml_monitor.quality import gx

if TYPE_CHECKING:
    import pyarrow as pa
    import sqlalchemy as sa


class WindowEngine(gx.SqlAlchemyExecutionEngine):  # type: ignore[misc]
    """Great Expectations' SQL engine on the SQLAlchemy engine of a ``Table``'s connection.

    It makes no temporary tables, and leaves an engine that is not its own open.

    :param columns: the columns that expectations may look at.
    """

    _connection: Any

    def __init__(self, rows: TableRows, columns: Sequence[str]) -> None:
        self._rows = rows
        self._columns = list(columns)
        super().__init__(engine=rows.engine, create_temp_table=False)

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """Give one connection until ``close``.

        Great Expectations reads results after it has let go of their connection, which not every pool keeps open.
        """
        if self._connection is None:
            self._connection = self.engine.connect()
        try:
            yield self._connection
        except Exception:
            self._connection.rollback()  # a query that failed must not spoil those of the other expectations
            raise

    def window(self) -> Any:
        """Return the window's rows as a batch; reads nothing."""
        schema, _, name = (self._rows.dataset.table or "").rpartition(".")
        return gx.SqlAlchemyBatchData(
            execution_engine=self,
            selectable=self._rows.select(self._columns),
            create_temp_table=False,
            source_table_name=name or None,
            source_schema_name=schema or None,
        )

    def get_inspector(self) -> Any:
        """Return what describes the columns that are selected, which need not be all of the table's."""
        return SimpleNamespace(
            dialect=self.engine.dialect,
            get_columns=self._described,
            get_pk_constraint=lambda **_: {},
        )

    def _described(self, table_name: Any, schema: str | None = None) -> list[dict[str, Any]]:
        if self._rows.dataset.table is not None:
            described = super().get_inspector().get_columns(table_name, schema=schema)
        else:
            described = [{"name": field.name, "type": _sql_type(field.type)} for field in self._rows.full_schema]
        by_name = {column["name"]: column for column in described}
        return [by_name[name] for name in self._columns if name in by_name]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _sql_type(kind: pa.DataType) -> Any:
    import pyarrow as pa
    import sqlalchemy as sa

    pairs: list[tuple[Any, Any]] = [
        (pa.types.is_null, sa.types.NullType()),  # what the database did not say
        (pa.types.is_boolean, sa.BOOLEAN()),
        (lambda kind: kind == pa.int16(), sa.SMALLINT()),
        (lambda kind: kind == pa.int32(), sa.INTEGER()),
        (pa.types.is_integer, sa.BIGINT()),
        (lambda kind: kind == pa.float32(), sa.REAL()),
        (pa.types.is_floating, sa.DOUBLE_PRECISION()),
        (pa.types.is_date, sa.DATE()),
        (pa.types.is_timestamp, sa.TIMESTAMP(timezone=getattr(kind, "tz", None) is not None)),
    ]
    return next((generic for holds, generic in pairs if holds(kind)), sa.TEXT())
