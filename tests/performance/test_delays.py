"""The delay of labels learnt while many are still awaited, against SciPy, a known truth, and by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from airflow_ml_monitor import Window
from airflow_ml_monitor.data import Frame
from airflow_ml_monitor.data.frame import InMemory
from airflow_ml_monitor.errors import ConfigurationError, NoRowsError
from airflow_ml_monitor.performance.delays import DelayCurve, label_outage, learn_delay
from airflow_ml_monitor.results import Status

DAY = 86_400.0
waits = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60)


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")
@settings(max_examples=150)
@given(waits)
def test_is_scipys(rows: list[tuple[int, bool]]) -> None:
    seconds, came = (np.array(column) for column in zip(*rows, strict=True))
    if not came.any():
        return
    curve = DelayCurve.of(seconds, came, confidence=0.9)
    theirs = stats.ecdf(stats.CensoredData(uncensored=seconds[came], right=seconds[~came])).cdf
    at = np.arange(0, 21)
    np.testing.assert_allclose(curve.expected(at), theirs.evaluate(at), atol=1e-12)
    with np.errstate(all="ignore"):
        band = theirs.confidence_interval(0.9, method="log-log")
    for mine, other in ((curve.lower, band.low), (curve.upper, band.high)):
        expected = other.evaluate(curve.ages)
        told = (curve.shares < 1) & np.isfinite(expected)
        np.testing.assert_allclose(mine[told], expected[told], atol=1e-9)


def test_knows_the_truth_of_which_the_labels_seen_are_the_quick_ones() -> None:
    rng = np.random.default_rng(1)
    took, waited = rng.exponential(50 * DAY, 20_000), rng.uniform(0, 90 * DAY, 20_000)
    curve = DelayCurve.of(np.minimum(took, waited), took <= waited)
    truth = 50 * np.log(2)
    median = curve.quantile(0.5)
    assert median is not None
    assert median / timedelta(days=1) == pytest.approx(truth, rel=0.03)
    assert np.median(took[took <= waited]) / DAY < 0.7 * truth


def test_its_band_covers_the_share_as_often_as_it_says() -> None:
    rng, at, inside = np.random.default_rng(2), timedelta(days=20), 0
    truth = 1 - np.exp(-20 / 30)
    for _ in range(400):
        took, waited = rng.exponential(30 * DAY, 150), rng.uniform(0, 60 * DAY, 150)
        low, high = DelayCurve.of(np.minimum(took, waited), took <= waited).share(at)
        inside += low <= truth <= high
    assert 0.92 <= inside / 400 <= 0.98


class TestQuantile:
    def test_is_not_identified_where_too_few_have_come(self) -> None:
        curve = DelayCurve.of([1 * DAY, 2 * DAY, *[10 * DAY] * 8], [True, True, *[False] * 8])
        assert curve.quantile(0.1) == timedelta(days=1)
        assert curve.quantile(0.5) is None
        assert "when 50 % of them have one is not identified: it is 20 % after 10 days" in str(curve)
        with pytest.raises(NoRowsError, match=r"95 % .* not identified"):
            curve.require(0.95)

    def test_of_labels_that_all_came_is_their_own(self) -> None:
        curve = DelayCurve.of(np.arange(1, 101) * DAY, np.ones(100, dtype=bool))
        assert [curve.require(share) / timedelta(days=1) for share in (0.5, 0.9)] == [50, 90]
        assert curve.expected([0, 100 * DAY, 999 * DAY]).tolist() == [0, 1, 1]

    @pytest.mark.parametrize("share", [0, 1, 1.5])
    def test_of_no_share_is_refused(self, share: float) -> None:
        with pytest.raises(ConfigurationError, match="between 0 and 1"):
            DelayCurve.of([1.0], [True]).quantile(share)


START = datetime(2024, 1, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=10))


def history() -> tuple[Frame, Frame]:
    """Ten predictions, a day apart: one void, two never labelled; the labels of the others come after three days."""
    at = [START + timedelta(days=day) for day in range(10)]
    void = [day == 4 for day in range(10)]
    predictions = pd.DataFrame({"id": range(10), "at": at, "void": void})
    came = [day for day in range(10) if day not in (0, 1)]
    labels = pd.DataFrame({"id": came, "label": 1, "arrived_at": [at[day] + timedelta(days=3) for day in came]})
    again = labels.assign(arrived_at=labels["arrived_at"] + timedelta(days=1), label=0)
    both = pd.concat([labels, again])
    return Frame(InMemory(predictions), time_column="at"), Frame(InMemory(both), arrived_at_column="arrived_at")


def test_is_learnt_from_first_labels_and_from_what_is_awaited() -> None:
    curve = learn_delay(*history(), windows=WINDOW, on="id", void="void", as_of=START + timedelta(days=8, hours=12))
    # As of then nine predictions were made, one of them void; of days 2, 3 and 5 the label had come.
    assert (curve.predictions, curve.labelled) == (8, 3)
    assert curve.ages.tolist() == [3 * DAY]
    # At three days, days 0 to 3 and 5 had been waited for so long: three of five came then.
    assert curve.shares.tolist() == [pytest.approx(3 / 5)]


@pytest.mark.parametrize(("side", "said"), [(0, "needs time_column="), (1, "needs arrived_at_column=")])
def test_datasets_that_do_not_tell_when_are_refused(side: int, said: str) -> None:
    datasets: list[Any] = list(history())
    datasets[side] = datasets[side].open().to_pandas()
    with pytest.raises(ConfigurationError, match=said):
        learn_delay(*datasets, windows=WINDOW, on="id")


class TestOutage:
    def curve(self) -> DelayCurve:
        took = np.random.default_rng(3).exponential(10 * DAY, 5_000)
        return DelayCurve.of(np.minimum(took, 60 * DAY), took <= 60 * DAY)

    def test_is_noticed_when_labels_stay_away(self) -> None:
        ages = np.full(1_000, 10 * DAY)
        found = label_outage(self.curve(), ages, 400)
        assert found.status is Status.FAIL
        assert found.limits.lower == pytest.approx(1_000 * (1 - np.exp(-1)), rel=0.08)
        assert "400 of 1,000 predictions have a label" in found.message

    def test_is_not_claimed_where_labels_are_only_not_due(self) -> None:
        assert label_outage(self.curve(), np.zeros(1_000), 0).status is Status.PASS

    def test_is_rarely_claimed_where_there_is_none(self) -> None:
        rng, curve = np.random.default_rng(4), self.curve()
        claimed = 0
        for _ in range(500):
            ages = rng.uniform(0, 30 * DAY, 300)
            claimed += label_outage(curve, ages, int((rng.exponential(10 * DAY, 300) <= ages).sum())).status != "pass"
        assert claimed / 500 <= 0.05
