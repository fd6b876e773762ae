"""A report as one HTML page that needs nothing else: no network, no server, no other file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.rendering import charts, selection
from airflow_ml_monitor.rendering.charts import Chart
from airflow_ml_monitor.rendering.labels import labels_of
from airflow_ml_monitor.rendering.scripts import Scripts, scripts, sources
from airflow_ml_monitor.rendering.selection import MARKS, in_one_line, in_words, measured, shortened
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status

MOST_CHARTS = 60
"""Columns of which charts are drawn."""

_MOST_REASONS = 20
_MOST_ROWS = 1_500
_MOST_METRICS = 20
_MOST_CONFIG = 100_000
_LONGEST = 1_000
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Site:
    """The pages that a report is one of.

    :param links: name -> address, on top of the page.
    :param script: what is run first, as it is.
    :param charts: address of ``scripts.site_script()``; without one each report has all that draws its charts.
    """

    name: str
    links: Mapping[str, str]
    script: str
    charts: str = ""


def to_html(report: Report, *, ids: Mapping[str, str] | None = None, site: Site | None = None) -> str:
    """Return one self-contained page: status and reasons, columns, metrics, labels, all checks, configuration.

    It loads nothing, runs no script but its own, and shows what comes from data as text. Columns that need a look have
    charts, of at most 60 of them; at most 1,500 checks are listed, the worst first. Values of the configuration that
    look secret are masked. Where Altair or vl-convert is not installed, it says so, and has the numbers of the charts
    in tables.

    :param ids: name -> words about where the report is from (report id, run); addresses of the web are links.
    :param site: the pages that it is one of, if any; it is self-contained without, and where they have no ``charts``.
    """
    page = _Page()
    known = _known(report, page)
    drawing, not_drawn = _drawing(page, site.charts if site else "")
    template = _environment().get_template("report.html.jinja")
    rendered: str = template.render(
        **known,
        facts=[(name, in_one_line(words)) for name, words in (*selection.facts(report).items(), *(ids or {}).items())],
        scripts=drawing,
        not_drawn=not_drawn,
        script_sources=_allowed(drawing, site),
        site=site,
        style=_style(),
    )
    return rendered


@dataclass(frozen=True)
class _Drawn:
    """A chart at its place among those of the page, its numbers in words."""

    chart: Chart
    place: int

    @property
    def names(self) -> list[str]:
        return [name.replace("_", " ") for name in self.chart.names if name != "place"]

    @property
    def rows(self) -> list[list[str]]:
        start = 1 if self.chart.names[0] == "place" else 0
        return [[_cell(value) for value in row[start:]] for row in self.chart.rows]


class _Page:
    """The charts of a page, in the order in which they are drawn."""

    def __init__(self) -> None:
        self.charts: list[Chart] = []

    def draw(self, found: Iterable[Chart]) -> list[_Drawn]:
        drawn = [_Drawn(chart, place) for place, chart in enumerate(found, start=len(self.charts))]
        self.charts += [one.chart for one in drawn]
        return drawn


def _drawing(page: _Page, address: str) -> tuple[Scripts | None, str]:
    """Return what draws the charts, or why nothing does: a page without charts is better than none."""
    try:
        return scripts(page.charts, address=address), ""
    except ConfigurationError as error:
        return None, str(error)


def _allowed(drawing: Scripts | None, site: Site | None) -> str:
    allowed = ([sources(site.script)] if site else []) + ([drawing.sources] if drawing else [])
    return " ".join(allowed) or "'none'"


def _known(report: Report, page: _Page) -> dict[str, Any]:
    columns = selection.columns_to_look_at(report)
    return {
        "title": in_one_line(report.about),
        "status": report.status,
        "window": "" if report.window is None else str(report.window),
        "marks": MARKS,
        "groups": _groups(report),
        "reasons": [_row(one) for one in report.reasons[:_MOST_REASONS]],
        "more_reasons": max(0, len(report.reasons) - _MOST_REASONS),
        "columns": [_column(name, checks, page, at < MOST_CHARTS) for at, (name, checks) in enumerate(columns.items())],
        "columns_without_charts": len(columns) > MOST_CHARTS,
        "most_charts": MOST_CHARTS,
        "metrics": page.draw(charts.of_metrics(report)[:_MOST_METRICS]),
        "told": [_row(one) for one in selection.told_metrics(report)],
        "labels": labels_of(report),
        "answers": page.draw(charts.of_answers(report)),
        "config": _config(report),
    }


def _groups(report: Report) -> dict[Status, dict[str, Any]]:
    """Return the checks by status, the worst first, until the page has as many as it may."""
    left = _MOST_ROWS
    groups: dict[Status, dict[str, Any]] = {}
    for status, checks in selection.by_status(report).items():
        groups[status] = {"total": len(checks), "rows": [_row(one) for one in checks[:left]]}
        left -= len(groups[status]["rows"])
    return groups


def _row(result: CheckResult) -> dict[str, Any]:
    value, limits = measured(result)
    interval = "" if result.interval is None else " to ".join(numerals.number(bound) for bound in result.interval)
    return {
        "label": in_one_line(result.label),
        "status": result.status,
        "severity": "" if result.severity is Severity.CRITICAL else result.severity.value,
        "metric": in_one_line(result.metric),
        "value": value,
        "interval": interval,
        "limits": limits,
        "found": in_words(result),
        "p": "" if result.p_adjusted is None else numerals.p_value(result.p_adjusted),
        "rows": "" if result.n_current is None else f"{result.n_current:,}",
        "message": shortened(result.message, _LONGEST),
    }


def _column(name: str, found: list[CheckResult], page: _Page, with_charts: bool) -> dict[str, Any]:
    drawn = [chart for one in found if with_charts and (chart := charts.of_distribution(one)) is not None]
    moves: list[list[str]] = next((_moves(one) for one in found if "levels_moved" in one.detail), [])
    return {
        "name": in_one_line(name),
        "status": found[0].effective_status,
        "checks": f"{len(found):,} check" if len(found) == 1 else f"{len(found):,} checks",
        "said": _said(_row(one) for one in found),
        "charts": page.draw({chart.title: chart for chart in drawn}.values()),
        "moves": moves,
    }


def _said(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what was found of a column, checks that say the same as one."""
    by_message: dict[str, list[str]] = {}
    for row in rows:
        by_message.setdefault(row["message"], []).append(row["found"])
    told = (("; ".join(filter(None, found)), said) for said, found in by_message.items())
    return [": ".join(filter(None, parts)) for parts in told]


def _moves(result: CheckResult) -> list[list[str]]:
    moved: Mapping[str, list[list[Any]]] = result.detail["levels_moved"]
    return [
        [in_one_line(level), what, numerals.percent(was), numerals.percent(now)]
        for what in ("grew", "shrank", "appeared", "vanished")
        for level, was, now in moved.get(what, ())
    ]


def _config(report: Report) -> str:
    from airflow_ml_monitor.store.masking import masked
    from airflow_ml_monitor.store.plain import plain_json

    written = json.dumps(masked(plain_json(report.config)), indent=2, ensure_ascii=False)
    return written if len(written) <= _MOST_CONFIG else f"{written[:_MOST_CONFIG]}\n... the rest is in the store"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return numerals.number(value)
    return f"{value:,}" if isinstance(value, int) else "" if value is None else in_one_line(value)


def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )


def _style() -> Any:
    from markupsafe import Markup

    return Markup((_HERE / "report.css").read_text("utf-8"))
