"""What changed when, which charts come first, and where things stand on them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from airflow_ml_monitor.pages.drawing import BOTTOM, LEFT, RIGHT, TOP, WIDTH, TimeScale, path, value_scale, value_ticks
from airflow_ml_monitor.pages.metric_chart import MetricChart, Strip
from airflow_ml_monitor.pages.timeline import MOST_MARKS, Timeline, changes
from airflow_ml_monitor.store.timelines import Measured, WindowVerdict

MONDAY = datetime(2013, 2, 4, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def verdict(week: int, **changed: Any) -> WindowVerdict:
    start = MONDAY + week * WEEK
    one = WindowVerdict(
        UUID(int=week + 1), "prod", "m", "7", "drift", start, start + WEEK, start + 2 * WEEK, "dag", "run", "task", -1,
        "pass", "headline", "january v1", 0,
    )  # fmt: skip
    return replace(one, **changed)


def measured(week: int, **changed: Any) -> Measured:
    found = Measured(UUID(int=week + 1), "roc_auc", "roc_auc", 0.8, 0.7, None, 0.78, 0.82, 500, "pass", "critical")
    return replace(found, **changed)


def timeline(verdicts: list[WindowVerdict], found: list[Measured]) -> Timeline:
    return Timeline.of(verdicts, found, {}, shown=verdicts)


class TestChanges:
    def test_another_reference_and_a_new_version_are_marked_at_their_first_window(self) -> None:
        verdicts = [verdict(0), verdict(1), verdict(2, reference="january v2"), verdict(3, model_version="8")]
        verdicts[3] = replace(verdicts[3], reference="january v2")
        assert [(mark.at, mark.what) for mark in changes(verdicts)] == [
            (verdicts[2].start, "reference"),
            (verdicts[3].start, "model version"),
        ]

    def test_they_say_what_was_before(self) -> None:
        said = [mark.said for mark in changes([verdict(0), verdict(1, reference="january v2", model_version="8")])]
        assert said == ["compared with january v2, before that with january v1", "model version 8, before that 7"]

    def test_versions_judged_side_by_side_are_new_once(self) -> None:
        verdicts = [verdict(week, model_version=version) for week in range(3) for version in ("7", "8")]
        assert [mark.at for mark in changes(verdicts)] == [MONDAY]

    def test_each_task_has_a_reference_of_its_own(self) -> None:
        verdicts = [verdict(week, task_id=task, reference=task) for week in range(3) for task in ("a", "b")]
        assert changes(verdicts) == []

    def test_a_change_at_the_first_window_shown_is_seen_by_the_window_before(self) -> None:
        verdicts = [verdict(0), verdict(1, reference="january v2")]
        found = Timeline.of(verdicts, [], {}, shown=verdicts[1:])
        assert [mark.at for mark in found.marks] == [verdicts[1].start]

    def test_what_changes_at_every_window_is_counted_and_not_marked(self) -> None:
        verdicts = [verdict(week, reference=f"rolling {week}") for week in range(MOST_MARKS + 2)]
        found = timeline(verdicts, [])
        assert (found.marks, found.crowded) == ((), {"reference": MOST_MARKS + 1})


class TestSeries:
    def test_what_failed_comes_first_then_what_is_judged_then_labels(self) -> None:
        told = {"limit_lower": None, "severity": "info"}
        found = [
            measured(0, check="accuracy", **told),
            measured(0, check="completeness", interval_lower=None, interval_upper=None, **told),
            measured(0),
            measured(0, check="log_loss", status="fail"),
        ]
        order = [series.check for series in timeline([verdict(0)], found).series]
        assert order == ["log_loss", "roc_auc", "completeness", "accuracy"]

    def test_two_tasks_that_measure_the_same_have_a_chart_each(self) -> None:
        verdicts = [verdict(0, task_id="a"), verdict(1, task_id="b")]
        titles = {series.title for series in timeline(verdicts, [measured(0), measured(1)]).series}
        assert titles == {"roc_auc by dag.a", "roc_auc by dag.b"}

    def test_what_has_no_value_in_any_window_has_no_chart(self) -> None:
        assert timeline([verdict(0)], [measured(0, value=None)]).series == ()

    def test_says_the_latest_value_and_how_the_windows_came_out(self) -> None:
        found = timeline([verdict(0), verdict(1)], [measured(0), measured(1, value=0.6, status="fail")])
        said = found.series[0].said
        assert said == "Latest: 0.6 (0.78 to 0.82), lower limit 0.7, fail. Windows: 1 fail, 1 pass."


class TestChart:
    def chart(self, verdicts: list[WindowVerdict], found: list[Measured]) -> MetricChart:
        made = timeline(verdicts, found)
        return MetricChart(made.series[0], made)

    def test_a_window_without_a_value_breaks_the_line(self) -> None:
        found = [measured(0), measured(1), measured(2, value=None), measured(3)]
        line = self.chart([verdict(week) for week in range(4)], found).line
        assert (line.count("M"), line.count("L")) == (2, 1)

    def test_every_window_has_its_band_side_by_side(self) -> None:
        bands = self.chart([verdict(0), verdict(1)], [measured(0), measured(1)]).bands
        (left, _, width, _), (right, *_) = bands
        assert left == LEFT
        assert left + width == right

    def test_one_limit_is_one_line_and_a_changed_one_another(self) -> None:
        found = [measured(0), measured(1), measured(2, limit_lower=0.75)]
        assert self.chart([verdict(week) for week in range(3)], found).limits.count("M") == 2

    def test_the_wide_interval_of_an_undecided_window_does_not_flatten_the_rest(self) -> None:
        found = [measured(0), measured(1, status="insufficient", interval_lower=-9.0, interval_upper=9.0)]
        assert self.chart([verdict(0), verdict(1)], found).scale.low > 0

    def test_signs_differ_by_shape(self) -> None:
        found = [measured(0), measured(1, status="fail")]
        shapes = {sign.outline.split("m", 1)[1] for sign in self.chart([verdict(0), verdict(1)], found).signs}
        assert len(shapes) == 2

    def test_the_strip_has_a_row_for_each_task(self) -> None:
        rows = Strip(timeline([verdict(0, task_id="a"), verdict(1, task_id="b")], [])).rows
        assert [(row.task, len(row.signs)) for row in rows] == [("dag.a", 1), ("dag.b", 1)]


class TestScales:
    @pytest.mark.parametrize("values", [[0.0], [0.7, 0.7], [-3.0, 12_000.0], [1e-9, 2e-9], [-1.7e308, 1.7e308]])
    def test_ticks_are_round_few_and_inside(self, values: list[float]) -> None:
        scale = value_scale(values, 190)
        ticks = value_ticks(scale)
        assert 2 <= len(ticks) <= 7
        assert all(TOP <= y <= 190 - BOTTOM for y, _ in ticks)
        assert len({said for _, said in ticks}) == len(ticks)

    def test_a_moment_alone_stands_inside_the_chart(self) -> None:
        assert LEFT < TimeScale.over([(MONDAY, MONDAY)])(MONDAY) < WIDTH - RIGHT

    def test_times_below_a_chart_are_few(self) -> None:
        starts = [MONDAY + place * WEEK for place in range(60)]
        assert 4 <= len(TimeScale(starts[0], starts[-1]).ticks(starts)) <= 8

    def test_times_of_windows_that_are_close_do_not_stand_in_each_other(self) -> None:
        starts = [MONDAY, MONDAY + 40 * WEEK, MONDAY + 41 * WEEK, MONDAY + 46 * WEEK]
        places = [x for x, _ in TimeScale(starts[0], starts[-1]).ticks(starts)]
        assert len(places) == 3
        assert all(after - before >= 80 for before, after in itertools.pairwise(places))

    def test_a_path_is_broken_where_a_point_is_missing(self) -> None:
        assert path([(1, 2), (3, 4), None, (5, 6)]) == "M1 2L3 4M5 6"
