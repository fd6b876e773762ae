"""The two distributions of a column: kept by the report where it drifted, else from the stored profiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor.drift import detect_drift
from airflow_ml_monitor.pages.distributions import Bars, NoDistributionsError, read_distributions
from airflow_ml_monitor.profile import Profile, build_reference, profile_like
from airflow_ml_monitor.rendering.charts import of_shares
from airflow_ml_monitor.store import Store, StoredReport
from tests.store.factories import make_origin, make_window


def rows(seed: int, moved: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "distance": rng.normal(800 + moved, 200, 2_000),
            "dep_delay": rng.normal(10, 30, 2_000),
            "carrier": rng.choice(["AA", "UA", "DL"], 2_000),
            "empty": pd.Series([None] * 2_000, dtype="object"),
        }
    )


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    return Store(engine)


def written(store: Store, *, profile: bool = True, reference: bool = True) -> StoredReport:
    """A window in which the distance moved and nothing else did."""
    base = build_reference(rows(1))
    if reference:
        report = replace(detect_drift(base, base), kind="reference", model="m", results=())
        store.write(report, make_origin(run_id="reference"), profile=base, reference_name="january")
    current = profile_like(base, rows(2, moved=400))
    report = replace(detect_drift(base, current, window=make_window()), model="m")
    return store.write(report, make_origin(), profile=current if profile else None)


def read(store: Store, stored: StoredReport, column: str) -> dict[str, Any]:
    with store.begin() as connection:
        return read_distributions(connection, stored, column)


def test_of_what_drifted_as_the_report_kept_them(store: Store) -> None:
    known = read(store, written(store, profile=False, reference=False), "distance")
    (bars,) = known["bars"]
    assert (bars.title, known["from_profiles"]) == ("Shares of rows by distance", False)
    assert {one["status"] for one in known["checks"]} >= {"fail", "pass"}


@pytest.mark.parametrize(("column", "stand"), [("dep_delay", True), ("carrier", False)])
def test_of_what_did_not_drift_from_the_stored_profiles(store: Store, column: str, stand: bool) -> None:
    known = read(store, written(store), column)
    (bars,) = known["bars"]
    assert (bars.stand, known["from_profiles"]) == (stand, True)
    for side in ("reference", "current"):
        assert sum(row[3] for row in bars.chart.rows if row[2] == side) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("kept", "said"),
    [({"profile": False}, "of its window with"), ({"reference": False}, "of its reference with")],
)
def test_without_one_of_the_profiles_says_which(store: Store, kept: dict[str, bool], said: str) -> None:
    with pytest.raises(NoDistributionsError, match=said):
        read(store, written(store, **kept), "dep_delay")


def test_of_a_column_that_is_not_there(store: Store) -> None:
    with pytest.raises(NoDistributionsError, match="distributions of column 'nowhere'"):
        read(store, written(store), "nowhere")


def test_of_a_profile_that_cannot_be_read(store: Store) -> None:
    stored = written(store)
    with store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ml_monitor.profile DISABLE TRIGGER append_only"))
        connection.execute(sa.text("UPDATE ml_monitor.profile SET content = 'x'"))
    with pytest.raises(NoDistributionsError, match="cannot be read"):
        read(store, stored, "dep_delay")


def test_bars_stand_on_the_axis_and_say_their_share() -> None:
    chart = of_shares("x", {"edges": [1.0, 2.0], "reference": [0.5, 0.25, 0.25], "current": [0.0, 0.0, 1.0]})
    assert chart is not None
    bars = Bars(chart)
    highest = next(bar for bar in bars.bars if bar.said == "> 2, current: 100 %")
    nothing = next(bar for bar in bars.bars if bar.said == "≤ 1, current: 0 %")
    assert (nothing.height, highest.y + highest.height) == (0.0, bars.scale.start)
    assert bars.rows[0] == ("≤ 1", "50 %", "0 %")


def test_a_profile_of_texts_has_a_distribution_for_each_of_its_descriptors() -> None:
    from airflow_ml_monitor.drift.explain import distributions

    texts = pd.DataFrame({"note": [f"flight {place} is late by {place % 7} hours" for place in range(500)]})
    profile: Profile = build_reference(texts, kinds={"note": "text"})
    found = distributions(profile.columns["note"], profile.columns["note"])
    assert found
    assert all(name and each["reference"] == each["current"] for name, each in found.items())


def test_of_a_stored_profile_one_column_can_be_read_alone() -> None:
    whole = build_reference(rows(1))
    (column,) = Profile.from_bytes(whole.to_bytes(), columns=["carrier"]).columns.items()
    assert column[0] == "carrier"
    assert column[1].to_parts()[0] == whole.columns["carrier"].to_parts()[0]
