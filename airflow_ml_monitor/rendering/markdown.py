"""A report as Markdown: for messages, and for the question that a person is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, get_args

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.rendering.selection import MARKS, facts, in_one_line, in_words, shortened
from airflow_ml_monitor.results import CheckResult, Report

Dialect = Literal["commonmark", "slack"]

# What formats inside a line, and what GitHub's Markdown makes a link of.
_UNDERSCORE = r"(?<![a-z0-9])_|_(?![a-z0-9])"  # inside a word it formats nothing
_SPECIAL = re.compile(rf"([\\`*\[\]<>#|~&@]|{_UNDERSCORE}|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_SPECIAL_IN_SLACK = re.compile(rf"([*~`]|{_UNDERSCORE}|(?<=:)//|(?<=www)\.)", re.IGNORECASE)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ABOUT = ("Model", "Model version", "Environment", "Window", "As of", "Reference", "Rows judged")
_LONGEST = 400


def to_markdown(
    report: Report, *, most: int = 10, dialect: Dialect = "commonmark", links: Mapping[str, str] | None = None
) -> str:
    """Return a report's status, what it is about, and the checks behind the status.

    Whatever comes from data (columns, levels, messages) is escaped: it cannot make a link, a mention or a heading.

    :param most: checks that are told; further ones are counted. At least 1.
    :param dialect: ``commonmark``, or ``slack`` for Slack's own mrkdwn.
    :param links: words -> address, one line each at the end.
    :raises ConfigurationError: another dialect, or ``most`` below 1.
    """
    if dialect not in get_args(Dialect) or most < 1:
        raise ConfigurationError(
            f"to_markdown(dialect={dialect!r}, most={most}) is not known; use dialect 'commonmark' or 'slack' and "
            "most of 1 or more"
        )
    write = _Slack() if dialect == "slack" else _CommonMark()
    lines = [write.heading(f"{MARKS[report.status]} {_title(report)}"), ""]
    known = facts(report)
    lines += [f"{write.bullet}{name}: {write.text(known[name])}" for name in _ABOUT if name in known]
    lines += [f"{write.bullet}Checks: {_counts(report)}", ""]
    if report.reasons:
        lines += [write.strong("Why"), ""]
    lines += [f"{write.bullet}{_check(reason, write)}" for reason in report.reasons[:most]]
    if len(report.reasons) > most:
        lines.append(f"{write.bullet}and {len(report.reasons) - most:,} more")
    lines += ["", *links_of(links or {}, dialect)]
    return "\n".join(lines).strip() + "\n"


def as_text(text: object, *, dialect: Dialect = "commonmark") -> str:
    """Return a text so escaped that it formats nothing."""
    return (_Slack() if dialect == "slack" else _CommonMark()).text(text)


def links_of(links: Mapping[str, str], dialect: Dialect = "commonmark") -> list[str]:
    """Return words -> address as links; an address that no browser opens stands beside its words."""
    write = _Slack() if dialect == "slack" else _CommonMark()
    return [write.link(words, address) for words, address in links.items()]


class _CommonMark:
    bullet = "- "

    def text(self, text: object) -> str:
        return _SPECIAL.sub(r"\\\1", in_one_line(text))

    def heading(self, text: str) -> str:
        return f"## {self.text(text)}"

    def strong(self, text: object) -> str:
        return f"**{self.text(text)}**"

    def link(self, words: str, address: str) -> str:
        safe = re.sub(r"[\s<>\\]", lambda found: f"%{ord(found.group()):02X}", address)
        return f"[{self.text(words)}](<{safe}>)" if _is_web(address) else f"{self.text(words)}: {self.text(address)}"


class _Slack:
    bullet = "• "

    def text(self, text: object) -> str:
        """mrkdwn has no escape but for three characters: what would format has a zero-width space before it."""
        escaped = "".join(_ENTITIES.get(char, char) for char in in_one_line(text))
        return _SPECIAL_IN_SLACK.sub("\u200b\\1", escaped)

    def heading(self, text: str) -> str:
        return self.strong(text)

    def strong(self, text: object) -> str:
        return f"*{self.text(text)}*"

    def link(self, words: str, address: str) -> str:
        safe = "".join(_ENTITIES.get(char, char) for char in re.sub(r"[\s|<>]", "", address))
        return f"<{safe}|{self.text(words)}>" if _is_web(address) else f"{self.text(words)}: {self.text(address)}"


def _title(report: Report) -> str:
    return f"{report.about}: {report.status.value.upper()}"


def _counts(report: Report) -> str:
    return ", ".join(f"{count:,} {status}" for status, count in report.counts.items()) or "none"


def _check(result: CheckResult, write: _CommonMark | _Slack) -> str:
    told = shortened(result.message, _LONGEST)
    words = " - ".join(part for part in (in_words(result), told) if part)
    return f"{write.strong(result.label)} {result.status.value}" + (f": {write.text(words)}" if words else "")


def _is_web(address: str) -> bool:
    return address.startswith(("http://", "https://"))
