"""The demo, whole: three weeks of flights through a real Airflow and a real PostgreSQL, in a process of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_ml_monitor.version_compat import COMMAND_LINE

if TYPE_CHECKING:
    from flight_delay.demo_verdicts import Week

DAGS = Path(__file__).resolve().parents[2] / "dags"
DEMO = DAGS / "flight_delay" / "demo.py"
BLIZZARD, ORDINARY, CHRISTMAS = "2013-02-04", "2013-02-11", "2013-12-23"


@pytest.fixture(autouse=True)
def _dags_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DAGS))


def run_demo(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEMO), "--folder", str(folder), *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=env)


class Demo:
    """One run of the demo: what it printed, what it wrote, where its store is."""

    def __init__(self, folder: Path, weeks: str) -> None:
        self.folder = folder
        self.weeks: dict[str, dict[str, Any]] = {}
        written = folder / "weeks.json"
        self.ran = self.run("--weeks", weeks, "--json", str(written))
        if written.exists():
            self.weeks = {week["start"][:10]: week for week in json.loads(written.read_text())}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_demo(self.folder, *arguments)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with reachable_folder() as folder:
        yield Demo(folder, f"{CHRISTMAS},{BLIZZARD},{ORDINARY}")


@contextmanager
def reachable_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="amm-demo-"))
    folder.chmod(0o755)  # as root PostgreSQL runs as another user, who must be able to reach its data
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.integration
class TestRun:
    def test_a_blocked_week_is_no_failure_of_the_demo(self, demo: Demo) -> None:
        assert demo.ran.returncode == 0, demo.ran.stdout + demo.ran.stderr

    def test_weeks_run_in_the_order_of_the_calendar(self, demo: Demo) -> None:
        assert list(demo.weeks) == [BLIZZARD, ORDINARY, CHRISTMAS]

    def test_a_window_is_a_week_of_new_york(self, demo: Demo) -> None:
        assert demo.weeks[BLIZZARD]["start"] == "2013-02-04T00:00:00-05:00"
        assert demo.weeks[BLIZZARD]["end"] == "2013-02-11T00:00:00-05:00"

    def test_the_blizzard_is_blocked_by_data_quality_alone(self, demo: Demo) -> None:
        week = demo.weeks[BLIZZARD]
        assert week["verdicts"] == {"quality": "fail", "drift": "pass", "gate": "fail"}
        assert {(reason["task"], reason["column"]) for reason in week["reasons"]} == {
            ("quality", "late"),
            ("quality", "cancelled"),
        }

    def test_a_blocked_week_is_not_learnt_from(self, demo: Demo) -> None:
        tasks = demo.weeks[BLIZZARD]["tasks"]
        assert (tasks["gate"], tasks["train"], tasks["deploy"]) == ("failed", "upstream_failed", "upstream_failed")
        models = {path.stem for path in (demo.folder / "airflow" / "models").glob("*.joblib")}
        assert models == {"2013-02-01", "2013-02-18"}

    def test_an_ordinary_week_is_released_and_its_model_deployed(self, demo: Demo) -> None:
        week = demo.weeks[ORDINARY]
        assert set(week["tasks"].values()) == {"success"}
        assert week["verdicts"] == {"quality": "pass", "drift": "pass", "gate": "pass"}
        assert week["deployed"] == "2013-02-18"
        assert week["reasons"] == []

    def test_christmas_is_blocked_by_drift_alone(self, demo: Demo) -> None:
        week = demo.weeks[CHRISTMAS]
        assert week["verdicts"] == {"quality": "pass", "drift": "fail", "gate": "fail"}
        assert {reason["column"] for reason in week["reasons"]} == {"dest", "distance"}
        values = {reason["column"]: reason["value"] for reason in week["reasons"]}
        assert values["dest"] == pytest.approx(0.115, abs=0.002)
        assert values["distance"] == pytest.approx(0.142, abs=0.002)

    def test_the_table_says_what_the_store_says(self, demo: Demo) -> None:
        table = demo.ran.stdout.partition("window (New York)")[2]
        rows = [line for line in table.splitlines() if line.startswith("2013-")]
        assert [row.split()[:7] for row in rows] == [
            [BLIZZARD, "to", "2013-02-11", "6,104", "FAIL", "pass", "closed"],
            [ORDINARY, "to", "2013-02-18", "6,236", "pass", "pass", "open"],
            [CHRISTMAS, "to", "2013-12-30", "6,066", "pass", "FAIL", "closed"],
        ]
        assert "15.5 %" in table

    def test_the_readme_shows_what_is_printed(self, demo: Demo) -> None:
        readme = (DAGS.parent / "README.md").read_text()
        table = demo.ran.stdout.partition("window (New York)")[2].partition("\n\n")[0]
        below_the_head = table.splitlines()[2:]
        assert len(below_the_head) >= 6
        assert [line for line in below_the_head if " ".join(line.split()) not in " ".join(readme.split())] == []

    def test_the_readme_shows_the_message_of_a_closed_gate(self, demo: Demo) -> None:
        log = (demo.folder / "airflow.log").read_text()
        shown = (DAGS.parent / "README.md").read_text().partition("```text\nflight_delay gate")[2].partition("```")[0]
        for line in shown.splitlines()[:-2]:
            assert line in log
        assert f"All checks of this report: {COMMAND_LINE} show " in log

    def test_the_screen_shows_no_logs(self, demo: Demo) -> None:
        assert "[info" not in demo.ran.stdout + demo.ran.stderr
        assert "Traceback" not in demo.ran.stdout + demo.ran.stderr

    def test_the_server_is_stopped(self, demo: Demo) -> None:
        assert not (demo.folder / "postgres" / "postmaster.pid").exists()

    def test_the_store_answers_afterwards(self, demo: Demo) -> None:
        asked = demo.run("--query", "SELECT count(*) AS gates FROM ml_monitor.report WHERE task_id = 'gate'")
        assert asked.returncode == 0, asked.stderr
        assert asked.stdout.split()[-3:-2] == ["3"]


@pytest.mark.integration
def test_a_task_that_errs_stops_the_demo_and_the_server() -> None:
    with reachable_folder() as folder:
        ran = run_demo(folder, "--weeks", ORDINARY, FLIGHT_DELAY_DATA=str(folder / "nowhere.parquet"))
        assert ran.returncode == 1
        assert "the demo stopped: the run of flight_delay_reference came to" in ran.stderr
        assert "nowhere.parquet" in (folder / "airflow.log").read_text()
        assert not (folder / "postgres" / "postmaster.pid").exists()


class TestWeeks:
    def test_all_are_the_mondays_after_the_reference(self) -> None:
        from flight_delay.demo import chosen_weeks

        weeks = chosen_weeks("all")
        assert (weeks[0], weeks[-1], len(weeks)) == (date(2013, 2, 4), date(2013, 12, 30), 48)

    @pytest.mark.parametrize("text", ["2013-02-05", "2013-01-28", "4 February", ","])
    def test_others_are_refused(self, text: str) -> None:
        from flight_delay.demo import chosen_weeks

        with pytest.raises(SystemExit, match="WEEKS="):
            chosen_weeks(text)


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    from flight_delay.demo_environment import Place

    place = Place(tmp_path)
    with place.reserved(), pytest.raises(SystemExit, match="another demo is running"), place.reserved():
        pass


class TestUnexpected:
    def test_a_blocked_week_is_not(self) -> None:
        assert make_week().unexpected == []

    def test_a_gate_that_failed_without_a_verdict_is(self) -> None:
        assert "gate has no report" in make_week(verdicts={"quality": "fail", "drift": "pass"}).unexpected

    def test_a_training_that_failed_is(self) -> None:
        tasks = {"quality": "success", "drift": "success", "gate": "success", "train": "failed"}
        verdicts = {"quality": "pass", "drift": "pass", "gate": "pass"}
        assert make_week(tasks=tasks, verdicts=verdicts).unexpected == ["task train is failed"]

    def test_a_training_behind_a_closed_gate_is(self) -> None:
        tasks = {"quality": "success", "drift": "success", "gate": "failed", "train": "success", "deploy": "success"}
        assert make_week(tasks=tasks).unexpected

    def test_a_report_that_is_an_error_is(self) -> None:
        verdicts = {"quality": "error", "drift": "pass", "gate": "fail"}
        assert "report of quality is an error" in make_week(verdicts=verdicts).unexpected


def make_week(**given: Any) -> Week:
    """A week that data quality blocked, with these fields instead."""
    from flight_delay.demo_verdicts import Week

    tasks = {"quality": "success", "drift": "success", "gate": "failed"}
    fields = {
        "run_id": "manual__2013-02-11T05:00:00+00:00",
        "run_state": "failed",
        "start": datetime(2013, 2, 4, 5, tzinfo=UTC),
        "end": datetime(2013, 2, 11, 5, tzinfo=UTC),
        "tasks": tasks | dict.fromkeys(("train", "deploy"), "upstream_failed"),
        "verdicts": {"quality": "fail", "drift": "pass", "gate": "fail"},
        "rows": 6104,
        "deployed": None,
        "reasons": (),
    }
    return Week(**{**fields, **given})
