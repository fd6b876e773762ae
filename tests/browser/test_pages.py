"""The pages as they are seen in Airflow: opened from its navigation, its tabs and its links."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from airflow_ml_monitor.version_compat import AIRFLOW_V_3_3_PLUS
from tests.browser.conftest import ADMIN, DAG_ID, VIEWER, Airflow, log_in
from tests.chromium import Browser

pytestmark = pytest.mark.integration

MODEL = "/models/prod/flight_delay"


class TestNavigation:
    def test_the_entry_of_browse_opens_the_models(self, browser: Browser) -> None:
        browser.open("/")
        browser.find("nav button, button", "Browse").click()
        browser.find("a[href*='ml-monitor-nav'], [role=menuitem]", "ML Monitor").click()
        browser.enter_frame()
        browser.heading("Models")
        assert [each.text for each in browser.all("h2 > a")] == ["churn", "flight_delay"]

    @pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="earlier ones keep the address of the first page")
    def test_a_click_leads_on_inside_the_frame_and_the_address_can_be_kept(self, browser: Browser) -> None:
        browser.open("/plugin/ml-monitor-nav")
        browser.enter_frame()
        browser.find("h2 > a", "flight_delay").click()
        browser.heading("flight_delay in prod")
        browser.leave_frame()
        browser.until("the address of the model", lambda: browser.here.endswith(MODEL))
        browser.driver.refresh()
        browser.enter_frame()
        browser.heading("flight_delay in prod")

    def test_a_long_list_goes_on_and_back(self, browser: Browser) -> None:
        browser.open(f"/ml-monitor{MODEL}")
        assert len(browser.all("tbody tr")) == 50
        browser.find("a[rel=next]").click()
        browser.until("the rest", lambda: "after=" in browser.here)
        browser.find("a[rel=prev]").click()
        browser.until("the beginning", lambda: "after" not in browser.here)

    def test_a_column_that_drifted_leads_to_what_it_was_and_to_its_report(self, browser: Browser) -> None:
        browser.open(f"/ml-monitor{MODEL}")
        browser.find("main a", "Drift by column and window").click()
        browser.heading("Drift of flight_delay in prod")
        browser.find("td.fail a[title^='distance, 2013-12-23']").click()
        browser.until("a column", lambda: "/ml-monitor/distributions" in browser.here)
        browser.find("main a[href*='/ml-monitor/reports/']").click()
        browser.find("header.fail h1", "flight_delay drift")
        browser.find("nav a", "Timeline").click()
        browser.heading("flight_delay in prod")

    def test_a_column_that_cannot_be_drawn_leads_to_its_report_all_the_same(self, browser: Browser) -> None:
        browser.open("/ml-monitor/drift?environment=prod&model=flight_delay")
        browser.find("td.fail a[title^='f7, 2013-11-04']").click()
        browser.heading("Not found")
        browser.find("main a", "To the report").click()
        browser.find("header.fail h1", "flight_delay drift")


class TestTabs:
    def test_of_a_dag(self, browser: Browser) -> None:
        browser.open(f"/dags/{DAG_ID}")
        browser.find("a", "ML Monitor").click()
        browser.enter_frame()
        browser.heading(DAG_ID)

    def test_of_a_run(self, airflow: Airflow, browser: Browser) -> None:
        browser.open(f"/dags/{DAG_ID}/runs/{quote(airflow.run_id)}")
        browser.find("a", "ML Monitor").click()
        browser.enter_frame()
        browser.heading(f"{DAG_ID} {airflow.run_id}")
        shown = {each.get_attribute("href").rpartition("/")[2] for each in browser.all("th a")}
        assert shown == set(airflow.reports.values())

    def test_of_a_task_of_a_run(self, airflow: Airflow, browser: Browser) -> None:
        browser.open(f"/dags/{DAG_ID}/runs/{quote(airflow.run_id)}/tasks/failed")
        browser.find("a", "ML Monitor").click()
        browser.enter_frame()
        browser.heading(f"{DAG_ID} failed {airflow.run_id}")
        browser.find("th a").click()
        browser.find("header.fail h1", "flight_delay drift")

    def test_of_a_task(self, airflow: Airflow, browser: Browser) -> None:
        browser.open(f"/dags/{DAG_ID}/tasks/skipping")
        browser.find("a", "ML Monitor").click()
        browser.enter_frame()
        browser.heading(f"{DAG_ID} skipping")
        assert [each.get_attribute("href").rpartition("/")[2] for each in browser.all("th a")] == [
            airflow.reports["skipping"]
        ]


class TestLinks:
    @pytest.mark.parametrize("task", ["failed", "skipping", "mapped[1]"])
    def test_a_task_leads_to_its_report(self, airflow: Airflow, browser: Browser, task: str) -> None:
        name, _, index = task.rstrip("]").partition("[")
        path = f"/dags/{DAG_ID}/runs/{quote(airflow.run_id)}/tasks/{name}" + (f"/mapped/{index}" if index else "")
        browser.open(f"{path}/details")
        link = browser.find("a[href*='/ml-monitor/reports/']", "Report")
        assert link.get_attribute("href").endswith(airflow.reports[task])
        browser.open(f"/ml-monitor/reports/{airflow.reports[task]}")
        browser.find("header.fail h1", "flight_delay drift")

    def test_the_charts_of_a_report_are_drawn_in_a_frame_of_airflow(self, airflow: Airflow, browser: Browser) -> None:
        browser.open_in_frame(f"/ml-monitor/reports/{airflow.reports['failed']}")
        browser.find("header.fail h1", "flight_delay drift")
        browser.until("a chart", lambda: browser.all(".chart svg"))


class TestWhoIsThere:
    def test_a_login_that_is_over_says_so_and_leads_back(self, airflow: Airflow, browser: Browser) -> None:
        browser.open(f"/ml-monitor{MODEL}")
        browser.driver.delete_all_cookies()
        browser.driver.refresh()
        browser.heading("Log in")
        assert "your login has expired" in browser.text
        browser.find("main a", "Log in").click()
        browser.until("the form", lambda: "/auth/login" in browser.here)
        log_in(browser, airflow, ADMIN, here=True)
        browser.heading("flight_delay in prod")

    def test_the_login_is_offered_inside_the_frame_too(self, airflow: Airflow, browser: Browser) -> None:
        browser.open_in_frame(f"/ml-monitor{MODEL}")
        browser.driver.delete_all_cookies()
        browser.run("location.reload()")
        browser.heading("Log in")
        browser.find("main a", "Log in").click()
        browser.until("the form", lambda: "/auth/login" in browser.here)
        log_in(browser, airflow, ADMIN, here=True)
        browser.heading("flight_delay in prod")

    def test_a_viewer_sees_what_he_may_read(self, airflow: Airflow, browser: Browser) -> None:
        browser.driver.delete_all_cookies()
        try:
            log_in(browser, airflow, VIEWER)
            browser.open(f"/ml-monitor/reports/{airflow.reports['failed']}")
            browser.find("header.fail h1", "flight_delay drift")
        finally:
            browser.driver.delete_all_cookies()
            log_in(browser, airflow, ADMIN)
