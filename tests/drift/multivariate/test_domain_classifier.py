"""The domain classifier: against the area that is known, by chance alone, and what drives it."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from airflow_ml_monitor.drift import measure
from airflow_ml_monitor.drift.multivariate.domain_classifier import _area, domain_classifier, told_apart
from airflow_ml_monitor.drift.multivariate.features import Features, read_features
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance.intervals.auc import components
from tests.drift.multivariate.made_rows import moved, relation_turned, split


def read(reference: pa.Table | np.ndarray, current: pa.Table | np.ndarray) -> Features:
    return read_features(reference, current, most_rows=20_000)


class TestArea:
    @pytest.mark.parametrize("decimals", [0, 8])
    def test_it_is_scikit_learn_s_with_delong_s_variance(self, decimals: int) -> None:
        random = np.random.default_rng(1)
        y, score = np.arange(80) < 30, np.round(random.normal(size=80), decimals)
        found = _area(y, score)
        assert found.value == pytest.approx(roc_auc_score(y, score))
        assert found.variance == pytest.approx(sum(part.var(ddof=1) / len(part) for part in components(y, score)))


@pytest.mark.parametrize("shift", [0.5, 1.5])
def test_the_area_of_two_normals_is_found(shift: float) -> None:
    random = np.random.default_rng(2)
    found = told_apart(read(random.normal(size=(3_000, 1)), random.normal(shift, 1, (3_000, 1))))
    truth = NormalDist().cdf(shift / np.sqrt(2))
    assert found.value == pytest.approx(truth, abs=0.02)
    assert found.interval is not None
    assert found.interval.lower < truth < found.interval.upper
    assert found.effect == found.value - 0.5


def test_a_relation_that_turned_is_found_and_driven_by_its_columns() -> None:
    one, other = relation_turned(1_000, 3)
    found = told_apart(read(one, other))
    assert found.value > 0.75
    assert found.p_value < 1e-20
    assert set(list(found.drivers)[:2]) == {"x0", "x1"}
    assert max(measure("ks", one.column(name), other.column(name)).value for name in one.column_names) == 0.0


def test_the_columns_that_moved_drive_it_with_most_of_the_area() -> None:
    one, other = split(1_000, 4)
    found = told_apart(read(one, moved(other, ["normal 2"], 1.0)))
    (name, lost), *others = found.drivers.items()
    assert name == "normal 2"
    assert 0.15 < lost < 0.3
    assert max((lost for _, lost in others), default=0.0) < 0.03
    assert "driven by normal 2 (0." in found.told


def test_levels_that_moved_are_found() -> None:
    one, other = (pa.table({"x": names, "y": np.arange(400.0) % 7}) for names in (["a", "b"] * 200, ["a", "c"] * 200))
    found = told_apart(read(one, other))
    assert found.value == pytest.approx(0.875, abs=0.03)
    assert next(iter(found.drivers)) == "x"


def test_sides_that_have_nothing_in_common_are_told_apart_wholly() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(60, 2))
    found = told_apart(read(rows, rows + 100))
    assert found.value > 0.98
    assert found.interval is not None
    assert 0.9 < found.interval.lower < found.interval.upper == 1.0


def test_sides_of_unequal_size_are_told_apart_as_well() -> None:
    random = np.random.default_rng(1)
    found = domain_classifier(random.normal(size=(4_000, 3)), random.normal(0.8, 1, (150, 3)))
    assert found.value > 0.75
    assert (found.n_reference, found.n_current) == (4_000, 150)


def test_equal_input_gives_an_equal_result() -> None:
    one, other = split(150, 5)
    assert domain_classifier(one, other) == domain_classifier(one, other)


def test_by_chance_alone_it_rejects_no_more_often_than_promised() -> None:
    found = []
    for seed in range(20):
        one, other = (table.select(["normal 0", "counts", "few"]) for table in split(100, seed))
        found.append(domain_classifier(one, other))
    assert np.mean([each.value for each in found]) == pytest.approx(0.5, abs=0.025)
    # 4 of 20 or more have a probability of 1.6 % at a rate of 5 %; folds taken as independent reject 12 % and more.
    assert sum((each.p_value or 0.0) <= 0.05 for each in found) < 4


def test_increasing_transformations_of_a_column_change_nothing() -> None:
    one, other = (np.random.default_rng(side).normal(side, 1, (60, 2)) for side in (0, 1))
    assert domain_classifier(np.exp(one), np.exp(other)) == domain_classifier(one, other)


def test_too_few_rows_and_no_columns_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 10 rows on both sides, there are 9 and 50"):
        domain_classifier(np.arange(9.0)[:, None], np.arange(50.0)[:, None])
    with pytest.raises(ConfigurationError, match="x is left out .constant."):
        domain_classifier(pa.table({"x": [1] * 20}), pa.table({"x": [1] * 20}))
