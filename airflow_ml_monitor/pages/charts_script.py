"""The script that draws the charts of reports, the same for all of them: made once, by a process of its own.

Making it holds Python's lock for a second and a half: in the API server nobody else would be answered meanwhile.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import subprocess
import sys
import threading

from airflow_ml_monitor.errors import MonitorError
from airflow_ml_monitor.version import __version__

_DRAW = ("altair", "vl-convert-python")
_PROGRAM = (
    "import sys; from airflow_ml_monitor.rendering.scripts import site_script; "
    "sys.stdout.buffer.write(site_script().encode())"
)
_MOST_SECONDS = 120
_lock = threading.Lock()


@functools.cache
def charts_version() -> str:
    """Return a text that is another one when the script is; an empty one where what draws is not installed."""
    try:
        versions = [__version__, *map(importlib.metadata.version, _DRAW)]
    except importlib.metadata.PackageNotFoundError:
        return ""
    return hashlib.sha256(" ".join(versions).encode()).hexdigest()[:12]


def charts_script() -> bytes:
    """Return the script; the first time that takes some seconds.

    :raises MonitorError: it could not be made.
    """
    with _lock:
        return _made()


@functools.cache
def _made() -> bytes:
    command = [sys.executable, "-P", "-c", _PROGRAM]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_MOST_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MonitorError(f"what draws the charts could not be made: {error}; reload the report") from error
    if done.returncode != 0:
        reason = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason was given"])[-1]
        raise MonitorError(f"what draws the charts could not be made: {reason}; reload the report")
    return done.stdout
