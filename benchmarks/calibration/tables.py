"""The Markdown of the calibration study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from calibration.cases import Case
from calibration.study import BY_TIME, Share, finished
from calibration.tallies import Tally, shown

JUDGES = {
    "calibration.judge_ours": "this package",
    "peers.judge_evidently": "Evidently",
    "peers.judge_nannyml": "NannyML",
}


def merged(results: Path, cases: Sequence[Case], shares: Sequence[Share]) -> dict[tuple[str, Case], Tally]:
    """Return the tally of each judge and case, of all its shares; those without any are left out."""
    kept = {found["name"]: found for found in finished(results)}
    whole: dict[tuple[str, Case], Tally] = {}
    for share in shares:
        for case in cases:
            found = kept.get(share.name(case))
            if found is not None:
                whole[share.judge, case] = whole.get((share.judge, case), Tally()) + Tally.from_dict(found["tally"])
    return whole


def null_table(found: Mapping[tuple[str, Case], Tally]) -> Iterator[str]:
    """Yield how often gates closed though nothing had changed, with 95 % Wilson intervals."""
    yield "| data | columns | reference | rows | judged by | gates closed without any change | flagged | statuses |"
    yield "|---|---|---|---|---|---|---|---|"
    for (judge, case), tally in sorted(found.items(), key=lambda item: _order(item[0][1])):
        if not case.fault:
            flagged = tally.clean_flagged.total() / tally.clean_columns
            words = ", ".join(f"{count:,} {status}" for status, count in tally.statuses.most_common() if status)
            for rule, closed in tally.closed.items():
                where = f"| {case.data} | {case.columns} | {case.reference_rows:,} | {case.rows:,} "
                rate = shown(closed, tally.batches)
                yield f"{where}| {JUDGES[judge]}, {rule} | {rate} | {flagged:.2%} | {words} |"


def fault_table(found: Mapping[tuple[str, Case], Tally]) -> Iterator[str]:
    """Yield how often planted faults were found: the faulty column flagged, alone, and the gate closed."""
    yield "| data | fault | rows | judged by | column found | and nothing else | clean columns flagged | gates closed |"
    yield "|---|---|---|---|---|---|---|---|"
    for (judge, case), tally in sorted(found.items(), key=lambda item: _order(item[0][1])):
        if case.fault:
            closed = "; ".join(f"{rule} {count / tally.batches:.1%}" for rule, count in tally.closed.items())
            yield (
                f"| {case.data} | {case.fault} | {case.rows:,} | {JUDGES[judge]} | {shown(tally.found, tally.batches)} "
                f"| {tally.found_alone / tally.batches:.1%} "
                f"| {tally.clean_flagged.total() / tally.clean_columns:.2%} | {closed} |"
            )


def time_table(results: Path, code: str) -> Iterator[str]:
    """Yield how often weeks of the flights closed the gate, limits learnt and not, and the columns that did."""
    yield "| reference | limits | gates closed | columns flagged, in weeks |"
    yield "|---|---|---|---|"
    for found in finished(results):
        if found["name"].startswith(f"{BY_TIME} {code} "):
            for name, plain in found["tallies"].items():
                tally = Tally.from_dict(plain)
                columns = ", ".join(f"{column} {count}" for column, count in tally.clean_flagged.most_common())
                rate = shown(tally.closed.total(), tally.batches)
                yield f"| {found['reference']} | {name} | {rate} | {columns} |"


def _order(case: Case) -> tuple[str, int, str, int, int]:
    return case.data, case.columns, case.fault, case.rows, case.reference_rows
