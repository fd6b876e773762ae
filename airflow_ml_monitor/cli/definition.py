"""The commands and their arguments, for both front doors: ``airflow ml-monitor`` and ``python -m airflow_ml_monitor``.

Imported at every start of Airflow's command line: standard library only.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
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


@dataclass(frozen=True)
class Group:
    """Commands under one word."""

    name: str
    help: str
    commands: tuple[Command, ...]


_STORE = (
    Argument(
        ("--conn-id",),
        {"help": "Airflow connection of the store (default: the option ml_monitor.store_conn_id)", "metavar": "ID"},
    ),
    Argument(
        ("--url",),
        {"help": "SQLAlchemy URL of the store, in place of a connection; needs no Airflow", "metavar": "URL"},
    ),
)

_OUTPUT = Argument(
    ("-o", "--output"), {"help": "form of the output", "choices": ("table", "json", "yaml"), "default": "table"}
)
_ENVIRONMENT = Argument(
    ("--environment",), {"help": "environment of the model (default: the option ml_monitor.environment)"}
)
_ANY_ENVIRONMENT = Argument(("--environment",), {"help": "only of this environment"})
_MODEL = Argument(("--model",), {"help": "the model", "required": True})
_ANY_MODEL = Argument(("--model",), {"help": "only of this model"})
_KIND = Argument(("--kind",), {"help": "only reports of this kind, such as drift; may be repeated", "action": "append"})
_SPAN = (
    Argument(("--since",), {"help": "only windows from this time on (ISO 8601)", "metavar": "TIME"}),
    Argument(("--until",), {"help": "only windows up to this time (ISO 8601)", "metavar": "TIME"}),
)
_SUPERSEDED = "later reports of the same task, model version and window replaced"
_DATA = (
    Argument(("--data",), {"help": "Parquet or CSV files: a path, folder, glob or URL", "metavar": "URL"}),
    Argument(("--time-column",), {"help": "column of event time in --data", "metavar": "COLUMN"}),
    Argument(("--timezone",), {"help": "zone of naive times in --data", "metavar": "ZONE"}),
)
_DELETING = (
    Argument(("--dry-run",), {"help": "only say what would be deleted", "action": "store_true"}),
    Argument(("-y", "--yes"), {"help": "delete without asking", "action": "store_true"}),
)

_BACKTEST = (
    Argument(("--model",), {"help": "the model whose reference it is", "required": True}),
    Argument(("--reference",), {"help": "name of the stored reference", "required": True}),
    Argument(("--reference-version",), {"help": "a version of it (default: the current one)", "type": int}),
    _ENVIRONMENT,
    Argument(("--policy",), {"help": "JSON file of a DriftPolicy (default: the default policy)", "metavar": "FILE"}),
    Argument(
        ("--alarms-per-year",),
        {"help": "propose limits that keep to so many false alarms a year", "type": float, "metavar": "N"},
    ),
    *_SPAN,
    *_DATA,
    Argument(("--days",), {"help": "length of a window of --data in days", "type": float, "metavar": "N"}),
    _OUTPUT,
)

_HISTORY = (
    _ANY_MODEL,
    _ANY_ENVIRONMENT,
    _KIND,
    Argument(
        ("--status",),
        {
            "help": "only reports of this status; may be repeated",
            "action": "append",
            "choices": ("pass", "warn", "fail", "insufficient", "error"),
        },
    ),
    *_SPAN,
    Argument(("--superseded",), {"help": f"also those that {_SUPERSEDED}", "action": "store_true"}),
    Argument(("--limit",), {"help": "at most so many (default: 20)", "type": int, "default": 20, "metavar": "N"}),
    _OUTPUT,
)

_NAME = Argument(("--name",), {"help": "name of the reference", "required": True})

_REFERENCE = (
    Command(
        "list",
        "List the versions of references, and which are in force",
        "list_references",
        (_ANY_MODEL, _ANY_ENVIRONMENT, _OUTPUT, *_STORE),
    ),
    Command(
        "freeze",
        "Make the current version of a reference, of files or of the window that a stored report judged",
        "freeze",
        (
            _MODEL,
            _NAME,
            _ENVIRONMENT,
            Argument(("--report",), {"help": "id of a report on drift: its window becomes the reference"}),
            *_DATA,
            *_SPAN,
            *_STORE,
        ),
    ),
    Command(
        "promote",
        "Put an earlier version of a reference in force again, as a new version",
        "promote",
        (
            _MODEL,
            _NAME,
            _ENVIRONMENT,
            Argument(("--version",), {"help": "the earlier version", "type": int, "required": True}),
            *_STORE,
        ),
    ),
    Command(
        "diff",
        "Show in which columns two versions of a reference differ, and by what",
        "diff",
        (
            _MODEL,
            _NAME,
            _ENVIRONMENT,
            Argument(("version",), {"help": "a version", "type": int}),
            Argument(("other",), {"help": "another one (default: the one in force)", "type": int, "nargs": "?"}),
            _OUTPUT,
            *_STORE,
        ),
    ),
)

_LEARN_SUITE = (
    Argument(("--out",), {"help": "the suite's file, ending in .json", "required": True, "metavar": "FILE"}),
    *_DATA,
    *_SPAN,
    Argument(("--reference",), {"help": "learn from a stored reference, in place of --data", "metavar": "NAME"}),
    _ANY_MODEL,
    _ENVIRONMENT,
    Argument(("--columns",), {"help": "columns to learn about (default: all)", "nargs": "+", "metavar": "COLUMN"}),
    Argument(("--name",), {"help": "name of the suite (default: learnt)", "default": "learnt"}),
    Argument(("--window-rows",), {"help": "rows of the windows to be judged", "type": int, "metavar": "N"}),
    Argument(("--overwrite",), {"help": "replace a file that is there", "action": "store_true"}),
)

_PRUNE = (
    Argument(("--older-than",), {"help": "age by the time of writing, like 400d or 52w", "required": True}),
    _KIND,
    _ANY_MODEL,
    _ANY_ENVIRONMENT,
    Argument(("--superseded",), {"help": f"only those that {_SUPERSEDED}", "action": "store_true"}),
    *_DELETING,
)

COMMANDS: tuple[Command | Group, ...] = (
    Command("migrate", "Make the store's schema or bring it to the newest revision", "migrate", _STORE),
    Command("history", "List stored reports, those of the latest windows first", "history", (*_HISTORY, *_STORE)),
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
    Group("reference", "List, make, put in force again and compare references", _REFERENCE),
    Command(
        "backtest",
        "Replay past windows against a reference: what would have alarmed, and limits for an alarm budget",
        "backtest",
        (*_BACKTEST, *_STORE),
    ),
    Command(
        "learn-suite",
        "Learn an expectation suite from files or a stored reference, to be reviewed",
        "learn_suite",
        (*_LEARN_SUITE, *_STORE),
    ),
    Command("prune", "Delete old reports; references stay", "prune", (*_PRUNE, *_STORE)),
    Command(
        "erase",
        "Delete all that is stored of a model, references too",
        "erase",
        (_MODEL, _ANY_ENVIRONMENT, *_DELETING, *_STORE),
    ),
)


def get_provider_cli_commands() -> list[GroupCommand]:
    """Return the commands as Airflow's command line takes them."""
    from airflow.cli.cli_config import GroupCommand

    return [GroupCommand(name="ml-monitor", help=HELP, subcommands=[_as_airflow(command) for command in COMMANDS])]


