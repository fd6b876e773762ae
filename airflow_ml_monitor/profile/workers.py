"""Threads: NumPy and Arrow leave Python's lock while they read, sort and count."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, Self, TypeVar

import pyarrow as pa

from airflow_ml_monitor.data.dataset import FEWEST_AT_ONCE
from airflow_ml_monitor.profile.columns import Counter
from airflow_ml_monitor.profile.plan import Planner

_MOST_THREADS = 4

Given = TypeVar("Given")
Result = TypeVar("Result")


class Takers(Protocol):
    """Gives the columns of batches to what takes them."""

    def update(self, takers: Mapping[str, Planner | Counter], batch: pa.RecordBatch) -> None:
        """Give each column of a batch to what takes it, after those of the batch before."""

    def wait(self) -> None:
        """Return when all columns given have been taken."""


class OneByOne:
    """One column after another, in the thread that gives them."""

    def update(self, takers: Mapping[str, Planner | Counter], batch: pa.RecordBatch) -> None:
        for name, taker in takers.items():
            taker.update(batch.column(name))

    def wait(self) -> None:
        pass


class Workers:
    """Threads for the columns of large batches, for rows that only one can read.

    Two batches are under way at a time, so that no thread waits for the last column of one.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._last: dict[str, Future[None]] = {}

    def update(self, takers: Mapping[str, Planner | Counter], batch: pa.RecordBatch) -> None:
        if batch.num_rows < FEWEST_AT_ONCE or len(takers) < 2:
            self.wait()
            OneByOne().update(takers, batch)
            return
        if self._pool is None:
            self._pool = threads()
        before = self._last
        self._last = {
            name: self._pool.submit(_after, before.get(name), takers[name], batch.column(name))
            for name in spread({name: batch.column(name).type for name in takers})
        }
        for future in before.values():
            future.result()

    def wait(self) -> None:
        before, self._last = self._last, {}
        for future in before.values():
            future.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)


def at_once(work: Callable[[Given], Result], items: Iterable[Given]) -> Iterator[Result]:
    """Yield what threads make of each item, in the order of the items; the first error ends it."""
    pool = threads()
    try:
        for future in [pool.submit(work, item) for item in items]:
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def threads() -> ThreadPoolExecutor:
    """Return as many threads as there are processors for."""
    return ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1))


def spread(types: Mapping[str, pa.DataType]) -> Sequence[str]:
    """Put the columns that Arrow counts evenly among those that NumPy does.

    NumPy takes Python's lock thirty times a block, and holds it for a part of the counting: two such columns wait for
    each other.
    """
    by_numpy = [name for name, kind in types.items() if pa.types.is_integer(kind) or pa.types.is_floating(kind)]
    by_arrow = [name for name in types if name not in set(by_numpy)]
    placed = [(place / len(group), name) for group in (by_arrow, by_numpy) for place, name in enumerate(group)]
    return [name for _, name in sorted(placed)]


def _after(before: Future[None] | None, taker: Planner | Counter, array: pa.Array) -> None:
    if before is not None:
        before.result()
    taker.update(array)
