"""Run a module in a process of its own, and say how long it took and how much memory it needed.

Standard library only: Linux takes the parent's memory for the least peak of a child, so the parent must stay small.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from speed.timing import MARK

BENCHMARKS = Path(__file__).resolve().parents[1]
QUIET = {
    "DO_NOT_TRACK": "1",
    "NML_DISABLE_USAGE_LOGGING": "1",
    "WHYLOGS_NO_ANALYTICS": "True",
    "PYTHONWARNINGS": "ignore",
}
"""No peer reports to its maker that it was measured."""


@dataclass(frozen=True)
class Run:
    """What one child process did.

    :param wall: seconds from its start to its end; ``cpu`` those of all its threads.
    :param peak_mb: its greatest resident memory (``ru_maxrss``), in units of 1e6 bytes.
    :param answer: what it printed; empty where it failed, and then ``problem`` says why.
    """

    wall: float
    cpu: float
    peak_mb: float
    answer: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def run(interpreter: str | Path, module: str, arguments: Sequence[object], *, seconds: float = 3600.0) -> Run:
    """Run ``python -m module`` and measure it; one that takes longer than ``seconds`` is ended and so reported."""
    command = [str(interpreter), "-m", module, *map(str, arguments)]
    measured, output = execute(command, {**os.environ, **QUIET, "PYTHONPATH": str(BENCHMARKS)}, seconds=seconds)
    answers = [line for line in output.splitlines() if line.startswith(MARK)]
    if measured.problem:
        return measured
    if not answers:
        return replace(measured, problem="exit 0 without a message")
    return replace(measured, answer=json.loads(answers[-1].removeprefix(MARK)))


def execute(command: Sequence[str], environment: Mapping[str, str], *, seconds: float = 3600.0) -> tuple[Run, str]:
    """Run a command and measure it with all that it waited for; return what it printed as well."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=errors, env=dict(environment))
        status, usage, late = _waited(child.pid, started + seconds)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        measured = Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)
        if child.returncode:
            problem = f"ended after {seconds:,.0f} s" if late else _problem(errors.read(), child.returncode)
            measured = replace(measured, problem=problem)
        return measured, output.read()


def _waited(pid: int, until: float) -> tuple[int, Any, bool]:
    """Wait for the child by ``wait4``, which alone tells its own peak from that of other children."""
    late = False
    while True:
        found, status, usage = os.wait4(pid, os.WNOHANG)
        if found:
            return status, usage, late
        if not late and time.perf_counter() > until:
            os.kill(pid, 9)
            late = True
        time.sleep(0.001)


def _problem(errors: str, code: int) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return f"exit {code}: {lines[-1][:200]}" if lines else f"exit {code} without a message"
