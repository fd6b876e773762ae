"""What a Parquet file's own description says of how to read it: which row groups, how many rows at a time, as what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data.filtering import microseconds
from airflow_ml_monitor.data.reading import BATCH_ROWS, Request
from airflow_ml_monitor.data.times import Condition

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH_BYTES = 40_000_000
_ALONE_ROWS, _ALONE_BYTES = 1 << 20, _BATCH_BYTES // 4
"""Of a few columns that one of several threads reads: the larger a batch, the less they wait for Python's lock."""
_FEWEST_ROWS = 1 << 10
_UNKNOWN_TEXT = 256
_WIDEST_TEXT = 1 << 15
_ENCODED_WIDTH = 3.0
_SMALLEST_GROUP = 1 << 14
_LARGEST_DICTIONARY = 1_000_000
_ALL_DICTIONARIES = 32_000_000
_NANOSECONDS = {"milliseconds": 1_000_000, "microseconds": 1_000, "nanoseconds": 1}
_DAY = 86_400 * 10**9


class Layout:
    """The layout of a file, for one request."""

    def __init__(self, metadata: pq.FileMetaData, schema: pa.Schema, request: Request) -> None:
        self._metadata = metadata
        self._schema = schema
        self._request = request
        there = set(schema.names)
        self.columns = tuple(name for name in request.fields.names if name in there)
        """The columns wanted that the file has."""
        self._leaves = _leaves(metadata)

    @cached_property
    def groups(self) -> list[int]:
        """The row groups that may have rows that meet the conditions."""
        tested = [
            (condition, self._leaves[condition.column][0], _tick(self._metadata, self._leaves[condition.column][0]))
            for condition in self._request.conditions
            if condition.column in self.columns
        ]
        return [
            group
            for group in range(self._metadata.num_row_groups)
            if not any(_outside(self._metadata, group, *test) for test in tested)
        ]

    @property
    def rows(self) -> int:
        """The number of rows in these row groups."""
        return sum(self._metadata.row_group(group).num_rows for group in self.groups)

    @property
    def largest_bytes(self) -> int:
        """How much of the file the columns wanted take up in the largest row group."""
        return max(
            (sum(chunk.total_compressed_size for chunk in self._chunks(each)) for each in self.groups), default=0
        )

    def pieces(self, rows: int) -> Iterator[list[int]]:
        """Yield the row groups to be read in one go: one, or several small ones of about so many rows."""
        piece: list[int] = []
        held = 0
        for group in self.groups:
            size = self._metadata.row_group(group).num_rows
            if piece and held + size > rows:
                yield piece
                piece, held = [], 0
            piece.append(group)
            held += size
        if piece:
            yield piece

    @cached_property
    def encoded(self) -> list[str]:
        """The columns of texts to read as dictionaries.

        Of those that are written so throughout: where a writer gave up because of too many values, Arrow builds a
        dictionary itself, which takes longer than reading the texts and grows from batch to batch. The file's
        description does not say so, but a dictionary without duplicates is small, and few bytes a row remain.
        """
        if not self._request.encoded or self.rows < _SMALLEST_GROUP * len(self.groups):
            return []
        left, found = _ALL_DICTIONARIES, []
        for name in self.columns:
            size = self._dictionary_bytes_of(name) if _is_text(self._schema.field(name).type) else None
            if size is not None and size <= left:
                left -= size
                found.append(name)
        return found

    @cached_property
    def batch_rows(self) -> int:
        """How many rows to read at a time, so that a batch stays small also with many columns or long texts."""
        most, space = (BATCH_ROWS, _BATCH_BYTES) if self._request.threads else (_ALONE_ROWS, _ALONE_BYTES)
        width = sum(self._width(name) for name in self.columns)
        return max(_FEWEST_ROWS, min(most, int(space / max(width, 1.0))))

    def _chunks(self, group: int, name: str | None = None) -> Iterator[Any]:
        row_group = self._metadata.row_group(group)
        for column in self.columns if name is None else (name,):
            for leaf in self._leaves[column]:
                yield row_group.column(leaf)

    def _dictionary_bytes_of(self, name: str) -> int | None:
        """Return the most that a dictionary of the column takes; ``None`` where it is not to be read as one."""
        largest, total = 0, 0
        for group in self.groups:
            for chunk in self._chunks(group, name):
                if not chunk.has_dictionary_page:
                    return None
                largest = max(largest, _dictionary_bytes(chunk))
                total += chunk.total_uncompressed_size
        narrow = total <= _ENCODED_WIDTH * self.rows
        return largest if narrow and largest <= _LARGEST_DICTIONARY else None

    def _width(self, name: str) -> float:
        """Return about how many bytes a row of the column takes in memory."""
        kind = self._schema.field(name).type
        try:
            return max(1.0, float(kind.bit_width) / 8)
        except ValueError:
            pass
        if name in self.encoded:
            return 4.0
        written: int = sum(chunk.total_uncompressed_size for each in self.groups for chunk in self._chunks(each, name))
        return 4.0 + max(written / max(self.rows, 1), self._longest(name))

    def _longest(self, name: str) -> int:
        """Return how long texts of a dictionary may be, of which the bytes of a row in the file say nothing."""
        chunks = self._chunks(self.groups[0], name) if self.groups else ()
        return max((_longest(chunk) for chunk in chunks if chunk.physical_type == "BYTE_ARRAY"), default=0)


def _longest(chunk: Any) -> int:
    if not chunk.has_dictionary_page:
        return 0
    if chunk.statistics is None:
        return _UNKNOWN_TEXT
    if not chunk.statistics.has_min_max:  # so it is where they would be too long, or there is no value
        return min(_dictionary_bytes(chunk), _WIDEST_TEXT)
    return max(len(chunk.statistics.min_raw), len(chunk.statistics.max_raw))


def _dictionary_bytes(chunk: Any) -> int:
    """Return the most that the dictionary of a chunk takes: as if all that compression saved were saved on it."""
    if chunk.dictionary_page_offset is None:
        return int(chunk.total_uncompressed_size)
    packed = chunk.data_page_offset - chunk.dictionary_page_offset
    return int(packed + chunk.total_uncompressed_size - chunk.total_compressed_size)


def _leaves(metadata: pq.FileMetaData) -> dict[str, list[int]]:
    """Return where a column's values stand in a row group; a nested one has several places."""
    found: dict[str, list[int]] = {}
    for place in range(metadata.num_columns):
        path = metadata.schema.column(place).path
        for name in {path, path.split(".", maxsplit=1)[0]}:
            found.setdefault(name, []).append(place)
    return found


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _tick(metadata: pq.FileMetaData, leaf: int) -> int | None:
    """Return the nanoseconds of a column's unit of time; ``None`` where it is not stored as whole units."""
    column = metadata.schema.column(leaf)
    if column.logical_type.type == "DATE":
        return _DAY
    if column.logical_type.type != "TIMESTAMP":
        return None
    return _NANOSECONDS[json.loads(column.logical_type.to_json())["timeUnit"]]


def _outside(metadata: pq.FileMetaData, group: int, condition: Condition, leaf: int, tick: int | None) -> bool:
    """Whether no row of a row group can meet a condition, as its statistics say."""
    statistics = metadata.row_group(group).column(leaf).statistics if tick is not None else None
    if statistics is None or tick is None or not statistics.has_min_max:
        return False
    bound = microseconds(condition.value) * 1000
    if condition.operator == ">=":
        return bool(statistics.max_raw * tick < bound)
    return bool(statistics.min_raw * tick >= bound)
