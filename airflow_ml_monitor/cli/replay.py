"""``backtest``: replay past windows against a stored reference."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.cli.printing import print_plain
from airflow_ml_monitor.cli.stores import environment_of, store_of
from airflow_ml_monitor.cli.windows import files_of, span_of
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    from airflow_ml_monitor.drift import Backtest, DriftPolicy
    from airflow_ml_monitor.profile import Profile
    from airflow_ml_monitor.store import Store


def backtest(args: argparse.Namespace) -> None:
    """Print what a policy would have said of past windows, and the limits that keep to an alarm budget."""
    store = store_of(args)
    environment = environment_of(args)
    reference = store.reference(
        model=args.model, environment=environment, name=args.reference, version=args.reference_version
    )
    policy = _policy(args.policy)
    found, left_out = _replayed(args, store, environment, reference.profile, policy)
    if args.output != "table":
        print_plain(found.to_dict() | {"reference": reference.label, "windows_left_out": left_out}, args.output)
        return
    counted = f", {left_out} left out: counted like another reference" if left_out else ""
    sys.stdout.write(f"{args.model} against {reference.label}{counted}\n{found.summary()}\n")


def _replayed(
    args: argparse.Namespace, store: Store, environment: str, reference: Profile, policy: DriftPolicy
) -> tuple[Backtest, int]:
    """Return the backtest, and how many stored windows were counted like another reference."""
    from airflow_ml_monitor.drift import backtest as replay

    since, until = span_of(args)
    if args.data is not None:
        window = _window(args, since, until)
        days = _length(args.days, window)
        return replay(
            reference, files_of(args), policy, window=window, windows=days, alarms_per_year=args.alarms_per_year
        ), 0
    stored = store.window_profiles(model=args.model, environment=environment, since=since, until=until)
    alike = [profile for profile in stored if profile.comparable(reference)]
    if not alike:
        raise ConfigurationError(
            f"{store.name} has {len(stored)} judged windows of model {args.model!r} in environment {environment!r}, "
            f"none of them counted like reference {args.reference!r}; give --data with --time-column and --days"
        )
    return replay(reference, alike, policy, alarms_per_year=args.alarms_per_year), len(stored) - len(alike)


def _window(args: argparse.Namespace, since: Any, until: Any) -> Window:
    needed = {"--time-column": args.time_column, "--days": args.days, "--since": since, "--until": until}
    absent = [name for name, value in needed.items() if value is None]
    if absent:
        raise ConfigurationError(f"--data is cut into windows; give {', '.join(absent)} as well")
    return Window(since, until)


def _length(days: float, span: Window) -> timedelta:
    whole = span.length / timedelta(days=1)
    if not 0 < days <= whole:
        raise ConfigurationError(
            f"--days {days:g} does not cut the {whole:g} days from --since to --until; give fewer, above 0"
        )
    return timedelta(days=days)


def _policy(path: str | None) -> DriftPolicy:
    from airflow_ml_monitor.drift import DriftPolicy

    if path is None:
        return DriftPolicy()
    try:
        plain = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"--policy {path} cannot be read ({error}); write DriftPolicy(...).to_dict() as JSON"
        ) from error
    if not isinstance(plain, dict):
        raise ConfigurationError(f"--policy {path} holds a {type(plain).__name__}, not the settings of a DriftPolicy")
    return DriftPolicy.from_dict(plain)
