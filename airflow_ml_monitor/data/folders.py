"""Columns that folders name: ``carrier=UA/day=2/part.parquet`` has a carrier and a day."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from airflow_ml_monitor.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

_MISSING = "__HIVE_DEFAULT_PARTITION__"
_WHOLE_NUMBER = re.compile(r"-?[0-9]+|0[xX][0-9a-fA-F]{1,8}")
_LARGEST = 1 << 31


def folder_values(base: str, path: str) -> dict[str, str | None]:
    """Return the columns that the folders of a file name below ``base``; the outermost of one name counts.

    :raises DataError: a folder's name is no UTF-8 text once it is decoded.
    """
    found: dict[str, str | None] = {}
    for folder in path.removeprefix(base).split("/")[:-1]:
        key, equals, value = folder.partition("=")
        if equals:
            text = _decoded(value, path)
            found.setdefault(_decoded(key, path), None if text == _MISSING else text)
    return found


def folder_fields(values: Iterable[Mapping[str, str | None]]) -> pa.Schema:
    """Return the columns that the folders of all files name: 32-bit whole numbers where all are, otherwise texts."""
    import pyarrow as pa

    seen: dict[str, set[str]] = {}
    for of_file in values:
        for name, value in of_file.items():
            seen.setdefault(name, set()).update(() if value is None else (value,))
    return pa.schema([(name, _type(texts)) for name, texts in seen.items()])


def with_folders(
    batch: pa.RecordBatch, columns: Sequence[str], fields: pa.Schema, values: Mapping[str, str | None]
) -> pa.RecordBatch:
    """Return a file's batch with the columns asked for, those of its folders among them."""
    import pyarrow as pa

    there = set(batch.schema.names)
    if not columns:
        return batch.select([])
    arrays = [
        batch.column(name)
        if name in there
        else pa.repeat(_scalar(fields.field(name).type, values.get(name)), batch.num_rows)
        for name in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _decoded(part: str, path: str) -> str:
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError as error:
        raise DataError(f"folder {part!r} of {path} is no UTF-8 text once decoded; rename it") from error


def _type(texts: Iterable[str]) -> pa.DataType:
    import pyarrow as pa

    if not texts:
        return pa.null()
    whole = all(_WHOLE_NUMBER.fullmatch(text) and -_LARGEST <= _whole(text) < _LARGEST for text in texts)
    return pa.int32() if whole else pa.string()


def _whole(text: str) -> int:
    if text[:2] not in ("0x", "0X"):
        return int(text)
    bits = int(text, 16)
    return bits - 2 * _LARGEST if bits >= _LARGEST else bits


def _scalar(kind: pa.DataType, text: str | None) -> pa.Scalar:
    """Return one value. ``pyarrow.scalar`` would import pandas."""
    import pyarrow as pa

    if text is None:
        return pa.nulls(1, kind)[0]
    if pa.types.is_int32(kind):
        return pa.Array.from_buffers(kind, 1, [None, pa.py_buffer(struct.pack("<i", _whole(text)))])[0]
    content = text.encode()
    offsets = pa.py_buffer(struct.pack("<2i", 0, len(content)))
    return pa.Array.from_buffers(kind, 1, [None, offsets, pa.py_buffer(content)])[0]
