"""The page of a report: what it tells, that it is safe, small, and needs nothing else."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor import AtLeast, CheckResult, Report, build_reference, detect_drift, evaluate_model, numerals
from airflow_ml_monitor.rendering import scripts, specs
from airflow_ml_monitor.rendering.html import MOST_CHARTS
from tests.chromium import HOW_TO_INSTALL, Browser, chromium, installed
from tests.store.factories import make_check, make_report

NASTY = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"


def undrawn(**changes: Any) -> CheckResult:
    """A check without anything to draw."""
    return make_check(interval=None, **changes)


class Page(HTMLParser):
    """The tags and the text of a page, scripts and styles aside."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self._open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def frame(rows: int, columns: int, shift: float = 0.0, level: str = "b", share: float = 0.5) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    numbers = {f"n{place:03d}": rng.normal(shift, 1, rows) for place in range(columns)}
    levels = {f"c{place:03d}": rng.choice(["a", level], rows, p=[1 - share, share]) for place in range(columns)}
    return pd.DataFrame(numbers | levels)


@pytest.fixture(scope="module")
def drifted() -> Report:
    """Columns that moved: a number, and levels of which one is markup."""
    reference = build_reference(frame(3_000, 2, level=NASTY))
    return detect_drift(reference, frame(2_000, 2, shift=1.0, level=NASTY, share=0.9))


@pytest.fixture(scope="module")
def judged() -> Report:
    """Model quality with segments, limits, labels that are missing, a calibration curve and a confusion matrix."""
    rng = np.random.default_rng(5)
    truth = rng.random(3_000) < 0.3
    score = np.clip(np.where(truth, 0.55, 0.45) + rng.normal(0, 0.2, 3_000), 0, 1)
    part = rng.choice(["a", NASTY], 3_000)
    predictions = pd.DataFrame({"id": range(3_000), "score": score, "part": part})
    labels = pd.DataFrame({"id": range(2_900), "label": truth[:2_900]})
    expect = [AtLeast("roc_auc", 0.9)]
    return evaluate_model(predictions, labels, on="id", problem="binary", expect=expect, segments=["part"])


def test_tells_status_reasons_window_limits_and_where_it_is_from() -> None:
    page = Page(make_report().to_html(ids={"Report id": "77", "Run": "https://airflow.example/run"}))
    for part in (
        *("flight_delay drift", "✖ fail", "2013-02-04T00:00Z to 2013-02-11T00:00Z", "distribution[distance]"),
        *("ks 0.14, upper limit 0.1", "moved to the right", "0.12 to 0.16", "january v1 (sha256 1a2b3c4d)", "77"),
    ):
        assert part in page.text
    assert [link["href"] for link in page.named("a")] == ["https://airflow.example/run"]


def test_the_reasons_stand_before_everything_else_and_headings_are_in_order() -> None:
    html = make_report(results=(undrawn(),)).to_html()
    assert re.findall(r"<h(\d)", html) == ["1", "2", "2", "3", "2", "2"]
    assert html.index('id="why"') < html.index('id="columns"') < html.index('id="checks"') < html.index('id="about"')


def test_tables_have_headers_and_a_status_is_a_word() -> None:
    page = Page(make_report().to_html())
    assert all(header.get("scope") in ("col", "row") for header in page.named("th"))
    assert len(page.named("th")) > 0
    assert {"fail", "pass"} <= set(page.text.split())


def test_only_columns_that_need_a_look_are_listed() -> None:
    checks = (make_check(column="moved"), make_check(column="still", status="pass"))
    listed = re.findall(r"<h3>(\w+)</h3>", make_report(results=checks).to_html())
    assert listed == ["moved"]


def test_a_report_without_anything_to_draw_carries_no_script() -> None:
    page = Page(make_report(results=(undrawn(),)).to_html())
    assert page.named("script") == []
    (policy,) = (meta["content"] for meta in page.named("meta") if "http-equiv" in meta)
    assert str(policy).endswith("script-src 'none'")


@pytest.mark.parametrize("field", ["check", "metric", "column", "segment", "message"])
def test_a_check_cannot_bring_markup(field: str) -> None:
    page = Page(make_report(results=(undrawn(**{field: NASTY}),)).to_html())
    assert page.named("script") == page.named("img") == []
    assert NASTY in page.text


@pytest.mark.parametrize("field", ["model", "model_version", "environment", "reference", "config"])
def test_a_report_cannot_bring_markup(field: str) -> None:
    value: Any = {"text": NASTY} if field == "config" else NASTY
    page = Page(make_report(results=(undrawn(),), **{field: value}).to_html(ids={"Run": f"javascript:{NASTY}"}))
    assert page.named("script") == page.named("img") == page.named("a") == []


def test_levels_in_the_data_of_charts_cannot_end_their_script(drifted: Report) -> None:
    html = drifted.to_html()
    assert len(Page(html).named("script")) == 3
    data = html.split('id="charts">')[1].split("</script>")[0]
    levels = {row[1] for chart in json.loads(data)["charts"] if chart["kind"] == "levels" for row in chart["rows"]}
    assert any("</script>" in level for level in levels), levels


