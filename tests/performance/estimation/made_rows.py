"""Rows with a known relation of feature, score and label, and with one that changed."""

from __future__ import annotations

import numpy as np
import pandas as pd


def binary(
    rows: int = 3_000, *, seed: int = 0, shift: float = 0.0, power: float = 1.0, slope: float = 1.5
) -> pd.DataFrame:
    """Return scores that are the true probabilities to some power; a slope other than 1.5 changes the relation."""
    generator = np.random.default_rng(seed)
    x = generator.normal(shift, 1, rows)
    truth = 1 / (1 + np.exp(1 - slope * x))
    score = 1 / (1 + np.exp(1 - 1.5 * x))
    return pd.DataFrame({"x": x, "score": score**power, "label": generator.random(rows) < truth})


def multiclass(rows: int = 1_000, *, seed: int = 0, spread: float = 1.5) -> pd.DataFrame:
    """Return the probabilities of three classes, all of them too even, and the class that came."""
    generator = np.random.default_rng(seed)
    truth = np.exp(spread * generator.normal(0, 1, (rows, 3)))
    truth /= truth.sum(axis=1, keepdims=True)
    said = np.sqrt(truth)
    said /= said.sum(axis=1, keepdims=True)
    label = (generator.random((rows, 1)) < truth.cumsum(axis=1)).argmax(axis=1)
    return pd.DataFrame(dict(zip("abc", said.T, strict=True))).assign(label=np.array(list("abc"))[label])


def regression(rows: int = 1_500, *, seed: int = 0, shift: float = 0.0, noise: float = 1.0) -> pd.DataFrame:
    """Return answers whose errors grow with x and are twice as large for kind "b"; noise other than 1 changes that."""
    generator = np.random.default_rng(seed)
    x, kind = generator.normal(shift, 1, rows), generator.choice(["a", "b"], rows)
    error = noise * generator.normal(0, 1, rows) * np.exp(x / 2) * np.where(kind == "b", 2, 1)
    return pd.DataFrame({"x": x, "kind": kind, "prediction": x, "label": x + error})
