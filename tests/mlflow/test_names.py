"""Names that MLflow takes."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.mlflow.names import LONGEST, joined

PARTS = st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=4)
NAMES = st.lists(st.text(alphabet="ab/_. \n", min_size=1, max_size=3), min_size=1, max_size=2)


def test_what_is_legal_stays_as_it_is() -> None:
    assert joined("drift", "Größe in m", "distribution.ks") == "drift/Größe in m/distribution.ks"


def test_a_wrong_character_is_replaced_and_marked() -> None:
    assert joined("drift", "air/time", "ks") == "drift/air_time-c45c0334/ks"


@given(PARTS)
def test_every_name_is_one_that_mlflow_takes(parts: list[str]) -> None:
    name = joined(*parts)
    assert re.fullmatch(r"[\w.\- /]{1,250}", name)
    assert not {"", ".", ".."} & set(name.split("/"))


@given(NAMES, NAMES)
def test_different_parts_have_different_names(one: list[str], other: list[str]) -> None:
    assert (joined(*one) == joined(*other)) == (one == other)


def test_long_names_are_cut_and_still_differ() -> None:
    one, other = joined("drift", "x" * 300 + "a"), joined("drift", "x" * 300 + "b")
    assert len(one) == len(other) == LONGEST
    assert one != other
