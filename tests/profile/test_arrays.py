"""From Arrow to NumPy: units of time, texts and their hashes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from airflow_ml_monitor.errors import DataError
from airflow_ml_monitor.profile.arrays import hashes, level_counts, numbers

HOUR = datetime(1970, 1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([1, None, 3]), [1.0, 3.0]),
        (pa.array([1.5, None], pa.float32()), [1.5]),
        (pa.array([Decimal("1.25"), None]), [1.25]),
        (pa.array([True, False]), [1.0, 0.0]),
        (pa.array(["2", "3.5"]), [2.0, 3.5]),
        (pa.array([HOUR], pa.timestamp("ns", "UTC")), [3600.0]),
        (pa.array([HOUR.replace(tzinfo=None)], pa.timestamp("s")), [3600.0]),
        (pa.array([date(1970, 1, 2)], pa.date32()), [86400.0]),
        (pa.array([date(1970, 1, 2)], pa.date64()), [86400.0]),
        (pa.array([timedelta(minutes=1)], pa.duration("ms")), [60.0]),
        (pa.array([time(0, 1)], pa.time32("s")), [60.0]),
        (pa.array([time(0, 1)], pa.time64("us")), [60.0]),
        (pa.array([7, 7]).dictionary_encode(), [7.0, 7.0]),
        (pa.array([1, 2, 3]).slice(1, 1), [2.0]),
        (pa.nulls(3), []),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_numbers_are_floats_and_times_are_seconds(array: pa.Array, expected: list[float]) -> None:
    assert numbers(array, "x").tolist() == expected


def test_a_text_that_is_no_number_is_named() -> None:
    with pytest.raises(DataError, match=r"column 'age' cannot be read as numbers.*'old'.*kinds="):
        numbers(pa.array(["1", "old"]), "age")


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["a", "b", "a", None]),
        pa.array(["a", "b", "a", None], pa.large_string()),
        pa.array(["a", "b", "a", None], pa.string_view()),
        pa.array(["a", "b", "a", None]).dictionary_encode(),
        pa.array([b"a", b"b", b"a", None]),
        pa.array([b"a", b"b", b"a", None], pa.binary(1)),
        pa.array(["x", "a", "b", "a", None]).slice(1),
    ],
    ids=lambda array: str(array.type),
)
def test_a_level_has_one_hash_whatever_the_encoding(array: pa.Array) -> None:
    values, counts = level_counts(array)
    known = hashes(pa.array(["a", "b"], pa.large_string())).tolist()
    assert dict(zip(hashes(values).tolist(), counts.tolist(), strict=True)) == {known[0]: 2, known[1]: 1}


def test_nan_is_no_level() -> None:
    values, counts = level_counts(pa.array([1.0, float("nan"), 1.0]))
    assert (values.to_pylist(), counts.tolist()) == (["1"], [2])


def test_hashes_are_the_same_in_every_version() -> None:
    texts = pa.array(["", "a", "ab", "ba", "日本", "x" * 5000], pa.large_string())
    assert hashes(texts)[:4].tolist() == [
        16294208416658607535,
        7926346351464037251,
        12448579020667270587,
        7984407818142881906,
    ]


def test_hashes_of_many_texts_differ() -> None:
    texts = pa.array([f"{i}" for i in range(200_000)] + ["\0", "\0\0", ""], pa.large_string())
    assert len(np.unique(hashes(texts))) == len(texts)


def test_profiling_a_file_of_numbers_needs_neither_pandas_nor_scipy() -> None:
    code = "import sys; import airflow_ml_monitor.drift; print([m for m in ('pandas', 'scipy') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
