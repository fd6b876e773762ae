"""Every number a message shows is near the truth, or worded as a bound."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_ml_monitor.drift import detect_drift
from airflow_ml_monitor.profile import NumericProfile, build_reference, profile_like
from airflow_ml_monitor.profile.quantiles import quantile, quantile_bounds

RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.normal(100, 10, 20_000)
REFERENCE = build_reference(pd.DataFrame({"x": NORMAL}))
QUANTILES = {"median": 0.5, "5th percentile": 0.05, "95th": 0.95}


def sentence(current: np.ndarray) -> str:
    found = [r for r in detect_drift(REFERENCE, pd.DataFrame({"x": current})).results if r.metric == "ks"]
    return found[0].message


def numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in re.findall(r"-?[\d,]*\.?\d+(?:e[-+]\d+)?", text)]


def told(message: str, name: str) -> list[float]:
    """Return the number, or the two bounds, of the current side."""
    together = re.search(r"-> all (between .*)$", message)
    alone = re.search(rf"{name} \S+ -> (between \S+ and \S+|[^\s,]+(?:,\d+)*)", message)
    found = together or alone
    assert found is not None, message
    return numbers(found[1])


@pytest.mark.parametrize(
    "current",
    [NORMAL * 1000, NORMAL + 60, NORMAL - 60, NORMAL + 5, NORMAL / 1000, -NORMAL, np.full(500, 250.0), NORMAL],
    ids=["unit", "far up", "far down", "a little", "small unit", "sign", "constant", "same"],
)
def test_quantiles_are_true_or_bounds(current: np.ndarray) -> None:
    message = sentence(current)
    for name, share in QUANTILES.items():
        truth, shown = float(np.quantile(current, share)), told(message, name)
        if len(shown) == 1:
            assert shown[0] == pytest.approx(truth, rel=0.02)
        else:
            assert shown[0] <= truth * (1 + 1e-3 * np.sign(truth))
            assert truth <= shown[1] + 1e-3 * abs(shown[1])
    mean = re.match(r"mean \S+ -> ([-\d,.e]+)", message)
    assert mean is not None
    assert numbers(mean[1].rstrip(",")) == [pytest.approx(current.mean(), rel=1e-3)]


def test_a_unit_change_is_told_by_its_mean_and_one_pair_of_bounds() -> None:
    assert re.fullmatch(
        r"mean 100 -> (?:99|100),\d{3}, median 99\.\d+, 5th percentile 83\.\d+, 95th 116\.\d+ "
        r"-> all between \d\d,\d{3} and 1\d\d,\d{3}",
        sentence(NORMAL * 1000),
    )


VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)


@settings(max_examples=60)
@given(VALUES, VALUES, st.floats(0.001, 0.999))
def test_the_bounds_hold_the_quantile(reference: list[float], current: list[float], share: float) -> None:
    start = build_reference(pd.DataFrame({"x": reference}))
    column = profile_like(start, pd.DataFrame({"x": current})).columns["x"]
    assert isinstance(column, NumericProfile)
    bounds = quantile_bounds(column, share)
    assert bounds is not None
    truth = float(np.quantile(current, share, method="inverted_cdf"))
    slack = 1e-9 * max(1.0, abs(truth))
    assert bounds[0] - slack <= truth <= bounds[1] + slack
    shown = quantile(column, share)
    width = column.edges.high - column.edges.low
    assert shown is None or abs(shown - truth) <= max(0.011 * abs(truth), 0.0011 * width, slack)
