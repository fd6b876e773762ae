"""A bounded, uniform sample of the rows of a stream: what methods that need rows compare a stored reference by."""

from __future__ import annotations

import json
import zlib
from typing import Any, Self

import numpy as np
import pyarrow as pa

from airflow_ml_monitor.data.arrays import as_arrow
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.profile.arrays import Hashes
from airflow_ml_monitor.profile.kinds import Kind, natural_kind

SEED = 20_130_204
MAGIC = b"AMMS"
VERSION = 1
_HEAD = 14


class RowSample:
    """Up to ``most`` rows of those seen, each with the same chance; all of them while there are no more.

    Every row draws a key, by its place in the stream, and the rows with the smallest keys are kept, in their order. So
    the sample does not depend on how the stream is cut into batches, and ``a + b`` is the sample of both streams, each
    row of either with the same chance, in any grouping. Streams that are to be merged need seeds of their own: by the
    same seed their rows of equal places are kept or dropped together. Lists, structs and the like, which no method
    compares, are kept as null.

    :param most: rows to keep; at least 1.
    :param seed: from 0 on; the same seed and stream give the same sample.
    :raises ConfigurationError: ``most`` or ``seed`` is out of range.
    """

    def __init__(self, most: int = 5_000, seed: int = SEED) -> None:
        if most < 1:
            raise ConfigurationError(f"RowSample(most={most!r}) must be at least 1")
        if seed < 0:
            raise ConfigurationError(f"RowSample(seed={seed!r}) must not be negative")
        self.most, self.seed = most, seed
        self.rows = 0
        """Rows seen."""
        self._keys: Hashes = np.zeros(0, np.uint64)
        self._parts: list[pa.Table] = []

    def update(self, batch: pa.RecordBatch) -> None:
        """See the rows of a batch; all batches of a stream have the same columns."""
        batch = _takeable(batch)
        keys = np.random.PCG64(self.seed).advance(self.rows).random_raw(batch.num_rows)
        self.rows += batch.num_rows
        full = len(self._keys) >= self.most
        # Of a long stream few rows pass: only these are copied.
        passing = np.flatnonzero(keys < np.partition(self._keys, self.most - 1)[self.most - 1]) if full else None
        if passing is not None:
            keys, batch = keys[passing], batch.take(as_arrow(passing))
        if not len(keys) and self._parts:
            return
        self._keys = np.concatenate((self._keys, keys))
        self._parts.append(pa.Table.from_batches([batch]))
        if len(self._keys) > 2 * self.most:
            self._keep_smallest()

    def finish(self) -> pa.Table:
        """Return the rows kept, in the order they were seen; more can be seen after."""
        self._keep_smallest()
        return self._parts[0] if self._parts else pa.table({})

    def _keep_smallest(self) -> None:
        if not self._parts:
            return
        table = _joined(self._parts)
        if len(self._keys) > self.most:
            kept = np.sort(np.argsort(self._keys, kind="stable")[: self.most])
            self._keys, table = self._keys[kept], table.take(as_arrow(kept))
        self._parts = [table.combine_chunks()]

    def __add__(self, other: Self) -> Self:
        """Return the sample of both streams, of as many rows as the smaller of the two may keep.

        :raises DataError: the streams have different columns.
        """
        both = type(self)(min(self.most, other.most), self.seed)
        both.rows = self.rows + other.rows
        both._parts = [sample.finish() for sample in (self, other) if sample._parts]
        both._keys = np.concatenate((self._keys, other._keys))
        both._keep_smallest()
        return both

    def to_bytes(self) -> bytes:
        """Return the sample in a compact, versioned form: Arrow's own, compressed; ``from_bytes`` gives it back."""
        table = self.finish()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(table)
        counts = {"most": self.most, "seed": self.seed, "rows": self.rows, "kept": len(self._keys)}
        header = json.dumps(counts, sort_keys=True).encode()
        body = len(header).to_bytes(4, "little") + header + self._keys.astype("<u8").tobytes() + bytes(sink.getvalue())
        return MAGIC + VERSION.to_bytes(2, "little") + len(body).to_bytes(4, "little") + _checksum(body) + body

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read what ``to_bytes`` wrote.

        :raises DataError: the bytes are no sample, damaged, or of a later version of this package.
        """
        counts, keys, table = _read(bytes(stored))
        sample = cls(counts["most"], counts["seed"])
        sample.rows = counts["rows"]
        sample._keys = keys
        sample._parts = [table] if table.num_columns else []
        return sample


def _takeable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with views as plain texts: Arrow takes no rows out of views; nor out of all that is nested."""
    kinds = [_kept_as(kind) for kind in batch.schema.types]
    if kinds == batch.schema.types:
        return batch
    arrays = [
        pa.nulls(len(array)) if pa.types.is_null(kind) else array.cast(kind)
        for array, kind in zip(batch.columns, kinds, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _kept_as(kind: pa.DataType) -> pa.DataType:
    if natural_kind(kind) is Kind.OTHER:
        return pa.null()
    if pa.types.is_string_view(kind):
        return pa.large_string()
    return pa.large_binary() if pa.types.is_binary_view(kind) else kind


def _joined(parts: list[pa.Table]) -> pa.Table:
    try:
        joined = pa.concat_tables(parts, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(f"two samples of rows cannot be merged: {error}; sample the same columns of both") from error
    names = parts[0].column_names
    other = next((part.column_names for part in parts if part.column_names != names), None)
    if other is not None:
        raise DataError(f"two samples of rows have different columns, {names} and {other}; sample the same of both")
    return joined.unify_dictionaries()


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "little")


def _read(stored: bytes) -> tuple[dict[str, Any], Hashes, pa.Table]:
    version = int.from_bytes(stored[4:6], "little")
    if stored[:4] != MAGIC:
        raise DataError(f"{len(stored)} bytes that start with {stored[:4]!r} are no sample of rows")
    if version > VERSION:
        raise DataError(
            f"the sample of rows has version {version}, this package reads up to {VERSION}; upgrade the package"
        )
    body = stored[_HEAD:]
    if len(body) != int.from_bytes(stored[6:10], "little") or _checksum(body) != stored[10:_HEAD]:
        raise DataError(f"a sample of rows of {len(stored)} bytes is damaged; build the reference again")
    place = 4 + int.from_bytes(body[:4], "little")
    counts = json.loads(body[4:place])
    keys = np.frombuffer(body, "<u8", counts["kept"], place).astype(np.uint64)
    return counts, keys, pa.ipc.open_stream(body[place + 8 * counts["kept"] :]).read_all()
