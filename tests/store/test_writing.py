from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.errors import ConfigurationError, StoreError
from airflow_ml_monitor.results import CheckResult, Limits, Origin, Report, Severity, Status
from airflow_ml_monitor.store import Store, report_id
from airflow_ml_monitor.store.masking import masked
from tests.store.factories import make_check, make_origin, make_report, make_window
from tests.store.processes import in_processes


def rows(store: Store, table: str) -> int:
    with store.engine.connect() as connection:
        return connection.execute(sa.text(f"SELECT count(*) FROM ml_monitor.{table}")).scalar_one()


class TestReport:
    def test_reads_back_equal(self, store: Store) -> None:
        report = make_report()
        origin = make_origin(map_index=3, try_number=2, attempt="0199c0de-0000-7000-8000-000000000001")
        written = store.write(report, origin)
        assert (written.report, written.origin) == (report, origin)
        assert store.reports([written.id]) == [written]

    @pytest.mark.parametrize(
        "changes",
        [
            {"window": None},
            {"results": ()},
            {"model_version": None, "reference": None, "rows_reference": None, "rows_current": None},
            {"results": (make_check(interval=None, limits=Limits(0.5, None), severity="info", required=True),)},
        ],
        ids=["no window", "no checks", "no reference", "other check"],
    )
    def test_with_less_in_it_reads_back_equal(self, store: Store, changes: dict[str, Any]) -> None:
        report = make_report(**changes)
        assert store.reports([store.write(report, make_origin()).id])[0].report == report

    def test_row_holds_what_a_dashboard_asks_for(self, store: Store) -> None:
        report = make_report()
        store.write(report, make_origin())
        with store.engine.connect() as connection:
            row = connection.execute(sa.text("SELECT * FROM ml_monitor.report")).mappings().one()
        assert (row["status"], row["counts"], row["message"]) == ("fail", {"fail": 1, "pass": 1}, report.summary())
        assert (row["config_hash"], row["duration_s"]) == (report.config_hash, 0.25)
        assert row["overridden_by"] is None

    def test_without_a_model_is_refused(self, store: Store) -> None:
        with pytest.raises(ConfigurationError, match="drift report without a model"):
            store.write(make_report(model=None), make_origin())

    @pytest.mark.parametrize("model", ["  ", "None", "\tNone\n"])
    def test_of_a_model_that_a_template_lost_is_refused(self, store: Store, model: str) -> None:
        with pytest.raises(ConfigurationError, match=r"drift report of model .* rendered to nothing\? give model="):
            store.write(make_report(model=model), make_origin())

    def test_configuration_is_stored_without_its_secrets(self, store: Store) -> None:
        config = {"data": {"load": "flights:read", "kwargs": {"password": "hunter2", "year": 2013}}}
        written = store.write(make_report(config=config), make_origin())
        with store.engine.connect() as connection:
            everything = connection.execute(
                sa.text("SELECT row_to_json(r)::text FROM ml_monitor.report r")
            ).scalar_one()
        assert "hunter2" not in everything
        assert written.report.config["data"]["kwargs"] == {"password": "***", "year": 2013}
        assert store.reports([written.id]) == [written]

    def test_ten_thousand_checks_land_in_their_order(self, store: Store) -> None:
        report = make_report(results=tuple(make_check(column=f"c{number}") for number in range(10_000)))
        written = store.write(report, make_origin())
        assert store.reports([written.id])[0].report.results == report.results


