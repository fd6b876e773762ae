"""whylogs: profile the current frame, and score it against the reference's profile by its default algorithms."""

from __future__ import annotations

from typing import Any

import whylogs as why
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

from peers.environments import PEERS
from peers.frames import read
from speed.timing import answer, repeated, timed


def main() -> None:
    reference, current, _ = read(__doc__)
    before, prepared = timed(lambda: why.log(pandas=reference).profile().view())

    def score() -> dict[str, Any]:
        now = why.log(pandas=current).profile().view()
        scores: dict[str, Any] = calculate_drift_scores(target_view=now, reference_view=before, with_thresholds=True)
        return scores

    scores, runs = repeated(score)
    drifted = sum(found is not None and found["drift_category"] == "DRIFT" for found in scores.values())
    answer(list(PEERS["whylogs"].packages), prepare=prepared, inner=runs, drifted=drifted)


if __name__ == "__main__":
    main()
