"""Comparison of two models: proven, not proven, refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.performance import Segment, compare_models
from airflow_ml_monitor.results import CheckResult, Report, Severity, Status
from tests.checks import check
from tests.performance.scored import START, asked, made, scored, told


def noisier(predictions: pd.DataFrame, by: float, seed: int = 1) -> pd.DataFrame:
    noise = by * np.random.default_rng(seed).standard_normal(len(predictions))
    odds = np.log(predictions["score"] / (1 - predictions["score"])) + noise
    return predictions.assign(score=1 / (1 + np.exp(-odds)))


def compared(old: pd.DataFrame, new: pd.DataFrame, labels: pd.DataFrame, **kwargs: Any) -> Report:
    return compare_models(made(old), made(new), told(labels), **asked(**({"metric": "log_loss"} | kwargs)))


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc", "accuracy"])
def test_a_better_challenger_is_proven(metric: str) -> None:
    good, labels = scored()
    assert compared(noisier(good, 3.0), good, labels, metric=metric).status is Status.PASS


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc", "accuracy"])
def test_a_worse_challenger_is_refused(metric: str) -> None:
    good, labels = scored()
    assert compared(good, noisier(good, 3.0), labels, metric=metric).status is Status.FAIL


def test_the_same_model_is_not_proven_better() -> None:
    good, labels = scored()
    assert compared(good, good, labels).status in (Status.INSUFFICIENT, Status.FAIL)


def test_a_hardly_different_one_is_not_proven_and_says_what_is_seen() -> None:
    good, labels = scored(100)
    report = compared(noisier(good, 0.5, seed=2), noisier(good, 0.5, seed=3), labels)
    assert report.status is Status.INSUFFICIENT
    assert "not proven better" in check(report, "log_loss").message


def test_no_worse_by_a_margin_is_proven_where_better_is_not() -> None:
    good, labels = scored()
    report = compared(good, noisier(good, 0.2), labels, metric="roc_auc", goal="non_inferiority", margin=0.05)
    assert report.status is Status.PASS


def test_the_same_model_is_no_worse_even_without_a_margin() -> None:
    good, labels = scored()
    assert compared(good, good, labels, goal="non_inferiority").status is Status.PASS


def test_a_challenger_that_answers_only_where_it_is_sure_is_refused() -> None:
    good, labels = scored()
    sure = good[(good["score"] - 0.5).abs() > 0.3]
    report = compared(noisier(good, 1.0), sure, labels)
    assert report.status is Status.FAIL
    assert check(report, "pairs").value == len(good) - len(sure)


def test_a_challenger_without_a_usable_answer_is_unpaired() -> None:
    good, labels = scored()
    broken = good.assign(score=good["score"].where(good["id"] != 5))
    report = compared(noisier(good, 3.0), broken, labels)
    assert (check(report, "pairs").status, check(report, "pairs").value) == (Status.FAIL, 1.0)


def test_too_few_labels_prove_nothing_where_a_share_is_asked_for() -> None:
    good, labels = scored()
    report = compared(noisier(good, 3.0), good, labels[:899], min_completeness=0.9)
    assert (report.status, check(report, "completeness").status) == (Status.INSUFFICIENT, Status.INSUFFICIENT)


def test_what_no_missing_label_can_turn_is_proven_by_as_many_as_there_are() -> None:
    good, labels = scored()
    report = compared(noisier(good, 3.0), good, labels[:899])
    assert (report.status, check(report, "completeness").value) == (Status.PASS, 0.899)


def test_the_other_metrics_are_told_and_decide_nothing() -> None:
    good, labels = scored()
    told_of = check(compared(noisier(good, 3.0), good, labels), "roc_auc")
    asked_for = check(compared(noisier(good, 3.0), good, labels, metric="roc_auc"), "roc_auc")
    assert (told_of.value, told_of.interval, told_of.severity) == (asked_for.value, asked_for.interval, Severity.INFO)


def test_the_order_of_the_rows_does_not_matter() -> None:
    good, labels = scored()
    old = noisier(good, 1.0)
    mixed = good.sample(frac=1, random_state=4)
    here, there = (check(compared(old, new, labels), "log_loss") for new in (good, mixed))
    assert (here.value, here.interval) == (pytest.approx(there.value), pytest.approx(there.interval))


def test_models_that_name_different_classes_are_compared() -> None:
    labels = pd.DataFrame({"id": range(90), "label": ["a", "b", "c"] * 30, "arrived_at": START})
    old = pd.DataFrame({"id": range(90), "at": START, "prediction": "a"})
    new = old.assign(prediction=[*labels["label"][:-1], "0"])
    report = compared(old, new, labels, problem="multiclass", metric="accuracy")
    assert report.status is Status.PASS


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"goal": "best"}, "goal='best'"),
        ({"margin": -1.0}, "margin=-1.0"),
        ({"metric": "predicted_share"}, "no better side"),
        ({"min_completeness": 0.0}, "min_completeness=0.0"),
    ],
)
def test_what_cannot_be_compared_is_refused(changed: dict[str, Any], sentence: str) -> None:
    good, labels = scored(10)
    with pytest.raises(ConfigurationError, match=sentence):
        compared(good, good, labels, **changed)


def test_labels_of_one_class_prove_nothing() -> None:
    good, labels = scored()
    lower = good.assign(score=good["score"] / 2)
    report = compared(good, lower, labels.assign(label=0))
    assert (report.status, check(report, "log_loss").status) == (Status.INSUFFICIENT, Status.INSUFFICIENT)
    assert "all 1,000 labels are negative" in check(report, "log_loss").message


def test_answers_that_cannot_be_used_are_told_with_the_reason() -> None:
    good, labels = scored()
    report = compared(good, good.assign(score=good["score"].where(good["id"] != 5, 7.0)), labels)
    assert "1 by the champion only; let both" in check(report, "pairs").message
    assert "not usable of the challenger: 1 with score outside [0, 1]" in check(report, "pairs").message


def test_a_challenger_that_answered_twice_is_told_of() -> None:
    good, labels = scored()
    report = compared(noisier(good, 3.0), pd.concat([good, good[:3]]), labels)
    assert [one.value for one in report.results if one.label == "duplicate_predictions[challenger]"] == [3.0]


def with_hidden_labels(labels: pd.DataFrame, hidden: int) -> pd.DataFrame:
    return labels.iloc[hidden:]


def test_a_proof_holds_whatever_the_few_missing_labels_are() -> None:
    good, labels = scored()
    report = compared(noisier(good, 3.0), good, with_hidden_labels(labels, 3))
    assert report.status is Status.PASS
    assert "whatever the 3 missing labels are" in check(report, "log_loss").message


def test_nothing_is_proven_that_the_missing_labels_could_undo() -> None:
    good, labels = scored()
    champion = noisier(good, 0.7)
    assert compared(champion, good, labels).status is Status.PASS
    report = compared(champion, good, with_hidden_labels(labels, 90))
    assert check(report, "completeness").status is Status.PASS
    assert check(report, "log_loss").status is Status.INSUFFICIENT
    said = check(report, "log_loss")
    assert "with the 90 missing labels at their worst for it" in said.message
    assert f"about {said.detail['labels_needed']} more" in said.message


def test_nothing_is_refused_that_the_missing_labels_could_undo() -> None:
    good, labels = scored()
    assert check(compared(good, noisier(good, 0.7), labels), "log_loss").status is Status.FAIL
    assert check(compared(good, noisier(good, 0.7), labels.iloc[400:]), "log_loss").status is Status.INSUFFICIENT


@pytest.mark.parametrize("metric", ["average_precision", "ks"])
def test_a_metric_without_a_worst_case_waits_or_goes_by_a_share_that_is_enough(metric: str) -> None:
    good, labels = scored()
    how = (noisier(good, 3.0), good, with_hidden_labels(labels, 3))
    waits, enough = (compared(*how, metric=metric, min_completeness=share) for share in (None, 0.9))
    assert (waits.status, enough.status) == (Status.INSUFFICIENT, Status.PASS)
    assert f"3 of 1,000 labels are missing, and {metric} has no worst case" in check(waits, metric).message
    assert "by the labels that are known, 3 of 1,000 are missing" in check(enough, metric).message


def test_a_share_that_is_asked_for_is_asked_of_each_segment() -> None:
    champion, challenger, labels = of_carriers(spoiled=0.0)
    hidden = labels[~((champion["carrier"] == "B6") & (labels["id"] % 16 == 0))]
    segments = Segment("carrier", required=True)
    report = compared(champion, challenger, hidden, segments=segments, segment_margin=0.05, min_completeness=0.9)
    assert statuses(report) == {None: Status.PASS, "carrier=UA": Status.PASS, "carrier=B6": Status.INSUFFICIENT}
    assert "188 of 375 labels are missing, at least 90 % must be known" in of_segment(report, "carrier=B6").message


def of_carriers(*, spoiled: float) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return a champion, a challenger that is better, but of one carrier noisier by that much, and the labels."""
    good, labels = scored(3000)
    good["carrier"] = np.where(np.arange(len(good)) % 8 == 0, "B6", "UA")
    worse = noisier(good, spoiled, seed=5)
    champion = noisier(good, 1.5)
    return champion, good.assign(score=worse["score"].where(good["carrier"] == "B6", good["score"])), labels


