from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_ml_monitor.errors import ConfigurationError, ReferenceNotFoundError, StoreError
from airflow_ml_monitor.profile import Profile, build_reference
from airflow_ml_monitor.store import Store, StoredReport
from tests.store.factories import make_origin, make_report


def make_profile(first: float = 0.0) -> Profile:
    return build_reference(pd.DataFrame({"distance": [first, 200.0, 1_400.0], "origin": ["EWR", "JFK", None]}))


def save(store: Store, profile: Profile, *, run: int = 1, name: str = "january", **changes: Any) -> StoredReport:
    report = make_report(kind="reference", **changes)
    return store.write(report, make_origin(run_id=f"manual__{run}"), profile=profile, reference_name=name)


def read(store: Store, name: str = "january", version: int | None = None, model: str = "flight_delay") -> Any:
    return store.reference(model=model, environment="prod", name=name, version=version)


class TestReference:
    def test_reads_back_the_profile_saved(self, store: Store) -> None:
        profile = make_profile()
        save(store, profile)
        reference = read(store)
        assert (reference.version, reference.digest, reference.profile.digest) == (1, profile.digest, profile.digest)
        assert reference.label == f"january v1 (sha256 {profile.digest[:8]})"

    def test_other_content_is_the_next_version_and_current(self, store: Store) -> None:
        save(store, make_profile(1.0), run=1)
        save(store, make_profile(2.0), run=2)
        assert read(store).version == 2
        assert read(store).digest == make_profile(2.0).digest

    def test_an_earlier_version_stays_readable(self, store: Store) -> None:
        save(store, make_profile(1.0), run=1)
        save(store, make_profile(2.0), run=2)
        assert read(store, version=1).digest == make_profile(1.0).digest

    def test_equal_content_is_no_new_version(self, store: Store) -> None:
        save(store, make_profile(), run=1)
        save(store, make_profile(), run=2)
        assert read(store).version == 1

    def test_content_that_comes_back_is_a_new_version(self, store: Store) -> None:
        for run, first in enumerate([1.0, 2.0, 1.0]):
            save(store, make_profile(first), run=run)
        assert read(store).version == 3

    def test_names_models_and_environments_count_for_themselves(self, store: Store) -> None:
        save(store, make_profile(1.0), run=1)
        save(store, make_profile(2.0), run=2, name="february")
        save(store, make_profile(3.0), run=3, model="other")
        save(store, make_profile(4.0), run=4, environment="staging")
        assert [read(store).version, read(store, "february").version, read(store, model="other").version] == [1, 1, 1]

    def test_sixteen_at_once_make_sixteen_versions_and_one_current(self, store: Store) -> None:
        start = threading.Barrier(16)

        def save_own(number: int) -> None:
            start.wait()
            save(store, make_profile(float(number)), run=number)

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(save_own, range(16)))
        with store.engine.connect() as connection:
            saved = connection.execute(sa.text("SELECT version, is_current FROM ml_monitor.reference ORDER BY 1")).all()
        assert [tuple(row) for row in saved] == [(version, version == 16) for version in range(1, 17)]

    def test_that_does_not_exist_names_what_does(self, store: Store) -> None:
        save(store, make_profile())
        with pytest.raises(
            ReferenceNotFoundError,
            match=r"'flight_delay' in .* 'prod' has no reference 'march' \(it has: 'january'\); run",
        ):
            read(store, "march")

    def test_of_a_model_without_any(self, store: Store) -> None:
        with pytest.raises(ReferenceNotFoundError, match=r"has no reference 'january' \(it has: none\)"):
            read(store)

    def test_version_that_does_not_exist(self, store: Store) -> None:
        save(store, make_profile())
        with pytest.raises(ReferenceNotFoundError, match="has no version 7; it has the versions 1 to 1"):
            read(store, version=7)

    def test_without_a_profile_is_refused(self, store: Store) -> None:
        with pytest.raises(ConfigurationError, match="'january' cannot be stored without a profile"):
            store.write(make_report(), make_origin(), reference_name="january")


class TestProfile:
    def test_of_a_judged_window_is_stored_with_its_report(self, store: Store) -> None:
        profile = make_profile()
        written = store.write(make_report(), make_origin(), profile=profile)
        assert written.profile_hash == profile.digest
        assert store.reports([written.id]) == [written]

    def test_is_stored_once_for_equal_content(self, store: Store) -> None:
        for number in range(2):
            store.write(make_report(), make_origin(map_index=number), profile=make_profile())
        with store.engine.connect() as connection:
            assert connection.execute(sa.text("SELECT array_agg(rows) FROM ml_monitor.profile")).scalar() == [3]

    def test_the_same_again_under_its_key_changes_nothing(self, store: Store) -> None:
        written = save(store, make_profile(1.0))
        assert save(store, make_profile(1.0)) == written
        assert read(store).version == 1

    def test_another_one_under_its_key_is_refused(self, store: Store) -> None:
        save(store, make_profile(1.0))
        with pytest.raises(StoreError, match="other in the profile"):
            save(store, make_profile(2.0))
        assert read(store).digest == make_profile(1.0).digest

    def test_cannot_be_changed(self, store: Store) -> None:
        save(store, make_profile())
        with pytest.raises(sa.exc.DBAPIError, match="is append-only"), store.engine.begin() as connection:
            connection.execute(sa.text("UPDATE ml_monitor.profile SET rows = 0"))
