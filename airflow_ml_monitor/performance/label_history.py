"""What the rows of labels say of each key: which label counts, and what came twice, changed or was taken back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from airflow_ml_monitor.performance.label_keys import distinct

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

_NEVER, _EVER = np.iinfo(np.int64).max, np.iinfo(np.int64).min


@dataclass(frozen=True, kw_only=True)
class LabelHistory:
    """What is known of the label of each key, by its number; all arrays have shape (keys,).

    The latest arrival of a key counts. A row without a label says nothing beside one of the same arrival that has one.

    :param label: the code of the label that counts; -1 where there is none.
    :param void: whether the latest row says that the key never gets one.
    :param first_arrival: when the first row with a label arrived, in microseconds; the largest number where none did.
    :param repeated: how many further rows say a label again that the key has had.
    :param corrected: whether a later row says another label than an earlier one did.
    :param conflicting: whether the latest rows say different labels.
    :param withdrawn: whether the latest row has no label while an earlier one had.
    """

    label: Integers
    void: Mask
    first_arrival: Integers
    repeated: Integers
    corrected: Mask
    conflicting: Mask
    withdrawn: Mask


def label_history(keys: int, key: Integers, arrived: Integers, label: Integers, void: Mask) -> LabelHistory:
    """Return what rows of labels say of each key, whatever order they come in.

    :param keys: how many keys there are.
    :param key: the number of each row's key, 0 to ``keys`` - 1; shape (rows,), as are the following.
    :param arrived: when each row arrived, in microseconds; the same for all where nobody knows.
    :param label: the code of each row's label, from 0; -1 where it has none.
    :param void: whether the row says that its key never gets a label.
    """
    said = label >= 0
    latest = arrived == _greatest(keys, key, arrived)[key]
    low, high = _ends(keys, key, label, said & latest)
    lowest, highest = _ends(keys, key, label, said)
    first, last = _ends(keys, key, arrived, said)
    some, ever = high >= 0, highest >= 0
    return LabelHistory(
        label=np.where(some & (low == high), high, -1),
        void=np.bincount(key[void & latest], minlength=keys) > 0,
        first_arrival=first,
        repeated=_repeated(keys, key[said], label[said]),
        corrected=ever & (lowest < highest) & (first < last),
        conflicting=some & (low < high),
        withdrawn=ever & ~some,
    )


def _ends(keys: int, key: Integers, values: Integers, rows: Mask) -> tuple[Integers, Integers]:
    return _least(keys, key[rows], values[rows]), _greatest(keys, key[rows], values[rows])


def _least(keys: int, key: Integers, values: Integers) -> Integers:
    least = np.full(keys, _NEVER)
    np.minimum.at(least, key, values)
    return least


def _greatest(keys: int, key: Integers, values: Integers) -> Integers:
    greatest = np.full(keys, _EVER)
    np.maximum.at(greatest, key, values)
    return greatest


def _repeated(keys: int, key: Integers, label: Integers) -> Integers:
    several = label.max(initial=0) + 1
    said = distinct(key * several + label) // several
    return np.bincount(key, minlength=keys) - np.bincount(said, minlength=keys)
