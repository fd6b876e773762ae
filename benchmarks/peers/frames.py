"""What every peer starts from: both sides of the benchmark as pandas data frames."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd


def read(description: str | None) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return reference, current, and the variant asked for on the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path)
    parser.add_argument("variant", nargs="?", default="default")
    options = parser.parse_args()
    sides = [pd.read_parquet(options.folder / f"{side}.parquet") for side in ("reference", "current")]
    return sides[0], sides[1], options.variant


def numeric(frame: pd.DataFrame) -> list[str]:
    """Return the names of the columns that hold numbers."""
    return [str(name) for name in frame.columns if frame[name].dtype.kind in "fiu"]
