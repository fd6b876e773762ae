"""The guard of the demo's Airflow: when what it runs ends, is told to, or must."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

DAGS = Path(__file__).resolve().parents[2] / "dags"
GUARD = DAGS / "flight_delay" / "demo_guard.py"
STARTER = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-P", *sys.argv[1:]], stdin=subprocess.PIPE, start_new_session=True)
time.sleep(600)
"""
WITH_A_TASK = """
import os, subprocess, sys, time
task = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
print(os.getpid(), task.pid, flush=True)
{then}
"""


def guarded(then: str, *before: str, **kwargs: int) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """Start a command behind the guard; it has started another one, in a process group of its own."""
    command = [sys.executable, *(before or ("-P",)), str(GUARD), sys.executable, "-c", WITH_A_TASK.format(then=then)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **kwargs)
    assert process.stdout is not None
    return process, [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]


def gone(processes: list[psutil.Process], within: float = 5) -> bool:
    return _becomes(lambda: not any(map(is_at_work, processes)), within)


def is_at_work(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _becomes(what: Callable[[], bool], within: float) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.1)
    return False


def test_all_are_killed_when_the_starter_is() -> None:
    starter, started = guarded("time.sleep(600)", "-c", STARTER)
    assert all(map(is_at_work, started))
    starter.kill()
    starter.wait()
    assert gone(started)


def test_a_command_that_is_told_to_stop_does_so_in_its_own_way() -> None:
    guard, started = guarded(
        "try: time.sleep(600)\nexcept KeyboardInterrupt: time.sleep(0.5); print('done', flush=True); sys.exit(7)"
    )
    said, _ = guard.communicate("\n", timeout=30)
    assert (said, guard.returncode) == ("done\n", 7)
    assert gone(started, within=0.2)


def test_one_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DAGS))
    from flight_delay import demo_guard

    monkeypatch.setattr(demo_guard, "_STOPS_WITHIN", 0.5)
    deaf = (
        "import signal, time; signal.signal(2, signal.SIG_IGN); signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", f"{deaf}; time.sleep(600)"], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    demo_guard.stop(process, demo_guard._GENTLY)
    assert process.returncode == -9


def test_what_a_command_leaves_when_it_ends_is_stopped_and_its_exit_code_told() -> None:
    guard, started = guarded("sys.exit(3)")
    assert guard.wait(30) == 3
    assert gone(started, within=0.2)


def test_the_exit_code_of_one_that_was_killed_is_a_shells() -> None:
    guard, started = guarded("time.sleep(600)")
    started[0].kill()
    assert guard.wait(30) == 128 + 9
