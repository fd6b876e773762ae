"""The demo's table: a week per row, and below it what its labels showed and what stopped or proved its retraining."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from airflow_ml_monitor.numerals import fixed, number
from flight_delay.demo_environment import DAGS

if TYPE_CHECKING:
    from flight_delay.demo_verdicts import Reason, Week

_HEAD = (
    "week (New York)",
    "labelled",
    "void",
    "late",
    "said",
    "model",
    "retraining by",
    "quality",
    "drift",
    "gate",
    "challenger",
)
_NUMBERS = (1, 2, 3, 4)
_WIDTH = 118


def render(weeks: list[Week]) -> str:
    """Return the weeks as a table; why something stopped stands below its row, in the words of the store."""
    rows = [_cells(week) for week in weeks]
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    lines = [_line(_HEAD, widths), "  ".join("-" * width for width in widths)]
    for week, row in zip(weeks, rows, strict=True):
        lines.append(_line(row, widths))
        lines += [line for reason in week.reasons for line in _why(reason)]
    return "\n".join(lines)


def summary(weeks: list[Week]) -> str:
    """Return what the weeks came to in one sentence, without its end."""
    degraded, deployed = sum(week.event for week in weeks), sum(week.deployed is not None for week in weeks)
    return f"{_counted(len(weeks), 'week')}: {degraded} degraded, {_counted(deployed, 'challenger')} deployed"


def progress(week: Week, number_of: int, of: int, seconds: float) -> str:
    """Return one line that says how a week came out."""
    _, labelled, _, _, _, model, by, quality, drift, gate, outcome = _cells(week)
    judged = f"labels {labelled}, model {model}; retraining by {by}: quality {quality}, drift {drift}, gate {gate}"
    return f"[{number_of:>2}/{of}] {week.start.date()}  {judged}, challenger {outcome}  ({seconds:.1f} s)"


def _cells(week: Week) -> tuple[str, ...]:
    labels = week.labels
    return (
        f"{week.start.date()}",
        _percent(labels.get("completeness")),
        f"{labels['void']:,}" if labels else "none",
        _percent(week.late),
        _percent(week.said),
        _verdict(week, "model_quality"),
        {"scheduler": "event", "replay": "event, replayed", "hand": "hand"}[week.started_by],
        _verdict(week, "quality"),
        _verdict(week, "drift"),
        "open" if week.released else "closed",
        _outcome(week),
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.1f} %"


def _verdict(week: Week, task: str) -> str:
    status = week.verdicts.get(task, "no report")
    return status.upper() if status in ("fail", "error") else status


def _outcome(week: Week) -> str:
    if not week.released:
        return "none"
    if week.difference is None:
        return f"not compared ({week.tasks.get('compare')})"
    versus = f"{week.difference:+z.3f}"
    return f"{versus}: deployed {week.deployed}" if week.deployed else f"{versus}: refused"


def _why(reason: Reason) -> list[str]:
    first = f"    {reason.task}: "
    sentence = reason.message.replace(f"{DAGS}/", "")
    if reason.task == "drift" and reason.value is not None and reason.limit is not None:
        effect = fixed(reason.value, reason.limit, 3)
        sentence = f"{reason.column}: {reason.metric} {effect} (limit {reason.limit:g}); {sentence}"
    elif reason.task in ("model_quality", "compare") and reason.value is not None:
        sentence = f"{reason.metric} {number(reason.value)} (limit {number(reason.limit)}); {sentence}"
    return textwrap.wrap(sentence, _WIDTH, initial_indent=first, subsequent_indent=" " * len(first))


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [
        cell.rjust(width) if position in _NUMBERS else cell.ljust(width)
        for position, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
