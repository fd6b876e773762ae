"""Reports for people: Markdown, one self-contained HTML page, and a picture of the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_ml_monitor.lazy import lazy_exports

if TYPE_CHECKING:
    from airflow_ml_monitor.rendering.markdown import to_markdown

__all__ = ["to_markdown"]

__getattr__ = lazy_exports(__name__, {"to_markdown": "markdown"})
