"""``detect_drift`` as its users see it: what fails, what passes, what cannot be decided, and what it says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_ml_monitor.data import Files
from airflow_ml_monitor.drift import DriftPolicy, detect_drift
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.profile import Profile, build_reference, profile_like
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status
from airflow_ml_monitor.window import Window


def frame(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    made = pd.DataFrame(
        {
            "age": random.normal(40, 10, rows),
            "income": np.exp(10 + random.normal(size=rows)),
            "children": random.poisson(1.5, rows).clip(0, 3),
            "city": random.choice(["Wien", "Graz", "Linz"], rows, p=[0.6, 0.3, 0.1]),
            "member": random.random(rows) < 0.2,
            "score": random.beta(2, 5, rows),
        }
    )
    made.loc[random.random(rows) < 0.02, "age"] = np.nan
    return made


REFERENCE = build_reference(frame(10_000, 1))
POLICY = DriftPolicy(scores=["score"])


def batch(rows: int = 2_000, **columns: Any) -> pd.DataFrame:
    made = frame(rows, 2)
    return made.assign(**{name: value(made) if callable(value) else value for name, value in columns.items()})


def judge(data: pd.DataFrame, **policy: Any) -> Report:
    return detect_drift(REFERENCE, data, policy=DriftPolicy(**{"scores": ["score"]} | policy))


def failed(report: Report) -> set[tuple[str, str | None]]:
    return {(result.check, result.column) for result in report.results if result.status is Status.FAIL}


def only(report: Report, check: str, column: str, metric: str | None = None) -> CheckResult:
    found = [r for r in report.results if (r.check, r.column) == (check, column) and metric in (None, r.metric)]
    assert len(found) == 1, found
    return found[0]


def part(made: pd.DataFrame, share: float) -> np.ndarray:
    return np.arange(len(made)) < share * len(made)


def test_a_batch_like_the_reference_passes_with_every_check_made() -> None:
    report = judge(batch())
    assert report.status is Status.PASS
    assert not failed(report)
    assert {(r.check, r.metric) for r in report.results if r.column in ("age", "city", "score")} == {
        ("missing_share", "share_moved"),
        ("distribution", "ks"),
        ("distribution", "wasserstein_normed"),
        ("far_outside", "share_rise"),
        ("stuck_value", "share_rise"),
        ("distribution", "tvd"),
        ("unseen_levels", "share"),
        ("score", "psi"),
    }


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"age": lambda f: f["age"] + 3}, ("distribution", "age")),
        ({"age": lambda f: 40 + 1.5 * (f["age"] - 40)}, ("distribution", "age")),
        ({"income": lambda f: f["income"].mask(part(f, 0.01), f["income"] * 1000)}, ("far_outside", "income")),
        ({"income": lambda f: f["income"].mask(part(f, 0.1), 20_000.0)}, ("stuck_value", "income")),
        ({"age": lambda f: f["age"].mask(part(f, 0.06))}, ("missing_share", "age")),
        ({"age": lambda f: f["age"].fillna(40.0)}, None),
        ({"income": lambda f: f["income"].mask(part(f, 0.02), np.inf)}, ("infinite", "income")),
        ({"city": lambda f: f["city"].mask(part(f, 0.04), "Bregenz")}, ("unseen_levels", "city")),
        ({"city": lambda f: f["city"].mask(part(f, 0.3), "Graz")}, ("distribution", "city")),
        ({"children": lambda f: f["children"].mask(part(f, 0.03), 4)}, ("unseen_levels", "children")),
        ({"children": lambda f: f["children"].mask(part(f, 0.01), 1000)}, ("far_outside", "children")),
        ({"member": lambda f: f["member"] | part(f, 0.2)}, ("distribution", "member")),
        ({"score": lambda f: f["score"] ** 0.6}, ("score", "score")),
    ],
)
def test_a_fault_is_found_in_its_column_alone(changes: dict[str, Any], found: tuple[str, str] | None) -> None:
    report = judge(batch(**changes))
    if found is None:
        assert report.status is Status.PASS
        return
    assert found in failed(report)
    assert {column for _, column in failed(report)} == {found[1]}
    assert report.status is Status.FAIL


class TestDecision:
    def test_evidence_without_effect_passes(self) -> None:
        report = detect_drift(build_reference(frame(50_000, 1)), frame(50_000, 2).assign(age=lambda f: f["age"] + 0.5))
        result = only(report, "distribution", "age", "ks")
        assert result.p_adjusted is not None
        assert result.p_adjusted < 1e-6
        assert result.status is Status.PASS

    def test_effect_without_evidence_passes_and_says_how_many_rows_would_decide(self) -> None:
        result = only(judge(batch(40, age=lambda f: f["age"] + 2.0)), "distribution", "age", "wasserstein_normed")
        assert result.value is not None
        assert result.value > 0.1
        assert result.status is Status.PASS
        assert result.detail["rows_to_decide"] > 40
        assert f"about {result.detail['rows_to_decide']:,} rows would decide" in result.message

    def test_an_effect_exactly_at_its_limit_fails(self) -> None:
        reference = pd.DataFrame({"flag": [True] * 5000 + [False] * 5000})
        current = pd.DataFrame({"flag": [True] * 6000 + [False] * 4000})
        result = only(detect_drift(reference, current), "distribution", "flag")
        assert (result.value, result.status) == (pytest.approx(0.1), Status.FAIL)

    def test_too_few_rows_are_insufficient(self) -> None:
        report = judge(batch(29))
        assert report.status is Status.INSUFFICIENT
        assert only(report, "distribution", "city").message == (
            "too few values to say (reference has 10,000, current has 29; at least 30 are needed on each side)"
        )

    def test_a_warning_column_can_only_warn(self) -> None:
        report = judge(batch(age=lambda f: f["age"] + 20), warning=["age"])
        assert ("distribution", "age") in failed(report)
        assert report.status is Status.WARN

    def test_a_wider_limit_of_one_column_holds_for_it_alone(self) -> None:
        moved = batch(city=lambda f: f["city"].mask(part(f, 0.3), "Graz"), member=lambda f: f["member"] | part(f, 0.2))
        report = judge(moved, column_limits={"city": {"tvd": 0.5}})
        assert failed(report) == {("distribution", "member")}

    def test_columns_left_out_are_not_looked_at(self) -> None:
        report = judge(batch().drop(columns="age"), exclude=["age"])
        assert "age" not in {result.column for result in report.results}
        assert report.status is Status.PASS

    def test_the_columns_named_are_all_that_count(self) -> None:
        report = judge(batch(extra=1), columns=["city"], scores=[])
        assert {result.column for result in report.results} == {"city", None}
        assert report.status is Status.PASS

    def test_the_report_says_what_it_could_have_seen(self) -> None:
        small, large = (only_power(judge(batch(rows))) for rows in (60, 20_000))
        assert small["ks"] > 0.2
        assert large["ks"] < 0.05

    def test_every_other_correction_decides_too(self) -> None:
        moved = batch(age=lambda f: f["age"] + 10)
        for correction in ("bh", "none"):
            assert {column for _, column in failed(judge(moved, correction=correction))} >= {"age"}


def only_power(report: Report) -> dict[str, float]:
    (power,) = [result for result in report.results if result.check == "power"]
    return dict(power.detail["smallest_effect"])


class TestNamedFindings:
    def test_no_rows_is_an_outage(self) -> None:
        window = Window(datetime(2013, 2, 4, tzinfo=UTC), datetime(2013, 2, 5, tzinfo=UTC))
        report = detect_drift(REFERENCE, batch(0), window=(window.start, window.end))
        assert report.status is Status.FAIL
        (result,) = report.results
        assert (result.check, result.value, result.severity) == ("rows", 0.0, Severity.CRITICAL)
        assert result.message == "no rows in 2013-02-04T00:00Z to 2013-02-05T00:00Z of the pandas data frame"

    def test_an_absent_column_fails_and_gets_no_other_check(self) -> None:
        report = judge(batch().drop(columns="age"))
        assert [(r.check, r.metric) for r in report.results if r.column == "age"] == [("schema", "absent")]
        assert report.status is Status.FAIL

    def test_a_column_of_another_kind_fails_and_gets_no_other_check(self) -> None:
        report = judge(batch(age="forty"))
        assert [(r.check, r.metric) for r in report.results if r.column == "age"] == [("schema", "retyped")]

    def test_a_new_column_warns(self) -> None:
        report = judge(batch(extra=1.0))
        assert failed(report) == {("schema", "extra")}
        assert report.status is Status.WARN

    def test_a_column_that_lost_all_values_fails_as_missing(self) -> None:
        for gone in (np.nan, None):
            report = judge(batch(city=gone))
            assert failed(report) == {("missing_share", "city")}
            assert only(report, "missing_share", "city").message.startswith("every value is missing")

    def test_a_column_that_had_no_values_and_has_some_now_fails(self) -> None:
        report = detect_drift(pd.DataFrame({"x": [None] * 100}), pd.DataFrame({"x": [1.0] * 100}))
        assert failed(report) == {("missing_share", "x")}

    @pytest.mark.parametrize("value", [3.5, "same", True, pd.Timestamp("2013-01-01")])
    def test_a_constant_column_may_stay_constant(self, value: Any) -> None:
        rows = pd.DataFrame({"x": [value] * 500})
        assert detect_drift(rows, rows).status is Status.PASS

    @pytest.mark.parametrize(("value", "other"), [(3.5, 4.0), ("same", "other"), (True, False)])
    def test_a_constant_column_that_wakes_up_fails(self, value: Any, other: Any) -> None:
        report = detect_drift(pd.DataFrame({"x": [value] * 5000}), pd.DataFrame({"x": [value] * 490 + [other] * 10}))
        assert failed(report) == {("constant", "x")}

    def test_levels_that_vanished_are_named(self) -> None:
        report = judge(batch(city=lambda f: f["city"].mask(f["city"] == "Linz", "Wien")))
        assert only(report, "vanished_levels", "city").message.endswith("are gone: 'Linz'")

    def test_a_column_of_names_is_not_compared(self) -> None:
        names = [pd.DataFrame({"id": [f"{side}{i}" for i in range(500)]}) for side in "ab"]
        report = detect_drift(*names)
        assert only(report, "levels", "id").message.startswith("too many levels to compare: 500 in 500 rows")
        assert report.status is Status.PASS

    def test_lists_are_not_compared(self) -> None:
        report = detect_drift(pd.DataFrame({"x": [[1]] * 50}), pd.DataFrame({"x": [[2]] * 50}))
        assert only(report, "kind", "x").severity is Severity.INFO

    def test_times_move_without_closing_a_gate(self) -> None:
        days = [pd.DataFrame({"at": pd.date_range(f"2013-0{month}-01", periods=500, freq="h")}) for month in (1, 3)]
        report = detect_drift(*days)
        assert report.status is Status.PASS
        assert "2013-01-11" in only(report, "distribution", "at", "ks").message


class TestMessages:
    def test_numbers_say_from_where_to_where(self) -> None:
        result = only(judge(batch(age=lambda f: f["age"] + 10)), "distribution", "age", "ks")
        assert result.message.startswith("mean 39.")
        assert " -> 49." in result.message

    def test_levels_say_which_grew_and_which_shrank(self) -> None:
        message = only(
            judge(batch(city=lambda f: f["city"].mask(part(f, 0.5), "Graz"))), "distribution", "city"
        ).message
        assert message.startswith("'Graz' 30.")
        assert "'Wien' 60.0 % -> 30" in message

    def test_a_level_of_few_rows_is_not_named(self) -> None:
        rows = frame(400, 3)
        rows.loc[:8, "city"] = "Ada Lovelace"
        assert "Ada" not in json.dumps(detect_drift(REFERENCE, rows).to_dict())
        rows.loc[:9, "city"] = "Bregenz"
        assert "'Bregenz'" in only(detect_drift(REFERENCE, rows), "unseen_levels", "city").message


class TestInputs:
    def test_profiles_files_and_frames_give_the_same_results(self, tmp_path: Path) -> None:
        rows = batch(age=lambda f: f["age"] + 5)
        pq.write_table(pa.Table.from_pandas(rows), tmp_path / "rows.parquet")
        stored = Profile.from_bytes(REFERENCE.to_bytes())
        reports = [
            detect_drift(REFERENCE, rows),
            detect_drift(stored, profile_like(stored, rows)),
            detect_drift(stored, Files(str(tmp_path / "rows.parquet"))),
        ]
        assert reports[0].results == reports[1].results == reports[2].results
        assert {report.rows_current for report in reports} == {2_000}

    def test_a_report_is_plain_json_and_says_what_made_it(self) -> None:
        report = judge(batch())
        again = Report.from_dict(json.loads(json.dumps(report.to_dict(), allow_nan=False)))
        assert again.results == report.results
        assert report.config["policy"] == POLICY.to_dict()
        assert report.config["reference"] == REFERENCE.digest
        assert (report.kind, report.rows_reference) == ("drift", 10_000)

    def test_a_dataset_that_names_columns_is_judged_by_these(self, tmp_path: Path) -> None:
        pq.write_table(pa.Table.from_pandas(batch()), tmp_path / "rows.parquet")
        report = detect_drift(REFERENCE, Files(str(tmp_path / "rows.parquet"), columns=("age", "city")))
        assert {result.column for result in report.results} == {"age", "city", None}

    def test_a_named_column_that_went_away_fails_the_schema(self, tmp_path: Path) -> None:
        pq.write_table(pa.Table.from_pandas(batch().drop(columns="age")), tmp_path / "rows.parquet")
        report = detect_drift(REFERENCE, Files(str(tmp_path / "rows.parquet"), columns=("age", "city")))
        assert failed(report) == {("schema", "age")}

    def test_a_profile_counted_elsewhere_is_refused(self) -> None:
        with pytest.raises(DataError, match="column 'age' of the current profile was not counted like the reference"):
            detect_drift(REFERENCE, build_reference(batch()))

    def test_a_policy_for_other_columns_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="names prediction, which the reference does not have"):
            detect_drift(REFERENCE, batch(), policy=DriftPolicy(scores=["prediction"]))

    @pytest.mark.parametrize(("column", "kind"), [("city", "categorical"), ("member", "boolean")])
    def test_a_score_that_is_no_number_is_refused(self, column: str, kind: str) -> None:
        with pytest.raises(ConfigurationError, match=rf"scores=\) names {column}, which is {kind} in the reference"):
            detect_drift(REFERENCE, batch(), policy=DriftPolicy(scores=[column]))

    def test_against_an_empty_reference_nothing_can_be_said(self) -> None:
        for reference in (REFERENCE.empty(), batch().iloc[:0]):
            report = detect_drift(reference, batch())
            assert report.status is Status.INSUFFICIENT
            assert "no rows" in report.results[0].message

    def test_merged_windows_are_a_reference(self) -> None:
        merged = profile_like(REFERENCE, frame(3_000, 5)) + profile_like(REFERENCE, frame(4_000, 6))
        assert detect_drift(merged, batch()).status is Status.PASS
        assert detect_drift(merged, batch(age=lambda f: f["age"] + 5)).status is Status.FAIL
