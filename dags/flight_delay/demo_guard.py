"""Run a command that must not outlive whoever started it: ``python demo_guard.py COMMAND ...``.

What it started is stopped gently when a line is read from standard input, and killed when standard input ends, which is
what happens when the starter is gone, however it went.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress

_STOPS_WITHIN = 5.0
_AT_ONCE = (signal.SIGKILL,)
_GENTLY = (signal.SIGINT, signal.SIGTERM, *_AT_ONCE)


def main(command: list[str]) -> int:
    """Run a command until it ends or has to; return its exit code, 128 and the signal where one ended it."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    told = False
    while process.poll() is None and not told:
        told = bool(select.select([0], [], [], 0.5)[0])
    alone = told and not os.read(0, 1)
    stop(process, _AT_ONCE if alone else _GENTLY)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def stop(process: subprocess.Popen[bytes], signals: tuple[signal.Signals, ...]) -> None:
    """Send the members of the process's session one signal after the other, until none is left."""
    for number in signals:
        for pid in members(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if _gone(process):
            break
    process.wait()


def members(session: int) -> list[int]:
    """Return the processes of a session: Airflow gives its tasks process groups of their own."""
    import psutil

    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.Error):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def _gone(process: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + _STOPS_WITHIN
    while time.monotonic() < until:
        process.poll()
        if not members(process.pid):
            return True
        time.sleep(0.2)
    return False


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
