"""The columns of the benchmark: 20 numeric shapes and 5 categorical ones, taken in turn, and how some of them drift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

MISSING = 0.02
LEVELS = (3, 12, 50, 1_000, 10_000)
Random = np.random.Generator
Make = Callable[[int, Random], np.ndarray]

NUMBERS: dict[str, Make] = {
    "normal": lambda n, r: r.normal(size=n),
    "offset": lambda n, r: 1e6 + r.normal(size=n),
    "tiny": lambda n, r: 1e-9 * r.normal(size=n),
    "student": lambda n, r: r.standard_t(3, n),
    "lognormal": lambda n, r: r.lognormal(0.0, 1.0, n),
    "wide_lognormal": lambda n, r: r.lognormal(0.0, 2.0, n),
    "pareto": lambda n, r: 1.0 + r.pareto(1.5, n),
    "heavy_pareto": lambda n, r: 1.0 + r.pareto(1.1, n),
    "gamma": lambda n, r: r.gamma(2.0, 2.0, n),
    "exponential": lambda n, r: r.exponential(3.0, n),
    "weibull": lambda n, r: r.weibull(0.7, n),
    "uniform": lambda n, r: r.random(n),
    "beta": lambda n, r: r.beta(0.5, 0.5, n),
    "bimodal": lambda n, r: np.where(r.random(n) < 0.5, -3.0, 3.0) + r.normal(size=n),
    "zero_inflated": lambda n, r: np.where(r.random(n) < 0.4, 0.0, r.gamma(2.0, 2.0, n)),
    "rounded": lambda n, r: r.normal(50.0, 10.0, n).round(1),
    "poisson": lambda n, r: r.poisson(3.0, n),
    "counts": lambda n, r: r.poisson(200.0, n),
    "percent": lambda n, r: r.integers(0, 101, n),
    "geometric": lambda n, r: r.geometric(0.05, n),
}
DRIFTED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "normal": lambda values: values + 0.3,
    "gamma": lambda values: values * 1.25,
    "percent": lambda values: np.minimum(values + 12, 100),
}
"""What the first column of a shape has undergone in the current data; the first column of 12 levels drifts as well."""
DRIFTED_LEVELS = 12


@dataclass(frozen=True)
class Column:
    """One column: its name, and values for a batch of rows."""

    place: int

    @property
    def shape(self) -> str:
        turn = self.place % 25
        return list(NUMBERS)[turn] if turn < 20 else f"levels_{LEVELS[turn - 20]}"

    @property
    def name(self) -> str:
        return f"{self.shape}_{self.place}"

    @property
    def drifts(self) -> bool:
        return self.place < 25 and (self.shape in DRIFTED or self.shape == f"levels_{DRIFTED_LEVELS}")

    def values(self, rows: int, random: Random, *, current: bool) -> pa.Array:
        """Return so many values, 2 % of them null; of the current data with the drift planted."""
        missing = random.random(rows) < MISSING
        if self.shape not in NUMBERS:
            return _texts(int(self.shape.removeprefix("levels_")), missing, random, drifted=current and self.drifts)
        values = NUMBERS[self.shape](rows, random)
        if current and self.drifts:
            values = DRIFTED[self.shape](values)
        return pa.array(values, mask=missing)


def _texts(count: int, missing: np.ndarray, random: Random, *, drifted: bool) -> pa.Array:
    """Return texts whose shares fall with their rank, as Zipf found; drifted ones fall less."""
    share = 1.0 / np.arange(1, count + 1) ** (0.6 if drifted else 1.1)
    codes = np.searchsorted(np.cumsum(share / share.sum())[:-1], random.random(len(missing)))
    levels = pa.array([f"level {place}" for place in range(count)])
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=missing), levels).cast(pa.string())
