"""How often the interval of an estimate without labels holds what the labels then give, and how far off it is.

    python benchmarks/estimate_study.py
    python benchmarks/estimate_study.py --simulated --case "2 % positives" --replications 20
    python benchmarks/estimate_study.py --flights

It prints Markdown tables. Bias is the estimate less what the labels gave; beside it stands that of the reference's own
value, which one would go by without an estimate.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from estimates import flights
from estimates.compared import Pair, Summary, summaries
from estimates.simulated import CASES

PARTS = {"binary": ("carrier", 150), "regression": ("hour", 60)}
"""By which column the flights of the same months are cut into parts, and how many rows a part has at least."""
HEADS = ["metric", "realised", "held", "bias", "bias of the reference", "off", "reference off", "width"]


def row(one: Summary) -> list[str]:
    numbers = (one.bias, one.before, one.off, one.off_before, one.width)
    return [
        f"`{one.metric}`",
        f"{one.realised:.3f}",
        f"{100 * one.held:.0f} %",
        *(f"{number:.3f}" for number in numbers),
    ]


def table(first: str, rows: Sequence[tuple[str, Summary]]) -> Iterator[str]:
    """Yield a table; ``first`` heads what each row is of."""
    yield f"\n| {first} | {' | '.join(HEADS)} |"
    yield "|" + "---|" * (len(HEADS) + 1)
    for what, one in rows:
        yield f"| {what} | {' | '.join(row(one))} |"


def simulated(names: Sequence[str], replications: int, seed: int) -> Iterator[str]:
    """Yield the table of the simulated cases."""
    yield f"\n### Simulated: {replications} replications a case, seed {seed}"
    yield from table("case", [])
    for name in names:
        found = [CASES[name].compare(seed * 100_000 + turn) for turn in range(replications)]
        for one in summaries(found):
            yield f"| {name} | {' | '.join(row(one))} |"


def of_flights() -> Iterator[str]:
    """Yield the tables of the flights."""
    for problem, shown in (("binary", "log_loss"), ("regression", "mae")):
        yield f"\n### Flights, {problem}"
        yield f"\n| month | realised `{shown}` | by March and April | by the two months that have labels |"
        yield "|---|---|---|---|"
        months = {
            month: [flights.of_month(problem, month, rolling=rolling) for rolling in (False, True)]
            for month in flights.LATER
        }
        for month, (fixed, rolling) in months.items():
            of_old = _told(rolling[shown]) if month > flights.LATER[0] else "none: the model learnt from one of them"
            yield f"| {month} | {fixed[shown].realised:.3f} | {_told(fixed[shown])} | {of_old} |"
        later = [both for month, both in months.items() if month > flights.LATER[0]]
        rows = [("months, by March and April", one) for one in summaries([fixed for fixed, _ in later])]
        rows += [("months, by the two that have labels", one) for one in summaries([rolling for _, rolling in later])]
        parts = flights.of_parts(problem, *PARTS[problem])
        rows += [("parts of the same months", one) for one in summaries(parts)]
        yield from table("flights", rows)


def _told(one: Pair) -> str:
    return f"{one.estimate:.3f} ({one.lower:.3f} to {one.upper:.3f})" + ("" if one.held else ", missed")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulated", action="store_true", help="only these")
    parser.add_argument("--flights", action="store_true", help="only these")
    parser.add_argument("--case", action="append", choices=list(CASES), help="all by default; may be repeated")
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the tables there as well")
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    started, lines = time.perf_counter(), []
    if given.simulated or not given.flights:
        lines += _printed(simulated(given.case or list(CASES), given.replications, given.seed))
    if given.flights or not given.simulated:
        lines += _printed(of_flights())
    print(f"\n{time.perf_counter() - started:.0f} seconds", flush=True)
    if given.out:
        given.out.write_text("\n".join(lines) + "\n")


def _printed(lines: Iterator[str]) -> list[str]:
    shown = []
    for line in lines:
        print(line, flush=True)
        shown.append(line)
    return shown


if __name__ == "__main__":
    main(sys.argv[1:])
