"""How often the search for the worst segments finds what is planted in the flights, and something where nothing is.

    python benchmarks/segment_search.py
    python benchmarks/segment_search.py --rows 5000 --replications 100

The flights are those of the demo, months its model has not seen, with its scores. Their pairs of label and score are
shuffled over the rows, so that no carrier, airport, distance or hour is worse; then the labels of some of one carrier's
flights are turned round.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from airflow_ml_monitor.performance import FindSegments
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.registry import find_metric
from airflow_ml_monitor.performance.worst_segments import Search

DAGS = Path(__file__).resolve().parents[1] / "dags"
COLUMNS = ["carrier", "origin", "distance", "scheduled_departure"]
SEARCH = Search(
    wanted=FindSegments(COLUMNS),
    metric=find_metric("brier", Problem.BINARY),
    confidence=0.95,
    min_completeness=None,
)


def scored_flights() -> pd.DataFrame:
    """Return flights of four months with the scores of a model that learnt from the two before."""
    sys.path.insert(0, str(DAGS))
    from flight_delay import model

    flights = pd.read_parquet(DAGS / "data" / "flights_2013.parquet").dropna(subset=["late"]).astype({"late": bool})
    month = flights["scheduled_at"].dt.month
    return model.score(model.fitted(flights[month <= 2]), flights[month.isin([3, 4, 7, 9])]).reset_index(drop=True)


def found(flights: pd.DataFrame, rows: int, seed: int, carrier: str, turned: float) -> list[str]:
    """Return the names of the parts that a search finds, the worst first."""
    random = np.random.default_rng(seed)
    frame = flights.iloc[random.choice(len(flights), rows, replace=False)].reset_index(drop=True)
    order = random.permutation(rows)
    late, score = frame["late"].to_numpy()[order], frame["score"].to_numpy()[order]
    planted = (frame["carrier"] == carrier).to_numpy() & (random.random(rows) < turned)
    y = (late ^ planted).astype(float)
    answers = Answers(problem=Problem.BINARY, y=y, score=score, predicted=np.round(score))
    parts = SEARCH.find(frame[COLUMNS], answers)
    return [str(one.segment) for one in parts if one.check == "worst_segment"]


def line(flights: pd.DataFrame, rows: int, replications: int, carrier: str, turned: float) -> str:
    """Return a line of the table: how often anything is found, the carrier is named, and named alone."""
    named = f"carrier = '{carrier}'"
    searches = [found(flights, rows, seed, carrier, turned) for seed in range(replications)]
    counts = (
        sum(bool(parts) for parts in searches),
        sum(any(named in part.split(" and ") for part in parts) for parts in searches),
        sum(parts[:1] == [named] for parts in searches),
    )
    share = (flights["carrier"] == carrier).mean()
    planted = f"{turned:.0%} of {carrier} ({share:.1%} of the rows)" if turned else "nothing"
    shown = [f"{count / replications:.1%}" for count in counts]
    return f"| {rows:,} | {planted} | {' | '.join(shown if turned else [shown[0], '', ''])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 5_000, 20_000])
    parser.add_argument("--replications", type=int, default=300)
    given = parser.parse_args()
    flights = scored_flights()
    print("| labels | turned round | a part is found | the carrier is named | first, and by nothing else |")
    print("|---|---|---|---|---|")
    for rows in given.rows:
        for carrier, turned in (("UA", 0.0), ("UA", 0.2), ("MQ", 0.2), ("WN", 0.2)):
            print(line(flights, rows, given.replications, carrier, turned), flush=True)


if __name__ == "__main__":
    main()
