"""Parquet: row group by row group, only the columns and row groups wanted, texts as dictionaries where that is quicker.

``pyarrow.dataset`` would do most of it, but its import takes pandas with it, and what it reads ahead costs memory.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data.parquet_layout import Layout
from airflow_ml_monitor.data.reading import BATCH_ROWS, Request, rows_only

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.fs as pafs

_BUFFERED_BYTES = 1 << 25
_LARGEST_BUFFER = 1 << 18
_FETCHED_BYTES = 1 << 26


class ParquetFiles:
    """Reads Parquet files.

    :param filesystem: where they are.
    :param remote: a request costs more than the bytes it brings: what is wanted of a row group is asked for at once.
    """

    def __init__(self, filesystem: pafs.FileSystem, *, remote: bool) -> None:
        self._filesystem = filesystem
        self._remote = remote
        self._rows: dict[str, int] = {}

    def schema(self, path: str) -> pa.Schema:
        import pyarrow.parquet as pq

        with self._filesystem.open_input_file(path) as source:
            file = pq.ParquetFile(source)
            self._rows[path] = file.metadata.num_rows
            return file.schema_arrow

    def rows(self, path: str) -> int | None:
        return self._rows.get(path)

    def batches(self, path: str, request: Request) -> Generator[pa.RecordBatch]:
        import pyarrow.parquet as pq

        with self._filesystem.open_input_file(path) as source:
            file = pq.ParquetFile(source)
            layout = Layout(file.metadata, file.schema_arrow, request)
            if not layout.columns:
                yield from _counted(layout)
                return
            how = {"read_dictionary": layout.encoded or None, **self._buffering(layout)}
            opened = pq.ParquetFile(source, metadata=file.metadata, **how)
            rows, columns = layout.batch_rows, list(layout.columns)
            for groups in layout.pieces(rows):
                yield from opened.iter_batches(rows, row_groups=groups, columns=columns, use_threads=request.threads)

    def _buffering(self, layout: Layout) -> dict[str, Any]:
        if self._remote and layout.largest_bytes <= _FETCHED_BYTES:
            return {"pre_buffer": True}
        buffer = max(_BUFFERED_BYTES // len(layout.columns), 1 << 15)
        return {"pre_buffer": False, "buffer_size": buffer if self._remote else min(buffer, _LARGEST_BUFFER)}


def _counted(layout: Layout) -> Iterator[pa.RecordBatch]:
    left = layout.rows
    while left > 0:
        yield rows_only(min(left, BATCH_ROWS))
        left -= BATCH_ROWS
