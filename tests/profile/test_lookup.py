"""The three ways to look values up among edges against a plain loop, and against each other."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.profile.kernel import Block
from airflow_ml_monitor.profile.lookup import (
    LogarithmicLookup,
    Lookup,
    SortedLookup,
    SteppedLookup,
    lookup_for,
)

FINITE = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 2))
ANY = st.floats(-1e149, 1e149, allow_nan=False)


def block_of(values: Any, absent: list[int] | None = None) -> Block:
    array = np.array(values, dtype=float)
    return Block(array, array.min(initial=0.0), array.max(initial=0.0), np.array(absent or [], np.int64))


def lookups(edges: np.ndarray) -> list[Lookup]:
    low, high = float(edges[0]), float(edges[-1])
    found: list[Lookup] = [SortedLookup(edges), SteppedLookup(edges, low, high, 64)]
    return found if low < 0 < high else [*found, LogarithmicLookup(edges, low, high, 64)]


@given(st.lists(FINITE, max_size=60), st.lists(FINITE, min_size=2, max_size=12, unique=True))
def test_counts_and_sums_are_those_of_a_loop(values: list[float], among: list[float]) -> None:
    edges = sorted(among)
    bounds = [-np.inf, *edges, np.inf]
    inside = [[v for v in values if low < v < high] for low, high in pairwise(bounds)]
    for lookup in lookups(np.array(edges)):
        counts, sums = lookup.count(block_of(values))
        assert counts[1::2].tolist() == [values.count(edge) for edge in edges]
        assert counts[::2].tolist() == [len(found) for found in inside]
        assert sums[::2] == pytest.approx([sum(found) for found in inside], abs=1e-6)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@given(st.lists(ANY, max_size=40), st.lists(ANY, max_size=60, unique=True))
def test_the_lookup_chosen_counts_as_sorting_does_at_any_magnitude(values: list[float], among: list[float]) -> None:
    edges = np.unique(np.array(among, dtype=float))
    block = block_of([*values, *among])
    found, expected = lookup_for(edges).count(block), SortedLookup(edges).count(block)
    assert found[0].tolist() == expected[0].tolist()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.random.default_rng(0).normal(size=50_000), SteppedLookup),
        (np.random.default_rng(0).lognormal(0, 4, 50_000), LogarithmicLookup),
        (-np.random.default_rng(0).lognormal(0, 4, 50_000), LogarithmicLookup),
        (np.random.default_rng(0).normal(size=50_000) ** 15, SortedLookup),
    ],
    ids=["normal", "skewed", "skewed downwards", "skewed both ways"],
)
def test_the_lookup_that_spreads_the_edges_is_chosen(values: np.ndarray, kind: type[Lookup]) -> None:
    edges = np.unique(np.quantile(values, np.linspace(0, 1, 1025)))
    lookup = lookup_for(edges)
    assert type(lookup) is kind
    counts, sums = lookup.count(block_of(values))
    expected = SortedLookup(edges).count(block_of(values))
    assert counts.tolist() == expected[0].tolist()
    assert sums == pytest.approx(expected[1], rel=1e-9)


def test_the_values_stay_as_they_were() -> None:
    values, edges = np.array([3.0, -0.0, 1.0, 0.0, 2.0]), np.array([0.0, 1.0, 2.5])
    for lookup in lookups(edges):
        assert lookup.count(block_of(values))[0].tolist() == [0, 2, 0, 1, 1, 0, 1]
        assert values.tolist() == [3.0, 0.0, 1.0, 0.0, 2.0]


def test_absent_rows_are_not_counted() -> None:
    edges = np.array([0.0, 1.0, 2.5])
    for lookup in lookups(edges):
        counts, sums = lookup.count(block_of([3.0, 3.0, 1.0, 1.0, 2.0], absent=[1, 3]))
        assert (counts.tolist(), sums.tolist()) == ([0, 0, 0, 1, 1, 0, 1], [0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 3.0])
