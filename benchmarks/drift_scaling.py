"""Whether time grows with rows and columns and no faster, and memory not at all with rows.

    python benchmarks/drift_scaling.py
    python benchmarks/drift_scaling.py --sizes 100000000x25,1000000x1000

Each size is one Parquet file, made, used as reference and as current data. What is measured are whole
fresh processes: building and storing the reference, comparing the file with it, and decoding alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from speed.machine import machine
from speed.processes import Run, run
from speed.table import seconds

SIZES = "1000000x25,4000000x25,16000000x25,1000000x100,250000x400,250000x1000"
STEPS = {
    "build the reference": ("speed.ours", "store"),
    "compare with it": ("speed.ours", "parquet"),
    "decode alone": ("speed.decoding",),
}


def measured(rows: int, columns: int, data: Path | None) -> dict[str, Run]:
    """Make one size, below ``data`` where that is given and the size is not there yet, and run each step on it."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) if data is None else data / f"{rows}x{columns}"
        place.mkdir(parents=True, exist_ok=True)
        made = run(sys.executable, "speed.data", [place, rows, columns, "--side", "reference"], seconds=4 * 3600.0)
        if not (place / "reference.parquet").exists():
            raise SystemExit(f"the data could not be made: {made.problem}")
        if not (place / "current.parquet").exists():
            (place / "current.parquet").hardlink_to(place / "reference.parquet")
        return {step: run(sys.executable, module, [*more, place]) for step, (module, *more) in STEPS.items()}


def table(sizes: Sequence[tuple[int, int]], data: Path | None) -> Iterator[str]:
    """Yield a line for each step of each size as it is done."""
    yield "| rows | columns | step | compute, s | ns a cell | whole process, s | peak MB |"
    yield "|---|---|---|---|---|---|---|"
    for rows, columns in sizes:
        for step, done in measured(rows, columns, data).items():
            yield f"| {rows:,} | {columns:,} | {step} | {_cells(done, rows * columns)} |"
    yield ""
    yield f"Machine: {machine()}."


def _cells(done: Run, cells: int) -> str:
    if done.problem:
        return f"did not run: {done.problem} | | | "
    best = min(done.answer["inner"])
    return f"{seconds(best)} | {best / cells * 1e9:.1f} | {seconds(done.wall)} | {done.peak_mb:,.0f}"


def sizes_of(text: str) -> list[tuple[int, int]]:
    """Read ``1000000x25,4000000x25``."""
    try:
        sizes = [(int(rows), int(columns)) for rows, columns in (size.split("x") for size in text.split(","))]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of sizes such as 1000000x25,4000000x25") from None
    if any(rows < 1 or columns < 1 for rows, columns in sizes):
        raise argparse.ArgumentTypeError(f"{text!r} has a size without rows or columns")
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=sizes_of, default=sizes_of(SIZES), help="ROWSxCOLUMNS, comma separated")
    parser.add_argument("--data", type=Path, help="folder of the data, kept and used again; else a temporary one")
    parser.add_argument("--out", type=Path, help="file for the table, beside printing it")
    options = parser.parse_args()
    lines = []
    for line in table(options.sizes, options.data):
        print(line, flush=True)
        lines.append(line)
    if options.out is not None:
        options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
