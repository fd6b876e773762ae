"""What a task's process is like before anything is read."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = (
    "from airflow_ml_monitor.operators.inputs import spare_memory\n"
    "spare_memory()\n"
    "import pyarrow\n"
    "print(pyarrow.default_memory_pool().backend_name)\n"
)


@pytest.mark.parametrize(("chosen", "found"), [({}, "system"), ({"ARROW_DEFAULT_MEMORY_POOL": "mimalloc"}, "mimalloc")])
def test_memory_is_the_system_s_unless_another_was_chosen(
    chosen: dict[str, str], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip().splitlines()[-1] == found
