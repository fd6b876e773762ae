"""The summary of a report as a small picture, for messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.rendering.selection import MARKS, in_one_line, measured
from airflow_ml_monitor.rendering.specs import STATUS_COLORS, altair, vega_lite_version, vl_convert
from airflow_ml_monitor.results import CheckResult, Report

if TYPE_CHECKING:
    import altair as alt

WIDTH = 640
_LINE = 22
_INK = "#1b1f24"
_SOFT = "#57606a"
_LONGEST = 84


def to_png(report: Report, *, most: int = 6, scale: float = 2.0) -> bytes:
    """Return a PNG, 640 points wide on white: status, window, counts, and the checks behind the status.

    :param most: checks that are told; further ones are counted.
    :param scale: pixels a point, above 0 and at most 4.
    :raises ConfigurationError: Altair or vl-convert is not installed, or the scale is out of its range.
    """
    if not 0 < scale <= 4:
        raise ConfigurationError(f"to_png(scale={scale}) must be above 0 and at most 4")
    drawn: bytes = vl_convert().vegalite_to_png(_spec(report, most), vl_version=vega_lite_version(), scale=scale)
    return drawn


def to_svg(report: Report, *, most: int = 6) -> str:
    """Return the same picture as SVG."""
    drawn: str = vl_convert().vegalite_to_svg(_spec(report, most), vl_version=vega_lite_version())
    return drawn


def _spec(report: Report, most: int) -> dict[str, Any]:
    lines = _lines(report, most)
    height = _LINE * len(lines) + 12
    texts = [text for place, line in enumerate(lines) for text in _texts(line, place)]
    alt = altair()
    edge = alt.Chart(alt.InlineData(values=[{}])).mark_rect(color=STATUS_COLORS[report.status.value])
    drawn = alt.layer(
        edge.encode(x=alt.value(0), x2=alt.value(6), y=alt.value(0), y2=alt.value(height)), *texts
    ).properties(width=WIDTH, height=height, background="white", padding=8)
    found: dict[str, Any] = drawn.configure_view(stroke=None).to_dict()
    return found


@dataclass(frozen=True)
class _Line:
    words: str
    mark: str = ""
    size: int = 13
    color: str = _INK
    weight: Literal["normal", "bold"] = "normal"


def _lines(report: Report, most: int) -> list[_Line]:
    """Return the lines of the picture from the top."""
    verdict = f"{report.status.value.upper()} {report.about}"
    counts = ", ".join(f"{count:,} {status}" for status, count in report.counts.items()) or "no checks"
    window = "" if report.window is None else f"{report.window}: "
    color = STATUS_COLORS[report.status.value]
    lines = [
        _Line(verdict, MARKS[report.status], size=17, color=color, weight="bold"),
        _Line(f"{window}{counts}", size=12, color=_SOFT),
        *(_Line(_reason(one), MARKS[one.status]) for one in report.reasons[:most]),
    ]
    if len(report.reasons) > most:
        lines.append(_Line(f"and {len(report.reasons) - most:,} more", size=12, color=_SOFT))
    return lines


def _reason(result: CheckResult) -> str:
    value, limits = measured(result)
    words = ", ".join(part for part in (f"{result.metric} {value}" if value else result.message, limits) if part)
    return f"{result.label}: {words}"


def _texts(line: _Line, place: int) -> list[alt.Chart]:
    """Return the mark and the words of a line: few fonts have the marks, and words beside one would be in its font."""
    words = in_one_line(line.words)
    short = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    parts = [(18, line.mark), (42, short)] if line.mark else [(18, short)]
    return [_text(part, left, line, place) for left, part in parts]


def _text(text: str, left: int, line: _Line, place: int) -> alt.Chart:
    import altair as alt

    drawn = alt.Chart(alt.InlineData(values=[{"text": text}])).mark_text(
        align="left",
        baseline="middle",
        fontSize=line.size,
        fontWeight=line.weight,
        color=line.color,
        limit=WIDTH - left - 10,
    )
    placed: alt.Chart = drawn.encode(text="text:N", x=alt.value(left), y=alt.value(_LINE * place + 6 + _LINE / 2))
    return placed
