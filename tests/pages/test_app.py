"""The pages inside Airflow's own API server: who sees what, and what they say."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
import sqlalchemy as sa
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

from airflow_ml_monitor.operators.links import page_address
from airflow_ml_monitor.store import Store
from airflow_ml_monitor.version_compat import AIRFLOW_V_3_2_PLUS
from tests.conftest import as_airflow_connection
from tests.store.factories import make_check, make_origin, make_report, make_window

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata")]

OF_USER = {"ann": {"retraining", "scoring"}, "bob": {"other"}}
NASTY = "<script>alert(1)</script>"


class TwoUsers(SimpleAuthManager):
    """Airflow's simple login, where each user may read some DAGs."""

    def get_authorized_dag_ids(self, *, user: Any, **_: Any) -> set[str]:
        return OF_USER[user.username]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Airflow's API server with the pages mounted by its own plugin loader."""
    from airflow.api_fastapi.app import create_app, purge_cached_app
    from fastapi.testclient import TestClient

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__CORE__AUTH_MANAGER", f"{TwoUsers.__module__}.{TwoUsers.__qualname__}")
        purge_cached_app()
        with TestClient(create_app(apps="core"), base_url="http://127.0.0.1") as found:
            yield found
    purge_cached_app()


@pytest.fixture
def stored(store_connection: sa.URL) -> list[UUID]:
    store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
    store.migrate()
    nasty = make_report(results=(make_check(column=NASTY, message=NASTY),), window=make_window(1))
    written = [
        store.write(make_report(), make_origin()),
        store.write(nasty, make_origin(run_id="manual__2", map_index=3)),
        store.write(make_report(model="churn"), make_origin(dag_id="other")),
    ]
    return [each.id for each in written]


def get(client: Any, path: str, user: str | None = "ann") -> Any:
    from airflow.api_fastapi.app import get_auth_manager

    headers = {}
    if user is not None:
        token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=user, role="viewer"))
        headers["Authorization"] = f"Bearer {token}"
    return client.get(page_address(path), headers=headers)


def paths(stored: list[UUID]) -> list[str]:
    drift = "/drift?environment=prod&model=flight_delay"
    timeline = "/timeline?environment=prod&model=flight_delay"
    return [
        "/",
        "/models/prod/flight_delay",
        timeline,
        drift,
        "/checks?model=flight_delay",
        "/dags/retraining",
        f"/reports/{stored[0]}",
    ]


class TestWhoSeesWhat:
    def test_nobody_unknown_sees_anything(self, client: Any, stored: list[UUID]) -> None:
        for path in paths(stored):
            answer = get(client, path, user=None)
            assert answer.status_code == 401, (path, answer.text[:300])
            assert "flight_delay" not in re.sub('href="[^"]*"', "", answer.text), "said by the address alone"

    def test_a_false_token_opens_nothing(self, client: Any, stored: list[UUID]) -> None:
        for path in paths(stored):
            answer = client.get(page_address(path), headers={"Authorization": "Bearer nonsense"})
            assert answer.status_code in (401, 403), path

    def test_every_route_asks_who_it_is(self) -> None:
        from airflow.api_fastapi.core_api.security import get_user

        from airflow_ml_monitor.pages.app import make_app, readable_dags

        for route in make_app().routes:
            asked = {dependency.call for dependency in route.dependant.dependencies}  # type: ignore[attr-defined]
            needed = {get_user} if route.path == "/charts.js" else {get_user, readable_dags}  # type: ignore[attr-defined]
            assert needed <= asked, route

    def test_the_right_user_sees_verdicts(self, client: Any, stored: list[UUID]) -> None:
        for path in paths(stored):
            answer = get(client, path)
            assert (answer.status_code, "flight_delay" in answer.text) == (200, True), path

    def test_another_user_sees_none_of_them(self, client: Any, stored: list[UUID]) -> None:
        assert "flight_delay" not in get(client, "/", user="bob").text
        assert "churn" in get(client, "/", user="bob").text
        for path in paths(stored)[1:-1]:
            answer = get(client, path, user="bob")
            assert "that you may read" in answer.text
            assert "distance" not in answer.text

    def test_a_report_of_a_dag_not_to_be_read_is_not_there(self, client: Any, stored: list[UUID]) -> None:
        answer = get(client, f"/reports/{stored[0]}", user="bob")
        assert answer.status_code == 404
        assert "distance" not in answer.text


