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
    """Yield how often gates closed though nothing had changed, by judge and rule, with 95 % Wilson intervals."""
    rows: dict[Case, dict[str, str]] = {}
    for (judge, case), tally in sorted(found.items(), key=lambda item: (_order(item[0][1]), item[0][0])):
        if not case.fault:
            rates = {f"{JUDGES[judge]}: {rule}": shown(closed, tally.batches) for rule, closed in tally.closed.items()}
            rows.setdefault(case, {}).update(rates)
    judged = list(dict.fromkeys(name for cells in rows.values() for name in cells))
    yield f"| data | columns | reference | rows | {' | '.join(judged)} |"
    yield "|---" * (4 + len(judged)) + "|"
    for case, cells in rows.items():
        where = f"| {case.data} | {case.columns} | {case.reference_rows:,} | {case.rows:,} "
        yield f"{where}| {' | '.join(cells.get(name, '') for name in judged)} |"


def fault_table(found: Mapping[tuple[str, Case], Tally]) -> Iterator[str]:
    """Yield how often planted faults were found, a row for all sizes: the faulty column flagged, and that alone."""
    sizes = sorted({case.rows for _, case in found if case.fault})
    heads = [f"{rows:,} rows: found | alone" for rows in sizes]
    yield f"| data | fault | judged by | {' | '.join(heads)} |"
    yield "|---" * (3 + 2 * len(sizes)) + "|"
    rows: dict[tuple[str, str, str], dict[int, Tally]] = {}
    for (judge, case), tally in sorted(found.items(), key=lambda item: (_order(item[0][1]), item[0][0])):
        if case.fault:
            rows.setdefault((case.data, case.fault, judge), {})[case.rows] = tally
    for (data, fault, judge), tallies in sorted(rows.items()):
        cells = (_cells(tallies.get(size)) for size in sizes)
        yield f"| {data} | {fault} | {JUDGES[judge]} | {' | '.join(cells)} |"


def _cells(tally: Tally | None) -> str:
    if tally is None or not tally.batches:
        return " | "
    return f"{shown(tally.found, tally.batches)} | {tally.found_alone / tally.batches:.1%}"


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
