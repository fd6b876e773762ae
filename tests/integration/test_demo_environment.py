"""The demo's surroundings: its PostgreSQL and the process itself stop in order, also after one that could not."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.test_demo import reachable_folder

DAGS = Path(__file__).resolve().parents[2] / "dags"
SERVE = """
import sys, time
from pathlib import Path
from flight_delay.demo_environment import Place, postgres
with postgres(Place(Path(sys.argv[1]))):
    print("serves", flush=True)
    time.sleep(float(sys.argv[2]))
"""
STOP_SLOWLY = """
import time
from flight_delay.demo_environment import stop_in_order
stop_in_order()
try:
    print("works", flush=True)
    time.sleep(60)
finally:
    print("stops", flush=True)
    time.sleep(1)
    print("stopped", flush=True)
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script and wait for the first thing it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=DAGS,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


@pytest.mark.integration
def test_postgres_stops_though_an_earlier_user_of_it_was_killed() -> None:
    with reachable_folder() as folder:
        running = folder / "postgres" / "postmaster.pid"
        killed = start(SERVE, str(folder), "600")
        killed.kill()
        killed.wait()
        assert running.exists()
        assert start(SERVE, str(folder), "0").wait(60) == 0
        assert not running.exists()


def test_a_server_that_takes_its_time_to_go_is_stopped_once() -> None:
    lingers = "import psutil; psutil.Process.is_running = lambda _: True"
    with reachable_folder() as folder:
        _, said = start(f"{lingers}\n{SERVE}", str(folder), "0").communicate(timeout=60)
    assert "Failed" not in said


@pytest.mark.parametrize(("first", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_cannot_cut_the_stopping_short(first: int, code: int, second: int) -> None:
    process = start(STOP_SLOWLY)
    process.send_signal(first)
    assert process.stdout is not None
    assert process.stdout.readline() == "stops\n"
    process.send_signal(second)
    said, _ = process.communicate(timeout=30)
    assert (said, process.returncode) == ("stopped\n", code)
