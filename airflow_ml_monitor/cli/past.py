"""``history``: what was judged, the latest window first."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.cli.printing import print_rows
from airflow_ml_monitor.cli.stores import store_of
from airflow_ml_monitor.cli.windows import span_of
from airflow_ml_monitor.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_ml_monitor.store import StoredReport

_MOST_NAMED = 5


def history(args: argparse.Namespace) -> None:
    """Print stored reports, one to a row."""
    from airflow_ml_monitor.store.past import past_reports

    if args.limit < 1:
        raise ConfigurationError(f"--limit {args.limit} shows nothing; give 1 or more")
    store = store_of(args)
    since, until = span_of(args)
    with store.begin() as connection:
        found = past_reports(
            connection,
            model=args.model,
            environment=args.environment,
            kinds=args.kind,
            statuses=args.status,
            since=since,
            until=until,
            superseded=args.superseded,
            limit=args.limit,
        )
    print_rows([_row(stored) for stored in found], args.output)


def _row(stored: StoredReport) -> dict[str, Any]:
    report, origin = stored.report, stored.origin
    named = [result.label for result in report.reasons]
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return {
        "window": str(report.window) if report.window else None,
        "as_of": report.as_of.isoformat(timespec="seconds"),
        "environment": report.environment,
        "model": report.model,
        "version": report.model_version,
        "kind": report.kind,
        "status": report.status.value,
        "because_of": ", ".join(named[:_MOST_NAMED]) + more if named else None,
        "task": f"{origin.dag_id}.{origin.task}",
        "report_id": str(stored.id),
    }
