"""The floor: decode the Parquet columns by Arrow, with its threads, and look at nothing.

python -m speed.decoding FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pyarrow.parquet as pq

from speed.timing import answer, repeated

BATCH_ROWS = 1 << 17


def decode(path: Path) -> int:
    """Return the rows of a file, all of its columns decoded batch by batch."""
    with pq.ParquetFile(path) as file:
        return sum(batch.num_rows for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    _, runs = repeated(lambda: decode(options.folder / "current.parquet"))
    answer(["pyarrow"], inner=runs)


if __name__ == "__main__":
    main()
