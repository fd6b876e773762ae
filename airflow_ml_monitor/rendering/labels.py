"""How many labels are known, for the page of a report: in all, and by what the model answered."""

from __future__ import annotations

from typing import Any

from airflow_ml_monitor import numerals
from airflow_ml_monitor.results import Report

_COUNTS = ("predictions", "void", "mature", "labelled", "missing", "corrected_labels", "unmatched_labels")
_SHARES = ("coverage", "completeness")


def labels_of(report: Report) -> dict[str, Any] | None:
    """Return the shares of labels that are known and the counts behind them; ``None`` of a report without labels."""
    known = {one.check: one for one in report.results if one.segment is None and one.check in _SHARES}
    if not known:
        return None
    counts = next(iter(known.values())).detail
    return {
        "shares": [
            {"name": name.capitalize(), "value": one.value, "text": numerals.percent(one.value)}
            for name, one in known.items()
            if one.value is not None
        ],
        "counts": [(name.replace("_", " "), f"{counts[name]:,}") for name in _COUNTS if name in counts],
        "by_answer": _by_answer(report),
    }


def _by_answer(report: Report) -> list[list[str]]:
    """Return the rows of a table: answers from, to, how many, of how many the label is known, and their share."""
    found = (one.detail.get("by_answer", ()) for one in report.results if one.check == "missing_labels")
    return [
        [
            *(numerals.number(part[side]) for side in ("from", "to")),
            *(f"{part[count]:,}" for count in ("answers", "known")),
            numerals.percent(part["known"] / part["answers"]),
        ]
        for parts in found
        for part in parts
    ]
