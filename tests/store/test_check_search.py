"""Which checks a search finds, in what order, page by page; and how far it looks where very many are alike."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import CheckResult
from airflow_ml_monitor.store import Store, StoredReport, check_search, tables
from airflow_ml_monitor.store.check_conditions import CheckSearch
from airflow_ml_monitor.store.check_search import Found, search_checks
from airflow_ml_monitor.store.place import Place
from tests.store.factories import make_check, make_origin, make_report

DAGS = {"retraining"}


def write(store: Store, *checks: CheckResult, run: int = 1, dag: str = "retraining", **changes: Any) -> StoredReport:
    return store.write(make_report(results=checks, **changes), make_origin(run_id=f"r{run}", dag_id=dag))


def search(
    store: Store, text: str = "", *, dags: Collection[str] = DAGS, after: Place | None = None, **asked: Any
) -> Found:
    with store.begin() as connection:
        return search_checks(connection, dags, CheckSearch(text=text, **asked), after=after)


def columns(found: Found) -> list[str | None]:
    return [check.column_name for check in found.checks]


@pytest.fixture
def three(store: Store) -> list[StoredReport]:
    """Three reports, the last written last: what passed, what failed, and another model's."""
    return [
        write(store, make_check(column="distance", status="pass", message="quiet in Boston"), run=1),
        write(store, make_check(column="dep_delay", message="moved in Denver"), run=2),
        write(store, make_check(column="Größe", segment="carrier=UA", status="warn"), run=3, model="churn"),
    ]


class TestWords:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("", ["Größe", "dep_delay", "distance"]),
            ("distance", ["distance"]),
            ("DISTA", ["distance"]),
            ("delay", ["dep_delay", "distance"]),
            ("dep_delay", ["dep_delay"]),
            ("distribution", ["Größe", "dep_delay", "distance"]),
            ("größe", ["Größe"]),
            ("carrier=UA", ["Größe"]),
            ("ks", ["Größe", "dep_delay", "distance"]),
            ("ks distance", ["distance"]),
            ("churn", ["Größe"]),
            ("churn distance", []),
            ("flight_delay distance", ["distance"]),
            ("denver", ["dep_delay"]),
            ("istance", []),
            ("--- !", []),
            ("'); DROP TABLE ml_monitor.report; --", []),
            ("a & !b | (c <-> d):*", []),
        ],
    )
    def test_all_of_them_must_be_there_or_their_beginnings(
        self, store: Store, three: list[StoredReport], text: str, found: list[str]
    ) -> None:
        assert columns(search(store, text)) == found

    def test_the_message_of_what_passed_is_not_searched(self, store: Store, three: list[StoredReport]) -> None:
        assert search(store, "boston").checks == ()

    @pytest.mark.parametrize("text", ["distance", "delay", "größe", "churn", "denver", "ks distance", "istance"])
    def test_by_hand_finds_what_the_index_finds(
        self, store: Store, three: list[StoredReport], text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        by_index = search(store, text)
        monkeypatch.setattr(check_search, "_by_index", lambda *_: None)
        assert search(store, text).checks == by_index.checks

    def test_a_message_of_very_many_words_is_stored_and_found(self, store: Store) -> None:
        write(store, make_check(message=" ".join(f"{place:x}" * 40 for place in range(60_000))))
        assert len(search(store, "distance").checks) == 1


class TestFilters:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"status": "fail"}, ["dep_delay"]),
            ({"status": "pass"}, ["distance"]),
            ({"model": "churn"}, ["Größe"]),
            ({"kind": "data_quality"}, []),
            ({"environment": "staging"}, []),
        ],
    )
    def test_by_what_a_check_or_its_report_is(
        self, store: Store, three: list[StoredReport], asked: dict[str, str], found: list[str]
    ) -> None:
        assert columns(search(store, **asked)) == found

    def test_by_when_it_was_written(self, store: Store, three: list[StoredReport]) -> None:
        second = three[1].written_at
        assert columns(search(store, since=second)) == ["Größe", "dep_delay"]
        assert columns(search(store, until=second)) == ["distance"]

    @pytest.mark.parametrize("text", ["", "distance", "flight_delay"])
    def test_nothing_of_a_dag_that_may_not_be_read(self, store: Store, three: list[StoredReport], text: str) -> None:
        assert search(store, text, dags={"other"}).checks == ()
        assert search(store, text, dags=set()).checks == ()

    def test_a_status_that_there_is_not_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="status 'passed' is none of"):
            CheckSearch(status="passed")