def vetoed(spoiled: float, *, required: bool, margin: float = 0.05, **kwargs: Any) -> Report:
    segments = Segment("carrier", required=required)
    return compared(*of_carriers(spoiled=spoiled), segments=segments, segment_margin=margin, **kwargs)


def statuses(report: Report) -> dict[str | None, Status]:
    return {one.segment: one.status for one in report.results if one.check == "log_loss"}


def test_a_challenger_that_is_worse_in_a_required_segment_is_vetoed() -> None:
    report = vetoed(4.0, required=True)
    assert statuses(report) == {None: Status.PASS, "carrier=UA": Status.PASS, "carrier=B6": Status.FAIL}
    assert (report.status, [one.segment for one in report.reasons]) == (Status.FAIL, ["carrier=B6"])


def test_one_that_is_better_everywhere_passes() -> None:
    assert vetoed(0.0, required=True).status is Status.PASS


def test_a_segment_that_is_not_required_is_told() -> None:
    report = vetoed(4.0, required=False)
    assert (report.status, statuses(report)["carrier=B6"]) == (Status.PASS, Status.FAIL)


def test_what_is_not_proven_in_a_required_segment_is_not_deployed() -> None:
    champion, challenger, labels = of_carriers(spoiled=0.0)
    champion.loc[:19, "carrier"] = "DL"
    segments = Segment("carrier", required=True)
    report = compared(champion, challenger, labels, segments=segments, segment_margin=0.05)
    assert (report.status, statuses(report)["carrier=DL"]) == (Status.INSUFFICIENT, Status.INSUFFICIENT)
    named = Segment("carrier", levels=["UA", "B6"], required=True)
    assert compared(champion, challenger, labels, segments=named, segment_margin=0.05).status is Status.PASS


