"""How often 95 % intervals of every metric hold the truth: rare positives, heavy tails, entities of five rows.

    python benchmarks/interval_coverage.py
    python benchmarks/interval_coverage.py --case "2 % positives" --metric mcc --replications 200

It prints a Markdown table for each case; rates that are not 93 to 97.5 %, as far as so many replications tell, are
bold.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from intervals.cases import CASES
from intervals.study import Covered, study


def table(name: str, found: Sequence[Sequence[Covered]]) -> Iterator[str]:
    """Yield the lines of a case's table; ``found`` has, for each number of rows, its metrics."""
    together = "entities" in name
    naive = [f"{one[0].rows:,} rows, as if alone" for one in found if together]
    heads = ["metric", "truth", *(f"{one[0].rows:,} rows" for one in found), *naive, "method"]
    yield f"\n### {name[0].upper()}{name[1:]}\n"
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for several in zip(*found, strict=True):
        first = several[0]
        alone = [_percent(float(one.naive[one.naive == one.naive].mean())) for one in several if together]
        cells = [
            f"`{first.metric}`",
            f"{first.truth:.4g}",
            *(_rate(one) for one in several),
            *alone,
            several[-1].method,
        ]
        yield f"| {' | '.join(cells)} |"


def _rate(one: Covered) -> str:
    if not one.intervals:
        return "none"
    said = _percent(one.rate) if one.as_asked else f"**{_percent(one.rate)}**"
    return said if one.intervals == len(one.held) else f"{said} (of {one.intervals:,} that have one)"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=list(CASES), help="all by default; may be repeated")
    parser.add_argument("--metric", action="append", default=[], help="all by default; may be repeated")
    parser.add_argument("--rows", type=int, nargs="+", default=[500, 5_000])
    parser.add_argument("--replications", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the tables there as well")
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    lines = [f"{given.replications:,} replications, seed {given.seed}."]
    print(lines[0], flush=True)
    for name in given.case or CASES:
        found = [
            study(CASES[name], rows, given.replications, metrics=given.metric, seed=given.seed) for rows in given.rows
        ]
        if found[0]:
            lines += table(name, found)
            print("\n".join(lines[-len(found[0]) - 3 :]), flush=True)
    if given.out:
        given.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
