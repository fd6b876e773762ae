"""What the commands do. Each takes its parsed arguments and prints."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.cli.past import history
from airflow_ml_monitor.cli.printing import print_plain
from airflow_ml_monitor.cli.references import diff, freeze, list_references, promote
from airflow_ml_monitor.cli.replay import backtest
from airflow_ml_monitor.cli.stores import store_of
from airflow_ml_monitor.cli.suites import learn_suite
from airflow_ml_monitor.cli.upkeep import erase, prune
from airflow_ml_monitor.cli.windows import report_key
from airflow_ml_monitor.errors import StoreError

if TYPE_CHECKING:
    from airflow_ml_monitor.store import Decision, StoredReport

__all__ = [
    "backtest",
    "diff",
    "erase",
    "freeze",
    "history",
    "learn_suite",
    "list_references",
    "migrate",
    "promote",
    "prune",
    "show",
]


def migrate(args: argparse.Namespace) -> None:
    """Make the store's schema or bring it to the newest revision."""
    store = store_of(args)
    print(f"{store.name} is at revision {store.migrate()} of the schema ml_monitor")


def show(args: argparse.Namespace) -> None:
    """Print a stored report and its checks."""
    key = report_key(args.report_id)
    store = store_of(args)
    found = store.reports([key])
    if not found:
        raise StoreError(
            f"no report {key} is in {store.name}; check the id, and that this is the store it was written to"
        )
    decision = store.decisions([key]).get(key)
    if args.output == "table":
        sys.stdout.write(_text(found[0], decision) + "\n")
    else:
        print_plain(_plain(found[0], decision), args.output)


def _plain(stored: StoredReport, decision: Decision | None) -> dict[str, Any]:
    about = {"id": str(stored.id), "origin": asdict(stored.origin), "written_at": stored.written_at.isoformat()}
    decided = None
    if decision is not None:
        decided = asdict(decision) | {"report_id": str(stored.id), "decided_at": decision.decided_at.isoformat()}
    return about | {"profile_hash": stored.profile_hash, "decision": decided} | stored.report.to_dict()


def _text(stored: StoredReport, decision: Decision | None) -> str:
    report, origin = stored.report, stored.origin
    about = {
        "report": stored.id,
        "environment": report.environment,
        "model": " ".join(part for part in (report.model, report.model_version) if part),
        "window": report.window or "all rows",
        "as of": report.as_of.isoformat(timespec="seconds"),
        "task": f"{origin.dag_id}.{origin.task}, run {origin.run_id}, try {origin.try_number}",
        "reference": report.reference,
        "rows": " against ".join(
            f"{rows:,}" for rows in (report.rows_current, report.rows_reference) if rows is not None
        ),
        "written": stored.written_at.isoformat(timespec="seconds"),
        "decision": decision,
    }
    lines = [report.headline, *(f"  {name:<12} {value}" for name, value in about.items() if value)]
    return "\n".join([*lines, "checks", *(f"  - {result}" for result in report.results)])
