"""What a message says: the values that templates of a channel's notifier find under ``verdict``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.rendering.markdown import as_text
from airflow_ml_monitor.rendering.selection import in_one_line, measured
from airflow_ml_monitor.results import CheckResult, Report

if TYPE_CHECKING:
    from airflow_ml_monitor.store import StoredReport
    from airflow_ml_monitor.store.messages import Event, Subject

IMAGE = "summary.png"
"""The name of the picture, by which the HTML refers to it."""

_WORDS = {"first": "", "change": " (changed)", "recovery": " (recovered)"}
_MOST = 10
_LONGEST = 150


def content(
    stored: StoredReport, event: Event, about: Subject, *, page: str | None, url: str | None, picture: bool
) -> dict[str, Any]:
    """Return the texts and facts of a message.

    :param page: path of the report's page; ``url`` the task's address in Airflow.
    :param picture: whether the HTML shows a picture, attached under the name ``IMAGE``.
    """
    report = stored.report
    links = {words: address for words, address in (("Run", url), ("Report", page)) if address}
    subject = _subject(report, event)
    return {
        "event": event,
        "status": report.status.value,
        "subject": subject,
        "headline": in_one_line(report.headline),
        "summary": report.summary(most=_MOST),
        "markdown": report.to_markdown(most=_MOST, links=links),
        "slack": report.to_markdown(most=_MOST, links=links, dialect="slack"),
        "html": _html(report, subject, list(links.items()), picture),
        "model": report.model,
        "kind": report.kind,
        "environment": report.environment,
        "incident": "/".join((about.environment, about.model, about.kind, about.scope)),
        "report_id": str(stored.id),
        "report_path": page,
        "url": url,
    }


def _subject(report: Report, event: Event) -> str:
    """Return one line that says which model and how it is; short enough for a subject and without line breaks."""
    about = " ".join(part for part in (report.model, report.kind.replace("_", " ")) if part)
    return in_one_line(f"{report.status.value.upper()}{_WORDS[event]}: {about}")[:_LONGEST]


def _html(report: Report, subject: str, links: list[tuple[str, str]], picture: bool) -> str:
    reasons = [_reason(one) for one in report.reasons[:_MOST]]
    more = max(0, len(report.reasons) - _MOST)
    return _page(subject, in_one_line(report.headline), reasons, more, links, picture=picture)


def _page(
    subject: str,
    headline: str,
    reasons: list[dict[str, Any]],
    more: int,
    links: list[tuple[str, str]],
    *,
    picture: bool,
) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).resolve().parent)
    template = Environment(loader=folder, autoescape=True, undefined=StrictUndefined).get_template("mail.html.jinja")
    image = IMAGE if picture else None
    written: str = template.render(
        subject=subject, headline=headline, reasons=reasons, more=more, links=links, image=image
    )
    return written


def _reason(result: CheckResult) -> dict[str, Any]:
    value, limits = measured(result)
    found = ", ".join(part for part in (f"{result.metric} {value}" if value else "", limits) if part)
    words = " - ".join(part for part in (found, result.message) if part)
    return {"label": in_one_line(result.label), "status": result.status, "words": in_one_line(words)}


def no_verdict(ti: Any, error: object, *, url: str | None, scope: str) -> dict[str, Any]:
    """Return the texts and facts of a message about a task that failed before it had a verdict."""
    subject = in_one_line(f"ERROR: {ti.dag_id}.{ti.task_id} ended without a verdict")[:_LONGEST]
    headline = in_one_line(f"{type(error).__name__}: {error}")[: 4 * _LONGEST]
    lines = [subject, headline, *([f"Run: {url}"] if url else [])]
    names = ("model", "kind", "environment", "report_id", "report_path")
    return {
        **dict.fromkeys(names),
        "event": "first",
        "status": "error",
        "subject": subject,
        "headline": headline,
        "summary": "\n".join(lines),
        "markdown": "\n\n".join(as_text(line) for line in lines),
        "slack": "\n".join(as_text(line, dialect="slack") for line in lines),
        "html": _page(subject, headline, [], 0, [("Run", url)] if url else [], picture=False),
        "incident": scope,
        "url": url,
    }
