"""A store with a schema, and command lines that name it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.__main__ import main
from airflow_ml_monitor.store import Store


@pytest.fixture
def store(database_url: sa.URL) -> Store:
    store = Store(sa.create_engine(database_url, poolclass=sa.NullPool))
    store.migrate()
    return store


@pytest.fixture
def printed(store: Store, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command against the store, and returns what it printed."""

    def run(*command: str) -> str:
        main([*command, "--url", store.engine.url.render_as_string(hide_password=False)])
        return capsys.readouterr().out

    return run


@pytest.fixture
def rows(printed: Callable[..., str]) -> Callable[..., Any]:
    """Runs a command that prints rows, and returns these."""
    return lambda *command: json.loads(printed(*command, "--output", "json"))
