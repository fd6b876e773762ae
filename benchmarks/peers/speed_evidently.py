"""Evidently's default ``DataDriftPreset``, the reference already described as its ``Dataset``."""

from __future__ import annotations

from evidently import Dataset, Report
from evidently.presets import DataDriftPreset

from peers.environments import PEERS
from peers.frames import read
from speed.timing import answer, repeated, timed


def main() -> None:
    reference, current, _ = read(__doc__)
    before, prepared = timed(lambda: Dataset.from_pandas(reference))
    snapshot, runs = repeated(lambda: Report([DataDriftPreset()]).run(Dataset.from_pandas(current), before))
    counted = next(metric for metric in snapshot.dict()["metrics"] if "DriftedColumnsCount" in metric["metric_name"])
    answer(list(PEERS["evidently"].packages), prepare=prepared, inner=runs, drifted=int(counted["value"]["count"]))


if __name__ == "__main__":
    main()
