"""Columns by windows: which drifted when, the worst ones first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_ml_monitor.store.drift_cells import Cell

MOST_COLUMNS = 100


@dataclass(frozen=True)
class Heat:
    """A table: a row for each column, a cell for each window.

    :param left_out: columns that are not shown, all of them calmer than those that are.
    """

    windows: tuple[datetime, ...]
    rows: Mapping[str, Mapping[datetime, Cell]]
    left_out: int

    @property
    def times(self) -> dict[datetime, str]:
        """The starts of the windows as cells say them."""
        return {start: f"{start:%Y-%m-%d %H:%M}Z" for start in self.windows}

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Heat:
        """Return the table of cells; of two for one place the worse."""
        rows: dict[str, dict[datetime, Cell]] = {}
        for cell in cells:
            row = rows.setdefault(cell.column, {})
            if cell.window_start not in row or row[cell.window_start].badness <= cell.badness:
                row[cell.window_start] = cell
        worst = {name: max(cell.badness for cell in row.values()) for name, row in rows.items()}
        order = sorted(rows, key=lambda name: (-worst[name], -_closed(rows[name]), name))
        windows = sorted({start for row in rows.values() for start in row})
        return cls(tuple(windows), {name: rows[name] for name in order[:MOST_COLUMNS]}, len(order[MOST_COLUMNS:]))


def _closed(row: Mapping[datetime, Cell]) -> int:
    return sum(cell.status in ("fail", "error") for cell in row.values())
