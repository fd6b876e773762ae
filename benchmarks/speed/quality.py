"""How far the statistics from profiles are from the exact ones of all values.

python -m speed.quality FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from airflow_ml_monitor.data import Files
from airflow_ml_monitor.drift import detect_drift, measure
from airflow_ml_monitor.profile import Profile, profile_like

from speed.ours import PACKAGES, STORED
from speed.timing import answer

Values = np.ndarray[Any, np.dtype[np.float64]]


def exact_ks(reference: Values, current: Values) -> float:
    """Return the greatest distance of the two distribution functions at all values; both sorted."""
    points = np.concatenate((reference, current))
    one, other = (np.searchsorted(side, points, side="right") / len(side) for side in (reference, current))
    return float(np.abs(one - other).max())


def exact_wasserstein(reference: Values, current: Values) -> float:
    """Return the integral of |F - G| over all values; both sorted."""
    points = np.sort(np.concatenate((reference, current)))
    one, other = (np.searchsorted(side, points[:-1], side="right") / len(side) for side in (reference, current))
    return float((np.abs(one - other) * np.diff(points)).sum())


def sorted_values(path: Path, column: str) -> Values:
    """Return the values of a column in their order, missing ones left out."""
    with pq.ParquetFile(path) as file:
        array = pa.concat_arrays(file.read(columns=[column]).column(0).chunks).drop_null()
    return np.sort(array.to_numpy(zero_copy_only=False).astype(np.float64))


def clipped_values(report: Any) -> dict[str, dict[str, float]]:
    """Return what a report measured on values clipped to the reference's 1st to 99th percentile, and these bounds."""
    found: dict[str, dict[str, float]] = {}
    for result in report.results:
        if result.check == "distribution" and "clip" in result.detail:
            low, high = result.detail["clip"]
            found.setdefault(result.column, {"low": low, "high": high})[result.metric] = result.value
    return found


def errors(folder: Path, column: str, ours: dict[str, float], profiles: tuple[Profile, Profile]) -> dict[str, Any]:
    """Return how far KS and normed Wasserstein are off, clipped and not, with the exact values."""
    one, other = (sorted_values(folder / f"{side}.parquet", column) for side in ("reference", "current"))
    sides = {"clipped": tuple(np.clip(side, ours["low"], ours["high"]) for side in (one, other)), "": (one, other)}
    counted = profiles[0].columns[column], profiles[1].columns[column]
    found: dict[str, Any] = {"column": column}
    for name, (reference, current) in sides.items():
        exact = {
            "ks": exact_ks(reference, current),
            "wasserstein_normed": exact_wasserstein(reference, current) / float(reference.std()),
        }
        for metric, value in exact.items():
            measured = ours[metric] if name else measure(metric, *counted).value
            found[f"{name} {metric}".strip()] = {"exact": value, "error": abs(measured - value)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    reference = Profile.from_bytes((folder / STORED).read_bytes())
    current = profile_like(reference, Files(path=folder / "current.parquet"))
    clipped = clipped_values(detect_drift(reference, current))
    found = [errors(folder, column, own, (reference, current)) for column, own in clipped.items()]
    answer(PACKAGES, columns=found)


if __name__ == "__main__":
    main()
