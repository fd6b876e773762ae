"""``reference``: what later windows are compared with. Listed, made, put in force again, and compared."""

from __future__ import annotations

import argparse
import getpass
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.cli.printing import print_rows
from airflow_ml_monitor.cli.stores import environment_of, store_of
from airflow_ml_monitor.cli.windows import files_of, report_key, window_of
from airflow_ml_monitor.errors import ConfigurationError, StoreError
from airflow_ml_monitor.results import Origin

if TYPE_CHECKING:
    from airflow_ml_monitor.profile.columns import ColumnProfile
    from airflow_ml_monitor.store import Store, StoredReference


def list_references(args: argparse.Namespace) -> None:
    """Print the versions of all references, or of those of one model."""
    from airflow_ml_monitor.store.references import reference_versions

    with store_of(args).begin() as connection:
        found = reference_versions(connection, model=args.model, environment=args.environment)
    print_rows(
        [
            {
                "environment": each.environment,
                "model": each.model,
                "name": each.name,
                "version": each.version,
                "in_force": each.current,
                "rows": each.rows,
                "window": str(each.window) if each.window else None,
                "sha256": each.digest[:8],
                "saved_at": each.created_at.astimezone(UTC).isoformat(timespec="seconds"),
                "saved_by": ".".join(part for part in (each.origin.dag_id, each.origin.task_id) if part),
            }
            for each in found
        ],
        args.output,
    )


def freeze(args: argparse.Namespace) -> None:
    """Make the current version of a reference: of files, or of the window that a stored report judged."""
    if (args.data is None) == (args.report is None):
        raise ConfigurationError("a reference is made of --data or of a --report; give one of them")
    store, environment = store_of(args), environment_of(args)
    (_freeze_report if args.report is not None else _freeze_files)(args, store, environment)
    made = store.reference(model=args.model, environment=environment, name=args.name)
    print(f"{made.label} is in force for model {args.model} in environment {environment}")


def promote(args: argparse.Namespace) -> None:
    """Put an earlier version of a reference in force again, as a new version."""
    from airflow_ml_monitor.store.references import promote as put_in_force

    store, environment = store_of(args), environment_of(args)
    with store.begin() as connection:
        made = put_in_force(
            connection,
            model=args.model,
            environment=environment,
            name=args.name,
            version=args.version,
            origin=_origin("promote"),
        )
    print(f"{made.label}, with the content of v{args.version}, is in force for model {args.model} in {environment}")


def diff(args: argparse.Namespace) -> None:
    """Print in which columns two versions of a reference differ, and by what."""
    store, environment = store_of(args), environment_of(args)
    one, other = (
        store.reference(model=args.model, environment=environment, name=args.name, version=version)
        for version in (args.version, args.other)
    )
    print_rows(_differences(one, other), args.output, none=f"{one.label} and {other.label} do not differ")


def _freeze_report(args: argparse.Namespace, store: Store, environment: str) -> None:
    from airflow_ml_monitor.store.references import save_version

    key = report_key(args.report)
    found = store.reports([key])
    if not found or found[0].profile_hash is None:
        raise StoreError(
            f"{store.name} holds no profile of report {key}: only drift and reference reports keep one; give --data"
        )
    report = found[0].report
    if (report.model, report.environment) != (args.model, environment):
        raise ConfigurationError(
            f"report {key} is of model {report.model!r} in environment {report.environment!r}, "
            f"not of {args.model!r} in {environment!r}"
        )
    named = {"environment": environment, "model": args.model, "name": args.name}
    with store.begin() as connection:
        save_version(connection, named, found[0].profile_hash, report.window, _origin("freeze"))


def _freeze_files(args: argparse.Namespace, store: Store, environment: str) -> None:
    from airflow_ml_monitor.drift import build_reference
    from airflow_ml_monitor.drift.reference_report import reference_report

    dataset, window = files_of(args), window_of(args)
    profile = build_reference(dataset, window=window)
    report = reference_report(profile, dataset, name=args.name, window=window)
    report = replace(report, model=args.model, environment=environment, as_of=datetime.now(UTC))
    store.write(report, _origin("freeze"), profile=profile, reference_name=args.name)


def _origin(command: str) -> Origin:
    """Return who ran a command and when, in the place of a task try."""
    who = f"{datetime.now(UTC).isoformat()} {getpass.getuser()}"
    return Origin(dag_id="command line", run_id=who, task_id=f"reference {command}")


def _differences(one: StoredReference, other: StoredReference) -> list[dict[str, Any]]:
    before, after = one.profile.columns, other.profile.columns
    found = []
    for name in sorted({*before, *after}):
        for what, was, now in _changes(before.get(name), after.get(name)):
            found.append({"column": name, "what": what, f"v{one.version}": was, f"v{other.version}": now})
    return found


def _kinds(was: ColumnProfile | None, now: ColumnProfile | None) -> tuple[str, str]:
    return "absent" if was is None else was.kind.value, "absent" if now is None else now.kind.value


def _changes(was: ColumnProfile | None, now: ColumnProfile | None) -> list[tuple[str, Any, Any]]:
    if was is None or now is None:
        return [("column", *_kinds(was, now))]
    before, after = was.summary(), now.summary()
    names = dict.fromkeys([*before, *after])
    return [(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]
