"""The loop one would write: KS and Wasserstein for each column of numbers, chi-square for each of texts."""

from __future__ import annotations

import pandas as pd
from scipy import stats

from peers.environments import PEERS
from peers.frames import numeric, read
from speed.timing import answer, repeated

ALPHA = 0.05


def p_of_numbers(reference: pd.Series, current: pd.Series) -> float:
    one, other = reference.dropna().to_numpy(), current.dropna().to_numpy()
    stats.wasserstein_distance(one, other)
    return float(stats.ks_2samp(one, other).pvalue)


def p_of_texts(reference: pd.Series, current: pd.Series) -> float:
    counts = pd.concat([reference.value_counts(), current.value_counts()], axis=1).fillna(0)
    return float(stats.chi2_contingency(counts.to_numpy().T).pvalue)


def main() -> None:
    reference, current, _ = read(__doc__)
    numbers = numeric(reference)

    def loop() -> list[float]:
        return [
            (p_of_numbers if name in numbers else p_of_texts)(reference[name], current[name])
            for name in reference.columns
        ]

    found, runs = repeated(loop)
    drifted = sum(p < ALPHA for p in found)
    answer(list(PEERS["scipy"].packages), prepare=0.0, inner=runs, drifted=drifted)


if __name__ == "__main__":
    main()
