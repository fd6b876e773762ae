"""SciPy's own distributions are the oracle."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from airflow_ml_monitor.performance.intervals import laws

SHARES = st.floats(1e-6, 1 - 1e-6)
FREEDOMS = st.floats(1.0, 1e7)


@given(SHARES, FREEDOMS)
def test_t_quantile(share: float, freedom: float) -> None:
    assert laws.t_quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-9, abs=1e-9)


@given(st.floats(0.5, 0.9999), st.floats(5.0, 1e8))
def test_t_quantile_of_an_interval_is_that_of_scipy_to_eleven_digits(share: float, freedom: float) -> None:
    assert laws.t_quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-11, abs=1e-15)


@pytest.mark.parametrize(("share", "freedom"), [(0.975, math.inf), (1 - 1e-12, 50.0), (1e-12, 1e6), (1.0, 9.0)])
def test_t_quantile_at_its_ends(share: float, freedom: float) -> None:
    assert laws.t_quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-9)


@given(st.integers(-1, 3000), st.integers(1, 3000))
def test_heads_at_most(heads: int, tosses: int) -> None:
    assert laws.heads_at_most(heads, tosses) == pytest.approx(stats.binom.cdf(heads, tosses, 0.5), rel=1e-9)


@pytest.mark.parametrize("tosses", [1, 2, 5, 6, 100, 101, 12_345, 10_000_000])
@pytest.mark.parametrize("share", [0.005, 0.025, 0.05, 0.4])
def test_heads_quantile(tosses: int, share: float) -> None:
    assert laws.heads_quantile(share, tosses) == stats.binom.ppf(share, tosses, 0.5)


@given(st.lists(st.integers(-3, 3).map(float) | st.floats(-1e6, 1e6), max_size=60))
def test_midranks(values: list[float]) -> None:
    assert laws.midranks(np.array(values)).tolist() == stats.rankdata(values).tolist()


@given(st.floats(-5, 5))
def test_root_of_a_line(place: float) -> None:
    assert laws.root_between(lambda x: x - place, -6.0, 6.0) == pytest.approx(place, abs=1e-15, rel=1e-15)
    assert laws.root_between(lambda x: place - x, -6.0, 6.0) == pytest.approx(place, abs=1e-15, rel=1e-15)


SCRIPT = """
import json, sys
import numpy as np, pandas as pd
from airflow_ml_monitor import AtLeast, evaluate_model
random = np.random.default_rng(1)
score = random.random(2000)
rows = pd.DataFrame({"id": range(2000), "score": score, "customer": random.integers(0, 200, 2000)})
labels = pd.DataFrame({"id": range(2000), "label": random.random(2000) < score})
report = evaluate_model(
    rows, labels, on="id", problem="binary", cluster="customer",
    expect=[AtLeast("roc_auc", 0.6), AtLeast("recall", 0.5)],
)
assert report.status == "pass", report.summary()
print(json.dumps([name for name in ("scipy.stats", "scipy.optimize", "sklearn") if name in sys.modules]))
"""


def test_a_verdict_on_a_model_loads_no_more_of_scipy() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == []
