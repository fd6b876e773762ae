"""Frouros: KS for numbers and chi-square for texts, column by column, missing values left out beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from frouros.detectors.data_drift import ChiSquareTest, KSTest

from peers.environments import PEERS
from peers.frames import numeric, read
from speed.timing import answer, repeated, timed

ALPHA = 0.05


def main() -> None:
    reference, current, _ = read(__doc__)
    numbers = numeric(reference)

    def values(frame: pd.DataFrame, name: str) -> np.ndarray[Any, Any]:
        return frame[name].dropna().to_numpy(dtype=np.float64 if name in numbers else object)

    def prepare() -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        detectors: dict[str, Any] = {
            name: KSTest() if name in numbers else ChiSquareTest() for name in map(str, reference)
        }
        for name, detector in detectors.items():
            detector.fit(X=values(reference, name))
        return detectors, {name: values(current, name) for name in detectors}

    (detectors, now), prepared = timed(prepare)
    found, runs = repeated(lambda: [detector.compare(X=now[name])[0] for name, detector in detectors.items()])
    drifted = sum(result.p_value < ALPHA for result in found)
    answer(list(PEERS["frouros"].packages), prepare=prepared, inner=runs, drifted=int(drifted))


if __name__ == "__main__":
    main()
