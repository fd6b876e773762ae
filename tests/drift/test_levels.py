"""Two sides of a categorical column by level."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.drift.levels import Levels

COUNTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=30)


@given(COUNTS, st.integers(1, 6))
def test_the_largest_moves_come_first_and_equal_ones_in_their_order(counts: list[tuple[int, int]], most: int) -> None:
    one, other = np.array([*counts, (50, 60)]).T
    levels = Levels([f"level {place}" for place in range(len(one))], one, other)
    apart = np.abs(other / other.sum() - one / one.sum())
    order = [place for place in sorted(range(len(one)), key=lambda place: -apart[place])[:most] if apart[place] > 0]
    assert [(was, now) for _, was, now in levels.moves(most)] == [
        (one[place] / one.sum(), other[place] / other.sum()) for place in order
    ]
