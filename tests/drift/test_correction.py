"""Adjusted p-values: Holm's method, and what tests cost that cannot raise a false alarm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from airflow_ml_monitor.drift.correction import adjusted, threshold
from airflow_ml_monitor.drift.finding import Finding
from airflow_ml_monitor.results import Severity


def finding(p_value: float, *, chance: float = 1.0, value: float = 1.0) -> Finding:
    return Finding(
        check="distribution",
        metric="ks",
        column="x",
        severity=Severity.CRITICAL,
        n_reference=100,
        n_current=100,
        value=value,
        limit=0.1,
        p_value=p_value,
        chance=chance,
    )


def textbook_holm(p_values: list[float]) -> list[float]:
    order = np.argsort(p_values)
    found, worst = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        worst = max(worst, min(1.0, p_values[place] * (len(p_values) - rank)))
        found[place] = worst
    return found


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=3))
def test_a_few_tests_are_all_counted(p_values: list[float]) -> None:
    found = adjusted([finding(p) for p in p_values], "holm")
    assert min(found) == pytest.approx(min(1.0, min(p_values) * len(p_values)))


def test_holm_is_the_textbooks_where_chance_can_do_all() -> None:
    p_values = [0.001, 0.01, 0.02, 0.8, 0.004, 0.03]
    found = adjusted([finding(p) for p in p_values], "holm")
    # The last three steps count at least four tests.
    assert sorted(found)[:3] == pytest.approx(sorted(textbook_holm(p_values))[:3])


def test_tests_that_chance_cannot_bring_to_their_limit_cost_nothing() -> None:
    family = [finding(0.004), *(finding(0.5, chance=1e-9, value=0.0) for _ in range(500))]
    assert adjusted(family, "holm")[0] == pytest.approx(4 * 0.004, rel=1e-3)
    family = [finding(0.004), *(finding(0.5, value=0.0) for _ in range(500))]
    assert adjusted(family, "holm")[0] == 1.0


@given(st.lists(st.tuples(st.floats(1e-9, 1), st.floats(0, 1), st.booleans()), min_size=1, max_size=12))
def test_an_adjusted_p_value_is_never_smaller(drawn: list[tuple[float, float, bool]]) -> None:
    family = [finding(p, chance=chance, value=float(reached)) for p, chance, reached in drawn]
    for name in ("holm", "bh", "none"):
        for found, single in zip(adjusted(family, name), family, strict=True):
            assert single.p_value is not None
            assert single.p_value * (1 - 1e-12) <= found <= 1.0


def test_false_alarms_stay_under_alpha_when_nothing_changed() -> None:
    random = np.random.default_rng(0)
    chances = np.array([1.0, 0.5, 0.01, 0.001, 1e-6, 0.2])
    alarms = 0
    for _ in range(4000):
        p_values = random.random(len(chances))
        # Under no change an effect reaches its limit exactly when its p-value is at most its chance.
        family = [
            finding(float(p), chance=float(q), value=float(p <= q)) for p, q in zip(p_values, chances, strict=True)
        ]
        after = adjusted(family, "holm")
        alarms += any(found <= 0.05 and single.reached for found, single in zip(after, family, strict=True))
    assert 0.01 < alarms / 4000 < 0.055


def test_benjamini_hochberg_is_scipys() -> None:
    p_values = [0.001, 0.2, 0.03, 0.0004, 0.9, 0.04]
    found = adjusted([finding(p) for p in p_values], "bh")
    assert found == pytest.approx(stats.false_discovery_control(p_values).tolist())


def test_no_correction_changes_nothing() -> None:
    assert adjusted([finding(0.01), finding(0.04)], "none") == [0.01, 0.04]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_single_p_value_at_the_threshold_is_just_enough(chances: list[float]) -> None:
    rest = [finding(0.5, chance=chance, value=0.0) for chance in chances]
    needed = threshold([finding(0.5), *rest], 0.05, "holm")
    assert adjusted([finding(needed * 0.999), *rest], "holm")[0] <= 0.05
    assert adjusted([finding(needed * 1.001), *rest], "holm")[0] > 0.05
