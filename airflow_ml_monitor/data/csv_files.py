"""CSV: block by block, only the columns wanted."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data.reading import BATCH_ROWS, Request

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.fs as pafs

_BLOCK_BYTES = 1 << 20
_BATCH_BYTES = 1 << 24


class CsvFiles:
    """Reads CSV files, compressed ones too.

    :param filesystem: where they are.
    :param separator: what stands between two cells.
    """

    def __init__(self, filesystem: pafs.FileSystem, *, separator: str) -> None:
        self._filesystem = filesystem
        self._separator = separator

    def schema(self, path: str) -> pa.Schema:
        """Return the types that a file's first block looks of; of columns that are empty there, the first that is not.

        Without it, a value further down of a column that seemed to have none would not fit.
        """
        import pyarrow as pa

        with self._opened(path) as reader:
            found = reader.schema
        empty = [field.name for field in found if pa.types.is_null(field.type)]
        if not empty or len(set(found.names)) < len(found.names):  # which column is meant is said elsewhere
            return found
        further = self._further_down(path, empty)
        return pa.schema([(field.name, further.get(field.name, field.type)) for field in found])

    def rows(self, path: str) -> int | None:
        return None

    def batches(self, path: str, request: Request) -> Generator[pa.RecordBatch]:
        import pyarrow as pa

        wanted = {field.name: field.type for field in request.fields}
        if not wanted:  # of no columns Arrow would make all; any one counts the rows
            wanted = {self.schema(path).names[0]: pa.string()}
        try:
            with self._opened(path, wanted) as reader:
                for batch in _joined(reader):
                    yield batch if len(request.fields) else batch.select([])
        except pa.ArrowInvalid as error:
            raise pa.ArrowInvalid(self._with_name(str(error), path)) from error

    def _further_down(self, path: str, names: Iterable[str]) -> dict[str, pa.DataType]:
        """Return the types of the columns that have a value anywhere; all of the file is read where one has none."""
        import pyarrow as pa

        found: dict[str, pa.DataType] = {}
        with self._opened(path, dict.fromkeys(names, pa.string())) as reader:
            for block in reader:
                missing = [name for name in names if name not in found]
                if not missing:
                    break
                texts = {name: block.column(name).drop_null() for name in missing}
                found |= {name: _type_of(column) for name, column in texts.items() if len(column)}
        return found

    def _opened(self, path: str, types: dict[str, pa.DataType] | None = None) -> Any:
        import pyarrow.csv

        # An empty cell is a missing value in a column of texts, too; one in quotes is a text.
        cells: dict[str, Any] = {"strings_can_be_null": True, "quoted_strings_can_be_null": False}
        if types is not None:
            cells |= {"column_types": types, "include_columns": list(types), "include_missing_columns": True}
        return pyarrow.csv.open_csv(
            self._filesystem.open_input_stream(path, compression="detect"),
            # Threads do not read one stream any quicker, and without them errors count rows.
            read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(delimiter=self._separator, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(**cells),
        )

    def _with_name(self, reason: str, path: str) -> str:
        """Return Arrow's reason with the name of the column that it counts."""
        place = re.match(r"In CSV column #(\d+): ", reason)
        if place is None:
            return reason
        column = self.schema(path).names[int(place[1])]
        return f"column {column!r}: {reason[place.end() :]} (its type is that of its first values; Parquet names types)"


def _type_of(texts: pa.Array) -> pa.DataType:
    """Return the type that texts look of, as in a file."""
    import pyarrow as pa
    import pyarrow.csv

    cells = pa.BufferOutputStream()
    pyarrow.csv.write_csv(pa.table({"": texts}), cells)
    return pyarrow.csv.read_csv(pa.BufferReader(cells.getvalue())).schema.types[0]


def _joined(blocks: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield larger batches: Arrow parses small blocks quickest, which are too small to be counted quickly."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    for block in blocks:
        waiting.append(block)
        if sum(each.num_rows for each in waiting) >= BATCH_ROWS or sum(map(_size, waiting)) >= _BATCH_BYTES:
            yield pa.concat_batches(waiting)
            waiting = []
    if waiting:
        yield pa.concat_batches(waiting)


def _size(batch: pa.RecordBatch) -> int:
    return int(batch.nbytes)
