"""The commands and their arguments, for both front doors: ``airflow ml-monitor`` and ``python -m airflow_ml_monitor``.

Imported at every start of Airflow's command line: standard library only.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.cli.cli_config import GroupCommand

HELP = "Look after the store of airflow-ml-monitor"


@dataclass(frozen=True)
class Argument:
    """One argument of a command, in argparse's words."""

    flags: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """One command; ``function`` is a name in ``cli.commands``."""

    name: str
    help: str
    function: str
    arguments: tuple[Argument, ...]


_STORE = (
    Argument(
        ("--conn-id",),
        {"help": "Airflow connection of the store (default: [ml_monitor] store_conn_id)", "metavar": "ID"},
    ),
    Argument(
        ("--url",),
        {"help": "SQLAlchemy URL of the store, in place of a connection; needs no Airflow", "metavar": "URL"},
    ),
)

_OUTPUT = Argument(("-o", "--output"), {"help": "form of the output", "choices": ("text", "json"), "default": "text"})

_BACKTEST = (
    Argument(("--model",), {"help": "the model whose reference it is", "required": True}),
    Argument(("--reference",), {"help": "name of the stored reference", "required": True}),
    Argument(("--reference-version",), {"help": "a version of it (default: the current one)", "type": int}),
    Argument(("--environment",), {"help": "environment of the reference (default: [ml_monitor] environment)"}),
    Argument(("--policy",), {"help": "JSON file of a DriftPolicy (default: the default policy)", "metavar": "FILE"}),
    Argument(("--since",), {"help": "only windows from this time on (ISO 8601)", "metavar": "TIME"}),
    Argument(("--until",), {"help": "only windows up to this time (ISO 8601)", "metavar": "TIME"}),
    Argument(
        ("--alarms-per-year",),
        {"help": "propose limits that keep to so many false alarms a year", "type": float, "metavar": "N"},
    ),
    Argument(
        ("--data",), {"help": "Parquet or CSV files to cut into windows, in place of the stored ones", "metavar": "URL"}
    ),
    Argument(("--time-column",), {"help": "column of event time in --data", "metavar": "COLUMN"}),
    Argument(("--timezone",), {"help": "zone of naive times in --data", "metavar": "ZONE"}),
    Argument(("--days",), {"help": "length of a window of --data in days", "type": float, "metavar": "N"}),
    _OUTPUT,
)

COMMANDS = (
    Command("migrate", "Make the store's schema or bring it to the newest revision", "migrate", _STORE),
    Command(
        "show",
        "Show a stored report and its checks",
        "show",
        (
            Argument(("report_id",), {"help": "id of the report, as the failing task's message gives it"}),
            _OUTPUT,
            *_STORE,
        ),
    ),
    Command(
        "backtest",
        "Replay past windows against a reference: what would have alarmed, and limits for an alarm budget",
        "backtest",
        (*_BACKTEST, *_STORE),
    ),
)


def get_provider_cli_commands() -> list[GroupCommand]:
    """Return the commands as Airflow's command line takes them."""
    from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand

    untyped_arg: Any = Arg
    actions = [
        ActionCommand(
            name=command.name,
            help=command.help,
            func=_lazily(command.function),
            args=[untyped_arg(flags=argument.flags, **argument.options) for argument in command.arguments],
        )
        for command in COMMANDS
    ]
    return [GroupCommand(name="ml-monitor", help=HELP, subcommands=actions)]


def argument_parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m airflow_ml_monitor``."""
    parser = argparse.ArgumentParser(prog="python -m airflow_ml_monitor", description=HELP)
    subparsers = parser.add_subparsers(dest="subcommand", metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.help, description=command.help)
        for argument in command.arguments:
            subparser.add_argument(*argument.flags, **argument.options)
        subparser.set_defaults(func=_lazily(command.function))
    return parser


def _lazily(function: str) -> Callable[[argparse.Namespace], None]:
    """Return the command, its module imported when it runs; what went wrong ends the process with one sentence."""

    def run(args: argparse.Namespace) -> None:
        from airflow_ml_monitor.cli import commands
        from airflow_ml_monitor.errors import MonitorError

        try:
            getattr(commands, function)(args)
        except MonitorError as error:
            raise SystemExit(f"error: {error}") from error

    run.__name__ = function
    return run
