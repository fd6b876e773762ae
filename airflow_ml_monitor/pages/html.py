"""The pages' HTML: templates that escape everything, and one style sheet in light and dark."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from airflow_ml_monitor.pages.drawing import SIZE, sign
from airflow_ml_monitor.rendering.scripts import sources
from airflow_ml_monitor.store.stored import StoredReport
from airflow_ml_monitor.store.verdict_lists import PAGE_ROWS

_HERE = Path(__file__).parent
MARKS = {"pass": "✓", "warn": "!", "fail": "✗", "insufficient": "?", "error": "⚠"}


def page(template: str, *, root: str, query: dict[str, str], **known: Any) -> str:
    """Return a page.

    :param root: the path that the pages are mounted at; ``query``: what the address asks for.
    """
    return str(
        _environment().get_template(template).render(root=root, query=query, marks=MARKS, rows=PAGE_ROWS, **known)
    )


def report_page(stored: StoredReport) -> str:
    """Return the page of a report; with tables for charts where what draws them is not installed."""
    return stored.report.to_html(ids=stored.ids)


def _address(root: str, *parts: str, **query: Any) -> str:
    kept = {name: value for name, value in query.items() if value not in (None, "", 0)}
    path = "/".join(quote(part, safe="") for part in parts)
    return f"{root}/{path}" + (f"?{urlencode(kept)}" if kept else "")


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    found = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    sheets = [_HERE.parent / "rendering" / "report.css", _HERE / "pages.css", _HERE / "charts.css"]
    found.globals |= {"address": _address, "sign": sign, "size": SIZE}
    found.globals |= {"style": Markup("".join(sheet.read_text("utf-8") for sheet in sheets))}
    script = (_HERE / "pages.js").read_text("utf-8")
    found.globals |= {"script": Markup(script), "script_sources": sources(script)}
    found.filters["time"] = lambda value: "" if value is None else f"{value:%Y-%m-%d %H:%M}Z"
    return found
