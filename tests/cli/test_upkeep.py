"""``prune`` and ``erase``: what leaves the store, and what stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.profile import build_reference
from airflow_ml_monitor.store import Store, tables
from tests.store.factories import make_decision, make_origin, make_report

Printed = Callable[..., str]


def count(store: Store, table: sa.Table) -> int:
    with store.begin() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def counts(store: Store) -> list[int]:
    return [count(store, table) for table in (tables.report, tables.check_result, tables.reference, tables.profile)]


@pytest.fixture
def filled(store: Store, engine: sa.Engine) -> Store:
    import pandas as pd

    first, second = (build_reference(pd.DataFrame({"x": range(start, start + 50)})) for start in (0, 5))
    reference = make_report(kind="reference", results=make_report().results[1:])
    store.write(reference, make_origin(task_id="reference"), profile=first, reference_name="january")
    store.write(make_report(), make_origin(), profile=second)
    store.write(make_report(), make_origin(run_id="manual__2"), profile=second)
    store.write(make_report(model="other"), make_origin(), profile=second)
    with engine.begin() as connection:  # as if these had been written long ago
        connection.execute(sa.text("ALTER TABLE ml_monitor.report DISABLE TRIGGER USER"))
        connection.execute(
            sa.text("UPDATE ml_monitor.report SET written_at = '2013-01-01' WHERE kind = 'drift' AND model <> 'other'")
        )
        connection.execute(sa.text("ALTER TABLE ml_monitor.report ENABLE TRIGGER USER"))
    return store


class TestPrune:
    def test_old_reports_go_and_what_others_need_stays(self, filled: Store, printed: Printed) -> None:
        said = printed("prune", "--older-than", "400d", "--yes")
        assert said.startswith("deleted: 2 reports with 4 checks, 0 versions of references, 0 profiles written before")
        assert counts(filled) == [2, 3, 1, 2]

    def test_profiles_nobody_needs_go_with_them(self, filled: Store, printed: Printed) -> None:
        printed("erase", "--model", "other", "--yes")
        assert "2 reports with 4 checks, 0 versions of references, 1 profiles" in printed(
            "prune", "--older-than", "52w", "-y"
        )
        assert counts(filled) == [1, 1, 1, 1]

    @pytest.mark.parametrize(("options", "left"), [([], 1), (["--model", "other"], 2), (["--dry-run"], 2)])
    def test_what_people_were_told_long_ago_goes_too(
        self, filled: Store, printed: Printed, options: list[str], left: int
    ) -> None:
        with filled.begin() as connection:
            for attempt, at in (("old", "2013-01-01"), ("new", "now")):
                values = {"attempt": attempt, "scope": "s", "channel": "c", "told_at": sa.text(f"timestamptz '{at}'")}
                connection.execute(sa.insert(tables.ended_try).values(values))
        printed("prune", "--older-than", "400d", "--yes", *options)
        assert count(filled, tables.ended_try) == left

    def test_only_what_was_replaced(self, filled: Store, printed: Printed) -> None:
        assert "deleted: 1 reports" in printed("prune", "--older-than", "400d", "--superseded", "--yes")

    @pytest.mark.parametrize("options", [("--kind", "reference"), ("--environment", "test"), ("--model", "none")])
    def test_only_what_is_asked_for(self, filled: Store, printed: Printed, options: tuple[str, ...]) -> None:
        assert "deleted: 0 reports" in printed("prune", "--older-than", "400d", "--yes", *options)

    def test_a_dry_run_deletes_nothing(self, filled: Store, printed: Printed) -> None:
        before = counts(filled)
        assert printed("prune", "--older-than", "400d", "--dry-run").startswith(
            "nothing was deleted; there are 2 reports"
        )
        assert counts(filled) == before

    def test_without_agreement_nothing_goes(self, filled: Store, printed: Printed) -> None:
        before = counts(filled)
        with pytest.raises(SystemExit, match=r"2 reports .* will be deleted .*; give --yes to agree"):
            printed("prune", "--older-than", "400d")
        assert counts(filled) == before

    @pytest.mark.parametrize("age", ["0d", "400", "a year", "-3d"])
    def test_what_is_no_age(self, printed: Printed, age: str) -> None:
        with pytest.raises(SystemExit, match="is no age"):
            printed("prune", f"--older-than={age}")

    def test_an_age_before_all_time(self, printed: Printed) -> None:
        for age in ("9999999d", "99999999999999w"):
            with pytest.raises(SystemExit, match=f"'{age}' is before all time"):
                printed("prune", "--older-than", age)

    def test_where_nothing_is_old_nothing_is_asked(self, printed: Printed) -> None:
        assert printed("prune", "--older-than", "400d").startswith("deleted: 0 reports")


class TestErase:
    def test_all_of_a_model_goes_and_nothing_of_others(self, filled: Store, printed: Printed) -> None:
        said = printed("erase", "--model", "flight_delay", "--yes")
        assert said.startswith("deleted: 3 reports with 5 checks, 1 versions of references, 1 profiles of model")
        assert counts(filled) == [1, 2, 0, 1]

    def test_what_people_decided_goes_with_the_reports(self, filled: Store, printed: Printed) -> None:
        stored = filled.write(make_report(), make_origin(run_id="manual__decided"))
        filled.save_decisions([make_decision(stored.id)])
        printed("erase", "--model", "flight_delay", "--yes")
        assert count(filled, tables.decision) == 0

    def test_of_one_environment(self, filled: Store, printed: Printed) -> None:
        assert "deleted: 0 reports" in printed("erase", "--model", "flight_delay", "--environment", "test", "--yes")

    def test_the_store_is_append_only_again_afterwards(self, filled: Store, printed: Printed) -> None:
        printed("erase", "--model", "flight_delay", "--yes")
        with pytest.raises(sa.exc.IntegrityError, match="append-only"), filled.engine.begin() as connection:
            connection.execute(sa.delete(tables.report))
