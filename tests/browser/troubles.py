"""What may be wrong with a store while somebody looks: it is down, or slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


@contextmanager
def down(store: sa.URL) -> Iterator[None]:
    """Let a database end its connections and take no others, and be there again afterwards."""
    name = store.database
    admin = sa.create_engine(store.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        ends = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(ends, {"name": name})
        try:
            yield
        finally:
            connection.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))


@contextmanager
def slow(store: sa.URL, seconds: float) -> Iterator[None]:
    """Let a store answer only after some seconds."""
    engine = sa.create_engine(store, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("LOCK TABLE ml_monitor.report IN ACCESS EXCLUSIVE MODE"))
        over = threading.Timer(seconds, connection.rollback)
        over.start()
        yield
        over.join()
