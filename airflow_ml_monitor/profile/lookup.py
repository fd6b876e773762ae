"""Which edge a value stands at, or between which two: the counting kernel.

Cells are numbered as in ``cells``: 0 below the first edge, 1 at it, 2 up to the second, and so on. Where there are many
values a table over equal steps gives the cell in a few vector operations; sorting a block and looking the edges up in
it costs as much where NumPy sorts with vector instructions that are fast, and five times more where they are slow.
"""

from __future__ import annotations

import sys
from itertools import product
from typing import Protocol

import numpy as np

from airflow_ml_monitor.profile.arrays import Counts, Floats
from airflow_ml_monitor.profile.kernel import LARGEST, Block
from airflow_ml_monitor.profile.room import room

_STEPS = (1 << 12, 1 << 13, 1 << 15)
"""Sizes of a table, the smallest that spreads the edges being taken: it should stay in the cache."""
_MOST_CROWDED = 0.02
_LEFT_OUT = (8, 10, 18, 40)
"""Edges left out on either side: those beyond the values of the reference, and some of its outer ones."""
_SIGN = np.int64(np.iinfo(np.int64).max)


class Lookup(Protocol):
    """Counts values at and between the edges of one column."""

    def count(self, block: Block) -> tuple[Counts, Floats]:
        """Return, by cell, how many values of a block lie in it, and their sum."""
        ...


class SortedLookup:
    """Sorts the block and looks the edges up in it: right for few values, and for any edges."""

    def __init__(self, edges: Floats) -> None:
        self._edges = edges

    def count(self, block: Block) -> tuple[Counts, Floats]:
        ordered = np.sort(block.alone)
        left = np.searchsorted(ordered, self._edges, side="left")
        right = np.searchsorted(ordered, self._edges, side="right")
        bounds = np.empty(2 * len(left) + 2, np.int64)
        bounds[0], bounds[1:-1:2], bounds[2:-1:2], bounds[-1] = 0, left, right, len(ordered)
        counts = np.diff(bounds)
        # reduceat gives an empty cell the value at its bound: those are set to 0.
        sums = np.add.reduceat(np.append(ordered, 0.0), bounds[:-1])
        return counts, np.where(counts > 0, sums, 0.0)


class SteppedLookup:
    """A table over equal steps of the values between the clip bounds.

    ``step`` is monotone in floating point, too: an edge in an earlier step than a value lies below it. So a step with
    at most one edge needs one comparison. Values in the others, the two outer ones among them, are searched one by one.

    :param low: value from which on there are steps; ``high``: the one up to which there are.
    """

    def __init__(self, edges: Floats, low: float, high: float, steps: int) -> None:
        self._set_steps(low, high, steps)
        found = np.empty(len(edges) + 1, np.int64)
        self._step(np.append(edges, LARGEST), np.empty(len(found)), found)
        inside = np.bincount(found[:-1], minlength=int(found[-1]) + 1)
        before = np.cumsum(inside) - inside
        crowded = inside > 1
        crowded[0] = crowded[-1] = True
        self.crowded = float(inside[1:-1][crowded[1:-1]].sum()) / len(edges)
        self._cell = np.where(crowded, -1, 2 * before).astype(np.int32)
        self._edges = np.append(edges, np.inf)
        self._edge = self._edges[before]

    def count(self, block: Block) -> tuple[Counts, Floats]:
        values, size, mine = block.values, len(block.values), room()
        step, cell, edge = mine.step[:size], mine.cell[:size], mine.apart[:size]
        beyond, above = mine.beyond[:size], mine.above[:size]
        self._step(values, edge, step)
        # The mode says nothing here, but for any other one NumPy would not write into the array given.
        self._cell.take(step, out=cell, mode="clip")
        self._edge.take(step, out=edge, mode="clip")
        alone = np.flatnonzero(np.less(cell, 0, out=beyond))
        np.greater_equal(values, edge, out=beyond)
        np.greater(values, edge, out=above)
        cell += np.add(beyond.view(np.int8), above.view(np.int8), out=beyond.view(np.int8))
        np.copyto(step, cell)
        step[alone] = self._search(values[alone])
        cells = 2 * len(self._edges) - 1
        step[block.absent] = cells  # one more, that nobody asks for
        counts: Counts = np.bincount(step, minlength=cells + 1)
        sums = np.bincount(step, weights=values, minlength=cells + 1).astype(np.float64, copy=False)
        return counts[:cells], sums[:cells]

    def _search(self, values: Floats) -> Counts:
        place = np.searchsorted(self._edges, values)
        cells: Counts = 2 * place + (self._edges[place] == values)
        return cells

    def _set_steps(self, low: float, high: float, steps: int) -> None:
        beyond = 1.5 * (high - low) / steps  # so that the bounds themselves are not in the outer steps
        self._low, self._width = low - beyond, high - low + 2 * beyond
        self._scale = steps / self._width

    def _step(self, values: Floats, steps: Floats, step: Counts) -> None:
        np.subtract(values, self._low, out=steps)
        np.clip(steps, 0.0, self._width, out=steps)
        steps *= self._scale
        short = room().cell[: len(values)]  # in one go to long integers would take twice as long
        np.copyto(short, steps, casting="unsafe")
        np.copyto(step, short)


class LogarithmicLookup(SteppedLookup):
    """The same over equal steps of the values' bits, which are about those of the logarithm: for skewed columns.

    Both bounds must have one sign: otherwise most steps would lie about zero.
    """

    def _set_steps(self, low: float, high: float, steps: int) -> None:
        first, last = (int(bits) for bits in _ordered_bits(np.array([low, high])))
        self._shift = np.int64(max(0, (last - first).bit_length() - (steps.bit_length() - 1)))
        self._first, self._last = np.int64(first - (1 << int(self._shift))), np.int64(last + (1 << int(self._shift)))

        self._positive = low > 0.0

    def _step(self, values: Floats, steps: Floats, step: Counts) -> None:
        # The bits of positive numbers are in order as they are, and those of others below them: before the first step.
        bits = values.view(np.int64) if self._positive else _ordered_bits(values)
        np.clip(bits, self._first, self._last, out=step)
        step -= self._first
        step >>= self._shift


def lookup_for(edges: Floats) -> Lookup:
    """Return the fastest lookup for many values: steps over all edges but a few outer ones, if these spread them."""
    for left_out in _LEFT_OUT:
        bounds = edges[left_out : len(edges) - left_out]
        low, high = (float(bounds[0]), float(bounds[-1])) if len(bounds) else (0.0, 0.0)
        if not _can_step(low, high):
            continue
        kinds = (SteppedLookup,) if low < 0 < high else (SteppedLookup, LogarithmicLookup)
        for steps, kind in product(_STEPS, kinds):
            found = kind(edges, low, high, steps)
            if found.crowded <= _MOST_CROWDED:
                return found
    return SortedLookup(edges)


def _can_step(low: float, high: float) -> bool:
    return high > low and _STEPS[-1] / sys.float_info.max < high - low < np.inf


def _ordered_bits(values: Floats) -> Counts:
    """Return the bits of numbers as integers that are in the same order; both zeros are the same."""
    bits = (values + 0.0).view(np.int64)
    bits ^= (bits >> np.int64(63)) & _SIGN
    return bits
