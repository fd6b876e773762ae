"""What is asked of a file, and how its batches are brought into the form of all files."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from airflow_ml_monitor.data.times import Condition

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 1 << 17


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted of each file.

    :param fields: columns, of the types they have over all files.
    :param conditions: what the rows are to meet; parts of a file without such rows need not be read.
    :param encoded: texts may come as dictionary arrays.
    :param threads: columns may be read by several threads.
    """

    fields: pa.Schema
    conditions: Sequence[Condition] = ()
    encoded: bool = False
    threads: bool = True


class FileReader(Protocol):
    """Reads files of one format. Both methods raise ``pa.ArrowInvalid`` where a file is not of it."""

    def schema(self, path: str) -> pa.Schema:
        """Return the names and types of a file's own columns."""

    def rows(self, path: str) -> int | None:
        """Return how many rows a file has, where the file itself says so."""

    def batches(self, path: str, request: Request) -> Generator[pa.RecordBatch]:
        """Yield the rows of a file that may be wanted, with those of the columns that it has, in any order."""


def fitted(batch: pa.RecordBatch, request: Request) -> pa.RecordBatch:
    """Return a file's batch with all the columns wanted, in their order and of their types.

    A column that the file lacks has no value there.

    :raises pa.ArrowInvalid: a value does not fit the type its column has over all files; the text names the column.
    """
    import pyarrow as pa

    there = set(batch.schema.names)
    if not there:
        return _without_values(batch.num_rows, request.fields)
    arrays = [
        _fitted(batch.column(field.name), field, encoded=request.encoded)
        if field.name in there
        else pa.nulls(batch.num_rows, field.type)
        for field in request.fields
    ]
    return pa.RecordBatch.from_arrays(arrays, names=request.fields.names)


class Dictionaries:
    """The dictionaries of a stream's last batch, kept for the next one where it has equal ones.

    Arrow makes each anew for every batch; who counts by dictionary knows one that stays by its address.
    """

    def __init__(self) -> None:
        self._known: dict[str, pa.Array] = {}

    def shared(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch with the dictionaries already known in place of equal ones."""
        import pyarrow as pa

        if not any(pa.types.is_dictionary(kind) for kind in batch.schema.types):
            return batch
        arrays = [self._shared(name, batch.column(name)) for name in batch.schema.names]
        return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)

    def _shared(self, name: str, array: pa.Array) -> pa.Array:
        import pyarrow as pa

        if not pa.types.is_dictionary(array.type):
            return array
        known = self._known.setdefault(name, array.dictionary)
        if not known.equals(array.dictionary):
            self._known[name] = array.dictionary
            return array
        return pa.DictionaryArray.from_arrays(array.indices, known, ordered=array.type.ordered, safe=False)


def rows_only(count: int) -> pa.RecordBatch:
    """Return a batch of so many rows and no column."""
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.nulls(count)], names=[""]).select([])


def read_ahead(batches: Generator[pa.RecordBatch]) -> Generator[pa.RecordBatch]:
    """Yield batches of a generator, of which a thread already makes the next while one is looked at.

    Closing it, as leaving a loop does, ends the thread and closes the generator.
    """
    with closing(batches), ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch
            del batch  # or three would be held while the next is waited for


def _without_values(count: int, fields: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    if not len(fields):
        return rows_only(count)
    return pa.RecordBatch.from_arrays([pa.nulls(count, field.type) for field in fields], names=fields.names)


def _fitted(array: pa.Array, field: pa.Field, *, encoded: bool) -> pa.Array:
    import pyarrow as pa

    if array.type.equals(field.type):
        return array
    try:
        if not pa.types.is_dictionary(array.type):
            return array.cast(field.type)
        if not encoded or pa.types.is_dictionary(field.type):
            return array.dictionary_decode().cast(field.type)
        values = array.dictionary.cast(field.type)
        return pa.DictionaryArray.from_arrays(array.indices, values, safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise pa.ArrowInvalid(f"column {field.name!r} holds what is no {field.type}: {error}") from error
