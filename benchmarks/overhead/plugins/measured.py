"""Told by Airflow in the task's own process, when the task has ended: what that process took since it was forked."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

MARK = "overhead: "


@hookimpl
def on_task_instance_success(previous_state: Any, task_instance: Any) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    wall = time.clock_gettime(time.CLOCK_BOOTTIME) - _started()
    cpu, peak_mb = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6
    print(MARK + json.dumps({"wall": wall, "cpu": cpu, "peak_mb": peak_mb}))


def _started() -> float:
    """Return when this process was forked, in seconds since the machine started."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


class Measured(AirflowPlugin):
    name = "measured"
    listeners: ClassVar[list[Any]] = [sys.modules[__name__]]