def test_the_number_of_levels_is_counted() -> None:
    champion, challenger, labels = of_carriers(spoiled=0.0)
    one, two = (
        of_segment(
            compared(champion, challenger, labels, segments=Segment("carrier", levels=levels), segment_margin=0.1),
            "carrier=B6",
        )
        for levels in (["B6"], ["B6", "UA"])
    )
    assert one.value == two.value
    assert two.interval is not None
    assert one.interval is not None
    assert two.interval.lower < one.interval.lower < one.interval.upper < two.interval.upper


def of_segment(report: Report, name: str) -> CheckResult:
    (found,) = [one for one in report.results if one.segment == name and one.check == "log_loss"]
    return found


def test_the_missing_labels_of_a_segment_are_at_their_worst() -> None:
    champion, challenger, labels = of_carriers(spoiled=0.0)
    hidden = labels[~((champion["carrier"] == "B6") & (labels["id"] % 16 == 0))]
    segments = Segment("carrier", required=True)
    report = compared(champion, challenger, hidden, segments=segments, segment_margin=0.0)
    assert statuses(report)["carrier=B6"] is Status.INSUFFICIENT
    assert "missing labels at their worst" in of_segment(report, "carrier=B6").message


@pytest.mark.parametrize(
    ("given", "sentence"),
    [({"segments": "carrier"}, "needs segment_margin="), ({"segment_margin": 0.1}, "needs segments=")],
)
def test_segments_and_their_margin_go_together(given: dict[str, Any], sentence: str) -> None:
    good, labels = scored(10)
    with pytest.raises(ConfigurationError, match=sentence):
        compared(good, good, labels, **given)


def test_rows_that_belong_together_prove_less() -> None:
    good, labels = scored(200)
    good, labels = (pd.concat([frame] * 5, ignore_index=True) for frame in (good, labels))
    good, labels = good.assign(id=range(1000), customer=good["id"]), labels.assign(id=range(1000))
    champion = good.assign(score=np.tile(noisier(good[:200], 1.0)["score"], 5))
    alone, together = (
        check(compared(champion, good.drop(columns="customer"), labels, cluster=name), "log_loss")
        for name in (None, "customer")
    )
    assert alone.value == pytest.approx(together.value)
    assert alone.interval is not None
    assert together.interval is not None
    widths = [one.upper - one.lower for one in (alone.interval, together.interval)]
    assert widths[1] / widths[0] == pytest.approx(np.sqrt(5), rel=0.02)