class TestWhatTheySay:
    def test_models_have_their_latest_verdict(self, client: Any, stored: list[UUID]) -> None:
        text = get(client, "/").text
        assert str(stored[1]) in text
        assert str(stored[0]) not in text  # of an earlier window
        assert "<time>2013-02-11 00:00Z</time> to <time>2013-02-18 00:00Z</time>" in text

    def test_times_are_told_in_utc_by_a_database_of_another_zone_too(
        self, client: Any, store_connection: sa.URL, stored: list[UUID]
    ) -> None:
        engine = sa.create_engine(store_connection, poolclass=sa.NullPool)
        with engine.begin() as connection:
            zone = f"ALTER DATABASE {store_connection.database} SET timezone = 'America/New_York'"
            connection.execute(sa.text(zone))
        pages = ("/", "/models/prod/flight_delay", "/timeline?environment=prod&model=flight_delay", "/checks?text=ks")
        for path in (*pages, "/dags/retraining"):
            assert "2013-02-11 00:00Z" in get(client, path).text, path
        assert "2013-02-11 00:00Z" in get(client, "/drift?environment=prod&model=flight_delay").text

    def test_a_model_of_an_environment_with_a_slash_has_a_page(
        self, client: Any, store_connection: sa.URL, stored: list[UUID]
    ) -> None:
        store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
        one = store.write(make_report(environment="eu/prod", model="a/b %2F"), make_origin(run_id="slash"))
        link = re.findall('href="/ml-monitor(/models/eu[^"]*)"', get(client, "/").text)[0]
        answer = get(client, link)
        assert "a/b %2F in eu/prod" in answer.text
        assert str(one.id) in answer.text

    def test_a_model_has_all_windows(self, client: Any, stored: list[UUID]) -> None:
        text = get(client, "/models/prod/flight_delay").text
        assert text.index(str(stored[1])) < text.index(str(stored[0]))

    def test_a_kind_and_a_run_and_a_task_can_be_chosen(self, client: Any, stored: list[UUID]) -> None:
        assert str(stored[0]) not in get(client, "/models/prod/flight_delay?kind=data_quality").text
        of_run = get(client, "/dags/retraining?run_id=manual__2").text
        assert str(stored[1]) in of_run
        assert str(stored[0]) not in of_run
        assert str(stored[0]) not in get(client, "/dags/retraining?task_id=quality").text

    def test_a_run_is_found_whose_address_airflow_wrote_as_it_is(
        self, client: Any, store_connection: sa.URL, stored: list[UUID]
    ) -> None:
        store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
        run_id = "manual__2013-02-04T00:00:00+00:00"
        written = store.write(make_report(), make_origin(run_id=run_id))
        assert str(written.id) in get(client, f"/dags/retraining?run_id={run_id}").text
        assert str(written.id) in get(client, f"/dags/retraining?run_id={quote(run_id)}").text

    def test_columns_by_windows_say_how_far_each_was_from_its_limit(self, client: Any, stored: list[UUID]) -> None:
        text = get(client, "/drift?environment=prod&model=flight_delay").text
        assert "04 Feb 2013" in text
        assert text.count('<td class="fail">') == 2
        assert "1.40" in text

    def test_a_timeline_draws_what_was_measured_of_a_column_and_links_its_reports(
        self, client: Any, stored: list[UUID]
    ) -> None:
        text = get(client, "/timeline?environment=prod&model=flight_delay&kind=drift&column=distance").text
        assert "Latest: 0.14 (0.12 to 0.16), upper limit 0.1, fail. Windows: 1 fail." in text
        assert f"/ml-monitor/reports/{stored[0]}" in text
        assert "<svg" in text

    def test_a_timeline_goes_back_window_by_window(self, client: Any, stored: list[UUID]) -> None:
        text = get(client, "/timeline?environment=prod&model=flight_delay&before=2013-02-18T00:00:00Z").text
        assert str(stored[0]) in text
        assert str(stored[1]) not in text
        assert "Latest windows" in text
        assert get(client, "/timeline?environment=prod&model=flight_delay&before=soon").status_code == 422

    def test_a_cell_of_columns_by_windows_opens_its_distributions(self, client: Any, stored: list[UUID]) -> None:
        cell = f"/distributions?column=distance&report_id={stored[0]}"
        assert cell.replace("&", "&amp;") in get(client, "/drift?environment=prod&model=flight_delay").text
        answer = get(client, cell)
        assert answer.status_code == 404
        assert "keeps no distributions of column &#39;distance&#39;" in answer.text
        assert "distance" not in get(client, cell, user="bob").text.replace("column%3Ddistance", "")

    def test_a_report_leads_on_to_its_model(self, client: Any, stored: list[UUID]) -> None:
        text = get(client, f"/reports/{stored[0]}").text
        assert 'href="/ml-monitor/models/prod/flight_delay"' in text
        assert 'href="/ml-monitor/timeline?environment=prod&amp;model=flight_delay&amp;kind=drift"' in text

    def test_what_draws_a_report_s_charts_comes_once_for_all_of_them_and_not_to_everybody(
        self, client: Any, store_connection: sa.URL, stored: list[UUID]
    ) -> None:
        store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
        shares = {"edges": [1, 2], "reference": [0.2, 0.3, 0.5], "current": [0.5, 0.3, 0.2]}
        check = make_check(detail={"distribution": shares})
        one = store.write(make_report(results=(check,)), make_origin(run_id="drawn"))
        text = get(client, f"/reports/{one.id}").text
        assert 'data-chart="0"' in text
        assert len(text) < 50_000
        script = re.findall(r'<script src="/ml-monitor(/charts.js[?]v=[0-9a-f]+)" nonce="([^"]+)">', text)
        assert f"&#39;nonce-{script[0][1]}&#39;" in text
        drawing = get(client, script[0][0])
        assert "window.vegaEmbed" in drawing.text
        assert '"histogram":' in drawing.text.rpartition("window.chartSpecs")[2]
        assert "immutable" in drawing.headers["Cache-Control"]
        assert get(client, "/charts.js?v=0").headers["Cache-Control"] == "no-store"
        assert get(client, script[0][0], user=None).status_code == 401

    def test_checks_are_searched_and_what_was_asked_stays_in_the_form(self, client: Any, stored: list[UUID]) -> None:
        found = get(client, "/checks?text=distance&status=fail&since=2013-01-01").text
        assert str(stored[0]) in found
        assert 'value="distance"' in found
        assert "<option selected>fail</option>" in found
        nothing = get(client, "/checks?text=nowhere").text
        assert "No check that you may read is like this." in nothing

    @pytest.mark.parametrize("asked", ["since=soon", "after=here", "status=passed"])
    def test_a_search_for_what_cannot_be_is_refused_on_a_page(
        self, client: Any, stored: list[UUID], asked: str
    ) -> None:
        answer = get(client, f"/checks?{asked}")
        assert answer.status_code == 422
        assert asked.split("=")[1] in answer.text

    @pytest.mark.parametrize("asked", ["since", "until", "after"])
    def test_a_time_that_utc_cannot_tell_is_refused_on_a_page(
        self, client: Any, stored: list[UUID], asked: str
    ) -> None:
        place = f",{stored[0]},0" if asked == "after" else ""
        assert get(client, f"/checks?{asked}=0001-01-01T00:00:00%2B14:00{place}").status_code == 422

    def test_nothing_from_the_data_becomes_html(self, client: Any, stored: list[UUID]) -> None:
        column = f"/timeline?environment=prod&model=flight_delay&column={NASTY}"
        for path in [*paths(stored), column, f"/reports/{stored[1]}"]:
            assert NASTY not in get(client, path).text

    def test_nothing_from_the_data_turns_words_around(
        self, client: Any, store_connection: sa.URL, stored: list[UUID]
    ) -> None:
        store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
        turns = "\u202eevil\u2066"
        check = make_check(column=turns, segment=turns, message=turns)
        one = store.write(
            make_report(model=turns, model_version=turns, reference=turns, results=(check,)),
            make_origin(run_id=turns, task_id=turns),
        )
        model = f"environment=prod&model={quote(turns)}"
        pages = ["/", f"/models/prod/{quote(turns)}", f"/timeline?{model}", f"/drift?{model}", "/checks"]
        for path in [*pages, "/dags/retraining", f"/reports/{one.id}"]:
            shown = re.sub('title="[^"]*"', "", get(client, path).text)
            assert "evil" in shown
            assert not {"\u202e", "\u2066"} & set(shown), path

    def test_long_lists_come_in_pages(self, client: Any, store_connection: sa.URL, stored: list[UUID]) -> None:
        store = Store(sa.create_engine(store_connection, poolclass=sa.NullPool))
        for week in range(2, 60):
            store.write(make_report(window=make_window(week)), make_origin(run_id=f"manual__{week + 2}"))
        first = get(client, "/models/prod/flight_delay?kind=drift").text
        assert first.count("<tr>") == 51
        further = html.unescape(re.findall(r'rel="next" href="/ml-monitor([^"]*)"', first)[0])
        assert further.startswith("/models/prod/flight_delay?kind=drift&after=2013-")
        rest = get(client, further).text
        assert str(stored[0]) in rest
        assert 'rel="next"' not in rest
        assert get(client, "/models/prod/flight_delay?after=50").status_code == 422

    @pytest.mark.parametrize("path", ["/reports/nonsense", "/?after=-1", "/nowhere"])
    def test_what_is_not_there(self, client: Any, stored: list[UUID], path: str) -> None:
        assert get(client, path).status_code in (404, 422)

    @pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE"])
    def test_pages_are_read_and_nothing_else(self, client: Any, method: str) -> None:
        answer = client.request(method, page_address("/checks"))
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")

    def test_a_store_without_a_schema_is_said(self, client: Any, store_connection: sa.URL) -> None:
        answer = get(client, "/")
        assert answer.status_code == 503
        assert "ml-monitor migrate" in answer.text

    def test_a_store_of_an_older_version_is_said(
        self, client: Any, store_connection: sa.URL, stored: list[UUID]
    ) -> None:
        engine = sa.create_engine(store_connection, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE ml_monitor.alembic_version SET version_num = '0001'"))
        answer = get(client, "/")
        assert answer.status_code == 503
        assert "is at revision 0001, older than" in answer.text

    def test_a_database_that_is_not_there_is_said(
        self, client: Any, store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nowhere = store_connection.update_query_dict({"host": "/nowhere"})
        monkeypatch.setenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", as_airflow_connection(nowhere))
        answer = get(client, "/")
        assert answer.status_code == 503
        assert "connection &#39;ml_monitor_default&#39; cannot be reached" in answer.text
        assert "nowhere" not in answer.text

    def test_no_connection_is_said(
        self, client: Any, store_connection: sa.URL, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT")
        answer = get(client, "/")
        assert answer.status_code == 503
        assert "airflow connections add ml_monitor_default" in answer.text

    def test_an_address_that_cannot_be_is_said_on_a_page(self, client: Any, stored: list[UUID]) -> None:
        answer = get(client, "/?after=few")
        assert answer.status_code == 422
        assert "after is &#39;few&#39;" in answer.text
        assert answer.text.startswith("<!doctype html>")

    def test_pages_load_nothing_from_elsewhere(self, client: Any, stored: list[UUID]) -> None:
        answer = get(client, "/")
        assert "default-src &#39;none&#39;" in answer.text or "default-src 'none'" in answer.text
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "http" not in answer.text.replace("http-equiv", "")


def test_the_plugin_declares_a_page_and_tabs() -> None:
    from airflow import plugins_manager

    if AIRFLOW_V_3_2_PLUS:
        loaded, found = plugins_manager.get_fastapi_plugins()[0], plugins_manager._get_ui_plugins()[0]
    else:
        plugins_manager.initialize_fastapi_plugins()
        plugins_manager.initialize_ui_plugins()
        loaded, found = plugins_manager.fastapi_apps, plugins_manager.external_views
    apps = {each["name"]: each["url_prefix"] for each in loaded}
    assert apps["ML Monitor"] == "/ml-monitor"
    places = {each["destination"] for each in found if each["name"] == "ML Monitor"}
    assert places == {"nav", "dag", "dag_run", "task", "task_instance"}


def test_the_moment_is_told_in_utc() -> None:
    from airflow_ml_monitor.pages.html import _environment

    assert _environment().filters["time"](datetime(2013, 2, 4, 5, tzinfo=UTC)) == "2013-02-04 05:00Z"


def test_what_breaks_is_said_without_its_traceback(monkeypatch: pytest.MonkeyPatch, stored: list[UUID]) -> None:
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi.testclient import TestClient

    from airflow_ml_monitor.pages import app as module

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret")

    app = module.make_app()
    app.dependency_overrides |= {get_user: lambda: None, module.readable_dags: lambda: {"retraining"}}
    monkeypatch.setattr(module.verdict_lists, "latest_verdicts", broken)
    answer = TestClient(app, raise_server_exceptions=False).get("/")
    assert (answer.status_code, "ZeroDivisionError" in answer.text, "secret" in answer.text) == (500, True, False)
    assert "Traceback" not in answer.text
