"""The cases of the study, and the pair of frames that each repeat of one compares: the same for every tool."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.faults import FAULTS
from calibration.sources import FLIGHT_ROWS, some_flights, synthetic

SEED = 20_130_204
NULL_SIZES = ((200, 200), (20_000, 200), (2_000, 2_000), (20_000, 2_000), (20_000, 20_000), (200_000, 200_000))
"""Rows of reference and batch, unchanged: as many as the batch has, and at least 20,000."""
FAULT_SIZES = (500, 2_000, 20_000)
FAULT_REFERENCE, FAULT_COLUMNS = 20_000, 12
_FEWER = {20_000: 0.4, 200_000: 0.1}


@dataclass(frozen=True)
class Case:
    """Batches of one kind.

    :param data: ``synthetic`` or ``flights``; ``columns`` those of the synthetic one.
    :param fault: what is planted; nothing without one.
    :param repeats: batches asked for, each with a reference of its own.
    """

    data: str
    columns: int
    reference_rows: int
    rows: int
    repeats: int
    fault: str = ""

    @property
    def key(self) -> str:
        """The case without its repeats, as it is named in the results."""
        return f"{self.data}/{self.columns}/{self.reference_rows}/{self.rows}/{self.fault}"

    def pair(self, repeat: int) -> tuple[pd.DataFrame, pd.DataFrame, set[str]]:
        """Return the reference, the batch, and the columns of it that are faulty."""
        random = np.random.default_rng([SEED, zlib.crc32(self.key.encode()), repeat])
        rows = self.reference_rows + self.rows
        whole = some_flights(rows, random) if self.data == "flights" else synthetic(rows, self.columns, random)
        reference = whole.iloc[: self.reference_rows].reset_index(drop=True)
        batch = whole.iloc[self.reference_rows :].reset_index(drop=True)
        if not self.fault:
            return reference, batch, set()
        return reference, *FAULTS[self.fault](batch, random)


def null_cases(repeats: int, largest: int = 200_000) -> Iterator[Case]:
    """Yield the cases in which nothing changed; larger batches are repeated less often."""
    for data, columns in (("synthetic", 5), ("synthetic", 50), ("flights", 8)):
        for reference_rows, rows in NULL_SIZES:
            if rows <= largest:
                there = FLIGHT_ROWS - rows if data == "flights" else reference_rows
                yield Case(data, columns, min(reference_rows, there), rows, _times(repeats, rows))


def fault_cases(repeats: int, largest: int = 200_000) -> Iterator[Case]:
    """Yield the cases with one fault each."""
    for data, columns in (("synthetic", FAULT_COLUMNS), ("flights", 8)):
        for fault in FAULTS:
            for rows in FAULT_SIZES:
                if rows <= largest:
                    yield Case(data, columns, FAULT_REFERENCE, rows, _times(repeats, rows), fault)


def _times(repeats: int, rows: int) -> int:
    return max(1, round(repeats * _FEWER.get(rows, 1.0)))
