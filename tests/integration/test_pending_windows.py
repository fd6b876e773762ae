"""The windows that are due in real runs, while labels come late by outcome, twice, corrected, for nobody, or never;
against what is recomputed row by row at every moment."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import sqlalchemy as sa
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airflow_ml_monitor import AtLeast, Status, Window
from airflow_ml_monitor.data import Table
from airflow_ml_monitor.operators.gate import GateOperator
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator
from airflow_ml_monitor.operators.pending_windows import PendingWindowsOperator
from airflow_ml_monitor.performance.delays_learnt import LearntDelay
from airflow_ml_monitor.store import Store
from tests.airflow_runs import Run, run_dag
from tests.conftest import as_airflow_connection

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

ZONE = ZoneInfo("America/New_York")
SINCE = datetime(2014, 11, 1, tzinfo=ZONE).astimezone(UTC)  # clocks go back on the second day
WEEKS = [
    Window(*(datetime(2014, 11, day, tzinfo=ZONE).astimezone(UTC) for day in (first, first + 7)))
    for first in (1, 8, 15)
]
DELAY = timedelta(days=5)
MIN_GAIN = 0.05
PREDICTIONS = Table("predictions", conn_id="warehouse", time_column="at", timezone=str(ZONE))
LABELS = Table("labels", conn_id="warehouse", arrived_at_column="arrived_at")
JOIN: dict[str, Any] = {"on": "id", "label": "late", "void": "cancelled", "delay": DELAY}
AS_OF = "{{ dag_run.conf['as_of'] }}"


@dataclass
class World:
    """Predictions, and all that will ever be said of them."""

    made: list[tuple[int, datetime, float]] = field(default_factory=list)
    said: list[tuple[int, bool | None, bool, datetime]] = field(default_factory=list)

    def known(self, window: Window, as_of: datetime) -> dict[int, bool | str | None]:
        """What is known of each prediction of a window: its label, ``None`` or ``"void"``."""
        known: dict[int, bool | str | None] = {}
        for key, at, _ in self.made:
            if at in window:
                rows = [row for row in self.said if row[0] == key and row[3] <= as_of]
                last = max(rows, key=lambda row: row[3], default=None)
                known[key] = None if last is None else "void" if last[2] else last[1]
        return known


def arrivals(seed: int) -> World:
    """Sixty predictions a week; labels of delays come later than others, some twice, corrected, for nobody, never."""
    draw, world = random.Random(seed), World()
    for key in range(180):
        wall = datetime(2014, 11, 1) + timedelta(minutes=168 * key)
        at = wall.replace(tzinfo=ZONE).astimezone(UTC)
        late = draw.random() < 0.4
        world.made.append((key, at, 0.7 if late == (draw.random() < 0.8) else 0.3))
        arrived = at + timedelta(days=draw.uniform(3, 20) if late else draw.uniform(0, 6))
        kind = draw.random()
        if kind < 0.1:
            continue
        if kind < 0.15:
            world.said.append((key, None, True, arrived))
            continue
        world.said.append((key, late, False, arrived))
        if kind < 0.3:
            world.said.append((key, late, False, arrived + timedelta(days=1)))
        elif kind < 0.35:
            world.said.append((key, not late, False, arrived + timedelta(days=4)))
    world.said += [(1000 + each, True, False, SINCE + timedelta(days=each)) for each in range(5)]
    return world


@pytest.fixture
def store(store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", as_airflow_connection(store_connection))
    return Store(sa.create_engine(store_connection, poolclass=sa.NullPool))


def write(store: Store, world: World) -> None:
    made = pd.DataFrame(world.made, columns=["id", "at", "score"])
    made["at"] = made["at"].dt.tz_convert(ZONE).dt.tz_localize(None)
    said = pd.DataFrame(world.said, columns=["id", "late", "cancelled", "arrived_at"]).astype({"late": "boolean"})
    made.to_sql("predictions", store.engine, index=False, if_exists="replace")
    said.to_sql("labels", store.engine, index=False, if_exists="replace")


def look(as_of: datetime, events: Sequence[dict[str, Any]] = (), **kwargs: Any) -> Run:
    """One run of a DAG that judges what is due."""
    settings = JOIN | {"predictions": PREDICTIONS, "labels": LABELS, "model": "m", "as_of": AS_OF}
    pends = {"every": timedelta(weeks=1), "since": SINCE, "min_gain": MIN_GAIN} | kwargs
    with DAG("pending_windows", schedule=None) as dag:
        pending = PendingWindowsOperator(task_id="pending", **settings, **pends)
        score = ModelQualityOperator.partial(
            task_id="score", **settings, problem="binary", expect=[AtLeast("accuracy", 0.5)], on_fail="record"
        ).expand(window=pending.output)
        score >> GateOperator(task_id="gate") >> EmptyOperator(task_id="go_on")
    return run_dag(dag, conf={"as_of": as_of.isoformat()}, events=events)


def is_due(now: dict[int, Any], then: tuple[datetime, dict[int, Any]] | None, due: datetime, as_of: datetime) -> bool:
    """The rule, a key at a time; ``then`` is what the last verdict knew."""
    if as_of < due:
        return False
    if then is None or then[0] < due:
        return True
    had = {key: label for key, label in then[1].items() if isinstance(label, bool)}
    has = {key: label for key, label in now.items() if isinstance(label, bool)}
    gained = len(has.keys() - had.keys())
    complete = all(label is not None for label in now.values())
    expected = sum(label != "void" for label in now.values())
    return any(now[key] != label for key, label in had.items()) or (
        gained > 0 and (gained >= MIN_GAIN * expected or complete)
    )


def test_at_every_moment_what_is_due_and_judged_is_what_a_recount_says(store: Store) -> None:
    world = arrivals(seed=3)
    write(store, world)
    last: dict[Window, tuple[datetime, dict[int, Any]]] = {}
    verdicts = dict.fromkeys(WEEKS, 0)
    for days in (11.9, 12.5, 15, 19.5, 22, 26.5, 29, 32):
        as_of = SINCE + timedelta(days=days)
        known = {window: world.known(window, as_of) for window in WEEKS if window.end <= as_of}
        expected = [w for w, now in known.items() if is_due(now, last.get(w), w.end + DELAY, as_of)]
        run = look(as_of)
        assert [Window.of(each) for each in run.xcom("pending")] == expected, days
        for window in expected:
            last[window] = (as_of, known[window])
            verdicts[window] += 1
        ledger = {entry.window: entry for entry in store.ledger(model="m", environment="prod")}
        assert {window: entry.verdicts for window, entry in ledger.items()} == {w: n for w, n in verdicts.items() if n}
        for window, (moment, then) in last.items():
            said = [label for label in then.values() if isinstance(label, bool)]
            void = sum(label == "void" for label in then.values())
            entry = ledger[window]
            assert (entry.judged_as_of, entry.predictions, entry.void) == (moment, 60, void)
            assert (entry.labelled, entry.missing) == (len(said), 60 - void - len(said))
            (report,) = store.reports([entry.report_id])
            accuracy = next(one for one in report.report.results if one.check == "accuracy")
            right = [(score >= 0.5) == then[key] for key, _, score in world.made if isinstance(then.get(key), bool)]
            assert accuracy.value == pytest.approx(sum(right) / len(right))
    assert max(verdicts.values()) >= 3, "labels of a window came in parts"


class TestThirds:
    """A window whose labels come in thirds."""

    def world(self) -> World:
        made = [(key, SINCE + timedelta(minutes=key), 0.9) for key in range(90)]
        said = [(key, True, False, SINCE + timedelta(days=13 + key % 3)) for key in range(90)]
        return World(made, said)

    def test_gets_three_verdicts_a_new_one_when_corrected_and_keeps_them(self, store: Store) -> None:
        world = self.world()
        write(store, world)
        runs = [look(SINCE + timedelta(days=days, hours=2), most=1) for days in (13, 14, 15)]
        assert [len(run.xcom("pending")) for run in runs] == [1, 1, 1]
        world.said.append((0, False, False, SINCE + timedelta(days=20)))
        write(store, world)
        corrected = look(SINCE + timedelta(days=20, hours=2))
        first = next(each for each in corrected.xcom("pending", key="pending") if each["window"] == WEEKS[0].to_dict())
        assert (first["reasons"], first["changed"], first["gained"]) == (["changed"], 1, 0)
        with store.engine.connect() as connection:
            query = sa.text("SELECT as_of FROM ml_monitor.report WHERE kind = 'model_quality' AND window_start = :w")
            kept = connection.execute(query, {"w": WEEKS[0].start}).scalars().all()
        assert len(kept) == 4

    def test_early_verdicts_come_before_the_window_is_mature(self, store: Store) -> None:
        write(store, self.world())
        settings = {"delay": timedelta(days=30), "early": True, "min_gain": 30}
        run = look_early(SINCE + timedelta(days=13, hours=2), **settings)
        (why,) = run.xcom("pending", key="pending")
        assert (why["reasons"], why["labelled"], why["mature"]) == (["early"], 30, 0)


def look_early(as_of: datetime, **kwargs: Any) -> Run:
    settings = JOIN | {"predictions": PREDICTIONS, "labels": LABELS, "model": "m", "as_of": as_of}
    with DAG("pending_early", schedule=None) as dag:
        PendingWindowsOperator(task_id="pending", every=timedelta(weeks=1), since=SINCE, **settings | kwargs)
    return run_dag(dag)


@pytest.mark.parametrize(
    ("delay", "due"),
    [
        (LearntDelay(quantile=0.3), 1),
        (LearntDelay(quantile=0.6), 0),
        (LearntDelay(quantile=0.995, fallback=timedelta(days=1)), 1),
        ("due_at", 1),
    ],
    ids=["learnt", "longer", "fallback", "column"],
)
def test_a_window_is_mature_by_a_learnt_delay_or_a_column(store: Store, delay: LearntDelay | str, due: int) -> None:
    world = TestThirds().world()
    world.said.pop()  # one label never comes: all of them are never identified
    write(store, world)
    with store.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE predictions ADD COLUMN due_at timestamptz"))
        connection.execute(sa.text("UPDATE predictions SET due_at = :at"), {"at": SINCE + timedelta(days=20)})
    # A third of the labels took 13 days each, and the week was over after 7.
    run = look_early(SINCE + timedelta(days=20, hours=12), delay=delay)
    assert len([each for each in run.xcom("pending") if Window.of(each) == WEEKS[0]]) == due


def test_labels_that_stay_away_are_seen_in_the_ledger(store: Store) -> None:
    world = TestThirds().world()
    world.said = [(1000, True, False, SINCE)]  # of no prediction
    write(store, world)
    look(SINCE + timedelta(days=13))
    (entry,) = store.ledger(model="m", environment="prod")
    assert (entry.verdict, entry.mature, entry.labelled) == (Status.INSUFFICIENT, 90, 0)
    assert (entry.coverage, entry.completeness) == (0.0, 0.0)


@pytest.mark.parametrize(("days", "status"), [(15, "pass"), (23, "fail")])
def test_labels_that_stay_away_are_noticed_while_they_are_awaited(store: Store, days: int, status: str) -> None:
    # Ten predictions an hour for 23 days, each labelled two days later; after 18 days no more labels come.
    made = [(key, SINCE + timedelta(minutes=6 * key), 0.9) for key in range(23 * 240)]
    said = [(key, True, False, at + timedelta(days=2)) for key, at, _ in made]
    write(store, World(made, [row for row in said if row[3] < SINCE + timedelta(days=18)]))
    run = look_early(SINCE + timedelta(days=days), outage_after=timedelta(days=3))
    found = run.xcom("pending", key="label_outage")
    assert (found["check"], found["status"]) == ("label_outage", status)


class TestEventsOfAWatch:
    """A run that ``LabelsArrivedTrigger`` started."""

    def pending(self, store: Store, **kwargs: Any) -> list[Window]:
        write(store, arrivals(seed=2))
        events = [{"from_trigger": True, "payload": {"windows": [WEEKS[week].to_dict()]}} for week in (1, 0)]
        settings = JOIN | {"predictions": PREDICTIONS, "labels": LABELS, "model": "m"}
        grid = {"every": timedelta(weeks=1), "since": SINCE, "as_of": SINCE + timedelta(days=40)}
        with DAG("pending_events", schedule=None) as dag:
            PendingWindowsOperator(task_id="pending", **settings, **grid, **kwargs)
        return [Window.of(each) for each in run_dag(dag, events=events).xcom("pending")]

    def test_looks_at_the_windows_of_all_merged_events_where_asked(self, store: Store) -> None:
        assert self.pending(store, arrived_only=True) == WEEKS[:2]

    def test_a_batch_that_is_told_twice_makes_no_second_verdict(self, store: Store) -> None:
        write(store, TestThirds().world())
        told = [{"from_trigger": True, "payload": {"rows": 30, "windows": [WEEKS[0].to_dict()]}}]
        # A triggerer that is killed before it has kept how far it came tells of its last batch again.
        first, again = (
            look(SINCE + timedelta(days=13, hours=hours), events=told, arrived_only=True) for hours in (1, 2)
        )
        assert [len(run.xcom("pending")) for run in (first, again)] == [1, 0]
        (entry,) = store.ledger(model="m", environment="prod")
        assert entry.verdicts == 1

    def test_looks_at_all_windows_otherwise(self, store: Store) -> None:
        assert self.pending(store)[:3] == WEEKS


class TestNothingDue:
    def test_does_not_close_the_gate_and_says_so(self, store: Store) -> None:
        write(store, arrivals(seed=1))
        run = look(SINCE + timedelta(days=10))
        assert run.xcom("pending") == []
        assert run.states == {"pending": "success", "score": "skipped", "gate": "success", "go_on": "success"}
        (gate,) = store.run_reports(dag_id=run.dag_id, run_id=run.run_id)
        assert gate.report.status is Status.INSUFFICIENT
        assert "nothing to judge" in str(gate.report.reasons[0])


def test_the_gate_judges_every_window(store: Store) -> None:
    write(store, arrivals(seed=2))
    with store.engine.begin() as connection:
        spoiled = sa.text("UPDATE predictions SET score = 1 - score WHERE at >= '2014-11-08' AND at < '2014-11-15'")
        connection.execute(spoiled)
    run = look(SINCE + timedelta(days=32))
    assert len(run.xcom("pending")) == 3
    assert run.states["gate"] == "failed"
    assert "score[1].accuracy: fail" in str(run.errors["gate"])
