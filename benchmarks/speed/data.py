"""Write the benchmark's data: Parquet, one row group at a time, so that any number of rows fits in memory.

python -m speed.data FOLDER ROWS COLUMNS [--side reference,current]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from speed.columns import Column

SEED = 20_130_204
ROW_GROUP = 1 << 17
SIDES = ("reference", "current")


def batches(rows: int, columns: int, side: str) -> Iterator[pa.RecordBatch]:
    """Yield row groups; each has its own seed, so that no row depends on how many there are."""
    made = [Column(place) for place in range(columns)]
    for group, start in enumerate(range(0, rows, ROW_GROUP)):
        random = np.random.default_rng([SEED, SIDES.index(side), group])
        size = min(ROW_GROUP, rows - start)
        arrays = [column.values(size, random, current=side == "current") for column in made]
        yield pa.RecordBatch.from_arrays(arrays, [column.name for column in made])


def write(folder: Path, rows: int, columns: int, side: str) -> Path:
    """Write one side with Arrow's own settings (Snappy, dictionaries); half a file is never left under its name."""
    path, unfinished = folder / f"{side}.parquet", folder / f"{side}.unfinished"
    written = batches(rows, columns, side)
    first = next(written)
    with pq.ParquetWriter(unfinished, first.schema) as writer:
        writer.write_batch(first)
        for batch in written:
            writer.write_batch(batch)
    unfinished.rename(path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("columns", type=int)
    parser.add_argument("--side", default=",".join(SIDES))
    options = parser.parse_args()
    for side in options.side.split(","):
        if not (options.folder / f"{side}.parquet").exists():
            write(options.folder, options.rows, options.columns, side)


if __name__ == "__main__":
    main()
