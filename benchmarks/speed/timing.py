"""For the child processes: time a computation, and answer the parent. Standard library only: every peer runs this."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, TypeVar

MARK = "answer: "
_T = TypeVar("_T")


def timed(call: Callable[[], _T]) -> tuple[_T, float]:
    """Return what a call returned, and its seconds."""
    started = time.perf_counter()
    found = call()
    return found, time.perf_counter() - started


def repeated(call: Callable[[], _T], *, times: int = 5, seconds: float = 5.0) -> tuple[_T, list[float]]:
    """Return what a call returned, and the seconds of each of its runs: one, and more while they take few seconds."""
    found, first = timed(call)
    runs = [first]
    while len(runs) < times and sum(runs) + first < seconds:
        found, took = timed(call)
        runs.append(took)
    return found, runs


def answer(packages: list[str], **found: Any) -> None:
    """Print what was found as the last line, with the versions that found it."""
    versions = {"python": platform.python_version(), **{name: version(name) for name in packages}}
    print(MARK + json.dumps({"versions": versions, **found}), flush=True)
    sys.stdout.flush()
