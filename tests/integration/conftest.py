"""What the tests with real Airflow runs share."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.store import Store

_DAGS = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture
def store(store_connection: sa.URL) -> Store:
    """The store that ``ml_monitor_default`` leads to, empty."""
    return Store(sa.create_engine(store_connection, poolclass=sa.NullPool))


@pytest.fixture
def dags_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the example DAGs is where modules are found, as Airflow has it."""
    monkeypatch.syspath_prepend(str(_DAGS))
