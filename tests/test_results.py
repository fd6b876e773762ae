"""How checks make a report, and that reports survive being written down."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor import CheckResult, Report, Severity, Status, Window, numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Limits, overall_status

statuses = st.sampled_from(list(Status))
severities = st.sampled_from(list(Severity))
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)


def check(status: str, severity: str = "critical", required: bool = False) -> CheckResult:
    return CheckResult(check="c", metric="m", status=Status(status), severity=Severity(severity), required=required)


checks = st.builds(
    CheckResult,
    check=st.text(min_size=1),
    metric=st.text(min_size=1),
    status=statuses,
    severity=severities,
    required=st.booleans(),
    column=st.none() | st.text(),
    value=numbers,
    limits=st.tuples(numbers, numbers),
    interval=st.none() | st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    p_value=st.none() | st.floats(0, 1),
    n_current=st.none() | st.integers(0, 10**12),
    message=st.text(),
    detail=st.dictionaries(st.text(), st.integers() | st.text()),
)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (["pass"], "pass"),
        (["pass", "warn"], "warn"),
        (["pass", "warn", "fail"], "fail"),
        (["fail", "error"], "error"),
        (["pass", "insufficient"], "pass"),
        (["insufficient", "insufficient"], "insufficient"),
        (["insufficient", "fail"], "fail"),
        ([], "insufficient"),
    ],
)
def test_worst_critical_check_decides(made: list[str], expected: str) -> None:
    assert overall_status([check(status) for status in made]) == expected


@pytest.mark.parametrize(
    ("severity", "status", "expected"),
    [
        ("warning", "fail", "warn"),
        ("warning", "error", "warn"),
        ("warning", "insufficient", "pass"),
        ("info", "fail", "pass"),
        ("info", "error", "pass"),
    ],
)
def test_lesser_severities(severity: str, status: str, expected: str) -> None:
    assert overall_status([check("pass"), check(status, severity)]) == expected


def test_required_and_undecided_is_insufficient_but_a_failure_stands() -> None:
    undecided = check("insufficient", required=True)
    assert overall_status([check("pass"), undecided]) == "insufficient"
    assert overall_status([check("fail"), undecided]) == "fail"


def test_only_warnings_decide_where_none_is_critical() -> None:
    assert overall_status([check("pass", "warning")]) == "pass"
    assert overall_status([check("fail", "warning")]) == "warn"
    assert overall_status([check("insufficient", "warning")]) == "insufficient"


def test_info_alone_decides_nothing() -> None:
    assert overall_status([check("pass", "info")]) == "insufficient"


@given(st.lists(checks, max_size=5))
def test_order_of_checks_does_not_matter(made: list[CheckResult]) -> None:
    seen = {overall_status(order) for order in itertools.islice(itertools.permutations(made), 24)}
    assert len(seen) == 1


@given(st.lists(checks, max_size=5))
def test_a_passing_check_never_worsens_a_report(made: list[CheckResult]) -> None:
    worst = [Status.PASS, Status.WARN, Status.INSUFFICIENT, Status.FAIL, Status.ERROR]
    before, after = overall_status(made), overall_status([*made, check("pass")])
    assert worst.index(after) <= worst.index(before)


@given(st.lists(checks, max_size=5))
def test_round_trip_through_json(made: list[CheckResult]) -> None:
    window = Window("2013-02-04T05:00:00+00:00", "2013-02-11T05:00:00+00:00")
    report = Report(kind="drift", results=tuple(made), model="m", window=window, as_of=datetime(2013, 3, 1, tzinfo=UTC))
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(number: float) -> None:
    with pytest.raises(ConfigurationError, match="not finite"):
        CheckResult(check="c", metric="m", status=Status.PASS, value=number)


def test_summary_names_value_and_limit_of_each_failed_check() -> None:
    failed = CheckResult(
        check="missing_share",
        metric="share",
        column="late",
        status=Status.FAIL,
        value=0.155,
        limits=Limits(upper=0.1),
        message="late is missing in 15.5 % of 6,012 rows",
    )
    window = Window("2013-02-04T05:00:00+00:00", "2013-02-11T05:00:00+00:00")
    report = Report(kind="data_quality", model="flight_delay", results=(check("pass"), failed), window=window)
    assert report.summary().splitlines() == [
        "flight_delay data quality for 2013-02-04T05:00Z to 2013-02-11T05:00Z: FAIL (1 pass, 1 fail)",
        "  - missing_share[late]: fail, share 0.155, upper limit 0.1 - late is missing in 15.5 % of 6,012 rows",
    ]


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        (0.100004, 0.1, "m 0.100004, upper limit 0.1"),
        (0.1153, 0.1, "m 0.1153, upper limit 0.1"),
        (0.09999999999999998, 0.1, "m 0.1, upper limit 0.1"),
        (10_000.4, 10_000.0, "m 10,000.4, upper limit 10,000"),
        (9_999.96, 10_000.0, "m 9,999.96, upper limit 10,000"),
        (123_456_789.0, 5.0, "m 123,456,789, upper limit 5"),
        (3e300, 1e300, "m 3e+300, upper limit 1e+300"),
        (0.0, 0.05, "m 0, upper limit 0.05"),
    ],
)
def test_a_value_and_a_limit_that_differ_are_shown_to_differ(value: float, limit: float, shown: str) -> None:
    assert str(replace(check("fail"), value=value, limits=Limits(upper=limit))) == f"c: fail, {shown}"


@given(st.floats(1e-9, 1e12), st.floats(-1e-6, 1e-6))
def test_values_never_look_like_a_limit_they_are_not(limit: float, off: float) -> None:
    value = limit * (1 + off)
    text, limit_text = numerals.beside(value, limit)
    assert (text == limit_text) == (abs(off) < 1e-9) or abs(off) < 2e-9


@pytest.mark.parametrize(
    ("p", "shown"), [(0.0501, "0.0501"), (0.05, "0.05"), (0.0499996, "0.0499996"), (0.012, "0.012"), (0.0, "<1e-300")]
)
def test_an_adjusted_p_is_told_from_alpha(p: float, shown: str) -> None:
    assert str(replace(check("pass"), p_adjusted=p)) == f"c: pass, adjusted p {shown}"


def test_summary_of_many_failures_says_how_many_more() -> None:
    report = Report(kind="drift", results=tuple(check("fail") for _ in range(30)))
    assert report.summary().splitlines()[-1] == "  - and 10 more"


def test_frame_has_a_row_per_check() -> None:
    frame = Report(kind="drift", results=(check("pass"), check("fail"))).to_frame()
    assert list(frame["status"]) == ["pass", "fail"]


def test_equal_configurations_have_equal_hashes() -> None:
    one, two = (
        Report(kind="k", results=(), config={"a": 1, "b": 2}),
        Report(kind="k", results=(), config={"b": 2, "a": 1}),
    )
    assert one.config_hash == two.config_hash
    assert one.config_hash != Report(kind="k", results=(), config={"a": 2}).config_hash
