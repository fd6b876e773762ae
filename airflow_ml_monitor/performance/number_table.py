"""A hash table of whole numbers, over whole arrays: made once, then asked by the million."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2^64 by the golden ratio: its product's upper bits differ where any bits of the number do (Knuth, 6.4)."""
_HALF = np.uint64(32)


class NumberTable:
    """The different numbers among some, each with a place from 0, in no order that means anything.

    Half of the slots at least are free, so that a number is found in its own slot or soon after it.
    """

    def __init__(self, numbers: Integers) -> None:
        bits = max(4, int(2 * len(numbers)).bit_length())
        self._shift, self._last = np.uint64(64 - bits), (1 << bits) - 1
        row = np.full(1 << bits, -1, dtype=np.int64)
        todo, slot = np.arange(len(numbers)), self._slots(numbers)
        while len(todo):
            free = row[slot] < 0
            row[slot[free]] = todo[free]
            lost = numbers[row[slot]] != numbers[todo]
            todo, slot = todo[lost], (slot[lost] + 1) & self._last
        used = row >= 0
        self._numbers = numbers[row[used]]
        self._place = np.where(used, np.cumsum(used) - 1, -1)

    def __len__(self) -> int:
        return len(self._numbers)

    def find(self, numbers: Integers) -> Integers:
        """Return the place of each number; -1 for those that are not here."""
        if not len(self):
            return np.full(len(numbers), -1, dtype=np.int64)
        slot = self._slots(numbers)
        found = self._place[slot]
        todo = np.flatnonzero((self._numbers[found] != numbers) & (found >= 0))
        slot = slot[todo]
        while len(todo):
            slot = (slot + 1) & self._last
            place = self._place[slot]
            found[todo] = place
            other = (self._numbers[place] != numbers[todo]) & (place >= 0)
            todo, slot = todo[other], slot[other]
        return found

    def _slots(self, numbers: Integers) -> Integers:
        # Folded between two products: after one, numbers a Fibonacci number apart lie side by side.
        spread = numbers.view(np.uint64) * _SPREAD
        return ((spread ^ spread >> _HALF) * _SPREAD >> self._shift).view(np.int64)
