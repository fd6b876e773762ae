"""The calibration study runs, counts right and goes on where it stood; the default policy is quiet and finds faults."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from calibration.by_time import FIRST, WEEK, ZONE, splits
from calibration.cases import FAULT_REFERENCE, Case
from calibration.faults import FAULTS
from calibration.judge_ours import judge
from calibration.study import Share, finished, keep, run, tally_of
from calibration.tables import merged, time_table
from calibration.tallies import Tally, Verdict, shown, wilson
from scipy import stats

from airflow_ml_monitor.window import as_utc
from tests.benchmarks.conftest import BENCHMARKS

OURS = Share("calibration.judge_ours", "code")


def always(_reference: pd.DataFrame, _batch: pd.DataFrame) -> Verdict:
    return Verdict({"any": True}, frozenset({"a"}), "fail")


@pytest.mark.parametrize(("reference_rows", "rows"), [(200, 200), (2_000, 200), (2_000, 2_000)])
def test_unchanged_batches_seldom_close_the_gate(reference_rows: int, rows: int) -> None:
    tally = tally_of(Case("synthetic", 12, reference_rows, rows, repeats=60), judge, OURS)
    assert tally.closed["default policy"] <= 4, tally.clean_flagged
    assert tally.clean_flagged.total() <= 0.01 * tally.clean_columns


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(fault: str) -> None:
    tally = tally_of(Case("synthetic", 12, FAULT_REFERENCE, 2_000, 20, fault), judge, OURS)
    assert (tally.found, tally.batches) == (20, 20)
    assert tally.found_alone >= 19


def test_the_study_prints_what_it_counted(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "drift_calibration.py"), "--part", "null", "--repeats", "2"]
    command += ["--largest", "200", "--results", str(tmp_path / "results.jsonl"), "--out", str(tmp_path / "table.md")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (tmp_path / "table.md").read_text() == printed
    assert printed.count("of 2 |") == 6  # three kinds of data, two sizes of the reference
    assert "Problem" not in printed


def test_a_pair_is_the_same_for_every_tool_and_another_for_every_repeat() -> None:
    case = Case("flights", 8, 300, 200, repeats=2, fault="stuck in 20 %")
    for one, again in zip(case.pair(0)[:2], case.pair(0)[:2], strict=True):
        pd.testing.assert_frame_equal(one, again)
    assert not case.pair(0)[0].equals(case.pair(1)[0])


def test_shares_of_a_case_are_all_of_its_batches(tmp_path: Path) -> None:
    case, results = Case("synthetic", 5, 200, 200, repeats=5), tmp_path / "results.jsonl"
    shares = [Share(OURS.judge, "code", shard, 2) for shard in range(2)]
    for share in shares:
        run([case], share, results)
    whole = merged(results, [case], shares)[OURS.judge, case]
    assert whole.to_dict() == tally_of(case, judge, OURS).to_dict()


def test_what_is_finished_is_not_judged_again(tmp_path: Path) -> None:
    case, results = Case("synthetic", 5, 200, 200, repeats=1), tmp_path / "results.jsonl"
    run([case], OURS, results)
    before = results.read_text()
    run([case], OURS, results)
    assert results.read_text() == before


def test_figures_of_other_code_do_not_count(tmp_path: Path) -> None:
    case, results = Case("synthetic", 5, 200, 200, repeats=1), tmp_path / "results.jsonl"
    run([case], Share(OURS.judge, "older code"), results)
    assert merged(results, [case], [OURS]) == {}


def test_a_line_cut_off_by_a_kill_loses_itself_alone(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    keep(results, {"name": "whole"})
    with results.open("a") as file:
        file.write('\n{"name": "hal')
    keep(results, {"name": "next"})
    assert [found["name"] for found in finished(results)] == ["whole", "next"]


def test_time_runs_out_after_the_batch_under_way() -> None:
    tally = tally_of(Case("synthetic", 5, 200, 200, repeats=50), always, Share("any", "code", seconds=0.0))
    assert tally.batches == 2


def test_a_column_counts_as_found_alone_only_without_a_clean_one() -> None:
    tally = Tally()
    for flagged in ({"a"}, {"a", "b"}, {"b"}, set()):
        tally.add(Verdict({"any": bool(flagged)}, frozenset(flagged)), {"a", "b"}, {"a"})
    assert (tally.found, tally.found_alone, tally.clean_flagged.total(), tally.clean_columns) == (2, 1, 2, 4)
    assert tally.closed["any"] == 3


def test_a_rule_that_never_closed_is_still_shown() -> None:
    tally = Tally()
    tally.add(Verdict({"half": False}, frozenset()), {"a"}, set())
    assert dict((tally + tally).closed) == {"half": 0}
    assert Tally.from_dict(json.loads(json.dumps(tally.to_dict()))) == tally


@pytest.mark.parametrize(("count", "of"), [(0, 100), (3, 100), (100, 100), (1, 2)])
def test_intervals_are_wilsons(count: int, of: int) -> None:
    expected = stats.binomtest(count, of).proportion_ci(method="wilson")
    assert wilson(count, of) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_a_rate_is_shown_with_its_interval_and_number() -> None:
    assert shown(12, 1_000) == "1.2% (0.7 to 2.1) of 1,000"


def test_a_week_is_compared_with_weeks_before_it_only() -> None:
    found = list(splits(8, fixed=False))
    assert len(found) == 44
    assert all(len(before) == 8 and before[-1].end == week.start for before, week in found)
    assert {before for before, _ in splits(8, fixed=True)} == {found[0][0]}
    assert found[0][0][0].start == as_utc(FIRST)


def test_weeks_begin_at_midnight_whatever_the_clocks_do() -> None:
    weeks = [week for _, week in splits(8, fixed=True)]
    assert {week.start.astimezone(ZoneInfo(ZONE)).hour for week in weeks} == {0}
    assert sorted({week.length for week in weeks}) == [WEEK - timedelta(hours=1), WEEK, WEEK + timedelta(hours=1)]


def test_weeks_are_shown_for_the_code_they_are_of(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    tally = Tally()
    tally.add(Verdict({"default policy": True}, frozenset({"late"})), {"late"}, set())
    keep(results, {"name": "by time new r", "reference": "r", "tallies": {"learnt": tally.to_dict()}})
    assert "late 1" in "\n".join(time_table(results, "new"))
    assert "late" not in "\n".join(time_table(results, "old"))
