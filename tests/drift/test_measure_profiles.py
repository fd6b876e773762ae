"""Methods on two column profiles, of which no value is at hand: how near they come, and what they serve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from airflow_ml_monitor.drift import measure, method_names
from airflow_ml_monitor.drift.measuring import measure_profiles, serves
from airflow_ml_monitor.drift.methods.ks import ks_distance
from airflow_ml_monitor.drift.methods.wasserstein import wasserstein_distance
from airflow_ml_monitor.drift.registry import find_method
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.profile import ColumnProfile, NumericProfile, build_reference, profile_like
from airflow_ml_monitor.profile.kinds import Kind

SHAPES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda random, size: random.normal(size=size),
    "lognormal": lambda random, size: random.lognormal(size=size),
    "heavy": lambda random, size: np.exp(2 * random.normal(size=size)),
    "poisson": lambda random, size: random.poisson(3, size),
    "zero_inflated": lambda random, size: np.where(random.random(size) < 0.6, 0, random.exponential(size=size)),
}
NUMERIC = [name for name in method_names() if find_method(name).takes in ("numbers", "bins")]
LEVELS = [name for name in method_names() if serves(name, Kind.CATEGORICAL)]
WITHIN: dict[str, dict[str, float]] = {
    "epps_singleton": {"abs": 6e-3},
    **{name: {"abs": 2e-3, "rel": 0.01} for name in NUMERIC if find_method(name).takes == "bins"},
}
"""How near effects from profiles are: 1e-3, but for bins, which end at an edge, and where a bias is taken off."""


def profiles(one: object, other: object) -> tuple[ColumnProfile, ColumnProfile]:
    reference = build_reference(pd.DataFrame({"x": one}))
    return reference.columns["x"], profile_like(reference, pd.DataFrame({"x": other})).columns["x"]


@pytest.mark.parametrize("shape", ["normal", "lognormal", "poisson"])
@pytest.mark.parametrize("moved", ["not at all", "in scale", "in place"])
def test_effects_from_reference_profiles_are_near_the_exact_ones(shape: str, moved: str) -> None:
    random = np.random.default_rng(11)
    one, other = SHAPES[shape](random, 100_000), SHAPES[shape](random, 50_000)
    other = other * 1.2 if moved == "in scale" else other + (1.0 if shape == "poisson" else 0.3) * (moved == "in place")
    columns = profiles(one, other)
    for name in NUMERIC:
        method = find_method(name)
        found, exact = method.effect(method.on(*columns)), method.effect(measure(name, one, other))
        assert found == pytest.approx(exact, **WITHIN.get(name, {"abs": 1e-3})), name


@pytest.mark.parametrize("shape", SHAPES)
def test_clipped_distances_are_within_a_thousandth_of_the_exact_ones(shape: str) -> None:
    random = np.random.default_rng(7)
    one, other = SHAPES[shape](random, 60_000), SHAPES[shape](random, 50_000) * 1.03
    column, current = profiles(one, other)
    assert isinstance(column, NumericProfile)
    assert isinstance(current, NumericProfile)
    low, high = np.quantile(one, [0.01, 0.99])
    clipped, clipped_other = np.clip(one, low, high), np.clip(other, low, high)
    distance = ks_distance(column, current, clip=True)
    assert distance == pytest.approx(stats.ks_2samp(clipped, clipped_other, method="asymp").statistic, abs=1e-3)
    exact = stats.wasserstein_distance(clipped, clipped_other) / clipped.std()
    scale = column.clipped.variance**0.5
    assert wasserstein_distance(column, current, clip=True) / scale == pytest.approx(exact, abs=2e-4)


@pytest.mark.parametrize("size", [5_000, 100_000])
def test_wasserstein_of_unchanged_heavy_tails_is_not_taken_for_larger_than_it_is(size: int) -> None:
    random = np.random.default_rng(3)
    one, other = SHAPES["heavy"](random, 100_000), SHAPES["heavy"](random, size)
    exact = stats.wasserstein_distance(one, other) / one.std()
    assert measure_profiles("wasserstein_normed", *profiles(one, other)).value < exact + 1e-3


@pytest.mark.parametrize("name", NUMERIC)
@settings(max_examples=5)
@given(parts=st.lists(st.integers(1, 400), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_profiles_of_parts_merged_in_any_order_give_the_same(name: str, parts: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    reference = build_reference(pd.DataFrame({"x": random.normal(size=2_000)}))
    batches = [profile_like(reference, pd.DataFrame({"x": random.normal(0.3, 1, size)})) for size in [200, *parts]]
    forth, back = sum(batches, start=reference.empty()), sum(batches[::-1], start=reference.empty())
    column = reference.columns["x"]
    one, other = (measure_profiles(name, column, merged.columns["x"]) for merged in (forth, back))
    told = 3 if one.effect is not None else 2
    assert one[:told] == pytest.approx(other[:told], rel=1e-9, nan_ok=True)


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_profiles_of_levels_give_what_values_do(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.choice(list("ab"), 300), random.choice(list("ab"), 200, p=[0.4, 0.6])
    columns = profiles(one, other)
    for name in LEVELS:
        assert measure_profiles(name, *columns)[:2] == pytest.approx(measure(name, one, other)[:2]), name


class TestWhatIsServed:
    @pytest.mark.parametrize("name", LEVELS)
    def test_numbers_of_few_values_are_levels(self, name: str) -> None:
        one, other = np.array([0.0, 1.0] * 50), np.array([0.0, 1.0, 1.0] * 20)
        as_levels = measure(name, one.astype(str), other.astype(str))
        assert measure_profiles(name, *profiles(one, other)).p_value == pytest.approx(as_levels.p_value)

    def test_values_the_reference_lacks_are_levels_too(self) -> None:
        found = measure_profiles("tvd", *profiles([1.0, 2.0] * 50, [1.0, 2.0, 1.5, 70.0] * 25))
        assert found.value == pytest.approx(0.5)

    def test_numbers_of_many_values_are_no_levels(self) -> None:
        with pytest.raises(ConfigurationError, match="chi2 compares levels, these numbers have more than 50"):
            measure_profiles("chi2", *profiles(range(60), range(60)))

    @pytest.mark.parametrize("name", method_names())
    @pytest.mark.parametrize(
        ("kind", "values"),
        [
            (Kind.NUMERIC, [0.0, 1.0, 2.0, 3.0, 4.0, 4.5] * 10),
            (Kind.DATETIME, pd.date_range("2013", periods=60)),
            (Kind.CATEGORICAL, ["a", "b"] * 30),
            (Kind.BOOLEAN, [True, False] * 30),
            (Kind.OTHER, [[1], [2]] * 30),
            (Kind.EMPTY, [None] * 60),
        ],
    )
    def test_a_kind_is_measured_or_the_sentence_says_what_is(self, name: str, kind: Kind, values: object) -> None:
        one, other = profiles(values, values)
        assert one.kind is kind
        if serves(name, kind) and not (kind is Kind.NUMERIC and name in ("z_proportions", "fisher_exact")):
            assert find_method(name).effect(measure_profiles(name, one, other)) == pytest.approx(0.0, abs=1e-6)
        else:
            sentence = f"{name} measures .*, this column is {kind.value}|compares two levels"
            with pytest.raises(ConfigurationError, match=sentence):
                measure_profiles(name, one, other)

    def test_profiles_counted_apart_are_refused(self) -> None:
        one, other = (build_reference(pd.DataFrame({"x": values})).columns["x"] for values in ([1, 2], [1, 3]))
        with pytest.raises(DataError, match="not counted alike"):
            measure_profiles("ks", one, other)

    def test_a_side_without_values_is_refused(self) -> None:
        one, other = profiles([1.0, 2.0], [None, None])
        with pytest.raises(ConfigurationError, match="psi needs values on both sides, there are 2 and 0"):
            measure_profiles("psi", one, other)
