"""Memory for one block of a column in each thread, kept from block to block and from thread to thread."""

from __future__ import annotations

import threading
import weakref

import numpy as np

BLOCK = 1 << 18
"""Values counted in one go: they fit the cache that all threads share."""


class Room:
    """Room for one block: to get and clear so much memory costs as much as to count."""

    def __init__(self) -> None:
        self.values, self.apart = np.empty(BLOCK), np.empty(BLOCK)
        self.step = np.empty(BLOCK, np.int64)
        self.cell = np.empty(BLOCK, np.int32)
        self.beyond, self.above = np.empty(BLOCK, np.bool_), np.empty(BLOCK, np.bool_)


_FREE: list[Room] = []


class _Lease(threading.local):
    """The room of one thread; when the thread ends, the next one takes it."""

    def __init__(self) -> None:
        try:
            self.room = _FREE.pop()
        except IndexError:
            self.room = Room()
        self._end = _End()
        weakref.finalize(self._end, _FREE.append, self.room).atexit = False


class _End:
    """What goes when its thread does."""


_LEASE = _Lease()


def room() -> Room:
    """Return the room of this thread."""
    return _LEASE.room
