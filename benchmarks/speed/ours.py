"""This package on the benchmark's files, in a fresh process.

python -m speed.ours MODE FOLDER
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from speed.timing import answer, repeated, timed

HEAVY = ("pandas", "scipy", "sklearn", "great_expectations", "sqlalchemy", "airflow", "polars")
PACKAGES = ["airflow-ml-monitor", "numpy", "pyarrow"]
STORED = "reference.profile"


def import_alone(_folder: Path) -> dict[str, Any]:
    """Import what comparing files needs, and say which heavy packages that loads."""
    _, seconds = timed(_imports)
    return {"inner": [seconds], "heavy": _heavy()}


def store(folder: Path) -> dict[str, Any]:
    """Build the reference from its file and store it."""
    build_reference, _, _, files = _imports()
    profile, seconds = timed(lambda: build_reference(files(path=folder / "reference.parquet")))
    stored = profile.to_bytes()
    (folder / STORED).write_bytes(stored)
    return {"inner": [seconds], "kilobytes": len(stored) / 1e3}


def pandas_frame(folder: Path) -> dict[str, Any]:
    """Compare a pandas data frame with the stored reference."""
    import pandas as pd

    return _in_memory(folder, pd.read_parquet(folder / "current.parquet")) | {"also": {"pandas": pd.__version__}}


def arrow_table(folder: Path) -> dict[str, Any]:
    """Compare an Arrow table with the stored reference."""
    import pyarrow.parquet as pq

    return _in_memory(folder, pq.ParquetFile(folder / "current.parquet").read())


def parquet(folder: Path) -> dict[str, Any]:
    """Compare a file with the stored reference, reading included."""
    _, _, detect_drift, files = _imports()
    reference, prepared = timed(lambda: _stored(folder))
    report, runs = repeated(lambda: detect_drift(reference, files(path=folder / "current.parquet")))
    return {"prepare": prepared, "inner": runs, "drifted": _drifted(report), "heavy": _heavy()}


def both_files(folder: Path) -> dict[str, Any]:
    """Build the reference from its file, and compare the other file with it."""
    build_reference, _, detect_drift, files = _imports()
    reference, prepared = timed(lambda: build_reference(files(path=folder / "reference.parquet")))
    report, runs = repeated(lambda: detect_drift(reference, files(path=folder / "current.parquet")), times=1)
    return {"prepare": prepared, "inner": runs, "drifted": _drifted(report), "heavy": _heavy()}


MODES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "import": import_alone,
    "store": store,
    "pandas": pandas_frame,
    "arrow": arrow_table,
    "parquet": parquet,
    "both": both_files,
}


def _imports() -> tuple[Any, Any, Any, Any]:
    from airflow_ml_monitor.data import Files
    from airflow_ml_monitor.drift import detect_drift
    from airflow_ml_monitor.profile import build_reference, profile_like

    return build_reference, profile_like, detect_drift, Files


def _stored(folder: Path) -> Any:
    from airflow_ml_monitor.profile import Profile

    return Profile.from_bytes((folder / STORED).read_bytes())


def _in_memory(folder: Path, frame: Any) -> dict[str, Any]:
    _, profile_like, detect_drift, _ = _imports()
    reference, prepared = timed(lambda: _stored(folder))
    report, runs = repeated(lambda: detect_drift(reference, profile_like(reference, frame)))
    return {"prepare": prepared, "inner": runs, "drifted": _drifted(report)}


def _drifted(report: Any) -> int:
    from airflow_ml_monitor.results import Status

    return len({result.column for result in report.results if result.effective_status is Status.FAIL})


def _heavy() -> list[str]:
    return [name for name in HEAVY if name in sys.modules]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    found = MODES[options.mode](options.folder)
    answer(PACKAGES, **found)


if __name__ == "__main__":
    main()
