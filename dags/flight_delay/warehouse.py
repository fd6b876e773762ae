"""The warehouse: what the model said of every flight, and what became of it, each with the time it was known.

A PostgreSQL database behind the Airflow connection ``warehouse``. The time of a prediction is the flight's scheduled
departure. A label arrives four weeks after it; those of January were there when the project began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from airflow_ml_monitor.window import Window
from flight_delay.datasets import FLIGHTS, JANUARY, LABEL_DELAY, TIMEZONE

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

CONN_ID = "warehouse"

# [START howto_warehouse]
TABLES = """
CREATE TABLE IF NOT EXISTS predictions (
    flight_id integer NOT NULL, predicted_at timestamptz NOT NULL, model_version text NOT NULL,
    score double precision NOT NULL, carrier text NOT NULL, origin text NOT NULL,
    PRIMARY KEY (flight_id, model_version));
CREATE INDEX IF NOT EXISTS predictions_by_time ON predictions (predicted_at);
CREATE TABLE IF NOT EXISTS labels (
    flight_id integer NOT NULL, scheduled_at timestamptz NOT NULL, late boolean, cancelled boolean NOT NULL,
    arrived_at timestamptz NOT NULL, PRIMARY KEY (flight_id, arrived_at));
CREATE INDEX IF NOT EXISTS labels_by_time ON labels (scheduled_at);
CREATE TABLE IF NOT EXISTS trials (
    trial text NOT NULL, side text NOT NULL, flight_id integer NOT NULL, predicted_at timestamptz NOT NULL,
    model_version text NOT NULL, score double precision NOT NULL, PRIMARY KEY (trial, side, flight_id))
"""
# [END howto_warehouse]


def connect() -> Engine:
    """Return the warehouse's engine, as Airflow's connection has it; its tables are made on first use."""
    import sqlalchemy as sa

    from airflow_ml_monitor.hooks.connections import AirflowConnections

    engine = AirflowConnections().engine(CONN_ID)
    with engine.begin() as connection:
        connection.execute(sa.text(TABLES))
    return engine


def deliver_labels(engine: Engine, window: Window) -> int:
    """Write the labels of a window's flights, with the time each arrives; return how many rows.

    A diverted flight's label is empty for ever; of a cancelled one the row says so.
    """
    flights = FLIGHTS.open(window).to_pandas(["flight_id", "scheduled_at", "late", "cancelled"])
    at = instants(flights["scheduled_at"])
    arrived = (at + LABEL_DELAY).where(at >= Window.of(JANUARY).end, Window.of(JANUARY).end)
    return replace_rows(engine, "labels", "scheduled_at", window, flights.assign(scheduled_at=at, arrived_at=arrived))


def withhold_labels(engine: Engine, window: Window) -> None:
    """Take the labels of a window's flights out again, as if they had not arrived."""
    import sqlalchemy as sa

    with engine.begin() as connection:
        connection.execute(
            sa.text("DELETE FROM labels WHERE scheduled_at >= :start AND scheduled_at < :end"),
            {"start": window.start, "end": window.end},
        )


def log_predictions(engine: Engine, window: Window, scored: pd.DataFrame, version: str) -> int:
    """Write what a model said of a window's flights (flight_id, scheduled_at, carrier, origin, score)."""
    rows = scored.assign(predicted_at=instants(scored["scheduled_at"]), model_version=version)
    columns = ["flight_id", "predicted_at", "model_version", "score", "carrier", "origin"]
    return replace_rows(engine, "predictions", "predicted_at", window, rows[columns])


def log_trial(engine: Engine, trial: str, side: str, scored: pd.DataFrame, version: str) -> int:
    """Write what one side of a comparison said of the flights they are compared on."""
    import sqlalchemy as sa

    rows = scored.assign(trial=trial, side=side, predicted_at=instants(scored["scheduled_at"]), model_version=version)
    columns = ["trial", "side", "flight_id", "predicted_at", "model_version", "score"]
    with engine.begin() as connection:
        mine = {"trial": trial, "side": side}
        connection.execute(sa.text("DELETE FROM trials WHERE trial = :trial AND side = :side"), mine)
        _copy(connection, "trials", rows[columns])
    return len(rows)


def replace_rows(engine: Engine, table: str, time_column: str, window: Window, rows: pd.DataFrame) -> int:
    """Write a window's rows in place of those that are there: a task that runs again changes nothing."""
    import sqlalchemy as sa

    with engine.begin() as connection:
        connection.execute(
            sa.text(f"DELETE FROM {table} WHERE {time_column} >= :start AND {time_column} < :end"),
            {"start": window.start, "end": window.end},
        )
        _copy(connection, table, rows)
    return len(rows)


def instants(wall: pd.Series) -> pd.Series:
    """Return New York wall times as instants."""
    return wall.dt.tz_localize(ZoneInfo(TIMEZONE)).dt.tz_convert("UTC")


def _copy(connection: object, table: str, rows: pd.DataFrame) -> None:
    import io

    text = io.StringIO(rows.to_csv(index=False, header=False, na_rep=""))
    cursor = connection.connection.cursor()  # type: ignore[attr-defined]
    cursor.copy_expert(f"COPY {table} ({', '.join(rows.columns)}) FROM STDIN (FORMAT csv)", text)
