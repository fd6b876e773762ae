"""How fast drift is computed, beside the peers: the same files, fresh processes, one run.

    python benchmarks/drift_speed.py
    python benchmarks/drift_speed.py --rows 100000000 --only ours

It makes the data, an environment for each peer, runs everything in turn and prints Markdown tables: seconds, peak
memory, columns called drifted, ratios, and how far the statistics are from the exact ones.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from peers.environments import PEERS
from speed.measured import Measured
from speed.processes import Run, run
from speed.table import notes, quality_table, ratio_table, speed_table
from speed.tools import Tool, chosen, interpreters

MOST_EXACT_ROWS = 10_000_000
ENVIRONMENTS = Path(__file__).resolve().parents[1] / ".venv-peers"


def make_data(folder: Path, rows: int, columns: int) -> None:
    """Write both sides, unless the folder has them."""
    folder.mkdir(parents=True, exist_ok=True)
    made = run(sys.executable, "speed.data", [folder, rows, columns], seconds=4 * 3600.0)
    missing = [side for side in ("reference", "current") if not (folder / f"{side}.parquet").exists()]
    if missing:
        raise SystemExit(f"the data could not be made: {made.problem}")


def measured(
    tools: Sequence[Tool], folder: Path, where: Mapping[str, Path], rounds: int, most_seconds: float
) -> list[Measured]:
    """Run all tools in turn, round by round, so that whatever else the machine does meets all of them alike."""
    runs: dict[str, list[Run]] = {tool.key: [] for tool in tools}
    for number in range(rounds):
        for tool in tools:
            if tool.fast or number == 0:
                print(f"round {number + 1}: {tool.label}", file=sys.stderr, flush=True)
                interpreter = where[tool.peer] if tool.peer else sys.executable
                runs[tool.key].append(run(interpreter, tool.module, tool.command(folder), seconds=most_seconds))
    return [Measured.of(tool, runs[tool.key]) for tool in tools]


def report(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Yield the lines of the whole report."""
    names = ["ours"] if options.only == "ours" else ["ours", *options.peers]
    where, missing = interpreters([name for name in names if name != "ours"], options.environments, options.own)
    make_data(folder, options.rows, options.columns)
    stored = run(sys.executable, "speed.ours", ["store", folder])
    if stored.problem:
        raise SystemExit(f"the reference could not be built: {stored.problem}")
    tools = [tool for tool in chosen(names) if tool.peer is None or tool.peer in where]
    found = measured(tools, folder, where, options.rounds, options.most_seconds)
    yield f"{options.rows:,} reference and {options.rows:,} current rows x {options.columns} columns."
    yield ""
    yield from speed_table(found, missing)
    yield ""
    yield from ratio_table(found)
    yield ""
    yield from _about_quality(options.rows, folder)
    built = f"{stored.answer['inner'][0]:.3g} s, at most {stored.peak_mb:,.0f} MB"
    yield f"Building and storing the reference: {built}, {stored.answer['kilobytes']:,.0f} kB stored."
    yield from notes(found)


def _about_quality(rows: int, folder: Path) -> Iterator[str]:
    if rows > MOST_EXACT_ROWS:
        yield f"Exact values of more than {MOST_EXACT_ROWS:,} rows do not fit in memory and are left out."
    else:
        exact = run(sys.executable, "speed.quality", [folder])
        if exact.problem:
            yield f"The exact values could not be computed: {exact.problem}."
        else:
            yield from quality_table(exact.answer["columns"])
    yield ""


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=25)
    parser.add_argument("--peers", type=_names, default=list(PEERS), help="comma separated; all by default")
    parser.add_argument("--only", choices=("ours",), help="this package without any peer")
    parser.add_argument("--rounds", type=int, default=5, help="processes of what is fast; the slow run once")
    parser.add_argument("--own", type=_names, default=[], help="peers to run in this environment, such as scipy")
    parser.add_argument("--data", type=Path, help="folder of the data, kept and used again; else a temporary one")
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS, help="folder of the environments")
    parser.add_argument("--most-seconds", type=float, default=3600.0, help="after which a process is ended")
    parser.add_argument("--out", type=Path, help="file for the report, beside printing it")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    unknown = sorted(set(names) - set(PEERS))
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(PEERS)}")
    return names


def main() -> None:
    options = options_of()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) if options.data is None else options.data / f"{options.rows}x{options.columns}"
        text = "\n".join(report(options, folder))
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
