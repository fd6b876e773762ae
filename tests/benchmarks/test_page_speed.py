"""The benchmark of the pages runs at a tiny size: every page answers over what it fills a store with."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.conftest import BENCHMARKS


def test_every_page_is_timed() -> None:
    command = [sys.executable, str(BENCHMARKS / "page_speed.py"), "--times", "1"]
    size = ["--models", "8", "--days", "3", "--columns", "3", "--hours", "30"]
    made = subprocess.run([*command, *size], capture_output=True, text=True, check=True, timeout=300)
    lines = made.stdout.splitlines()
    assert f"{8 * 3 * 3 + 30 + 61:,} reports" in lines[0]
    rows = [line.strip("| ").split(" | ") for line in lines[4:]]
    assert {row[0].split()[0] for row in rows} >= {"models", "a", "timeline", "columns", "two", "what", "checks,"}
    assert all(float(number) > 0 for row in rows for number in row[1:])
