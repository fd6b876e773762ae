"""``history``: what was judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from airflow_ml_monitor.store import Store
from tests.store.factories import make_check, make_origin, make_report, make_window

Rows = Callable[..., Any]


@pytest.fixture
def filled(store: Store) -> Store:
    good = (make_check(status="pass", value=0.01),)
    store.write(make_report(), make_origin())
    store.write(make_report(window=make_window(1), results=good), make_origin(run_id="manual__2"))
    store.write(make_report(kind="data_quality", results=good), make_origin(task_id="quality"))
    store.write(make_report(model="other"), make_origin(dag_id="other"))
    return store


@pytest.mark.usefixtures("filled")
class TestHistory:
    def test_the_latest_windows_come_first(self, rows: Rows) -> None:
        found = rows("history", "--model", "flight_delay")
        assert [row["window"][:10] for row in found] == ["2013-02-11", "2013-02-04", "2013-02-04"]

    def test_a_row_says_what_failed_and_where(self, rows: Rows) -> None:
        (row,) = rows("history", "--model", "flight_delay", "--status", "fail")
        assert (row["kind"], row["status"], row["because_of"]) == ("drift", "fail", "distribution[distance]")
        assert row["task"] == "retraining.drift"

    @pytest.mark.parametrize(
        ("options", "count"),
        [
            (["--kind", "data_quality"], 1),
            (["--kind", "data_quality", "--kind", "drift"], 4),
            (["--environment", "test"], 0),
            (["--since", "2013-02-11T00:00:00Z"], 1),
            (["--until", "2013-02-11T00:00:00Z"], 3),
            (["--limit", "2"], 2),
        ],
    )
    def test_options_choose(self, rows: Rows, options: list[str], count: int) -> None:
        assert len(rows("history", *options)) == count

    def test_replaced_reports_only_when_asked_for(self, filled: Store, rows: Rows) -> None:
        filled.write(make_report(), make_origin(run_id="manual__3"))
        assert len(rows("history", "--model", "flight_delay")) == 3
        assert len(rows("history", "--model", "flight_delay", "--superseded")) == 4

    def test_a_table_has_a_row_for_each(self, printed: Callable[..., str]) -> None:
        table = printed("history")
        assert table.count("retraining.") == 3
        assert "because of" in table

    def test_in_a_pipe_a_report_is_one_line(self, printed: Callable[..., str], rows: Rows) -> None:
        lines = printed("history").splitlines()[2:]
        assert len(lines) == 4
        assert all(
            row["report_id"] in line and row["window"] in line for row, line in zip(rows("history"), lines, strict=True)
        )

    def test_ids_stay_whole_where_other_columns_are_folded(
        self, printed: Callable[..., str], rows: Rows, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "210")
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        found = printed("history")
        assert "===" in found
        assert all(row["report_id"] in found and row["window"] not in found for row in rows("history"))

    def test_in_a_narrow_terminal_no_word_is_split(
        self, printed: Callable[..., str], rows: Rows, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        blocks = printed("history").rstrip().split("\n\n")
        assert [block.splitlines()[-1].split() for block in blocks] == [
            ["report", "id", row["report_id"]] for row in rows("history")
        ]

    def test_yaml_is_the_same(self, printed: Callable[..., str], rows: Rows) -> None:
        assert yaml.safe_load(printed("history", "-o", "yaml")) == rows("history")

    def test_ids_are_those_that_show_takes(self, printed: Callable[..., str], rows: Rows) -> None:
        (row,) = rows("history", "--status", "fail", "--model", "other")
        assert "other" in printed("show", row["report_id"])


def test_of_nothing_says_so(printed: Callable[..., str]) -> None:
    assert printed("history") == "No data found\n"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--limit", "0"], "--limit 0 shows nothing"),
        (["--since", "monday"], "--since"),
        (["--since", "2013-02-11T00:00:00Z", "--until", "2013-02-04T00:00:00Z"], "nothing lies between them"),
    ],
)
def test_what_cannot_be_asked(printed: Callable[..., str], options: list[str], sentence: str) -> None:
    with pytest.raises(SystemExit, match=sentence):
        printed("history", *options)
