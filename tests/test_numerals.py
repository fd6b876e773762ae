"""Numbers in sentences: short, and never so short that they mislead."""

from __future__ import annotations

import pytest

from airflow_ml_monitor import numerals


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "none"),
        (0.123456, "0.1235"),
        (9_999.6, "10,000"),
        (1_234.5678, "1,235"),
        (123_456_789.4, "123,456,789"),
        (-12_345.6, "-12,346"),
        (1e20, "1e+20"),
    ],
)
def test_a_number_has_four_digits_and_all_before_its_point(value: float | None, shown: str) -> None:
    assert numerals.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.1153, "0.115"), (0.12, "0.120"), (0.10004, "0.10004"), (0.1, "0.100"), (0.09996, "0.09996")]
)
def test_decimals_are_added_until_a_value_is_told_from_its_limit(value: float, shown: str) -> None:
    assert numerals.fixed(value, 0.1, 3) == shown


def test_p_is_told_from_an_alpha_of_ones_own() -> None:
    assert (numerals.p_value(0.01004, 0.01), numerals.p_value(0.01004)) == ("0.01004", "0.01")


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0 %"), (0.04712, "4.71 %"), (1e-6, "0.0001 %"), (0.9997, "99.97 %"), (1.0, "100 %"), (1.5, "150 %")],
)
def test_less_than_all_never_reads_as_all(share: float, shown: str) -> None:
    assert numerals.percent(share) == shown
