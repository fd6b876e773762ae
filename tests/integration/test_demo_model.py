"""The demo's model learns from labels that had arrived, and its registry keeps what was in use when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor.data import Connections
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from flight_delay.registry import Registry


pytestmark = pytest.mark.usefixtures("dags_on_path")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    from flight_delay.registry import Registry

    return Registry(tmp_path / "models")


@pytest.fixture
def warehouse(engine: sa.Engine) -> Connections:
    """A warehouse with the labels of January and February."""
    from flight_delay import warehouse as tables

    with engine.begin() as connection:
        connection.execute(sa.text(tables.TABLES))
    tables.deliver_labels(engine, Window("2013-01-01T05:00:00Z", "2013-03-04T05:00:00Z"))
    return Connections({"warehouse": engine})


def week(monday: date) -> Window:
    start, end = (
        datetime.combine(day, datetime.min.time(), ZoneInfo("America/New_York"))
        for day in (monday, monday + timedelta(weeks=1))
    )
    return Window(start, end)


FIRST, SECOND = week(date(2013, 2, 11)), week(date(2013, 2, 18))


class TestLabels:
    def test_arrive_four_weeks_after_the_flight(self, engine: sa.Engine, warehouse: Connections) -> None:
        after = sa.text(
            "SELECT DISTINCT arrived_at - scheduled_at FROM labels WHERE scheduled_at >= '2013-02-01 05:00Z'"
        )
        with engine.connect() as connection:
            assert connection.scalars(after).all() == [timedelta(weeks=4)]

    def test_cancelled_and_diverted_flights_have_none(self, engine: sa.Engine, warehouse: Connections) -> None:
        blizzard = sa.text(
            "SELECT count(*), count(late), count(*) FILTER (WHERE cancelled), count(late) FILTER (WHERE cancelled) "
            "FROM labels WHERE scheduled_at >= '2013-02-04 05:00Z' AND scheduled_at < '2013-02-11 05:00Z'"
        )
        with engine.connect() as connection:
            assert tuple(connection.execute(blizzard).one()) == (6104, 5159, 929, 0)

    def test_written_again_are_the_same(self, engine: sa.Engine, warehouse: Connections) -> None:
        from flight_delay import warehouse as tables

        count = sa.text("SELECT count(*), count(DISTINCT flight_id) FROM labels")
        with engine.connect() as connection:
            before = connection.execute(count).one()
        tables.deliver_labels(engine, FIRST)
        with engine.connect() as connection:
            assert connection.execute(count).one() == before

    def test_withheld_are_not_there(self, engine: sa.Engine, warehouse: Connections) -> None:
        from flight_delay import model
        from flight_delay import warehouse as tables

        tables.withhold_labels(engine, FIRST)
        assert len(model.read_labelled([FIRST], FIRST.end + timedelta(weeks=9), warehouse)) == 0


class TestTraining:
    def test_never_sees_a_label_that_had_not_arrived(self, warehouse: Connections) -> None:
        from flight_delay.model import read_labelled

        halfway = FIRST.start + timedelta(weeks=4, days=3)
        flights = read_labelled([FIRST], halfway, warehouse)
        at = flights["scheduled_at"].dt.tz_localize("America/New_York")
        assert len(flights) > 1_000
        assert at.max() + pd.Timedelta(weeks=4) <= halfway

    def test_the_same_labels_give_the_same_model(self, warehouse: Connections, registry: Registry) -> None:
        from flight_delay import model

        as_of = FIRST.end + timedelta(weeks=4)
        first = model.train([FIRST], as_of, registry, warehouse)
        flights = model.read_flights(SECOND)
        before = model.score(registry.load(first["version"]), flights)
        assert model.train([FIRST], as_of, registry, warehouse) == first
        pd.testing.assert_frame_equal(model.score(registry.load(first["version"]), flights), before)

    def test_held_out_scores_are_of_every_flight_and_honest(self, warehouse: Connections) -> None:
        from flight_delay import model
        from sklearn.metrics import roc_auc_score

        flights = model.read_labelled([FIRST, SECOND], SECOND.end + timedelta(weeks=4), warehouse)
        scored = model.held_out(flights)
        assert scored["flight_id"].tolist() == flights["flight_id"].tolist()
        seen = model.score(model.fitted(flights), flights)
        honest, flattering = (roc_auc_score(one["late"], one["score"]) for one in (scored, seen))
        assert 0.5 < honest < flattering - 0.05

    def test_weeks_before_are_of_new_york_and_without_those_a_gate_closed_on(self) -> None:
        from flight_delay.model import weeks_before

        window, closed = week(date(2013, 3, 25)), week(date(2013, 3, 4))
        before = weeks_before(window, [closed])
        assert before == [week(date(2013, 2, 25)), week(date(2013, 3, 11)), week(date(2013, 3, 18))]
        assert closed.end == before[1].start

    def test_what_a_model_has_learnt_from_is_left_out(self) -> None:
        from flight_delay import model

        flights = model.read_flights(Window(FIRST.start, SECOND.end))
        unseen = model.unseen(flights, {"trained_on": [FIRST.to_dict()]})
        assert unseen["flight_id"].tolist() == model.read_flights(SECOND)["flight_id"].tolist()

    def test_a_challenger_of_the_same_day_leaves_the_model_in_use_as_it_is(
        self, warehouse: Connections, registry: Registry
    ) -> None:
        from flight_delay import model

        as_of = SECOND.end + timedelta(weeks=4)
        deployed = model.train([FIRST], as_of, registry, warehouse)["version"]
        kept = registry.describe(deployed)
        challenger = model.train([SECOND], as_of, registry, warehouse)["version"]
        assert challenger == f"{deployed}.2"
        assert registry.describe(deployed) == kept


class TestRegistry:
    def test_gives_back_what_it_was_given(self, registry: Registry) -> None:
        registry.save("1", {"a": "model"}, {"rows": 3})
        assert registry.load("1") == {"a": "model"}
        assert registry.describe("1") == {"version": "1", "rows": 3}

    def test_knows_what_was_in_use_at_each_moment(self, registry: Registry) -> None:
        for version in ("1", "2"):
            registry.save(version, None, {})
        early, late = datetime(2013, 2, 1, tzinfo=UTC), datetime(2013, 7, 29, tzinfo=UTC)
        assert registry.deploy("1", early) is None
        assert registry.deploy("2", late) == "1"
        moments = (early - timedelta(1), early, late - timedelta(1), late)
        assert [registry.in_use(at) for at in moments] == [None, "1", "1", "2"]

    def test_deploying_the_same_again_changes_nothing(self, registry: Registry) -> None:
        registry.save("1", None, {})
        since = datetime(2013, 2, 1, tzinfo=UTC)
        registry.deploy("1", since)
        assert registry.deploy("1", since) == "1"
        assert registry.in_use(since) == "1"

    def test_an_unknown_version_is_not_deployed(self, registry: Registry) -> None:
        now = datetime(2013, 2, 1, tzinfo=UTC)
        with pytest.raises(FileNotFoundError):
            registry.deploy("3", now)
        assert registry.in_use(now) is None
