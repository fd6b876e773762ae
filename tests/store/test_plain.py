from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.store.plain import plain_json, plain_text

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.dates() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters()) | st.integers(), inner)
        | st.frozensets(st.integers())
    ),
    max_leaves=10,
)


class TestPlainJson:
    @given(anything)
    def test_of_anything_is_strict_json(self, value: Any) -> None:
        plain = plain_json(value)
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain

    @given(anything)
    def test_again_changes_nothing(self, value: Any) -> None:
        plain = plain_json(value)
        assert plain_json(plain) == plain

    @pytest.mark.parametrize(
        ("value", "plain"),
        [
            (float("nan"), "nan"),
            (float("-inf"), "-inf"),
            (1e23, 99_999_999_999_999_991_611_392),
            ((1, 2), [1, 2]),
            ({1: "a"}, {"1": "a"}),
            (datetime(2013, 2, 4, tzinfo=UTC), "2013-02-04 00:00:00+00:00"),
        ],
    )
    def test_of_what_json_does_not_know(self, value: Any, plain: Any) -> None:
        assert plain_json(value) == plain


class TestPlainText:
    @given(st.text(st.characters()))
    def test_encodes_and_holds_no_nul(self, text: str) -> None:
        assert b"\x00" not in plain_text(text).encode()

    @given(st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))))
    def test_leaves_other_texts_alone(self, text: str) -> None:
        assert plain_text(text) == text
