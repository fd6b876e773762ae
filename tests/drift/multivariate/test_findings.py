"""What a report says of whole rows, and that no table is too strange for it."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.drift.decide import decide
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.drift.multivariate import multivariate_findings
from airflow_ml_monitor.drift.policy import DriftPolicy
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import CheckResult, Severity, Status
from tests.drift.multivariate.made_rows import relation_turned, split

METHODS = ("domain_classifier", "pca_reconstruction", "mmd")
QUICK = ("pca_reconstruction", "mmd")


def results(reference: pa.Table, current: pa.Table, methods: tuple[str, ...] = METHODS) -> list[CheckResult]:
    policy = DriftPolicy(multivariate=methods)
    found = decide(multivariate_findings(reference, current, methods, policy), policy)
    return [result for result in found if result.check == "multivariate"]


class TestDecided:
    def test_a_broken_relation_fails_by_every_method(self) -> None:
        found = results(*relation_turned(600, 3, columns=3))
        assert [(result.metric, result.status) for result in found] == [(name, Status.FAIL) for name in METHODS]
        assert "AUC 0." in found[0].message
        assert "driven by x" in found[0].message
        assert "driven by x" in found[1].message

    def test_no_change_passes_by_every_method(self) -> None:
        assert {result.status for result in results(*split(300, 1))} == {Status.PASS}

    def test_evidence_without_an_effect_that_matters_passes(self) -> None:
        random = np.random.default_rng(1)
        one, other = (pa.table({"x": random.normal(mean, 1, 20_000)}) for mean in (0.0, 0.1))
        found = results(one, other, ("domain_classifier",))[0]
        assert found.p_adjusted is not None
        assert found.p_adjusted < 1e-4
        assert found.status is Status.PASS

    def test_the_policy_s_limit_counts(self) -> None:
        policy = DriftPolicy(limits={"pca_reconstruction": 0.05})
        found = multivariate_findings(*split(100, 1), ("pca_reconstruction",), policy)[0]
        assert (found.limit, found.severity, found.column) == (0.05, Severity.CRITICAL, None)

    def test_detail_says_what_was_read(self) -> None:
        one, other = split(100, 1)
        times = pa.array([datetime(2013, 1, 1, tzinfo=UTC)] * 100)
        found = multivariate_findings(one.append_column("at", times), other, ("mmd",), DriftPolicy())[0]
        assert found.detail["left_out"] == {"at": "absent now"}
        assert (found.detail["rows_reference"], found.detail["columns"]) == (100, 12)
        assert found.detail["seed"] == 20_130_204

    def test_an_unknown_method_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="no method 'pca'.*mmd"):
            multivariate_findings(*split(100, 1), ("pca",), DriftPolicy())


class TestUndecided:
    @pytest.mark.parametrize("rows", [0, 1, 49])
    def test_too_few_rows(self, rows: int) -> None:
        one, other = split(100, 1)
        for found in results(one, other.slice(0, rows)):
            assert found.status is Status.INSUFFICIENT
            assert f"reference has 100, current has {rows}; at least 50" in found.message

    def test_as_many_rows_as_the_policy_wants(self) -> None:
        found = multivariate_findings(*split(100, 1), ("mmd",), DriftPolicy(min_rows=101))[0]
        assert found.settled is Status.INSUFFICIENT

    def test_no_column_to_compare(self) -> None:
        table = pa.table({"at": [datetime(2013, 1, 1, tzinfo=UTC)] * 60, "same": [1] * 60})
        for found in results(table, table):
            assert found.status is Status.INSUFFICIENT
            assert "at is left out (datetime values are not compared), same is left out (constant)" in found.message


def numbers_of(finding: Finding) -> list[float]:
    detail = [*(finding.detail.get("interval") or ()), finding.detail.get("value", 0.0)]
    critical = [] if finding.critical is None else [finding.critical(p) for p in (1e-12, 0.01, 0.5, 0.99)]
    return [number for number in (finding.value, finding.p_value, *detail, *critical) if number is not None]


COLUMNS = {
    "constant": pa.array([1.0] * 60),
    "all missing": pa.nulls(60, pa.float64()),
    "infinite": pa.array([np.inf, -np.inf, 1.0] * 20),
    "huge": pa.array([1e300, -1e300, 1e-300] * 20),
    "woke up": pa.array([0.0] * 59 + [1.0]),
    "nan": pa.array([np.nan, 1.0, 2.0] * 20),
    "lists": pa.array([[1], None, []] * 20),
    "dictionary": pa.array(["a", None, "b"] * 20).dictionary_encode(),
    "numbers in a dictionary": pa.array([1, None, 2] * 20).dictionary_encode(),
    "view": pa.array(["ü", "b", None] * 20, pa.string_view()),
    "ids": pa.array([f"id {place}" for place in range(60)]),
    "text": pa.array([f"Flight {place} was late again, and nobody said why" for place in range(60)]),
    "bytes": pa.array([b"\xff", b"\xfe", None] * 20),
    "times": pa.array(range(60), pa.timestamp("us")),
    "unsigned": pa.array([2**64 - 1, 0, 5] * 20, pa.uint64()),
}


class TestStrangeTables:
    @pytest.mark.parametrize("name", COLUMNS)
    @pytest.mark.parametrize("method", METHODS)
    def test_one_column_against_each_other_kind(self, name: str, method: str) -> None:
        others = COLUMNS if method != "domain_classifier" else {name: COLUMNS[name]}
        for other in others.values():
            one, two = pa.table({"x": COLUMNS[name]}), pa.table({"x": other})
            finding = multivariate_findings(one, two, (method,), DriftPolicy())[0]
            assert all(math.isfinite(number) for number in numbers_of(finding))
            assert finding.settled is Status.INSUFFICIENT or finding.p_value is not None

    @pytest.mark.parametrize("method", METHODS)
    def test_all_of_them_together(self, method: str) -> None:
        table = pa.table(COLUMNS)
        finding = multivariate_findings(table, table, (method,), DriftPolicy())[0]
        assert finding.settled is None
        assert all(math.isfinite(number) for number in numbers_of(finding))

    def test_columns_that_repeat_each_other(self) -> None:
        values = np.random.default_rng(1).normal(size=80)
        table = pa.table({f"x{place}": values for place in range(5)})
        for finding in multivariate_findings(table, table, METHODS, DriftPolicy()):
            assert all(math.isfinite(number) for number in numbers_of(finding))

    def test_more_columns_than_rows(self) -> None:
        random = np.random.default_rng(1)
        one, other = (pa.table({f"x{place}": random.normal(size=60) for place in range(200)}) for _ in range(2))
        for result in results(one, other):
            assert result.status is Status.PASS

    @settings(max_examples=40)
    @given(st.data())
    def test_any_numbers_and_texts(self, data: st.DataObject) -> None:
        sides = []
        for _ in range(2):
            numbers = data.draw(st.lists(st.none() | st.floats(), min_size=1, max_size=6))
            texts = data.draw(st.lists(st.none() | st.text(max_size=2), min_size=1, max_size=6))
            count = data.draw(st.integers(50, 60))
            columns = [
                pa.array((part * count)[:count], kind) for part, kind in ((numbers, pa.float64()), (texts, pa.string()))
            ]
            sides.append(pa.table(columns, ["number", "text"]))
        for finding in multivariate_findings(sides[0], sides[1], QUICK, DriftPolicy()):
            assert all(math.isfinite(number) for number in numbers_of(finding))
