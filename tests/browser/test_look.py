"""What the pages look like and how they are used without a mouse, without eyes, on a small screen and in the dark."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import DAG_ID, Airflow
from tests.browser.troubles import down, slow
from tests.chromium import Browser

pytestmark = pytest.mark.integration

PAGES = {
    "models": "/ml-monitor/",
    "model": "/ml-monitor/models/prod/flight_delay",
    "heat map": "/ml-monitor/drift?environment=prod&model=flight_delay",
    "timeline": "/ml-monitor/timeline?environment=prod&model=flight_delay&kind=drift&column=distance",
    "distributions": "/ml-monitor/distributions?report_id={failed}&column=distance",
    "report": "/ml-monitor/reports/{failed}",
    "checks": "/ml-monitor/checks?status=fail&text=distance",
    "dag": f"/ml-monitor/dags/{DAG_ID}",
    "not there": "/ml-monitor/reports/00000000-0000-0000-0000-000000000000",
}
SCHEMES = ("light", "dark")


@pytest.fixture
def show(airflow: Airflow, browser: Browser) -> Callable[[str], None]:
    """Open a page by its name, and wait for its first chart where scripts draw some."""

    def shown(name: str) -> None:
        browser.open(PAGES[name].format(**airflow.reports))
        if name == "report":
            browser.until("a chart", lambda: browser.all(".chart svg"))

    return shown


@functools.cache
def axe() -> str:
    return (files("axe_core_python") / "axe.min.js").read_text("utf-8")


def violations(browser: Browser, *rules: str) -> list[str]:
    """What axe finds on the page, by all of its rules or some: the rule, and where it is broken."""
    browser.run(axe())
    chosen = {"runOnly": list(rules)} if rules else {}
    found = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {resultTypes: ['violations'], ...arguments[0]}).then(done);",
        chosen,
    )
    return [
        f"{one['id']}: {one['help']} at {json.dumps([node['target'] for node in one['nodes'][:3]])}"
        for one in found["violations"]
    ]


class TestForEverybody:
    @pytest.mark.parametrize("name", PAGES)
    def test_axe_finds_nothing(self, browser: Browser, show: Callable[[str], None], name: str) -> None:
        show(name)
        assert violations(browser) == []

    @pytest.mark.parametrize("name", PAGES)
    def test_words_stand_out_in_the_dark(self, browser: Browser, show: Callable[[str], None], name: str) -> None:
        browser.colours("dark")
        show(name)
        assert violations(browser, "color-contrast") == []

    def test_the_tabulator_reaches_every_link_in_order_and_shows_where_it_is(self, browser: Browser) -> None:
        browser.open(PAGES["model"])
        wanted = browser.all("a[href], [tabindex='0']")
        for one in wanted:
            assert browser.tab() == one
            assert browser.run("return getComputedStyle(arguments[0]).outlineStyle", one) == "solid"

    def test_the_first_stop_skips_to_the_content(self, browser: Browser) -> None:
        browser.open(PAGES["model"])
        skip = browser.tab()
        assert skip.is_displayed()
        assert skip.location["x"] >= 0
        browser.press(Keys.ENTER)
        assert browser.run("return document.activeElement.id") == "content"

    def test_a_heat_map_is_read_out_with_its_columns_and_statuses(self, browser: Browser) -> None:
        browser.open(PAGES["heat map"])
        scopes = [each.get_attribute("scope") for each in browser.all("thead th")]
        assert set(scopes) == {"col"}
        assert {each.get_attribute("scope") for each in browser.all("tbody th")} == {"row"}
        cell = browser.find("td.fail a")
        assert "fail" in browser.run("return arguments[0].textContent", cell)


class TestColours:
    @pytest.mark.parametrize("scheme", SCHEMES)
    def test_pages_and_reports_follow_the_system(
        self, browser: Browser, show: Callable[[str], None], scheme: str
    ) -> None:
        browser.colours(scheme)
        for name in ("models", "report"):
            show(name)
            assert is_dark(browser) == (scheme == "dark")

    @pytest.mark.parametrize("chosen", SCHEMES)
    def test_what_is_chosen_in_airflow_comes_before_the_system(
        self, airflow: Airflow, browser: Browser, chosen: str, airflows_choice: Any
    ) -> None:
        browser.colours({"light": "dark", "dark": "light"}[chosen])
        airflows_choice(chosen)
        for name in ("models", "report"):
            browser.open_in_frame(PAGES[name].format(**airflow.reports))
            assert is_dark(browser) == (chosen == "dark")
            browser.leave_frame()
            assert browser.all(f"html.{chosen}"), "Airflow's own colours"

    @pytest.fixture
    def airflows_choice(self, browser: Browser) -> Iterator[Any]:
        """Choose as the menu of Airflow's user does, in the place where it keeps that."""
        browser.open(PAGES["models"])
        yield lambda scheme: browser.run("localStorage.setItem('theme', arguments[0])", scheme)
        browser.open(PAGES["models"])
        browser.run("localStorage.removeItem('theme')")


def is_dark(browser: Browser) -> bool:
    """Whether what is behind the words is darker than the words."""
    light = browser.run(
        "const light = (element, name) => { const c = document.createElement('canvas').getContext('2d');"
        " c.fillStyle = getComputedStyle(element)[name]; c.fillRect(0, 0, 1, 1);"
        " return c.getImageData(0, 0, 1, 1).data.slice(0, 3).reduce((a, b) => a + b); };"
        "const has = (e) => !/, 0\\)|transparent/.test(getComputedStyle(e).backgroundColor);"
        "const ground = has(document.body) ? document.body : document.documentElement;"
        "return [light(ground, 'backgroundColor'), light(document.body, 'color')];"
    )
    return bool(light[0] < light[1])


class TestSizes:
    @pytest.mark.parametrize("name", PAGES)
    @pytest.mark.parametrize("width", [420, 1280])
    def test_what_is_wider_than_the_screen_scrolls_by_itself(
        self, browser: Browser, show: Callable[[str], None], name: str, width: int
    ) -> None:
        browser.size(width, 900)
        show(name)
        wider = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0

    def test_the_names_of_columns_stay_in_sight(self, browser: Browser) -> None:
        browser.size(800, 900)
        browser.open(PAGES["heat map"])
        scrolled = browser.run(
            "const wide = document.querySelector('.wide'); wide.scrollLeft = 400; return wide.scrollLeft;"
        )
        assert scrolled > 0
        assert browser.find("tbody th").location["x"] >= 0


class TestStates:
    def test_a_store_that_is_down_is_said_in_a_sentence(self, browser: Browser, airflow: Airflow) -> None:
        with down(airflow.store):
            browser.open(PAGES["models"])
            browser.heading("The store does not answer")
            assert "ml_monitor_default" in browser.find("[role=alert]").text
            assert violations(browser) == []
        browser.open(PAGES["models"])
        browser.heading("Models")

    def test_while_the_next_page_is_on_its_way_the_page_says_so(self, browser: Browser, airflow: Airflow) -> None:
        browser.open(PAGES["models"])
        browser.run(
            "const sign = document.getElementById('waits');"
            "new MutationObserver(() => { sessionStorage.said = sign.textContent; }).observe(sign, {childList: true});"
        )
        with slow(airflow.store, 2.0):
            browser.run("document.querySelector('h2 > a').click()")
        browser.heading("churn in prod")
        assert browser.run("return sessionStorage.said") == "Loading ..."
        assert browser.find("#waits").text == ""
