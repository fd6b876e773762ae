"""Rows with a known relation of features, answers and labels; with another mix of rows, or another relation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from estimates.compared import CLASSES, Pair, compared

Draw = Callable[..., pd.DataFrame]


def binary(
    generator: np.random.Generator,
    rows: int,
    *,
    level: float,
    shift: float = 0.0,
    slope: float = 1.5,
    sure: float = 1.0,
) -> pd.DataFrame:
    """Return scores of a model that learnt a slope of 1.5; those with ``sure`` other than 1 are not calibrated."""
    x = generator.normal(shift, 1, rows)
    truth, said = 1 / (1 + np.exp(-level - slope * x)), 1 / (1 + np.exp(-sure * (level + 1.5 * x)))
    return pd.DataFrame({"x": x, "score": said, "label": generator.random(rows) < truth})


def entities(generator: np.random.Generator, rows: int, *, alike: float = 1.0) -> pd.DataFrame:
    """Return five rows an entity, of which some have positives more often than the model says, and some more rarely."""
    customer = np.arange(rows) // 5
    own = alike * generator.normal(0, 1, rows // 5 + 1)[customer]
    x = generator.normal(0, 1, rows)
    truth, said = (1 / (1 + np.exp(1 - 1.5 * x - effect)) for effect in (own, np.zeros(rows)))
    label = generator.random(rows) < truth
    return pd.DataFrame({"x": x, "score": said, "label": label, "customer": customer})


def multiclass(
    generator: np.random.Generator, rows: int, *, shift: float = 0.0, spread: float = 1.2, sure: float = 1.0
) -> pd.DataFrame:
    """Return the probabilities of three classes, and the class that came."""
    x = generator.normal(0, 1, (rows, 3)) + shift * np.array([1.0, 0.0, -1.0])
    truth, said = (_shares(power * x) for power in (spread, 1.2 * sure))
    place = (generator.random((rows, 1)) < truth.cumsum(axis=1)).argmax(axis=1)
    return pd.DataFrame(said, columns=CLASSES).assign(label=np.array(CLASSES)[place])


def regression(
    generator: np.random.Generator, rows: int, *, shift: float = 0.0, noise: float = 1.0, tails: float = 0.0
) -> pd.DataFrame:
    """Return answers whose errors grow with x and are twice as large for kind "b"."""
    x, kind = generator.normal(shift, 1, rows), generator.choice(["a", "b"], rows)
    drawn = generator.standard_t(tails, rows) if tails else generator.normal(0, 1, rows)
    error = noise * drawn * np.exp(x / 2) * np.where(kind == "b", 2, 1)
    return pd.DataFrame({"x": x, "kind": kind, "prediction": x, "label": x + error})


def _shares(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    weights = np.exp(logits)
    return weights / weights.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Case:
    """A reference and current rows: what both are drawn by, and what is different now."""

    problem: str
    draw: Draw
    rows: tuple[int, int]
    both: Mapping[str, float] = field(default_factory=dict)
    now: Mapping[str, float] = field(default_factory=dict)
    features: Sequence[str] = ()
    cluster: str | None = None

    def compare(self, seed: int) -> dict[str, Pair]:
        """Draw a reference and current rows, and return the estimates beside what the labels give."""
        generator, (before, now) = np.random.default_rng(seed), self.rows
        reference = self.draw(generator, before, **self.both)
        current = self.draw(generator, now, **{**self.both, **self.now})
        return compared(reference, current, problem=self.problem, features=self.features, cluster=self.cluster)


SIZES = (2_000, 1_000)
RARE = (5_000, 2_000)
ERRORS: dict[str, Any] = {"problem": "regression", "draw": regression, "rows": SIZES, "features": ("x", "kind")}
CASES: dict[str, Case] = {
    "calibrated scores": Case("binary", binary, SIZES, {"level": -1}),
    "scores twice as sure as they should be": Case("binary", binary, SIZES, {"level": -1, "sure": 2.0}),
    "2 % positives": Case("binary", binary, RARE, {"level": -5}),
    "another mix (1 sd)": Case("binary", binary, SIZES, {"level": -1}, {"shift": 1.0}),
    "another mix (1 sd), scores too sure": Case("binary", binary, SIZES, {"level": -1, "sure": 2.0}, {"shift": 1.0}),
    "another relation (slope 1.5, now 1)": Case("binary", binary, SIZES, {"level": -1}, {"slope": 1.0}),
    "entities of five rows": Case("binary", entities, SIZES, cluster="customer"),
    "entities of five rows, as if alone": Case("binary", entities, SIZES),
    "three classes": Case("multiclass", multiclass, SIZES),
    "three classes, too sure": Case("multiclass", multiclass, SIZES, {"sure": 2.0}),
    "three classes, another mix (0.5 sd)": Case("multiclass", multiclass, SIZES, {}, {"shift": 0.5}),
    "three classes, another relation": Case("multiclass", multiclass, SIZES, {}, {"spread": 0.8}),
    "errors": Case(**ERRORS),
    "errors with heavy tails": Case(**ERRORS, both={"tails": 4.0}),
    "errors, another mix (0.5 sd)": Case(**ERRORS, now={"shift": 0.5}),
    "errors, another mix (1 sd)": Case(**ERRORS, now={"shift": 1.0}),
    "errors, another relation (half as large again)": Case(**ERRORS, now={"noise": 1.5}),
}
