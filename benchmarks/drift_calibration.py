"""How often the default policy is wrong, and the peers' defaults: closed gates on unchanged data, planted faults found.

    python benchmarks/drift_calibration.py
    python benchmarks/drift_calibration.py --peers

Null batches are random splits, so nothing differs but chance; each planted fault changes one column (two for a swap)
of such a batch. Every batch has a reference of its own. Counted is what closes a gate. What is finished is kept in
``--results``; a run that was cut off goes on where it stood.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from calibration.cases import Case
from calibration.fingerprint import fingerprint
from calibration.study import Share, cases_of
from calibration.tables import fault_table, merged, null_table, time_table
from peers.environments import PEERS, PeerUnavailable, interpreter_of
from speed.machine import machine
from speed.processes import run

ROOT = Path(__file__).resolve().parents[1]
OURS = "calibration.judge_ours"
THEIRS = ("evidently", "nannyml")
MOST_SECONDS = 4 * 3600.0


def shares_of(options: argparse.Namespace, *, peers: bool) -> list[Share]:
    """Return the processes to run: one a peer, or as many as there are cores for this package."""
    if peers:
        judges = [f"peers.judge_{name}" for name in THEIRS]
        return [Share(judge, fingerprint(judge), seconds=options.seconds) for judge in judges]
    return [Share(OURS, options.code, shard, options.jobs) for shard in range(options.jobs)]


def run_share(share: Share, options: argparse.Namespace) -> str:
    """Run one process of the study; return why it ended early, or nothing."""
    try:
        interpreter = sys.executable if share.judge == OURS else _interpreter(share.judge, options.environments)
    except PeerUnavailable as reason:
        return f"{share.judge} is not installed: {reason}"
    arguments = [share.judge, options.results, "--code", share.code, "--shard", share.shard, "--shards", share.shards]
    arguments += ["--seconds", share.seconds, "--part", options.part]
    arguments += ["--repeats", options.repeats, "--largest", options.largest]
    return _problem(run(interpreter, "calibration.study", arguments, seconds=MOST_SECONDS).problem)


def _interpreter(judge: str, folder: Path) -> Path:
    return interpreter_of(PEERS[judge.removeprefix("peers.judge_")], folder)


def _problem(problem: str) -> str:
    # A study answers by its results alone; without a message it ended well.
    return "" if problem == "exit 0 without a message" else problem


def run_all(options: argparse.Namespace, shares: Sequence[Share]) -> list[str]:
    """Run every process of the study; return what went wrong."""
    with ThreadPoolExecutor(max_workers=max(1, len(shares))) as pool:
        problems = list(pool.map(lambda share: run_share(share, options), shares))
    if not options.peers and options.part in ("both", "time"):
        problems.append(_problem(run(sys.executable, "calibration.by_time", [options.results, options.code]).problem))
    return [problem for problem in problems if problem]


def report(options: argparse.Namespace, shares: Sequence[Share]) -> Iterator[str]:
    """Yield the tables of what is finished, in this run or before."""
    cases: list[Case] = cases_of(options.part, options.repeats, options.largest) if options.part != "time" else []
    found = merged(options.results, cases, shares)
    if options.part in ("both", "null"):
        yield from null_table(found)
        yield ""
    if options.part in ("both", "faults"):
        yield from fault_table(found)
        yield ""
    if options.part in ("both", "time"):
        yield from time_table(options.results, options.code)
        yield ""
    yield f"Rates with their 95 % Wilson intervals. Machine: {machine()}."


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true", help="judge by Evidently's and NannyML's defaults instead")
    parser.add_argument("--part", choices=("both", "null", "faults", "time"), default="both")
    parser.add_argument("--repeats", type=int, default=1_000, help="batches of up to 2,000 rows; 0.4 times with faults")
    parser.add_argument("--largest", type=int, default=200_000, help="rows of the largest batches")
    parser.add_argument("--seconds", type=float, default=40.0, help="of a peer, for each case with nothing changed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=Path, default=ROOT / ".venv-peers" / "calibration.jsonl")
    parser.add_argument("--environments", type=Path, default=ROOT / ".venv-peers", help="folder of the environments")
    parser.add_argument("--out", type=Path, help="file for the tables, beside printing them")
    parser.set_defaults(code=fingerprint(OURS))  # read once: the code may change while the study runs
    return parser.parse_args(arguments)


def main() -> None:
    options = options_of()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    problems = run_all(options, shares_of(options, peers=options.peers))
    every = [*shares_of(options, peers=False), *shares_of(options, peers=True)]
    text = "\n".join([*report(options, every), *(f"Problem: {problem}" for problem in problems)])
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")
    if problems:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
