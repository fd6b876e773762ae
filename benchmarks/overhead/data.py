"""Write the small data the tasks judge, as files and as tables: ``python -m overhead.data FOLDER URL``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

ROWS = 10_000
DAYS = {"reference": "2026-01-01", "current": "2026-01-02"}


def features(day: str, seed: int) -> pd.DataFrame:
    """Return one day of eight numeric and two categorical columns."""
    random = np.random.default_rng(seed)
    at = pd.date_range(day, periods=ROWS, freq="8640ms", tz="UTC")
    numbers = {f"x{i}": random.gamma(1.0 + i, size=ROWS) for i in range(8)}
    texts = {name: random.choice(list("abcdef"), ROWS) for name in ("region", "channel")}
    return pd.DataFrame({"at": at, **numbers, **texts})


def answers(day: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return predictions of a day, and all of their labels."""
    random = np.random.default_rng(seed)
    rows = features(day, seed)[["at", "region"]].assign(id=np.arange(ROWS), score=random.beta(2, 5, ROWS))
    labels = pd.DataFrame({"id": rows["id"], "label": random.random(ROWS) < rows["score"]})
    return rows, labels


def main() -> None:
    folder, engine = Path(sys.argv[1]), sa.create_engine(sys.argv[2])
    predictions, labels = answers(DAYS["current"], seed=3)
    made = {name: features(day, seed) for seed, (name, day) in enumerate(DAYS.items())}
    for name, rows in {**made, "predictions": predictions, "labels": labels}.items():
        rows.to_parquet(folder / f"{name}.parquet", index=False)
        rows.to_sql(name, engine, index=False)


if __name__ == "__main__":
    main()
