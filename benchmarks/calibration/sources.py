"""Rows without any change: synthetic columns of the shapes that tables have, and the flights of 2013."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FLIGHTS = Path(__file__).resolve().parents[2] / "dags" / "data" / "flights_2013.parquet"
FLIGHT_ROWS = 336_776
TIME = "scheduled_at"

Random = np.random.Generator
Values = np.ndarray[Any, Any]


def synthetic(rows: int, columns: int, random: Random) -> pd.DataFrame:
    """Return columns of all shapes, taken in turn, every fourth with 2 % missing."""
    made = {}
    for place in range(columns):
        name, make = list(_SHAPES.items())[place % len(_SHAPES)]
        values = pd.Series(make(rows, random))
        if place % 4 == 0:
            values = values.mask(random.random(rows) < 0.02)
        made[f"{name}_{place}"] = values
    return pd.DataFrame(made)


def _levels(rows: int, random: Random, count: int) -> Values:
    share = 1.0 / np.arange(1, count + 1) ** 1.2
    levels = np.array([f"level {place}" for place in range(count)], dtype=object)
    return levels[random.choice(count, rows, p=share / share.sum())]


_SHAPES: dict[str, Callable[[int, Random], Values]] = {
    "normal": lambda n, r: r.normal(size=n),
    "lognormal": lambda n, r: np.exp(1.5 * r.normal(size=n)),
    "poisson": lambda n, r: r.poisson(6, n).astype(float),
    "few_levels": lambda n, r: _levels(n, r, 5),
    "uniform": lambda n, r: r.random(n),
    "pareto": lambda n, r: r.pareto(1.5, n) + 1,
    "many_levels": lambda n, r: _levels(n, r, 50),
    "zero_inflated": lambda n, r: np.where(r.random(n) < 0.4, 0.0, r.gamma(2.0, 2.0, n)),
    "rare": lambda n, r: np.where(r.random(n) < 0.985, 0.0, r.gamma(2.0, 2.0, n)),
    "flag": lambda n, r: r.random(n) < 0.3,
    "small_integer": lambda n, r: r.integers(0, 4, n),
    "bimodal": lambda n, r: np.where(r.random(n) < 0.5, -3.0, 3.0) + r.normal(size=n),
}


@cache
def flights() -> pd.DataFrame:
    """Return the flights: their features, label and flag as numbers, texts and booleans, and their time."""
    whole = pd.read_parquet(FLIGHTS)
    wanted = [name for name in whole if name != "flight_id"]
    numbers = [name for name in wanted if whole[name].dtype.kind in "iu"]
    return whole[wanted].astype(dict.fromkeys(numbers, "float64"))


def some_flights(rows: int, random: Random) -> pd.DataFrame:
    """Return flights drawn without repetition from the year, without their time."""
    whole = flights().drop(columns=TIME)
    return whole.iloc[random.choice(len(whole), rows, replace=False)].reset_index(drop=True)
