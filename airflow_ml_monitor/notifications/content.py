"""What a message says: the values that templates of a channel's notifier find under ``verdict``."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from airflow_ml_monitor.operators.links import page_address
from airflow_ml_monitor.rendering.markdown import as_text, links_of
from airflow_ml_monitor.rendering.selection import in_one_line, in_words, shortened
from airflow_ml_monitor.results import CheckResult, Report
from airflow_ml_monitor.store.masking import masked

if TYPE_CHECKING:
    from airflow_ml_monitor.store import StoredReport
    from airflow_ml_monitor.store.messages import Event, Subject

IMAGE = "summary.png"
"""The name of the picture, by which the HTML refers to it."""

_NEWS = {"change": "changed", "recovery": "recovered"}
_MOST = 10
_LONGEST = 150
_LONGEST_LINE = 600
_LONGEST_SLACK = 3000
"""Characters that a block of a Slack message may have; a message without blocks is split after 4,000."""
_LONGEST_INCIDENT = 255
"""Characters that PagerDuty takes as the key by which events belong together."""


def content(
    stored: StoredReport, event: Event, about: Subject, *, page: str | None, url: str | None, picture: bool
) -> dict[str, Any]:
    """Return the texts and facts of a message.

    :param page: path of the report's page as a file; ``url`` the task's address in Airflow, where its report is, too.
    :param picture: whether the HTML shows a picture, attached under the name ``IMAGE``.
    """
    report = stored.report
    report_url = urljoin(url or "", page_address(f"/reports/{stored.id}"))
    links = {words: address for words, address in (("Report", report_url), ("Run", url), ("Page", page)) if address}
    subject = _subject(report, event)
    return {
        "event": event,
        "status": report.status.value,
        "subject": subject,
        "headline": in_one_line(report.headline),
        "summary": "\n".join([*_summary(report), *_plain(links)]),
        "markdown": report.to_markdown(most=_MOST, links=links),
        "slack": _slack(report, event, subject, links),
        "html": _html(report, subject, list(links.items()), picture),
        "model": report.model,
        "kind": report.kind,
        "environment": report.environment,
        "incident": _key("/".join((about.environment, about.model, about.kind, about.scope))),
        "report_id": str(stored.id),
        "report_path": page,
        "report_url": report_url,
        "url": url,
    }


def _subject(report: Report, event: Event) -> str:
    """Return one line that says which model and how it is; short enough for a subject and without line breaks."""
    news = f" ({_NEWS[event]})" if event in _NEWS else ""
    return in_one_line(f"{report.status.value.upper()}{news}: {report.about}")[:_LONGEST]


def _summary(report: Report) -> list[str]:
    """Return the headline and the checks behind the status: a line each, whatever their names and messages hold."""
    lines = [f"  - {_short(one)}" for one in report.reasons[:_MOST]]
    more = len(report.reasons) - _MOST
    return [_short(report.headline), *lines, *([f"  - and {more:,} more"] if more > 0 else [])]


def _short(text: object) -> str:
    return shortened(text, _LONGEST_LINE)


def _slack(report: Report, event: Event, subject: str, links: dict[str, str]) -> str:
    """Return a report as mrkdwn with as many of its checks as Slack shows whole; it has no subject beside it."""
    news = f"*{_NEWS[event].capitalize()}*\n" if event in _NEWS else ""
    for most in range(_MOST, 0, -1):
        written = news + report.to_markdown(most=most, links=links, dialect="slack")
        if len(written) <= _LONGEST_SLACK:
            return written
    return _few_words(subject, _short(report.headline), links)


def _few_words(subject: str, headline: str, links: dict[str, str]) -> str:
    return "\n".join([*(as_text(line, dialect="slack") for line in (subject, headline)), *links_of(links, "slack")])


def _plain(links: dict[str, str]) -> list[str]:
    return [f"{words}: {address}" for words, address in links.items()]


def _key(text: str) -> str:
    """Return a text that is short enough for a key; of two long ones that begin alike, two."""
    if len(text) <= _LONGEST_INCIDENT:
        return text
    mark = "#" + sha256(text.encode()).hexdigest()[:16]
    return text[: _LONGEST_INCIDENT - len(mark)] + mark


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
    words = " - ".join(part for part in (in_words(result), result.message) if part)
    return {"label": _short(result.label), "status": result.status, "words": _short(words)}


def no_verdict(ti: Any, error: object, *, url: str | None, scope: str) -> dict[str, Any]:
    """Return the texts and facts of a message about a task that failed before it had a verdict."""
    subject = in_one_line(f"ERROR: {ti.dag_id}.{ti.task_id} ended without a verdict")[:_LONGEST]
    # What a driver says of a source may have its URL; a channel has more readers than a log.
    said = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    headline = _short(masked(said))
    links = {"Run": url} if url else {}
    names = ("model", "kind", "environment", "report_id", "report_path", "report_url")
    return {
        **dict.fromkeys(names),
        "event": "first",
        "status": "error",
        "subject": subject,
        "headline": headline,
        "summary": "\n".join([subject, headline, *_plain(links)]),
        "markdown": "\n\n".join([as_text(subject), as_text(headline), *links_of(links)]),
        "slack": _few_words(subject, headline, links),
        "html": _page(subject, headline, [], 0, list(links.items()), picture=False),
        "incident": _key(scope),
        "url": url,
    }
