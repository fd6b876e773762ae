"""The demo's retraining by two merged events, on the real DAG: what is learnt from, compared on, and never seen."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from airflow_ml_monitor import Window
from tests.airflow_runs import Run, run_dag
from tests.conftest import as_airflow_connection

if TYPE_CHECKING:
    from flight_delay.registry import Registry

DAGS = Path(__file__).resolve().parents[2] / "dags"
FIRST = Window("2013-06-24T04:00:00Z", "2013-07-01T04:00:00Z")
SECOND = Window("2013-07-01T04:00:00Z", "2013-07-08T04:00:00Z")
BOTH = Window(FIRST.start, SECOND.end)

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Retrained:
    """A retraining that two events started, and where all of it was written."""

    run: Run
    warehouse: sa.Engine
    registry: Registry

    @property
    def challenger(self) -> dict[str, Any]:
        return self.registry.describe(self.run.xcom("train")["version"])

    def one(self, sql: str, **given: Any) -> tuple[Any, ...]:
        with self.warehouse.connect() as connection:
            return tuple(connection.execute(sa.text(sql), given).one())

    def predictions(self, window: Window) -> list[tuple[Any, ...]]:
        query = "SELECT * FROM predictions WHERE predicted_at >= :start AND predicted_at < :end ORDER BY flight_id"
        with self.warehouse.connect() as connection:
            rows = connection.execute(sa.text(query), {"start": window.start, "end": window.end})
            return [tuple(row) for row in rows]


@pytest.fixture(scope="module")
def environment(postgres_server: sa.URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """The demo's DAGs, with a store, a warehouse and a model registry that are empty; the URL of the warehouse."""
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    named = {conn_id: f"{conn_id.lower()}_{uuid.uuid4().hex[:8]}" for conn_id in ("ML_MONITOR_DEFAULT", "WAREHOUSE")}
    with admin.connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DAGS))
        patch.setenv("FLIGHT_DELAY_MODELS", str(tmp_path_factory.mktemp("retraining") / "models"))
        for conn_id, name in named.items():
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
            patch.setenv(f"AIRFLOW_CONN_{conn_id}", as_airflow_connection(postgres_server.set(database=name)))
        yield postgres_server.set(database=named["WAREHOUSE"])
        for name in named.values():
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def retrained(environment: sa.URL, airflow_metadata: None) -> Retrained:
    from flight_delay.demo_runs import _load_dags
    from flight_delay.pipeline import score_week
    from flight_delay.registry import Registry

    dags = _load_dags()
    run_dag(dags["flight_delay_reference"])
    for week in (FIRST, SECOND):
        score_week(week)
    events = [{"window": week.to_dict()} for week in (SECOND, FIRST)]  # they need not come in order
    run = run_dag(dags["flight_delay_retraining"], run_type="asset_triggered", events=events)
    return Retrained(run, sa.create_engine(environment, poolclass=sa.NullPool), Registry.default())


class TestMergedEvents:
    def test_every_task_judges_both_weeks(self, retrained: Retrained) -> None:
        judged = {task: retrained.run.xcom(task)["window"] for task in ("quality", "drift", "gate", "compare")}
        assert judged == dict.fromkeys(judged, BOTH.to_dict())

    def test_the_challenger_learns_from_the_four_weeks_before_both(self, retrained: Retrained) -> None:
        learnt = [Window.of(window) for window in retrained.challenger["trained_on"]]
        assert learnt == [
            Window(FIRST.start - timedelta(weeks=n), FIRST.start - timedelta(weeks=n - 1)) for n in (4, 3, 2, 1)
        ]

    def test_both_sides_answer_for_every_flight_of_both_weeks(self, retrained: Retrained) -> None:
        query = (
            "SELECT count(*), count(*) FILTER (WHERE side = 'champion'), count(DISTINCT flight_id), "
            "min(predicted_at) >= :start AND max(predicted_at) < :end FROM trials"
        )
        flights = sum(len(retrained.predictions(week)) for week in (FIRST, SECOND))
        assert retrained.one(query, start=BOTH.start, end=BOTH.end) == (2 * flights, flights, flights, True)

    def test_all_of_it_is_as_known_when_the_last_labels_were_in(self, retrained: Retrained) -> None:
        assert datetime.fromisoformat(retrained.challenger["as_of"]) == SECOND.end + timedelta(weeks=4)

    def test_it_is_deployed_from_then_on(self, retrained: Retrained) -> None:
        assert set(retrained.run.states.values()) == {"success"}
        since = SECOND.end + timedelta(weeks=4)
        moments = (since - timedelta(seconds=1), since)
        assert [retrained.registry.in_use(at) for at in moments] == ["2013-02-01", retrained.challenger["version"]]


class TestNoLeak:
    def test_the_challenger_learnt_from_labels_that_had_arrived_and_from_all_of_them(
        self, retrained: Retrained
    ) -> None:
        learnt = [Window.of(window) for window in retrained.challenger["trained_on"]]
        query = (
            "SELECT count(*) FROM labels WHERE late IS NOT NULL AND arrived_at <= :as_of "
            "AND scheduled_at >= :start AND scheduled_at < :end"
        )
        given = {"start": learnt[0].start, "end": learnt[-1].end, "as_of": retrained.challenger["as_of"]}
        assert retrained.one(query, **given) == (retrained.challenger["rows"],)

    def test_the_champion_in_the_trial_is_the_one_in_use(self, retrained: Retrained) -> None:
        query = "SELECT count(DISTINCT model_version), min(model_version) FROM trials WHERE side = 'champion'"
        assert retrained.one(query) == (1, "2013-02-01")

    def test_a_weeks_predictions_are_of_the_model_in_use_when_it_began(self, retrained: Retrained) -> None:
        assert {row[2] for row in retrained.predictions(BOTH)} == {"2013-02-01"}

    def test_scoring_a_week_again_writes_the_same(self, retrained: Retrained) -> None:
        from flight_delay.pipeline import score_week

        before = retrained.predictions(FIRST)
        assert len(before) == 6_701
        score_week(FIRST)
        assert retrained.predictions(FIRST) == before

    def test_predictions_of_january_are_not_those_of_the_model_that_learnt_from_it(self, retrained: Retrained) -> None:
        from flight_delay import model
        from flight_delay.datasets import JANUARY

        logged = retrained.predictions(Window.of(JANUARY))
        assert {row[2] for row in logged} == {"2013-02-01 held out"}
        flattering = model.score(retrained.registry.load("2013-02-01"), model.read_flights(Window.of(JANUARY)))
        by_flight = dict(zip(flattering["flight_id"], flattering["score"], strict=True))
        same = sum(abs(row[3] - by_flight[row[0]]) < 1e-9 for row in logged)
        assert same < len(logged) / 100
