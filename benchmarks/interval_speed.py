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
from functools import partial
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

import numpy as np
from airflow_ml_monitor.performance.answers import Answers, Problem
from airflow_ml_monitor.performance.registry import estimate, find_metric
from sklearn import metrics

from intervals.cases import CASES, PER_QUERY

_BINARY, _TARGETS, _CLASSES, _RANKINGS = "30 % positives", "heavy tails", "three classes", "rankings"
OF_SCORES: Mapping[tuple[str, str], Callable[[Any, Any], float]] = {
    ("roc_auc", _BINARY): metrics.roc_auc_score,
    ("average_precision", _BINARY): metrics.average_precision_score,
    ("brier", _BINARY): metrics.brier_score_loss,
    ("log_loss", _BINARY): metrics.log_loss,
    ("log_loss", _CLASSES): metrics.log_loss,
    ("roc_auc_ovr", _CLASSES): partial(metrics.roc_auc_score, multi_class="ovr"),
    ("ndcg", _RANKINGS): metrics.ndcg_score,
}
OF_ANSWERS: Mapping[tuple[str, str], Callable[[Any, Any], float]] = {
    ("accuracy", _BINARY): metrics.accuracy_score,
    ("precision", _BINARY): metrics.precision_score,
    ("recall", _BINARY): metrics.recall_score,
    ("f1", _BINARY): metrics.f1_score,
    ("balanced_accuracy", _BINARY): metrics.balanced_accuracy_score,
    ("mcc", _BINARY): metrics.matthews_corrcoef,
    ("f1_macro", _CLASSES): partial(metrics.f1_score, average="macro"),
    ("mcc", _CLASSES): metrics.matthews_corrcoef,
    ("mae", _TARGETS): metrics.mean_absolute_error,
    ("rmse", _TARGETS): metrics.root_mean_squared_error,
    ("mape", _TARGETS): metrics.mean_absolute_percentage_error,
    ("r2", _TARGETS): metrics.r2_score,
    ("median_absolute_error", _TARGETS): metrics.median_absolute_error,
    ("pinball@0.9", _TARGETS): partial(metrics.mean_pinball_loss, alpha=0.9),
}
RESAMPLES = 200


@dataclass(frozen=True)
class Raced:
    """A metric by both.

    :param ours: seconds of one interval; ``theirs`` those of 200 resamples with scikit-learn.
    :param width: of our interval over that of scikit-learn's resamples, on the same rows.
    """

    metric: str
    case: str
    method: str
    ours: float
    theirs: float
    width: float

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours


def resampled(answers: Answers, which: tuple[str, str], resamples: int) -> np.ndarray:
    """Return a metric of resamples of the rows, or of the queries, by scikit-learn."""
    function = OF_SCORES.get(which) or OF_ANSWERS[which]
    truth, answered = answers.y, answers.score if which in OF_SCORES else answers.predicted
    assert answered is not None
    if answers.problem is Problem.RANKING:
        asked = truth.reshape(-1, PER_QUERY).any(axis=1)  # scikit-learn takes a query without a relevant row as 0
        truth, answered = (each.reshape(-1, PER_QUERY)[asked] for each in (truth, answered))
    generator = np.random.default_rng(1)
    drawn = (generator.integers(0, len(truth), len(truth)) for _ in range(resamples))
    return np.array([function(truth[rows], answered[rows]) for rows in drawn])


def race(which: tuple[str, str], rows: int, resamples: int, width_rows: int, width_resamples: int) -> Raced:
    """Time both on some answers, and compare the widths on others."""
    name, case = which
    answers, of_width = (CASES[case].draw(np.random.default_rng(0), each) for each in (rows, width_rows))
    metric, times = find_metric(name, answers.problem), []
    for _ in range(3):
        started = time.perf_counter()
        found = estimate(metric, answers)
        times.append(time.perf_counter() - started)
    started = time.perf_counter()
    resampled(answers, which, resamples)
    theirs = (time.perf_counter() - started) * RESAMPLES / resamples
    interval = estimate(metric, of_width).interval
    assert interval is not None
    spread = float(resampled(of_width, which, width_resamples).std(ddof=1))
    width = (interval.upper - interval.lower) / (2 * NormalDist().inv_cdf(0.975) * spread)
    return Raced(name, case, found.method, median(times), theirs, width)


def table(found: Sequence[Raced]) -> Iterator[str]:
    yield "| metric | of | interval | seconds | scikit-learn, 200 resamples | ratio | width, of theirs |"
    yield "|---|---|---|---|---|---|---|"
    for one in found:
        cells = [f"`{one.metric}`", one.case, one.method, f"{one.ours:.3f}", f"{one.theirs:.0f}", f"{one.ratio:,.0f}x"]
        yield f"| {' | '.join(cells)} | {one.width:.3f} |"


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metric", action="append", default=[], help="all by default; may be repeated")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--resamples", type=int, default=5, help="of scikit-learn that are timed")
    parser.add_argument("--width-rows", type=int, default=20_000)
    parser.add_argument("--width-resamples", type=int, default=1_000)
    parser.add_argument("--out", type=Path, help="write the table there as well")
    given = parser.parse_args(arguments)
    print(f"{given.rows:,} rows; widths on {given.width_rows:,}, by {given.width_resamples:,} resamples.\n", flush=True)
    wanted = [which for which in (*OF_SCORES, *OF_ANSWERS) if not given.metric or which[0] in given.metric]
    found = [race(which, given.rows, given.resamples, given.width_rows, given.width_resamples) for which in wanted]
    lines = list(table(found))
    print("\n".join(lines))
    if given.out:
        given.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
