"""The demo's table: a week per row, and below it what closed its gate."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from airflow_ml_monitor.numerals import fixed
from flight_delay.demo_environment import DAGS

if TYPE_CHECKING:
    from flight_delay.demo_verdicts import Reason, Week

_HEAD = ("window (New York)", "flights", "quality", "drift", "gate", "retraining")
_FLIGHTS = 1
_WIDTH = 110


def render(weeks: list[Week]) -> str:
    """Return the weeks as a table; why a week was not released stands below its row, in the words of the store."""
    rows = [_cells(week) for week in weeks]
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    lines = [_line(_HEAD, widths), "  ".join("-" * width for width in widths)]
    for week, row in zip(weeks, rows, strict=True):
        lines.append(_line(row, widths))
        lines += [line for reason in week.reasons for line in _why(reason)]
    return "\n".join(lines)


def progress(week: Week, number: int, of: int, seconds: float) -> str:
    """Return one line that says how a week came out."""
    _, flights, quality, drift, gate, retraining = _cells(week)
    judged = f"quality {quality}, drift {drift}, gate {gate}; {retraining}"
    return f"[{number:>2}/{of}] {week.start.date()}  {flights:>6} flights  {judged}  ({seconds:.1f} s)"


def _cells(week: Week) -> tuple[str, ...]:
    return (
        f"{week.start.date()} to {week.end.date()}",
        "none" if week.rows is None else f"{week.rows:,}",
        _verdict(week, "quality"),
        _verdict(week, "drift"),
        "open" if week.released else "closed",
        _retraining(week),
    )


def _verdict(week: Week, task: str) -> str:
    status = week.verdicts.get(task, "no report")
    return status.upper() if status in ("fail", "error") else status


def _retraining(week: Week) -> str:
    if week.deployed is not None:
        return f"trained, deployed {week.deployed}"
    return f"not run ({week.tasks.get('train')})"


def _why(reason: Reason) -> list[str]:
    first = f"    {reason.task}: "
    sentence = reason.message.replace(f"{DAGS}/", "")
    if reason.task == "drift" and reason.value is not None and reason.limit is not None:
        effect = fixed(reason.value, reason.limit, 3)
        sentence = f"{reason.column}: {reason.metric} {effect} (limit {reason.limit:g}); {sentence}"
    return textwrap.wrap(sentence, _WIDTH, initial_indent=first, subsequent_indent=" " * len(first))


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [
        cell.rjust(width) if position == _FLIGHTS else cell.ljust(width)
        for position, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
