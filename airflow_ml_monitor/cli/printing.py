"""Rows as Airflow's own commands print them: a table, JSON or YAML, numbers as numbers."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

# In a pipe a row is one line: what is folded, grep does not find.
_PIPED_WIDTH = 100_000


def print_rows(rows: Sequence[Mapping[str, Any]], output: str, *, none: str = "No data found") -> None:
    """Print rows of equal keys; ``none`` where a table would have no row."""
    if output == "table":
        _print_table(rows, none)
    else:
        print_plain([dict(row) for row in rows], output)


def print_plain(data: Any, output: str) -> None:
    """Print plain data as JSON or YAML."""
    if output == "yaml":
        import yaml

        sys.stdout.write(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    else:
        sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def _print_table(rows: Sequence[Mapping[str, Any]], none: str) -> None:
    from rich.console import Console
    from rich.measure import Measurement

    if not rows:
        print(none)
        return
    console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH)
    table = _table(rows)
    needed = Measurement.get(console, console.options.update(max_width=_PIPED_WIDTH), table).minimum
    if needed <= console.width:
        console.print(table)
    else:
        print("\n\n".join(map(_block, rows)))


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    from rich.box import ASCII_DOUBLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=ASCII_DOUBLE_HEAD, show_edge=False, pad_edge=False)
    for name in rows[0]:
        # An id is there to be copied.
        table.add_column(name.replace("_", " "), overflow="fold", no_wrap=name.endswith("_id"))
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    return table


def _block(row: Mapping[str, Any]) -> str:
    """Return a row as lines, for a terminal in which a table would have to split words."""
    wide = max(map(len, row)) + 1
    return "\n".join(f"{name.replace('_', ' '):<{wide}} {value}" for name, value in row.items() if value is not None)
