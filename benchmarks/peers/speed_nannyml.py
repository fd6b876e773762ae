"""NannyML's univariate drift on one chunk: its defaults, or (``fastest``) binned KS for the numbers."""

from __future__ import annotations

import nannyml as nml

from peers.environments import PEERS
from peers.frames import read
from speed.timing import answer, repeated, timed


def main() -> None:
    reference, current, variant = read(__doc__)
    methods = {"continuous_methods": ["kolmogorov_smirnov"]} if variant == "fastest" else {}
    calculator = nml.UnivariateDriftCalculator(column_names=list(reference), chunk_number=1, **methods)
    _, prepared = timed(lambda: calculator.fit(reference))
    result, runs = repeated(lambda: calculator.calculate(current))
    table = result.filter(period="analysis").to_df()
    alerts = table.loc[:, table.columns.get_level_values(-1) == "alert"]
    answer(list(PEERS["nannyml"].packages), prepare=prepared, inner=runs, drifted=int(alerts.to_numpy().sum()))


if __name__ == "__main__":
    main()
