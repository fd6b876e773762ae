"""Reading ahead: the order stays, errors arrive, and nothing is left behind."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pyarrow as pa
import pytest

from airflow_ml_monitor.data.reading import read_ahead, rows_only


class Source:
    """Batches of 1, 2, 3, ... rows, and who asked for them."""

    def __init__(self, count: int, error: Exception | None = None) -> None:
        self.count, self.error = count, error
        self.made: list[int] = []
        self.second = threading.Event()
        self.closed = False

    def batches(self) -> Generator[pa.RecordBatch]:
        try:
            for rows in range(1, self.count + 1):
                self.made.append(threading.get_ident())
                if rows == 2:
                    self.second.set()
                yield rows_only(rows)
            if self.error is not None:
                raise self.error
        finally:
            self.closed = True


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("read-ahead")]


def test_all_batches_in_their_order() -> None:
    assert [batch.num_rows for batch in read_ahead(Source(5).batches())] == [1, 2, 3, 4, 5]


def test_the_next_is_made_while_one_is_looked_at() -> None:
    source = Source(5)
    ahead = read_ahead(source.batches())
    next(ahead)
    assert source.second.wait(timeout=10)
    assert threading.get_ident() not in source.made
    ahead.close()


def test_an_error_arrives_after_the_batches_before_it() -> None:
    ahead = read_ahead(Source(2, ValueError("no third")).batches())
    assert [next(ahead).num_rows, next(ahead).num_rows] == [1, 2]
    with pytest.raises(ValueError, match="no third"):
        next(ahead)
    assert readers() == []


def test_stopping_early_ends_the_thread_and_closes_the_source() -> None:
    source = Source(100)
    ahead = read_ahead(source.batches())
    next(ahead)
    ahead.close()
    assert (readers(), source.closed) == ([], True)
    assert len(source.made) <= 2


def test_nothing_is_started_before_the_first_is_asked_for() -> None:
    source = Source(1)
    read_ahead(source.batches())
    assert (source.made, readers()) == ([], [])
