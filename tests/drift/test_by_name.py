"""Methods that a policy names for a column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor.drift import DriftPolicy, build_reference, detect_drift, measure, method_names
from airflow_ml_monitor.drift.measuring import serves
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile.kinds import Kind
from airflow_ml_monitor.results import CheckResult, Report, Status

ROWS = 2_000
COLUMNS = {Kind.NUMERIC: "age", Kind.CATEGORICAL: "city", Kind.BOOLEAN: "member"}
BY_KIND = [(COLUMNS[kind], name) for kind in COLUMNS for name in method_names() if serves(name, kind)]
TWO_LEVELS = ("fisher_exact", "z_proportions")
LEVEL_METHODS = ("chi2", "g_test", "cramers_v", "tvd", *TWO_LEVELS)


def rows(seed: int, move: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": random.normal(40 + 10 * move, 10, ROWS),
            "city": random.choice(["Wien", "Graz"], ROWS, p=[0.6 - move / 3, 0.4 + move / 3]),
            "member": random.random(ROWS) < 0.3 + move / 3,
        }
    )


REFERENCE = build_reference(rows(0))


def found(report: Report, column: str, metric: str) -> CheckResult:
    return next(r for r in report.results if r.column == column and r.metric == metric)


@pytest.mark.parametrize(
    ("column", "name"), [pair for pair in BY_KIND if pair[0] != "age" or pair[1] not in LEVEL_METHODS]
)
def test_a_method_passes_what_is_alike_and_fails_what_is_not(column: str, name: str) -> None:
    policy = DriftPolicy(methods={column: name})
    alike = found(detect_drift(REFERENCE, rows(1), policy=policy), column, name)
    moved = found(detect_drift(REFERENCE, rows(2, move=1.0), policy=policy), column, name)
    assert (alike.check, alike.status) == ("distribution", Status.PASS), str(alike)
    assert moved.status is Status.FAIL, str(moved)
    assert moved.value is not None
    assert moved.p_adjusted is not None
    assert moved.limits.upper is not None
    assert moved.value >= moved.limits.upper


def test_the_methods_named_take_the_place_of_those_chosen() -> None:
    report = detect_drift(REFERENCE, rows(1), policy=DriftPolicy(methods={"age": ["psi", "energy"]}))
    by_distribution = [r.metric for r in report.results if r.column == "age" and r.check == "distribution"]
    assert by_distribution == ["psi", "energy"]
    told = next(r for r in report.results if r.check == "methods")
    assert "psi and energy for age (numeric; chosen by the policy)" in told.message


def test_the_effect_decides_where_the_statistic_grows_with_the_rows() -> None:
    result = found(detect_drift(REFERENCE, rows(2, 1.0), policy=DriftPolicy(methods={"city": "chi2"})), "city", "chi2")
    exact = measure("chi2", rows(0)["city"], rows(2, 1.0)["city"])
    assert (result.value, result.detail["statistic"]) == pytest.approx((exact.effect, exact.value))


def test_psi_has_at_least_the_limit_that_chance_reaches() -> None:
    small = found(detect_drift(REFERENCE, rows(1).head(60), policy=DriftPolicy(methods={"age": "psi"})), "age", "psi")
    assert small.limits.upper is not None
    assert small.limits.upper > 0.2


def test_a_limit_of_the_policy_is_taken() -> None:
    policy = DriftPolicy(methods={"age": "t_test"}, column_limits={"age": {"t_test": 5.0}})
    assert found(detect_drift(REFERENCE, rows(2, 1.0), policy=policy), "age", "t_test").status is Status.PASS


def test_a_method_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"methods={'city': 'ks'}\): ks measures numeric.*city is categorical"):
        detect_drift(REFERENCE, rows(1), policy=DriftPolicy(methods={"city": "ks"}))


@pytest.mark.parametrize("name", TWO_LEVELS)
def test_a_third_level_is_an_error_of_that_check_alone(name: str) -> None:
    batch = rows(1)
    batch.loc[:99, "city"] = "Linz"
    report = detect_drift(REFERENCE, batch, policy=DriftPolicy(methods={"city": name}))
    result = found(report, "city", name)
    assert (result.status, report.status) == (Status.ERROR, Status.ERROR)
    assert "cannot be measured" in result.message
    assert found(report, "age", "ks").status is Status.PASS
    assert found(report, "city", "share").status is Status.FAIL


def test_every_method_of_one_column_is_tried_above() -> None:
    assert {name for _, name in BY_KIND} == {name for name in method_names() if any(serves(name, k) for k in COLUMNS)}
    assert len(BY_KIND) >= 30
