"""Rows as Airflow's own commands print them: a table, JSON or YAML, numbers as numbers."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

_PIPED_WIDTH = 200


def print_rows(rows: Sequence[Mapping[str, Any]], output: str) -> None:
    """Print rows of equal keys; of none, that there are none."""
    if output == "table":
        _print_table(rows)
    else:
        print_plain([dict(row) for row in rows], output)


def print_plain(data: Any, output: str) -> None:
    """Print plain data as JSON or YAML."""
    if output == "yaml":
        import yaml

        sys.stdout.write(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    else:
        sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def _print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.box import ASCII_DOUBLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        print("No data found")
        return
    table = Table(box=ASCII_DOUBLE_HEAD, show_edge=False, pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH).print(table)
