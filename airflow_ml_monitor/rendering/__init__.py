"""Reports for people: Markdown, one self-contained HTML page, and a picture of the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_ml_monitor.lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_ml_monitor.rendering.html import to_html
    from airflow_ml_monitor.rendering.markdown import to_markdown
    from airflow_ml_monitor.rendering.picture import to_png, to_svg

__all__ = ["to_html", "to_markdown", "to_png", "to_svg"]

__getattr__ = lazy_exports(
    __name__, {"to_html": "html", "to_markdown": "markdown", "to_png": "picture", "to_svg": "picture"}
)