class TestPages:
    @pytest.mark.parametrize("asked", [{}, {"text": "distance"}, {"status": "fail"}])
    def test_go_on_where_the_one_before_ended(
        self, store: Store, asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(check_search, "PAGE_ROWS", 3)
        for run in range(4):
            write(store, *(make_check(metric=f"m{place}") for place in range(2)), run=run)
        pages = [search(store, **asked)]
        while pages[-1].next:
            pages.append(search(store, after=Place.of(str(pages[-1].next)), **asked))
        found = [(check.report_id, check.position) for page in pages for check in page.checks]
        assert [len(page.checks) for page in pages] == [3, 3, 2]
        assert len(set(found)) == 8

    def test_where_very_many_are_alike_the_last_are_looked_through_and_it_is_said_how_far(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written = [write(store, make_check(column="distance" if run == 0 else "other"), run=run) for run in range(5)]
        monkeypatch.setattr(check_search, "_by_index", lambda *_: None)
        monkeypatch.setattr(check_search, "LOOKED_AT_REPORTS", 3)
        first = search(store, "distance")
        assert (first.checks, first.back_to) == ((), written[2].written_at)
        second = search(store, "distance", after=first.next)
        assert (columns(second), second.next) == (["distance"], None)

    def test_a_report_of_very_many_checks_ends_what_is_looked_at(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(store, make_check(column="distance"), run=0)
        wide = write(store, *(make_check(column=f"c{place}") for place in range(20)), run=1)
        monkeypatch.setattr(check_search, "_by_index", lambda *_: None)
        monkeypatch.setattr(check_search, "LOOKED_AT_CHECKS", 10)
        first = search(store, "distance")
        assert (first.checks, first.back_to) == ((), wide.written_at)
        assert columns(search(store, "distance", after=first.next)) == ["distance"]

    @pytest.mark.parametrize("limit", [{"MOST_HITS": 2}, {"INDEX_MS": 1}])
    def test_what_the_index_cannot_tell_soon_is_looked_through(
        self, store: Store, limit: dict[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for run in range(3):
            write(store, make_check(), run=run)
        for name, value in limit.items():
            monkeypatch.setattr(check_search, name, value)
        assert len(search(store, "distance").checks) == 3

    @pytest.mark.parametrize("limit", [{"MOST_HITS": 1}, {"INDEX_MS": 1}, {}])
    def test_how_long_a_query_may_take_is_as_before(
        self, store: Store, limit: dict[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(store, make_check())
        for name, value in limit.items():
            monkeypatch.setattr(check_search, name, value)
        with store.begin() as connection:
            connection.execute(sa.text("SET LOCAL statement_timeout = 7654"))
            search_checks(connection, DAGS, CheckSearch(text="distance"))
            assert connection.execute(sa.text("SHOW statement_timeout")).scalar_one() == "7654ms"

    @pytest.mark.parametrize("text", ["nonsense", "2013-02-04T00:00:00+00:00,x,1", "2013-02-04T00:00:00,,", "a,b"])
    def test_a_place_that_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(ConfigurationError, match="no place in a list"):
            Place.of(text)


def test_the_index_has_the_expression_of_queries(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        query = f"EXPLAIN SELECT 1 FROM ml_monitor.check_result WHERE {tables.CHECK_WORDS} @@ 'x'::tsquery"
        plan = "\n".join(connection.execute(sa.text(query)).scalars())
    assert "check_result_words" in plan


def test_an_older_schema_with_rows_is_searched_after_its_upgrade(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import command

    from airflow_ml_monitor.store import schema

    newest = command.upgrade
    monkeypatch.setattr(command, "upgrade", lambda config, _head: newest(config, "0006"))
    monkeypatch.setattr(schema, "HEAD", "0006")
    older = Store(engine)
    written = write(older, make_check(), as_of=make_report().as_of + timedelta(days=1))
    monkeypatch.undo()
    store = Store(engine)
    assert [check.report_id for check in search(store, "distance").checks] == [written.id]
