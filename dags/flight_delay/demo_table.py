"""The demo's table: a week per row, in words."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flight_delay.demo_verdicts import Week

_HEAD = ("window (New York)", "flights", "quality", "drift", "gate", "retraining", "why")
_WIDTHS = (24, 7, 12, 12, 6, 28)
_FLIGHTS = 1
_WHY_WIDTH = 60


def render(weeks: list[Week]) -> str:
    """Return the weeks as lines of fixed columns; what does not fit beside a week stands below it."""
    rule = "  ".join("-" * width for width in (*_WIDTHS, _WHY_WIDTH))
    lines = [_line(_HEAD), rule]
    for week in weeks:
        why = [part for reason in week.reasons for part in textwrap.wrap(str(reason), _WHY_WIDTH)] or [""]
        lines.append(_line((*_cells(week), why[0])))
        lines += [_line(("",) * len(_WIDTHS) + (part,)) for part in why[1:]]
    return "\n".join(lines)


def progress(week: Week, number: int, of: int, seconds: float) -> str:
    """Return one line that says how a week came out."""
    _, flights, quality, drift, gate, retraining = _cells(week)
    judged = f"quality {quality}, drift {drift}, gate {gate}; {retraining}"
    return f"[{number:>2}/{of}] {week.start.date()}  {flights:>6} flights  {judged} ({seconds:.1f} s)"


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


def _line(cells: tuple[str, ...]) -> str:
    padded = [
        cell.rjust(width) if position == _FLIGHTS else cell.ljust(width)
        for position, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=False))
    ]
    return "  ".join([*padded, cells[-1]]).rstrip()