def _as_airflow(command: Command | Group) -> Any:
    from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand

    if isinstance(command, Group):
        inner = [_as_airflow(each) for each in command.commands]
        return GroupCommand(name=command.name, help=command.help, subcommands=inner)
    untyped_arg: Any = Arg
    return ActionCommand(
        name=command.name,
        help=command.help,
        func=_lazily(command.function),
        args=[untyped_arg(flags=argument.flags, **argument.options) for argument in command.arguments],
    )


def argument_parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m airflow_ml_monitor``."""
    parser = argparse.ArgumentParser(prog="python -m airflow_ml_monitor", description=HELP)
    _add(parser, COMMANDS)
    return parser


def _add(parser: argparse.ArgumentParser, commands: Sequence[Command | Group]) -> None:
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in commands:
        subparser = subparsers.add_parser(command.name, help=command.help, description=command.help)
        if isinstance(command, Group):
            _add(subparser, command.commands)
        else:
            for argument in command.arguments:
                subparser.add_argument(*argument.flags, **argument.options)
            subparser.set_defaults(func=_lazily(command.function))


def _lazily(function: str) -> Callable[[argparse.Namespace], None]:
    """Return the command, its module imported when it runs; what went wrong ends the process with one sentence."""

    def run(args: argparse.Namespace) -> None:
        from airflow_ml_monitor.cli import commands
        from airflow_ml_monitor.errors import MonitorError

        try:
            getattr(commands, function)(args)
            sys.stdout.flush()
        except MonitorError as error:
            raise SystemExit(f"error: {error}") from error
        except BrokenPipeError:
            # Whoever reads has enough, as head has; at its end Python would flush once more, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(1) from None

    run.__name__ = function
    return run
