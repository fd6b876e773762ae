"""What finished results hold for: a study must not go on from figures that other code gave."""

from __future__ import annotations

import hashlib
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]


def fingerprint(judge: str) -> str:
    """Return a short hash of the code that a judge's results come from; for this package its own code too."""
    files = [*BENCHMARKS.glob("calibration/*.py"), BENCHMARKS / f"{judge.replace('.', '/')}.py"]
    if judge.startswith("calibration."):
        files += (BENCHMARKS.parent / "airflow_ml_monitor").rglob("*.py")
    whole = hashlib.sha256()
    for path in sorted(set(files)):
        whole.update(str(path.relative_to(BENCHMARKS.parent)).encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()[:12]
