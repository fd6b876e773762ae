"""Profiles as bytes: a JSON header and little-endian arrays; versioned, no pickle, equal content giving equal bytes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from airflow_ml_monitor.errors import DataError

MAGIC = b"AMMP"
VERSION = 1
_TYPES = {"f": "<f8", "i": "<i8", "u": "<u8"}

Arrays = Mapping[str, np.ndarray[Any, Any]]


def pack(header: Mapping[str, Any], arrays: Arrays) -> bytes:
    """Return a header of plain JSON and arrays of 64-bit numbers as one sequence of bytes."""
    index: list[tuple[str, str, int]] = [
        (name, _TYPES[array.dtype.kind], len(array)) for name, array in sorted(arrays.items())
    ]
    text = json.dumps([header, index], sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    body = b"".join(arrays[name].astype(kind, copy=False).tobytes() for name, kind, _ in index)
    return len(text).to_bytes(8, "little") + text + body


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Return what ``pack`` was given."""
    place = 8 + int.from_bytes(packed[:8], "little")
    header, index = json.loads(packed[8:place])
    arrays = {}
    for name, kind, length in index:
        arrays[name] = np.frombuffer(packed, dtype=kind, count=length, offset=place)
        place += 8 * length
    return header, arrays


def compressed(packed: bytes) -> bytes:
    return MAGIC + VERSION.to_bytes(2, "little") + zlib.compress(packed, 6)


def decompressed(stored: bytes) -> bytes:
    """Return the packed bytes of a stored profile.

    :raises DataError: they are no profile, of a later version, or damaged.
    """
    version = int.from_bytes(stored[4:6], "little")
    if stored[:4] != MAGIC:
        raise DataError(f"{len(stored)} bytes that start with {stored[:4]!r} are no profile")
    if version > VERSION:
        raise DataError(f"the profile has version {version}, this package reads up to {VERSION}; upgrade the package")
    try:
        return zlib.decompress(stored[6:])
    except zlib.error as error:
        raise DataError(f"a profile of {len(stored)} bytes is damaged ({error}); build it again") from error
