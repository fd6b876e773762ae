"""NannyML's default univariate drift, its thresholds learnt from the chunks of the reference."""

from __future__ import annotations

import nannyml as nml
import pandas as pd

from calibration.tallies import Verdict

ANY = "any column"
FEWEST_CHUNKS = 5
"""Chunks of the batch's size that the reference must give; else both sides are cut into ten, which is its default."""


def judge(reference: pd.DataFrame, batch: pd.DataFrame) -> Verdict:
    """Return the verdict on a batch: the columns that alert in any chunk of it."""
    chunked = {"chunk_size": len(batch)} if len(reference) >= FEWEST_CHUNKS * len(batch) else {}
    calculator = nml.UnivariateDriftCalculator(column_names=list(reference), **chunked)
    calculator.fit(reference)
    table = calculator.calculate(batch).filter(period="analysis").to_df()
    alerts = table.loc[:, table.columns.get_level_values(-1) == "alert"].any(axis=0)
    flagged = frozenset(str(column) for (column, *_), alert in alerts.items() if alert)
    return Verdict(closed={ANY: bool(flagged)}, flagged=flagged)