@settings(max_examples=40)
@given(text=st.text(min_size=1, max_size=80))
def test_any_text_leaves_the_structure_of_the_page_as_it_is(text: str) -> None:
    def shape(said: str) -> list[str]:
        checks = (undrawn(column=said, message=f"m{said}"),)
        return [tag for tag, _ in Page(make_report(results=checks, model="m").to_html()).tags]

    assert shape(text) == shape("plain")


def test_secrets_of_the_configuration_are_masked() -> None:
    config = {"data": {"url": "postgresql://me:hunter2@db/x", "api_key": "hunter2"}}
    assert "hunter2" not in make_report(config=config).to_html()


def test_a_column_that_moved_has_both_distributions_once(drifted: Report) -> None:
    page = Page(drifted.to_html())
    drawn = [str(chart["aria-label"]).split(";")[0] for chart in page.named("div") if "data-chart" in chart]
    assert sorted(drawn) == [
        *("Shares of rows by level of c000", "Shares of rows by level of c001"),
        *("Shares of rows by n000", "Shares of rows by n001"),
    ]
    assert "Levels that moved" in page.text


def test_metrics_have_intervals_limits_and_labels_their_counts(judged: Report) -> None:
    page = Page(judged.to_html())
    told = ("roc_auc with intervals and limits", "Completeness", "96.7 %", "missing 100", "Rows by truth and answer")
    for part in told:
        assert part in page.text


def test_metrics_without_a_limit_and_missing_labels_by_answer_are_in_tables(judged: Report) -> None:
    page = Page(judged.to_html())
    brier = next(one for one in judged.results if one.metric == "brier" and one.segment is None)
    assert f"brier {numerals.number(brier.value)} " in page.text
    part = next(one for one in judged.results if one.check == "missing_labels").detail["by_answer"][0]
    first = f"{numerals.number(part['from'])} {numerals.number(part['to'])} {part['answers']:,} {part['known']:,} "
    assert first in page.text


def test_two_hundred_columns_that_all_moved_stay_under_two_megabytes() -> None:
    report = detect_drift(build_reference(frame(1_000, 100)), frame(1_000, 100, shift=2.0, level="z"))
    html = report.to_html()
    page = Page(html)
    assert html.count('<details class="column"') == 200
    assert len([chart for chart in page.named("div") if "data-chart" in chart]) == MOST_CHARTS
    assert len(html.encode()) < 2_000_000


def test_of_very_many_checks_the_worst_are_listed() -> None:
    passed = tuple(undrawn(column=f"c{place}", status="pass") for place in range(2_000))
    html = make_report(results=(*passed, undrawn(column="bad"))).to_html()
    assert html.count('<th scope="row">') == 1_500
    assert '<th scope="row">distribution[bad]</th>' in html
    assert "and 501 more, in the store" in Page(html).text
    assert len(html.encode()) < 2_000_000


def test_is_written_where_asked(tmp_path: Path) -> None:
    html = make_report().to_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8") == html


@pytest.mark.parametrize("package", ["altair", "vl_convert"])
def test_without_a_package_that_draws_the_numbers_are_there_and_it_is_named(
    drifted: Report, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    for made_before in (specs.spec, scripts._library):
        made_before.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    page = Page(drifted.to_html())
    assert re.search(r"charts need (altair|vl-convert-python), which is not installed; install .*\[report\]", page.text)
    assert page.named("script") == []
    assert "Shares of rows by n000" in page.text
    assert any("open" in details for details in page.named("details") if details.get("class") == "numbers")


@pytest.mark.integration
class TestInABrowser:
    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("reports")

    @pytest.fixture(scope="class")
    def browser(self, folder: Path) -> Iterator[Browser]:
        if not installed():
            pytest.skip(HOW_TO_INSTALL)
        with chromium(folder.as_uri(), note_requests=True) as browser:
            yield browser

    @pytest.mark.parametrize("width", [400, 1100])
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize(("name", "charts"), [("drifted", 4), ("judged", 3)])
    def test_draws_every_chart_without_errors_network_or_scrolling_sideways(
        self, request: Any, browser: Browser, folder: Path, name: str, charts: int, width: int, scheme: str
    ) -> None:
        request.getfixturevalue(name).to_html(folder / f"{name}.html")
        browser.colours(scheme)
        browser.size(width, 9_000)
        browser.requests()
        browser.open(f"/{name}.html")
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert len(browser.all("[data-chart]")) == charts
        browser.until("every chart", lambda: len(browser.all("[data-chart] svg")) == charts)
        assert browser.problems("SEVERE", "WARNING") == []
        assert browser.requests() == [(folder / f"{name}.html").as_uri()]
        assert browser.run("return window.hacked") is None
        assert browser.run("const page = document.documentElement; return page.scrollWidth <= page.clientWidth")
        background = browser.run("return getComputedStyle(document.documentElement).backgroundColor")
        assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 29, 45)"}[scheme]
