"""The pages keep the store of their process for a minute; each test here has a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_ml_monitor.pages import reading


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """No store of another test's."""
    reading.of_this_process.forget()
    yield
    reading.of_this_process.forget()
