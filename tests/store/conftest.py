"""Stores on empty databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.store import Store


@pytest.fixture
def store(database_url: sa.URL) -> Iterator[Store]:
    """A store whose schema is there."""
    store = Store(sa.create_engine(database_url, poolclass=sa.NullPool))
    store.migrate()
    yield store
    store.dispose()