class TestKey:
    def test_the_same_key_again_changes_nothing(self, store: Store) -> None:
        first = store.write(make_report(), make_origin())
        again = store.write(make_report(), make_origin())
        assert again == first
        assert (rows(store, "report"), rows(store, "check_result")) == (1, 2)

    def test_the_same_checks_in_another_order_and_time_are_the_same(self, store: Store) -> None:
        first = store.write(make_report(), make_origin())
        assert store.write(make_report(results=make_report().results[::-1], duration=9.0), make_origin()) == first

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": "pass"},
            {"value": 0.15},
            {"column": "air_time"},
            {"segment": "UA"},
            {"check": "missing_share"},
            {"severity": "warning"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_another_verdict_under_the_same_key_is_refused(self, store: Store, changes: dict[str, Any]) -> None:
        first = store.write(make_report(results=(make_check(),)), make_origin())
        with pytest.raises(StoreError, match="another verdict is stored under the key .* with a later as_of"):
            store.write(make_report(results=(make_check(**changes),)), make_origin())
        assert store.current_reports(model="flight_delay", environment="prod") == [first]

    def test_the_refusal_names_both_verdicts_and_what_differs(self, store: Store) -> None:
        store.write(make_report(results=(make_check(status="pass"),)), make_origin())
        with pytest.raises(StoreError, match=r"pass there, fail now, other in distribution\[distance\];"):
            store.write(make_report(results=(make_check(),)), make_origin())

    def test_a_run_made_again_keeps_its_own_verdict(self, store: Store) -> None:
        store.write(make_report(results=(make_check(status="pass"),)), make_origin(attempt="first"))
        again = store.write(make_report(results=(make_check(),)), make_origin(attempt="second"))
        assert again.report.status is Status.FAIL
        assert store.current_reports(model="flight_delay", environment="prod") == [again]

    @pytest.mark.parametrize(
        "changes",
        [
            {"dag_id": "other"},
            {"run_id": "manual__2"},
            {"task_id": "quality"},
            {"map_index": 0},
            {"try_number": 2},
            {"attempt": "0199c0de-0000-7000-8000-000000000001"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_each_part_of_the_try_counts(self, changes: dict[str, Any]) -> None:
        assert report_id(make_report(), make_origin(**changes)) != report_id(make_report(), make_origin())

    @pytest.mark.parametrize(
        "changes",
        [
            {"window": make_window(1)},
            {"window": None},
            {"as_of": make_window(3).end},
            {"environment": "staging"},
            {"model": "other"},
            {"model_version": "8"},
            {"kind": "data_quality"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_each_part_of_what_was_judged_counts(self, changes: dict[str, Any]) -> None:
        assert report_id(make_report(**changes), make_origin()) != report_id(make_report(), make_origin())

    def test_what_was_found_does_not_count(self) -> None:
        assert report_id(make_report(results=()), make_origin()) == report_id(make_report(), make_origin())

    def test_is_the_same_in_every_version(self) -> None:
        assert str(report_id(make_report(), make_origin())) == "0d76cee9-4ffc-57db-ab8e-acc1e201948c"


class TestNothingHalf:
    def test_a_check_the_server_refuses_leaves_no_report(self, store: Store) -> None:
        poisoned = make_report(results=(make_check(), make_check(n_current=2**70)))
        with pytest.raises(StoreError, match="out of range"):
            store.write(poisoned, make_origin())
        assert (rows(store, "report"), rows(store, "check_result")) == (0, 0)

    def test_and_the_key_is_free_for_the_retry(self, store: Store) -> None:
        with pytest.raises(StoreError):
            store.write(make_report(results=(make_check(n_current=2**70),)), make_origin())
        assert store.write(make_report(), make_origin()).report == make_report()

    def test_a_server_lost_between_check_and_write_is_an_error(self, store: Store) -> None:
        store.check()
        lost = Store(sa.create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing"))
        lost._ready = store._ready
        with pytest.raises(StoreError, match="cannot be reached"):
            lost.write(make_report(), make_origin())


class TestMany:
    def test_sixteen_forked_processes_all_land(self, store: Store) -> None:
        codes = in_processes(16, lambda number: store.write(make_report(), make_origin(map_index=number)))
        assert codes == [0] * 16
        assert (rows(store, "report"), rows(store, "check_result")) == (16, 32)

    def test_sixteen_writers_of_one_key_make_one_row(self, store: Store) -> None:
        start = threading.Barrier(16)

        def write(_: int) -> Report:
            start.wait()
            return store.write(make_report(), make_origin()).report

        with ThreadPoolExecutor(16) as pool:
            written = list(pool.map(write, range(16)))
        assert written == [make_report()] * 16
        assert (rows(store, "report"), rows(store, "check_result")) == (1, 2)


class TestNastyValues:
    text = st.text(st.characters(), max_size=30)
    finite = st.floats(allow_nan=False, allow_infinity=False)
    plain = st.recursive(
        st.none() | st.booleans() | st.integers(-(2**70), 2**70) | finite | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
    storable = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=30)

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_whatever_postgres_can_hold_reads_back_equal(self, store: Store, data: st.DataObject) -> None:
        storable, finite = self.storable, self.finite
        json_object = st.dictionaries(storable, self.plain, max_size=3).map(without_nul)
        check = st.builds(
            CheckResult,
            check=storable,
            metric=storable,
            status=st.sampled_from(Status),
            severity=st.sampled_from(Severity),
            required=st.booleans(),
            column=st.none() | storable,
            segment=st.none() | storable,
            value=st.none() | finite,
            limits=st.tuples(st.none() | finite, st.none() | finite),
            interval=st.none() | st.tuples(finite, finite),
            p_value=st.none() | finite,
            n_current=st.none() | st.integers(-(2**63), 2**63 - 1),
            message=storable,
            detail=json_object,
        )
        report = make_report(
            model=data.draw(storable.filter(lambda text: text.strip() not in ("", "None"))),
            results=tuple(data.draw(st.lists(check, max_size=3))),
            config=data.draw(json_object),
        )
        written = store.write(report, a_run_of_its_own())
        assert store.reports([written.id])[0].report == replace(report, config=masked(report.config))

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(texts=st.tuples(text, text, text))
    def test_any_text_at_all_can_be_written(self, store: Store, texts: tuple[str, str, str]) -> None:
        check = make_check(message=texts[0], column=texts[1], detail={texts[1]: texts[2]})
        report = make_report(results=(check,), config={texts[2]: texts[0]}, model=f"m{texts[0]}")
        written = store.write(report, a_run_of_its_own())
        assert store.reports([written.id]) == [written]

    def test_nul_and_lone_surrogates_are_replaced(self, store: Store) -> None:
        written = store.write(make_report(results=(make_check(message="a\x00b\ud800c"),)), make_origin())
        assert written.report.results[0].message == "a\ufffdb\ufffdc"

    def test_numpy_numbers_are_numbers(self, store: Store) -> None:
        import numpy as np

        check = make_check(value=np.float64(0.5), n_current=np.int64(7), detail={"share": np.float32(0.5)})
        result = store.write(make_report(results=(check,)), make_origin()).report.results[0]
        assert (result.value, result.n_current, result.detail) == (0.5, 7, {"share": 0.5})

    def test_a_detail_too_large_says_so(self, store: Store) -> None:
        report = make_report(results=(make_check(detail={"levels": ["x" * 100] * 100}),))
        (result,) = store.reports([store.write(report, make_origin()).id])[0].report.results
        assert result.detail == {"cut": "the detail had 10412 bytes of JSON; at most 8192 are stored"}

    def test_a_detail_just_small_enough_stays(self, store: Store) -> None:
        detail = {"text": "x" * (8192 - len('{"text": ""}'))}
        report = make_report(results=(make_check(detail=detail),))
        assert store.write(report, make_origin()).report == report


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ml_monitor.report SET status = 'pass'",
            "UPDATE ml_monitor.check_result SET status = 'pass'",
            "DELETE FROM ml_monitor.report",
            "DELETE FROM ml_monitor.check_result",
            "TRUNCATE ml_monitor.report CASCADE",
        ],
    )
    def test_what_is_written_cannot_be_changed(self, store: Store, statement: str) -> None:
        store.write(make_report(), make_origin())
        with pytest.raises(sa.exc.DBAPIError, match="is append-only"), store.engine.begin() as connection:
            connection.execute(sa.text(statement))

    def test_an_override_may_be_noted(self, store: Store) -> None:
        written = store.write(make_report(), make_origin())
        with store.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE ml_monitor.report SET overridden_by = 'ann', override_reason = 'a known strike'")
            )
        assert store.reports([written.id]) == [written]

    def test_deleting_on_purpose_is_possible(self, store: Store) -> None:
        store.write(make_report(), make_origin())
        with store.engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL ml_monitor.allow_delete = 'on'"))
            connection.execute(sa.text("DELETE FROM ml_monitor.report"))
        assert (rows(store, "report"), rows(store, "check_result")) == (0, 0)

    def test_and_ends_with_its_transaction(self, store: Store) -> None:
        store.write(make_report(), make_origin())
        with store.engine.connect() as connection:
            with connection.begin():
                connection.execute(sa.text("SET LOCAL ml_monitor.allow_delete = 'on'"))
            with pytest.raises(sa.exc.DBAPIError, match="is append-only"), connection.begin():
                connection.execute(sa.text("DELETE FROM ml_monitor.check_result"))


def a_run_of_its_own() -> Origin:
    """An origin no other example has: hypothesis repeats what it draws."""
    return make_origin(run_id=str(uuid.uuid4()))


def without_nul(value: Any) -> Any:
    """The same JSON without what PostgreSQL cannot hold."""
    clean: Callable[[str], str] = lambda text: text.replace("\x00", "")  # noqa: E731
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): without_nul(item) for key, item in value.items()}
    return [without_nul(item) for item in value] if isinstance(value, list) else value
