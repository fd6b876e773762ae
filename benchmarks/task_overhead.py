"""What a monitoring task costs over a bare ``PythonOperator``: seconds and memory of tasks as a worker runs them.

    python benchmarks/task_overhead.py

Each task is run by a worker of its own with nothing imported, as in a container: it takes a workload, forks the task's
process, and that parses the DAG file and runs the task against a real API server and store. The process is measured
by itself, from its start to the end of the task.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

sys.path.append(str(Path(__file__).resolve().parents[1] / "dags"))

from flight_delay.demo_environment import stop_in_order

from overhead.place import airflow
from speed.machine import machine
from speed.processes import execute, run

BARE = "bare"
CASES = {
    BARE: "`PythonOperator` that does nothing",
    "reference": "`BuildReferenceOperator`, Parquet",
    "drift_files": "`DriftOperator`, Parquet",
    "drift_table": "`DriftOperator`, table",
    "data_quality": "`DataQualityOperator` without a suite, Parquet",
    "model_quality_files": "`ModelQualityOperator`, Parquet",
    "model_quality_table": "`ModelQualityOperator`, tables",
    "gate": "`GateOperator` over two reports",
}
"""DAG -> what its task is, in an order in which each finds what it needs."""

_WORKER = [sys.executable, "-m", "airflow.sdk.execution_time.execute_workload", "--json-string"]
_MARK = "overhead: "


@dataclass(frozen=True)
class Took:
    """What the process of one task took from its start to the end of the task.

    :param wall: seconds; ``cpu`` those of its threads.
    :param peak_mb: its greatest resident memory, what it has from its parent included, in units of 1e6 bytes.
    """

    wall: float
    cpu: float
    peak_mb: float


def measured(cases: Sequence[str], times: int) -> dict[str, list[Took]]:
    """Run each case so many times, in turn, after once that does not count."""
    with airflow():
        asked = [word for case in cases for word in (case, str(times + 1))]
        queued = run(sys.executable, "overhead.queued", asked)
        if queued.problem:
            raise SystemExit(f"the runs could not be queued: {queued.problem}")
        took: dict[str, list[Took]] = {case: [] for case in cases}
        for i in range(times + 1):
            for case in cases:
                done = task(case, queued.answer[case][i])
                print(f"{i} of {times}, {case}: {done}", file=sys.stderr)
                if i:
                    took[case].append(done)
        return took


def task(case: str, workload: str) -> Took:
    """Run one task as a worker does.

    :raises SystemExit: it did not succeed.
    """
    done, said = execute([*_WORKER, workload], os.environ, seconds=300.0)
    found = [json.loads(line) for line in said.splitlines() if _MARK in line]
    if done.problem or not found:
        raise SystemExit(f"{case} failed: {done.problem}\n{said[-4000:]}")
    return Took(**json.loads(found[-1]["event"].removeprefix(_MARK)))


def table(took: Mapping[str, Sequence[Took]]) -> Iterator[str]:
    """Yield the lines of a table: medians, the spread of what is timed, and the difference to the bare task."""
    yield "| task | seconds | CPU seconds | peak MB | over the bare task |"
    yield "|---|---|---|---|---|"
    for case, done in took.items():
        wall = [one.wall for one in done]
        spread = f"{median(wall):.2f} ({min(wall):.2f} to {max(wall):.2f})"
        cpu, peak = median(one.cpu for one in done), median(one.peak_mb for one in done)
        over = _over(took[BARE], done) if BARE in took and case != BARE else ""
        yield f"| {CASES[case]} | {spread} | {cpu:.2f} | {peak:.0f} | {over} |"
    yield ""
    yield f"Machine: {machine()}; Airflow {version('apache-airflow')}, Python {platform.python_version()}."


def _over(bare: Sequence[Took], done: Sequence[Took]) -> str:
    wall, cpu, peak = (
        median(getattr(one, name) for one in done) - median(getattr(one, name) for one in bare)
        for name in ("wall", "cpu", "peak_mb")
    )
    return f"{wall:+.2f} s ({cpu:+.2f} s of CPU), {peak:+.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=9, help="how often each task is run")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), help="only these, in this order")
    parser.add_argument("--out", type=Path, help="file for the table, beside printing it")
    options = parser.parse_args()
    stop_in_order()
    lines = "\n".join(table(measured(options.cases, options.times)))
    print(lines)
    if options.out is not None:
        options.out.write_text(lines + "\n")


if __name__ == "__main__":
    main()
