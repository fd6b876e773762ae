"""The ledger: each window once, by its last verdict, whatever task and map index made that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_ml_monitor.results import Status
from airflow_ml_monitor.store import LedgerEntry, Store, StoredReport
from tests.store.factories import MONDAY, make_check, make_origin, make_report, make_window

COUNTS = {"predictions": 10, "void": 1, "mature": 9, "mature_void": 1, "labelled": 6, "mature_labelled": 6}
COUNTS |= {"missing": 3, "unmatched_labels": 4, "corrected_labels": 2}


def judge(store: Store, *, week: int = 0, day: int = 8, run: int = 1, status: str = "pass", **changes: Any) -> Any:
    """Write a verdict on a week with the knowledge of a day."""
    made = {"column": None, "p_value": None, "p_adjusted": None, "limits": (None, None), "interval": None}
    detail = COUNTS | {"labelled": changes.pop("labelled", 6)}
    origin = make_origin(task_id="score", run_id=f"manual__{run}", map_index=changes.pop("map_index", -1))
    results = (
        make_check(check="roc_auc", metric="roc_auc", status=status, **made),
        make_check(check="completeness", metric="completeness", value=6 / 9, severity="info", detail=detail, **made),
        make_check(check="coverage", metric="coverage", value=6 / 8, severity="info", detail=detail, **made),
    )
    report = {"kind": "model_quality", "results": results, "window": make_window(week)}
    return store.write(make_report(**report, as_of=MONDAY + timedelta(days=day), **changes), origin)


def ledger(store: Store, **kwargs: Any) -> list[LedgerEntry]:
    return store.ledger(**{"model": "flight_delay", "environment": "prod"} | kwargs)


def test_has_what_the_verdict_knew(store: Store) -> None:
    written: StoredReport = judge(store, status="fail")
    assert ledger(store) == [
        LedgerEntry(
            environment="prod",
            model="flight_delay",
            model_version="7",
            window=make_window(),
            predictions=10,
            mature=9,
            void=1,
            labelled=6,
            missing=3,
            coverage=6 / 8,
            completeness=6 / 9,
            unmatched_labels=4,
            corrected_labels=2,
            judged_as_of=MONDAY + timedelta(days=8),
            judged_at=written.written_at,
            first_judged_as_of=MONDAY + timedelta(days=8),
            verdict=Status.FAIL,
            verdicts=1,
            dag_id="retraining",
            run_id="manual__1",
            task_id="score",
            map_index=-1,
            report_id=written.id,
        )
    ]


def test_has_a_window_once_whatever_map_index_judged_it(store: Store) -> None:
    judge(store, day=8, run=1, map_index=3, labelled=2)
    judge(store, day=9, run=2, map_index=0, labelled=5)
    (entry,) = ledger(store)
    assert (entry.labelled, entry.verdicts, entry.map_index) == (5, 2, 0)
    assert (entry.first_judged_as_of, entry.judged_as_of) == (MONDAY + timedelta(days=8), MONDAY + timedelta(days=9))


def test_a_repeated_look_at_the_past_is_not_the_last_verdict(store: Store) -> None:
    judge(store, day=9, run=1, status="pass")
    judge(store, day=8, run=2, status="fail")
    (entry,) = ledger(store)
    assert (entry.verdict, entry.judged_as_of, entry.verdicts) == (Status.PASS, MONDAY + timedelta(days=9), 2)


def test_keeps_models_versions_and_environments_apart(store: Store) -> None:
    judge(store, run=1)
    judge(store, run=2, model_version="8")
    judge(store, run=3, model="other")
    judge(store, run=4, environment="staging")
    assert [entry.model_version for entry in ledger(store)] == ["7", "8"]
    assert [entry.run_id for entry in ledger(store, model_version="8")] == ["manual__2"]
    assert [entry.verdicts for entry in ledger(store, environment="staging")] == [1]


@pytest.mark.parametrize(
    ("limits", "weeks"),
    [({}, [0, 1, 2]), ({"since": 1}, [1, 2]), ({"until": 2}, [0, 1]), ({"since": 1, "until": 2}, [1])],
)
def test_gives_the_windows_between_two_times_in_order(store: Store, limits: dict[str, int], weeks: list[int]) -> None:
    for week in (2, 0, 1):
        judge(store, week=week, run=week)
    found = ledger(store, **{name: make_window(week).start for name, week in limits.items()})
    assert [entry.window for entry in found] == [make_window(week) for week in weeks]


def test_a_verdict_that_could_not_count_is_one(store: Store) -> None:
    erred = make_check(check="roc_auc", metric="roc_auc", status="error")
    store.write(make_report(kind="model_quality", results=(erred,)), make_origin())
    (entry,) = ledger(store)
    assert (entry.verdict, entry.labelled, entry.completeness) == (Status.ERROR, None, None)


def test_other_kinds_of_report_are_no_verdicts_on_labels(store: Store) -> None:
    store.write(make_report(), make_origin())
    assert ledger(store) == []
