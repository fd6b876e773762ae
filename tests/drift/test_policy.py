"""A policy is checked where it is made."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from airflow_ml_monitor.drift import DriftPolicy
from airflow_ml_monitor.drift.policy import LIMITS
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.results import Severity

POLICY = DriftPolicy(
    exclude=["id"],
    warning=["age"],
    scores=["score"],
    alpha=0.01,
    limits={"ks": 0.2},
    column_limits={"age": {"ks": 0.1}},
)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"alpha": 0.0}, r"alpha=0.0\) must lie between 0 and 1"),
        ({"alpha": 1.0}, "between 0 and 1"),
        ({"correction": "bonferroni"}, "correction='bonferroni'.*holm, bh, none"),
        ({"min_rows": 1}, "min_rows=1.*at least 2"),
        ({"limits": {"klm": 0.1}}, "no limit 'klm'; there are ks"),
        ({"limits": {"ks": 0}}, "ks=0 must be a number above 0"),
        ({"limits": {"ks": float("nan")}}, "ks=nan must be a number above 0"),
        ({"limits": {"ks": True}}, "ks=True must be a number above 0"),
        ({"column_limits": {"age": {"psi": "0.2"}}}, r"column_limits\['age'\].*psi='0.2'"),
        ({"columns": []}, r"columns=\(\)\) compares nothing; leave it out"),
        ({"columns": "age"}, "columns='age'.*one text; give a list"),
        ({"columns": ["a"], "exclude": ["a"]}, "a both in columns and in exclude"),
        ({"exclude": ["a"], "warning": ["a"]}, r"warning=\) names a, which it does not compare"),
        ({"columns": ["a"], "scores": ["b"]}, r"scores=\) names b"),
    ],
)
def test_what_is_impossible_is_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        DriftPolicy(**settings)


def test_plain_json_gives_the_policy_back() -> None:
    plain = json.loads(json.dumps(POLICY.to_dict()))
    assert DriftPolicy.from_dict(plain) == POLICY
    assert plain["limits"] == {**LIMITS, "ks": 0.2}


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no setting threshold; it has columns"):
        DriftPolicy.from_dict({"threshold": 1})


def test_a_limit_of_a_column_goes_before_that_of_all() -> None:
    assert [POLICY.limit("ks", "age"), POLICY.limit("ks", "sex"), POLICY.limit("tvd", "age")] == [0.1, 0.2, 0.1]


def test_columns_are_critical_unless_declared_otherwise() -> None:
    assert (POLICY.severity("age"), POLICY.severity("sex")) == (Severity.WARNING, Severity.CRITICAL)


def test_columns_are_those_of_the_reference_without_the_excluded() -> None:
    assert POLICY.chosen(["age", "id", "score"]) == ["age", "score"]


def test_a_column_the_reference_does_not_have_is_named() -> None:
    with pytest.raises(ConfigurationError, match="names score, which the reference does not have; it has age"):
        POLICY.chosen(["age", "id"])


def test_a_column_to_exclude_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match="names id, which the reference does not have; it has age, score"):
        POLICY.chosen(["age", "score"])


def test_a_column_of_the_source_that_is_not_counted_may_be_excluded() -> None:
    assert POLICY.chosen(["age", "score"], uncounted=["id"]) == ["age", "score"]


def test_a_policy_can_be_copied_as_airflow_copies_tasks() -> None:
    assert copy.deepcopy(POLICY) == pickle.loads(pickle.dumps(POLICY)) == POLICY
