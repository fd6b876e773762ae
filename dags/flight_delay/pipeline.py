"""What the DAGs' plain tasks do: score, train a challenger, deploy."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.window import Window
from flight_delay import model, warehouse
from flight_delay.datasets import JANUARY, LABEL_DELAY, MODEL, YEAR
from flight_delay.registry import Registry

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Connections


def start_project() -> dict[str, Any]:
    """Write down the year's labels, train the first model on January's, deploy it, and log predictions of January.

    Each label is written with the time it arrives, and does not exist before. The predictions of January are of models
    that had not seen the days: what a model says of the rows it learnt from would flatter it.
    """
    january, engine, registry = Window.of(JANUARY), warehouse.connect(), Registry.default()
    warehouse.deliver_labels(engine, Window.of(YEAR))
    trained = model.train([january], january.end, registry, connections())
    flights = model.held_out(model.read_labelled([january], january.end, connections()))
    warehouse.log_predictions(engine, january, flights, f"{trained['version']} held out")
    registry.deploy(trained["version"], january.end)
    return trained


def score_week(window: Window) -> dict[str, Any]:
    """Log what the model in use at the start of a window says of its flights."""
    registry = Registry.default()
    version = registry.in_use(window.start)
    if version is None:
        raise LookupError(f"no model was in use at {window.start.isoformat()}; run flight_delay_reference first")
    flights = model.score(registry.load(version), model.read_flights(window))
    return {"version": version, "rows": warehouse.log_predictions(warehouse.connect(), window, flights, version)}


def train_challenger(window: Window, trial: str) -> dict[str, Any]:
    """Train on the weeks before a window, and log what champion and challenger say of the window's own flights.

    All is as it was known when the window's labels were in. Neither model has seen the flights they are compared on:
    weeks of the window that the champion has learnt from, as it may where events have merged, are left out.
    """
    as_of, registry, engine = window.end + LABEL_DELAY, Registry.default(), warehouse.connect()
    champion = registry.in_use(as_of)
    if champion is None:
        raise LookupError(f"no model was in use at {as_of.isoformat()}; run flight_delay_reference first")
    trained = model.train(model.weeks_before(window, closed_windows()), as_of, registry, connections())
    flights = model.unseen(model.read_flights(window), registry.describe(champion))
    if flights.empty:
        raise LookupError(f"model {champion}, the one in use, has learnt from all of {window}; compare on a later week")
    for side, version in (("champion", champion), ("challenger", trained["version"])):
        warehouse.log_trial(engine, trial, side, model.score(registry.load(version), flights), version)
    return {**trained, "champion": champion}


def deploy(trained: dict[str, Any]) -> str:
    """Put a proven challenger into use."""
    Registry.default().deploy(trained["version"], datetime.fromisoformat(trained["as_of"]))
    return str(trained["version"])


def closed_windows() -> list[Window]:
    """Return the windows that a gate has closed on: nothing is learnt from them."""
    from airflow_ml_monitor.hooks.store import MonitorStoreHook
    from airflow_ml_monitor.settings import environment

    gates = MonitorStoreHook().store.current_reports(model=MODEL, environment=environment(), kinds={"gate"})
    return [one.report.window for one in gates if one.report.window and one.report.status in ("fail", "error")]


def connections() -> Connections:
    from airflow_ml_monitor.hooks.connections import AirflowConnections

    return AirflowConnections()
