"""Faults to plant: each changes one column of a batch (two for a swap), chosen at random among those it fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from calibration.sources import Random

Planted = tuple[pd.DataFrame, set[str]]
Fault = Callable[[pd.DataFrame, Random], Planted]


def shift(by: float) -> Fault:
    """Return the fault that adds so many standard deviations."""

    def plant(batch: pd.DataFrame, random: Random) -> Planted:
        name = _numeric(batch, random)
        return _changed(batch, name, batch[name] + by * batch[name].std())

    return plant


def scale(batch: pd.DataFrame, random: Random) -> Planted:
    """Stretch a column around its mean by half."""
    name = _numeric(batch, random)
    mean = batch[name].mean()
    return _changed(batch, name, mean + 1.5 * (batch[name] - mean))


def new_level(batch: pd.DataFrame, random: Random) -> Planted:
    """Put a level never seen into 5 % of the rows."""
    name = _one([str(name) for name in batch if batch[name].dtype.kind not in "fiubM"], random)
    return _changed(batch, name, batch[name].mask(_some(batch, 0.05, random), "never seen"))


def missing(batch: pd.DataFrame, random: Random) -> Planted:
    """Take values away until 8 % are missing, of a column that misses 2 % where there is one."""
    names = list(map(str, batch))
    name = _one([name for name in names if 0.01 < batch[name].isna().mean() < 0.04] or names, random)
    return _changed(batch, name, batch[name].mask(_some(batch, 0.08 - batch[name].isna().mean(), random)))


def unit(share: float) -> Fault:
    """Return the fault that writes that share of a column in a unit a thousand times smaller."""

    def plant(batch: pd.DataFrame, random: Random) -> Planted:
        name = _one([name for name in _numbers(batch) if (batch[name] == 0).mean() < 0.01], random)
        return _changed(batch, name, batch[name].mask(_some(batch, share, random), batch[name] * 1000))

    return plant


def swapped(batch: pd.DataFrame, random: Random) -> Planted:
    """Swap two columns of different shapes."""
    shapes: dict[str, str] = {}
    for name in _numbers(batch):
        if not name.startswith("rare"):
            shapes.setdefault(name.rsplit("_", 1)[0], name)
    one, other = random.choice(list(shapes.values()), 2, replace=False)
    return batch.assign(**{one: batch[other], other: batch[one]}), {str(one), str(other)}


def stuck(batch: pd.DataFrame, random: Random) -> Planted:
    """Write one of a column's values over 20 % of it."""
    name = _numeric(batch, random)
    value = batch[name].dropna().iloc[int(random.integers(batch[name].count()))]
    return _changed(batch, name, batch[name].mask(_some(batch, 0.2, random), value))


FAULTS: dict[str, Fault] = {
    "mean + 0.2 sd": shift(0.2),
    "mean + 0.5 sd": shift(0.5),
    "scale x 1.5": scale,
    "new level in 5 %": new_level,
    "missing 2 -> 8 %": missing,
    "x 1000 in 1 %": unit(0.01),
    "x 1000 in all": unit(1.0),
    "two columns swapped": swapped,
    "stuck in 20 %": stuck,
}


def _numeric(batch: pd.DataFrame, random: Random) -> str:
    wanted = [name for name in _numbers(batch) if batch[name].nunique() >= 6 and not name.startswith("rare")]
    return _one(wanted, random)


def _numbers(batch: pd.DataFrame) -> list[str]:
    return [str(name) for name in batch if batch[name].dtype.kind == "f"]


def _one(names: list[str], random: Random) -> str:
    return str(random.choice(names))


def _changed(batch: pd.DataFrame, name: str, values: Any) -> Planted:
    return batch.assign(**{name: values}), {name}


def _some(batch: pd.DataFrame, share: float, random: Random) -> np.ndarray[Any, Any]:
    chosen = np.zeros(len(batch), bool)
    chosen[random.choice(len(batch), round(share * len(batch)), replace=False)] = True
    return chosen
