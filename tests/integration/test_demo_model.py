"""The demo's model learns from released windows only, and its registry keeps what it is given."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from flight_delay.registry import Registry

DAGS = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture(autouse=True)
def _dags_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DAGS))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    from flight_delay.registry import Registry

    return Registry(tmp_path / "models")


def week(monday: date) -> Window:
    start, end = (
        datetime.combine(day, datetime.min.time(), ZoneInfo("America/New_York"))
        for day in (monday, monday + timedelta(weeks=1))
    )
    return Window(start, end)


class TestTraining:
    def test_is_better_than_chance_on_flights_it_has_not_seen(self, registry: Registry) -> None:
        from flight_delay.datasets import JANUARY
        from flight_delay.model import train

        assert 0.6 < train(Window.of(JANUARY), registry)["held_out_auc"] < 0.8

    def test_learns_from_what_was_deployed_and_not_from_what_was_only_trained(self, registry: Registry) -> None:
        from flight_delay.model import train

        first, blocked, second = (week(date(2013, 2, day)) for day in (11, 18, 25))
        registry.deploy(train(first, registry)["version"])
        train(blocked, registry)
        assert train(second, registry)["trained_on"] == [first.to_dict(), second.to_dict()]

    def test_keeps_the_latest_windows(self, registry: Registry) -> None:
        from flight_delay.model import train

        first, second = week(date(2013, 2, 11)), week(date(2013, 2, 18))
        registry.deploy(train(first, registry)["version"])
        assert train(second, registry, keep=1)["trained_on"] == [second.to_dict()]

    def test_a_rerun_of_a_deployed_week_gives_the_same_model_again(self, registry: Registry) -> None:
        from flight_delay.model import train

        before = train(week(date(2013, 2, 11)), registry)
        registry.deploy(before["version"])
        assert train(week(date(2013, 2, 11)), registry) == before


class TestRegistry:
    def test_gives_back_what_it_was_given(self, registry: Registry) -> None:
        registry.save("1", {"a": "model"}, {"rows": 3})
        assert registry.load("1") == {"a": "model"}
        assert registry.describe("1") == {"version": "1", "rows": 3}

    def test_deploying_says_what_it_replaces(self, registry: Registry) -> None:
        for version in ("1", "2"):
            registry.save(version, None, {})
        assert registry.deploy("1") is None
        assert registry.deploy("2") == "1"
        assert registry.deployed == "2"

    def test_an_unknown_version_is_not_deployed(self, registry: Registry) -> None:
        with pytest.raises(FileNotFoundError):
            registry.deploy("3")
        assert registry.deployed is None
