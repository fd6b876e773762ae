"""How often a healthy stream of labels is called an outage, and how soon a real one is noticed.

    python benchmarks/label_outage.py --replications 400

Streams of 60 days with a tenth of the predictions never labelled, by how many predictions there are a day, how long
labels take, and how long a while is looked at.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import product

import numpy as np
from airflow_ml_monitor.performance.delays_outage import LabelWaits, outage
from airflow_ml_monitor.results import Status
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY = 86_400.0
DAYS = 60
NEVER = 0.1
CONFIDENCE = 0.99
DELAYS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "exponential, 10 days": lambda rng, rows: rng.exponential(10, rows),
    "log-normal": lambda rng, rows: rng.lognormal(1.5, 1.0, rows),
    "about 2 days": lambda rng, rows: np.maximum(rng.normal(2, 0.2, rows), 0.1),
    "even over 28 days": lambda rng, rows: rng.uniform(0, 28, rows),
}


def stream(rng: np.random.Generator, per_day: int, delay: str, stopped: float = 0.0, lost: float = 1.0) -> LabelWaits:
    """Return what was waited for labels, a share of which was lost in the last days."""
    rows = int(rng.poisson(per_day * DAYS))
    age, took = rng.uniform(0, DAYS * DAY, rows), DELAYS[delay](rng, rows) * DAY
    gone = (rng.random(rows) < NEVER) | (took > age)
    gone |= (age - took < stopped * DAY) & (rng.random(rows) < lost)
    return LabelWaits(age, np.where(gone, np.inf, took), age)


def claimed(rng: np.random.Generator, replications: int, per_day: int, delay: str, since: int, lost: float) -> float:
    """Return the share of streams that are called an outage."""
    found = 0
    for _ in range(replications):
        waits = stream(rng, per_day, delay, stopped=since if lost else 0.0, lost=lost)
        found += outage(waits, since * DAY, CONFIDENCE).status is Status.FAIL
    return found / replications


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--replications", type=int, default=500)
    replications = parser.parse_args().replications
    rng = np.random.default_rng(11)
    print(f"{'a day':>6} {'labels take':22} {'while':>6} {'healthy':>8} {'half gone':>10} {'all gone':>9}")
    for per_day, delay, since in product((5, 30, 300), DELAYS, (1, 3, 7)):
        shares = [claimed(rng, replications, per_day, delay, since, lost) for lost in (0.0, 0.5, 1.0)]
        healthy, half, whole = (f"{share:.1%}" for share in shares)
        print(f"{per_day:6} {delay:22} {since:5}d {healthy:>8} {half:>10} {whole:>9}", flush=True)


if __name__ == "__main__":
    main()
