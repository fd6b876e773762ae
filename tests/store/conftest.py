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


@pytest.fixture
def restricted(store: Store) -> Iterator[sa.Engine]:
    """An engine of a role that may connect and no more, on a database with the schema."""
    role = store.engine.url.database
    with store.engine.begin() as connection:
        connection.execute(sa.text(f'CREATE ROLE "{role}" LOGIN'))
    yield sa.create_engine(store.engine.url.set(username=role), poolclass=sa.NullPool)
    with store.engine.begin() as connection:
        connection.execute(sa.text(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"'))
