"""The pages' HTML: templates that escape everything, and one style sheet in light and dark."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from airflow_ml_monitor.pages.charts_script import charts_version
from airflow_ml_monitor.pages.drawing import SIZE, sign
from airflow_ml_monitor.rendering.html import Site, to_html
from airflow_ml_monitor.rendering.scripts import sources
from airflow_ml_monitor.rendering.selection import in_one_line, measured
from airflow_ml_monitor.store.stored import StoredReport
from airflow_ml_monitor.store.verdict_lists import PAGE_ROWS

if TYPE_CHECKING:
    from airflow_ml_monitor.store.drift_cells import Cell

_HERE = Path(__file__).parent
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
CHARTS = "charts.js"
"""Where the script is that draws the charts of reports."""

MARKS = {"pass": "✓", "warn": "!", "fail": "✗", "insufficient": "?", "error": "⚠"}


def page(template: str, *, root: str, query: dict[str, str], **known: Any) -> str:
    """Return a page.

    :param root: the path that the pages are mounted at; ``query``: what the address asks for.
    """
    return str(
        _environment().get_template(template).render(root=root, query=query, marks=MARKS, rows=PAGE_ROWS, **known)
    )


def report_page(stored: StoredReport, *, root: str) -> str:
    """Return the page of a report; with tables for charts where what draws them is not installed.

    :param root: the path that the pages are mounted at.
    """
    report, links = stored.report, {"Models": _address(root, ""), "Checks": _address(root, "checks")}
    if report.model and report.environment:
        about = {"environment": report.environment, "model": report.model}
        links[in_one_line(f"{report.model} in {report.environment}")] = _address(root, "models", *about.values())
        links["Timeline"] = _address(root, "timeline", **about, kind=report.kind)
    version = charts_version()
    library = _address(root, CHARTS, v=version) if version else ""
    return to_html(report, ids=stored.ids, site=Site("ML Monitor", links, _script(), library))


def _address(root: str, *parts: str, **query: Any) -> str:
    kept = {name: value for name, value in query.items() if value not in (None, "", 0)}
    path = "/".join(quote(part, safe="") for part in parts)
    return f"{root}/{path}" + (f"?{urlencode(kept)}" if kept else "")


@cache
def _script() -> str:
    return (_HERE / "pages.js").read_text("utf-8")


def heat_cell(cell: Cell, opens: Markup, column: Markup, start: str) -> Markup:
    """Return a cell of the heat map: of thousands, a template would make each in 50 microseconds.

    :param opens: the address that it leads to, without its report; with ``column`` and ``start``: what it is about.
    """
    status, effect = cell.status, ""
    if cell.effect is not None:
        effect = f"{cell.effect:.2f}" if abs(cell.effect) < 1e5 else f"{cell.effect:.1e}"
    shade = f' style="--effect:{min(cell.effect, 1):.2f}"' if cell.effect is not None and status == "pass" else ""
    signs = f'<span aria-hidden="true">{MARKS[status]}</span><span class="hidden">{status}</span>'
    link = f'href="{escape(opens)}&amp;report_id={cell.report_id}" title="{escape(column)}, {start}: {status}"'
    return Markup(f'<td class="{status}"{shade}><a {link}>{signs} {effect}</a></td>')


def _straight(value: Any) -> Any:
    """Return a text with a sign in the place of each character that would turn around what stands behind it."""
    return _TURNS.sub("\ufffd", value) if type(value) is str else value


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_straight,
    )
    sheets = [_HERE.parent / "rendering" / "report.css", _HERE / "pages.css", _HERE / "charts.css"]
    found.globals |= {"address": _address, "sign": sign, "size": SIZE, "measured": measured, "heat_cell": heat_cell}
    found.globals |= {"style": Markup("".join(sheet.read_text("utf-8") for sheet in sheets))}
    found.globals |= {"script": Markup(_script()), "script_sources": sources(_script())}
    found.filters["time"] = lambda value: "" if value is None else f"{value:%Y-%m-%d %H:%M}Z"
    return found
