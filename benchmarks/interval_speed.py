"""How fast intervals are, beside 200 resamples of the rows with scikit-learn; and whether they are as wide.

    python benchmarks/interval_speed.py
    python benchmarks/interval_speed.py --rows 100000 --resamples 20

scikit-learn's time for 200 resamples is that of those made, in proportion: on a million rows they take minutes. The
widths are compared with a bootstrap of ``--width-rows`` rows, whose spread is known to 5 % only by 1,000 resamples.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

import numpy as np
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.registry import estimate, find_metric
from sklearn import metrics

from intervals.cases import CASES

OF_SCORES: Mapping[str, Callable[[Any, Any], float]] = {
    "roc_auc": metrics.roc_auc_score,
    "average_precision": metrics.average_precision_score,
    "brier": metrics.brier_score_loss,
    "log_loss": metrics.log_loss,
}
OF_CLASSES: Mapping[str, Callable[[Any, Any], float]] = {
    "f1": metrics.f1_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "mcc": metrics.matthews_corrcoef,
}
RESAMPLES = 200


@dataclass(frozen=True)
class Raced:
    """A metric by both.

    :param ours: seconds of one interval; ``theirs`` those of 200 resamples with scikit-learn.
    :param width: of our interval over that of scikit-learn's resamples, on the same rows.
    """

    metric: str
    method: str
    ours: float
    theirs: float
    width: float

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours


def resampled(answers: Answers, name: str, resamples: int) -> np.ndarray:
    """Return a metric of resamples of the rows by scikit-learn."""
    function = OF_SCORES.get(name) or OF_CLASSES[name]
    answered = answers.score if name in OF_SCORES else answers.predicted
    assert answered is not None
    generator = np.random.default_rng(1)
    drawn = (generator.integers(0, len(answers), len(answers)) for _ in range(resamples))
    return np.array([function(answers.y[rows], answered[rows]) for rows in drawn])


def race(name: str, answers: Answers, resamples: int, of_width: Answers, width_resamples: int) -> Raced:
    """Time both on some answers, and compare the widths on others."""
    metric, times = find_metric(name, Problem.BINARY), []
    for _ in range(3):
        started = time.perf_counter()
        found = estimate(metric, answers)
        times.append(time.perf_counter() - started)
    started = time.perf_counter()
    resampled(answers, name, resamples)
    theirs = (time.perf_counter() - started) * RESAMPLES / resamples
    interval = estimate(metric, of_width).interval
    assert interval is not None
    spread = float(resampled(of_width, name, width_resamples).std(ddof=1))
    width = (interval.upper - interval.lower) / (2 * NormalDist().inv_cdf(0.975) * spread)
    return Raced(name, found.method, median(times), theirs, width)


def table(found: Sequence[Raced]) -> Iterator[str]:
    yield "| metric | interval | seconds | scikit-learn, 200 resamples | ratio | width, of theirs |"
    yield "|---|---|---|---|---|---|"
    for one in found:
        cells = [f"`{one.metric}`", one.method, f"{one.ours:.3f}", f"{one.theirs:.0f}", f"{one.ratio:,.0f}x"]
        yield f"| {' | '.join(cells)} | {one.width:.3f} |"


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--resamples", type=int, default=5, help="of scikit-learn that are timed")
    parser.add_argument("--width-rows", type=int, default=20_000)
    parser.add_argument("--width-resamples", type=int, default=1_000)
    parser.add_argument("--out", type=Path, help="write the table there as well")
    given = parser.parse_args(arguments)
    draw = CASES["30 % positives"].draw
    answers, of_width = (draw(np.random.default_rng(0), rows) for rows in (given.rows, given.width_rows))
    print(f"{given.rows:,} rows; widths on {given.width_rows:,}, by {given.width_resamples:,} resamples.\n", flush=True)
    found = [
        race(name, answers, given.resamples, of_width, given.width_resamples) for name in (*OF_SCORES, *OF_CLASSES)
    ]
    lines = list(table(found))
    print("\n".join(lines))
    if given.out:
        given.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
