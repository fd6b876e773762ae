"""Run the cases of the study by one tool; what is finished is kept, so that a run that was cut off goes on.

python -m calibration.study JUDGE RESULTS [--shard 0 --shards 2] [--repeats 1000] [--seconds 60]
"""

from __future__ import annotations

import argparse
import fcntl
import importlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from calibration.cases import Case, fault_cases, null_cases
from calibration.tallies import Tally, Verdict

Judge = Callable[[pd.DataFrame, pd.DataFrame], Verdict]
BY_TIME = "by time"
FEWEST = 2
"""Batches that are judged even where the first one took all the time there is."""


@dataclass(frozen=True)
class Share:
    """The part of a study that one process does: every so-maniest repeat of each case.

    :param code: what the results hold for (``fingerprint``).
    :param seconds: of each case with nothing changed, after which no further batch is begun; a case with a fault gets
        a third of it.
    """

    judge: str
    code: str
    shard: int = 0
    shards: int = 1
    seconds: float = float("inf")

    def name(self, case: Case) -> str:
        """Return what this share of a case is called in the results."""
        return f"{self.judge} {self.code} {case.key} {case.repeats} {self.shard}/{self.shards} {self.seconds:g}"


def tally_of(case: Case, judge: Judge, share: Share) -> Tally:
    """Judge this share's batches of a case."""
    tally, started = Tally(), time.perf_counter()
    seconds = share.seconds / 3 if case.fault else share.seconds
    for repeat in range(share.shard, case.repeats, share.shards):
        if tally.batches >= FEWEST and time.perf_counter() - started > seconds:
            break
        reference, batch, faulty = case.pair(repeat)
        tally.add(judge(reference, batch), set(map(str, batch)), faulty)
    return tally


def finished(results: Path) -> Iterator[dict[str, Any]]:
    """Yield what is kept; a last line that was cut off is left out."""
    for line in results.read_text().splitlines() if results.exists() else []:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def keep(results: Path, found: dict[str, Any]) -> None:
    """Add a line to the results, alone among the processes that do so."""
    with results.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # A line that a killed process left half written must not swallow this one.
        file.write("\n" + json.dumps(found) + "\n")


def run(cases: list[Case], share: Share, results: Path) -> None:
    """Judge this share of all cases that is not kept yet."""
    judge: Judge = importlib.import_module(share.judge).judge
    done = {found["name"] for found in finished(results)}
    for case in cases:
        if share.name(case) not in done:
            tally = tally_of(case, judge, share)
            keep(results, {"name": share.name(case), "judge": share.judge, "case": case.key, "tally": tally.to_dict()})


def cases_of(part: str, repeats: int, largest: int) -> list[Case]:
    """Return the cases of ``null``, of ``faults``, or of both."""
    nulls = null_cases(repeats, largest) if part != "faults" else iter(())
    faults = fault_cases(max(1, round(0.4 * repeats)), largest) if part != "null" else iter(())
    return [*nulls, *faults]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("judge")
    parser.add_argument("results", type=Path)
    parser.add_argument("--code", default="")
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--part", default="both")
    parser.add_argument("--repeats", type=int, default=1_000)
    parser.add_argument("--largest", type=int, default=200_000)
    options = parser.parse_args()
    share = Share(options.judge, options.code, options.shard, options.shards, options.seconds)
    run(cases_of(options.part, options.repeats, options.largest), share, options.results)


if __name__ == "__main__":
    main()
