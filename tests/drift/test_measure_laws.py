"""What each method must keep: symmetry, a distance of 0 from itself, changes of unit, the order and number of rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.drift import measure, method_names
from airflow_ml_monitor.drift.registry import find_method
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.profile.kinds import Kind

NUMBERS = st.lists(st.floats(-1000, 1000).map(lambda value: round(value, 1)), min_size=6, max_size=25)
COLUMN = [name for name in method_names() if find_method(name).takes != "rows"]
ON_NUMBERS = [name for name in COLUMN if find_method(name).takes == "numbers"]
ON_LEVELS = [name for name in COLUMN if name not in ON_NUMBERS]
TWO_LEVELS = ("z_proportions", "fisher_exact")
ONE_SIDED = ("psi", "kl", "wasserstein_normed")
"""Those that take the reference for the scale or have its bins."""
RANKS = ("ks", "mann_whitney", "anderson_darling", "cramer_von_mises")
BY_UNIT = ("wasserstein", "wasserstein_normed", "t_test", "epps_singleton", "energy", "mmd")


def effect(name: str, one: object, other: object) -> float | None:
    """Return the effect; nothing of samples that the method refuses."""
    try:
        found = measure(name, one, other)
    except ConfigurationError:
        return None
    assert math.isfinite(found.value)
    assert found.p_value is not None
    assert 0.0 <= found.p_value <= 1.0
    return find_method(name).effect(found)


@pytest.mark.parametrize("name", COLUMN)
@settings(max_examples=15)
@given(values=NUMBERS)
def test_a_sample_is_no_distance_from_itself_in_any_order(name: str, values: list[float]) -> None:
    found = effect(name, values, sorted(values))
    assert found is None or found == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("name", [name for name in COLUMN if name not in ONE_SIDED])
@settings(max_examples=15)
@given(one=NUMBERS, other=NUMBERS)
def test_the_two_sides_may_change_places(name: str, one: list[float], other: list[float]) -> None:
    if len(set(one)) < 2 or len(set(other)) < 2:
        return
    forth, back = effect(name, one, other), effect(name, other, one)
    if name in ("wasserstein", "energy") and forth is not None and back is not None:
        forth, back = measure(name, one, other).value, measure(name, other, one).value
    assert back == forth if forth is None else back == pytest.approx(forth, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", ["ks", "tvd", "energy", "cramer_von_mises", "hellinger", "l_infinity"])
def test_the_evidence_does_not_depend_on_which_side_is_the_reference(name: str) -> None:
    random = np.random.default_rng(5)
    one, other = random.integers(0, 9, 60), random.integers(1, 10, 45)
    assert measure(name, one, other).p_value == pytest.approx(measure(name, other, one).p_value, rel=1e-9)


@pytest.mark.parametrize("name", [*RANKS, *BY_UNIT])
@settings(max_examples=15)
@given(one=NUMBERS, other=NUMBERS, factor=st.floats(0.5, 20), offset=st.floats(-50, 50))
def test_a_change_of_unit_changes_no_effect(
    name: str, one: list[float], other: list[float], factor: float, offset: float
) -> None:
    if np.std(one) < 0.1:
        return
    moved = [[value * factor + offset for value in values] for values in (one, other)]
    before, after = effect(name, one, other), effect(name, *moved)
    assert after == before if before is None else after == pytest.approx(before, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", RANKS)
@given(one=NUMBERS, other=NUMBERS)
@settings(max_examples=15)
def test_an_increasing_change_changes_nothing(name: str, one: list[float], other: list[float]) -> None:
    moved = [[math.copysign(abs(value) ** 1.5, value) for value in values] for values in (one, other)]
    assert measure(name, *moved)[:2] == pytest.approx(measure(name, one, other)[:2], rel=1e-9)


@pytest.mark.parametrize("name", [*RANKS, "energy", "wasserstein"])
@given(one=NUMBERS, other=NUMBERS)
@settings(max_examples=15)
def test_order_may_be_turned_around(name: str, one: list[float], other: list[float]) -> None:
    turned = effect(name, [-value for value in one], [-value for value in other])
    assert turned == pytest.approx(effect(name, one, other), abs=1e-9)


@pytest.mark.parametrize("name", [name for name in ON_LEVELS if name not in TWO_LEVELS])
@given(st.lists(st.sampled_from("abcde"), min_size=3, max_size=30), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_names_of_levels_do_not_matter(name: str, levels: list[str], random: object) -> None:
    other = [*levels[: len(levels) // 2], "f"]
    swapped = str.maketrans("abcdef", "fdeacb")
    renamed = [[level.translate(swapped) for level in side] for side in (levels, other)]
    # Some are square roots: where the distance is 0, a rounding of 1e-16 is one of 1e-8.
    assert measure(name, *renamed).value == pytest.approx(measure(name, levels, other).value, abs=1e-7)


@pytest.mark.parametrize("name", COLUMN)
def test_effects_do_not_grow_with_the_rows(name: str) -> None:
    one, other = [0.0] * 60 + [1.0] * 40, [0.0] * 50 + [1.0] * 50
    once = effect(name, one, other)
    tenfold = effect(name, one * 10, other * 10)
    assert once is not None
    assert tenfold == pytest.approx(once, rel=0.45)
    assert (measure(name, one * 10, other * 10).p_value or 0.0) < (measure(name, one, other).p_value or 1.0)


@pytest.mark.parametrize("name", COLUMN)
def test_neither_the_samples_nor_numpys_random_state_are_touched(name: str) -> None:
    one, other = np.arange(40.0) % 2, np.arange(60.0) % 2
    kept, state = (one.copy(), other.copy()), np.random.get_state()[1].copy()
    effect(name, one, other)
    assert np.array_equal(one, kept[0])
    assert np.array_equal(other, kept[1])
    assert np.array_equal(state, np.random.get_state()[1])


NASTY = {
    "one row": ([1.0], [2.0]),
    "one row against many": (list(range(40)), [7.0]),
    "constant": ([3.0] * 40, [3.0] * 30),
    "constant but for rounding": ([0.1] * 3, [0.1] * 7),
    "two constants": ([3.0] * 40, [4.0] * 30),
    "woke up": ([3.0] * 40, list(range(30))),
    "fell asleep": (list(range(40)), [3.0] * 30),
    "missing": ([math.nan, 1.0, None] * 10, [None, 2.0] * 10),
    "infinite": ([math.inf, 1.0, 2.0] * 10, [-math.inf, 1.0] * 10),
    "huge": ([1e149, -1e149] * 20, [1e140] * 20),
    "tiny": ([1e-310, 2e-310] * 20, [3e-310] * 20),
    "far from zero": ([1e15 + i for i in range(40)], [1e15 + 2 * i for i in range(40)]),
}


@pytest.mark.parametrize("name", COLUMN)
@pytest.mark.parametrize("samples", NASTY.values(), ids=list(NASTY))
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_hard_samples_give_finite_numbers_or_a_sentence(name: str, samples: tuple[list[float], list[float]]) -> None:
    found = effect(name, *samples)
    assert found is None or math.isfinite(found)


@pytest.mark.parametrize("name", COLUMN)
def test_a_policy_may_choose_a_method_for_some_kind(name: str) -> None:
    kinds = find_method(name).kinds
    assert set(kinds) <= {Kind.NUMERIC, Kind.DATETIME, Kind.CATEGORICAL, Kind.BOOLEAN}
    assert kinds
