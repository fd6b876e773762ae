"""A report as Markdown: what it tells, and that data cannot format it."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.rendering.selection import in_one_line
from tests.store.factories import make_check, make_report

NASTY = "</script><script>alert(1)</script> [a](http://b.c) *x* _y_ `z` | <!channel> @here # h ~s~ www.a.b"


def rendered(markdown: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(markdown))


def test_tells_model_window_status_value_and_limit() -> None:
    html = rendered(make_report().to_markdown())
    for part in ("<h2>✖ flight_delay drift: FAIL</h2>", "2013-02-04T00:00Z to 2013-02-11T00:00Z", "1 pass, 1 fail"):
        assert part in html
    assert "<p><strong>Why</strong></p>" in html
    assert "<strong>distribution[distance]</strong> fail: ks 0.14, upper limit 0.1 - moved to the right" in html


def test_a_report_that_passed_tells_no_check() -> None:
    markdown = make_report(results=(make_check(status="pass"),)).to_markdown()
    assert markdown.startswith("## ✔ flight_delay drift: PASS")
    assert "distribution" not in markdown


def test_further_checks_are_counted() -> None:
    checks = tuple(make_check(column=f"c{place}") for place in range(7))
    markdown = make_report(results=checks).to_markdown(most=2)
    assert markdown.count("**distribution") == 2
    assert "- and 5 more" in markdown


@pytest.mark.parametrize("field", ["column", "segment", "message", "metric"])
def test_data_cannot_format_commonmark(field: str) -> None:
    html = rendered(make_report(results=(make_check(**{field: NASTY}),)).to_markdown())
    assert in_one_line(NASTY) in unescape(html)
    assert not any(tag in html for tag in ("<script", "<a ", "<em>", "<code>", "<h1>"))


@given(text=st.text(min_size=1, max_size=60))
def test_any_message_comes_out_as_it_went_in(text: str) -> None:
    html = rendered(make_report(results=(make_check(message=text),)).to_markdown())
    shown = in_one_line(text)
    assert (f"upper limit 0.1 - {shown}" if shown else "upper limit 0.1") in unescape(html)


def test_data_cannot_format_or_mention_in_slack() -> None:
    said = make_report(results=(make_check(column=NASTY),)).to_markdown(dialect="slack")
    assert "<" not in said
    assert ">" not in said
    assert "&lt;!channel&gt;" in said
    assert "\u200b*x" in said


def test_data_makes_no_address_that_slack_would_link() -> None:
    said = make_report(results=(make_check(message="see https://evil.example or www.evil.example"),))
    assert "https:\u200b//evil.example or www\u200b.evil" in said.to_markdown(dialect="slack")


def test_links_are_links_in_both_dialects() -> None:
    links = {"The run": "https://airflow.example/dags/d|x y", "The report": "s3://reports/a_b.html"}
    common = rendered(make_report().to_markdown(links=links))
    assert '<a href="https://airflow.example/dags/d%7Cx%20y">The run</a>' in common
    assert "The report: s3://reports/a_b.html" in common
    slack = make_report().to_markdown(links=links, dialect="slack")
    assert "<https://airflow.example/dags/dxy|The run>" in slack


@pytest.mark.parametrize("asked", [{"dialect": "html"}, {"most": 0}])
def test_what_is_not_known_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="use dialect 'commonmark' or 'slack'"):
        make_report().to_markdown(**asked)
