"""P-values: as often small as they say where nothing changed, and small where something did."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from airflow_ml_monitor.drift import measure, method_names
from airflow_ml_monitor.drift.measuring import measure_profiles
from airflow_ml_monitor.drift.permutation import PERMUTATIONS, permutation_p
from airflow_ml_monitor.drift.registry import find_method
from airflow_ml_monitor.profile import build_reference, profile_like

Draw = Callable[[np.random.Generator, int], np.ndarray]
DRAWS: dict[str, Draw] = {
    "normal": lambda random, size: random.normal(size=size),
    "heavy": lambda random, size: np.exp(2 * random.normal(size=size)),
    "tied": lambda random, size: random.poisson(3, size),
}
ON_NUMBERS = [name for name in method_names() if find_method(name).takes == "numbers"]
ON_LEVELS = ["chi2", "cramers_v", "tvd", "g_test", "hellinger", "jensen_shannon", "kl", "l_infinity", "psi"]
ON_TWO = ["z_proportions", "fisher_exact"]
REPEATS = 100


@cache
def _p_values(name: str, draw: Draw, n: int, m: int) -> np.ndarray:
    random = np.random.default_rng(17)
    return np.array([measure(name, draw(random, n), draw(random, m)).p_value for _ in range(REPEATS)])


@pytest.mark.parametrize("name", ON_NUMBERS)
@pytest.mark.parametrize("shape", DRAWS)
def test_of_unchanged_numbers_no_more_are_small_than_they_say(name: str, shape: str) -> None:
    p_values = _p_values(name, DRAWS[shape], 60, 40)
    # Three standard errors of a share of 100 above it; heavy tails make t and Wasserstein err a little more.
    assert np.mean(p_values <= 0.1) <= 0.1 + 0.09
    assert np.mean(p_values <= 0.5) <= 0.5 + 0.15


@pytest.mark.parametrize("name", ["mann_whitney", "anderson_darling", "cramer_von_mises", "energy", "t_test"])
def test_of_unchanged_numbers_p_values_are_spread_evenly(name: str) -> None:
    assert stats.kstest(_p_values(name, DRAWS["normal"], 60, 40), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("name", ON_LEVELS + ON_TWO)
def test_of_unchanged_levels_no_more_are_small_than_they_say(name: str) -> None:
    shares = [0.7, 0.3] if name in ON_TWO else [0.4, 0.3, 0.2, 0.1]
    p_values = _p_values(name, lambda random, size: random.choice(len(shares), size, p=shares), 150, 100)
    assert np.mean(p_values <= 0.1) <= 0.1 + 0.09
    assert np.mean(p_values <= 0.1) > 0.01


def test_many_rare_levels_are_no_evidence() -> None:
    random = np.random.default_rng(2)
    shares = 1.0 / np.arange(1, 401)
    for name in ("chi2", "g_test", "tvd", "jensen_shannon", "kl"):
        drawn = [random.choice(400, size, p=shares / shares.sum()).astype(str) for size in [4000, 300] * 40]
        p_values = [measure(name, drawn[i], drawn[i + 1]).p_value for i in range(0, 80, 2)]
        assert np.mean(np.array(p_values) <= 0.05) <= 0.15, name


ON_BINS = ["psi", "hellinger", "jensen_shannon", "kl", "l_infinity"]
UNCHANGED = [(name, shape) for name in [*ON_NUMBERS, *ON_BINS] for shape in ("normal", "heavy")]


@pytest.mark.parametrize(("name", "shape"), [pair for pair in UNCHANGED if pair != ("t_test", "heavy")])
def test_of_unchanged_profiles_few_are_small(name: str, shape: str) -> None:
    random = np.random.default_rng(23)
    reference = build_reference(pd.DataFrame({"x": DRAWS[shape](random, 20_000)}))
    p_values = [
        measure_profiles(name, reference.columns["x"], profile_like(reference, batch).columns["x"]).p_value
        for batch in (pd.DataFrame({"x": DRAWS[shape](random, 500)}) for _ in range(40))
    ]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.17


@pytest.mark.parametrize("name", [*ON_NUMBERS, *ON_BINS])
def test_a_shift_is_found_beyond_the_resolution_of_permutations(name: str) -> None:
    random = np.random.default_rng(1)
    found = measure(name, random.normal(size=2000), random.normal(0.5, 1, 1500))
    assert found.p_value is not None
    assert found.p_value < 1e-6 < 1.0 / (1 + PERMUTATIONS)
    assert find_method(name).effect(found) >= find_method(name).limit * (0.5 if name == "l_infinity" else 1.0)


class TestTraps:
    def test_chi_square_takes_the_reference_for_a_sample(self) -> None:
        random = np.random.default_rng(0)
        rejected = {"two samples": 0, "goodness of fit": 0}
        for _ in range(400):
            one, other = (np.bincount(random.integers(0, 5, 500), minlength=5) for _ in range(2))
            found = measure("chi2", *(np.repeat(list("abcde"), side) for side in (one, other)))
            rejected["two samples"] += (found.p_value or 0.0) <= 0.05
            rejected["goodness of fit"] += stats.chisquare(other, one * other.sum() / one.sum()).pvalue <= 0.05
        assert rejected["two samples"] / 400 < 0.08
        assert rejected["goodness of fit"] / 400 > 0.15

    def test_mann_whitney_sees_both_directions(self) -> None:
        random = np.random.default_rng(0)
        one, other = random.normal(size=200), random.normal(size=200)
        for shift in (-0.6, 0.6):
            assert (measure("mann_whitney", one, other + shift).p_value or 1.0) < 1e-4

    def test_psi_has_a_critical_value_of_its_sizes(self) -> None:
        random = np.random.default_rng(0)
        found = [measure("psi", random.normal(size=200), random.normal(size=200)) for _ in range(400)]
        assert np.mean([each.value > 0.1 for each in found]) > 0.3
        assert 0.02 < np.mean([(each.p_value or 0.0) <= 0.05 for each in found]) < 0.09

    def test_cramer_von_mises_does_not_reject_ties_at_large_n(self) -> None:
        random = np.random.default_rng(0)
        pairs = [(random.poisson(3, 20_000), random.poisson(3, 2_000)) for _ in range(20)]
        assert all(stats.cramervonmises_2samp(one, other).pvalue < 0.05 for one, other in pairs)
        assert sum((measure("cramer_von_mises", one, other).p_value or 0.0) <= 0.05 for one, other in pairs) <= 4

    def test_the_energy_effect_has_no_unit(self) -> None:
        random = np.random.default_rng(0)
        one, other = random.normal(size=300), random.normal(0.5, 1, 300)
        plain, in_thousands = measure("energy", one, other), measure("energy", one * 1000, other * 1000)
        assert in_thousands.value == pytest.approx(plain.value * 1000**0.5)
        assert in_thousands.effect == pytest.approx(plain.effect)

    def test_infinite_values_are_not_measured_and_not_counted(self) -> None:
        assert measure("ks", [1.0, 2.0, np.inf, np.nan], [1.0, 2.0])[2:4] == (2, 2)


class TestPermutations:
    def test_the_share_of_all_arrangements_is_met(self) -> None:
        counts = np.array([3, 0]), np.array([0, 3])
        p_value = permutation_p(lambda one, other: np.abs(one - other).max(axis=-1) * 1.0, *counts, beyond=lambda: 1.0)
        assert p_value == pytest.approx(2 / 20, abs=0.03)

    def test_it_is_the_same_every_time(self) -> None:
        random = np.random.default_rng(0)
        one, other = random.normal(size=80), random.normal(size=70)
        assert measure("energy", one, other) == measure("energy", one, other)

    def test_billions_of_rows_can_be_dealt_out(self) -> None:
        counts = np.array([3_000_000_000, 1_000_000_000]), np.array([2_900_000_000, 1_100_000_000])
        p_value = permutation_p(lambda one, other: np.abs(one - other).max(axis=-1) * 1.0, *counts, beyond=lambda: 0.5)
        assert p_value == 1 / (1 + PERMUTATIONS)
