"""The demo, whole, in a process of its own: three weeks of flights through a real Airflow and a real PostgreSQL.

One of them runs under a real scheduler and triggerer: its labels arrive while the sensor is deferred, and the event of
the degraded model starts the retraining.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from airflow_ml_monitor.version_compat import COMMAND_LINE

if TYPE_CHECKING:
    from flight_delay.demo_verdicts import Week

DAGS = Path(__file__).resolve().parents[2] / "dags"
DEMO = DAGS / "flight_delay" / "demo.py"
BLIZZARD, SUMMER, CHRISTMAS = "2013-02-04", "2013-06-24", "2013-12-23"
ORDINARY = "2013-02-11"


pytestmark = pytest.mark.usefixtures("dags_on_path")


def run_demo(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEMO), "--folder", str(folder), *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=560, env=env)


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
        yield Demo(folder, f"{CHRISTMAS},{BLIZZARD},{SUMMER}")


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
        assert list(demo.weeks) == [BLIZZARD, SUMMER, CHRISTMAS]

    def test_a_window_is_a_week_of_new_york(self, demo: Demo) -> None:
        assert demo.weeks[BLIZZARD]["start"] == "2013-02-04T00:00:00-05:00"
        assert demo.weeks[SUMMER]["end"] == "2013-07-01T00:00:00-04:00"

    def test_the_blizzard_is_blocked_by_data_quality_alone(self, demo: Demo) -> None:
        week = demo.weeks[BLIZZARD]
        assert {task: week["verdicts"][task] for task in ("quality", "drift", "gate")} == {
            "quality": "fail",
            "drift": "pass",
            "gate": "fail",
        }
        assert week["event"] is False
        assert {(reason["task"], reason["column"]) for reason in week["reasons"]} == {
            ("quality", "late"),
            ("quality", "cancelled"),
        }

    def test_behind_a_closed_gate_nothing_is_trained(self, demo: Demo) -> None:
        tasks = demo.weeks[BLIZZARD]["tasks"]
        assert tasks["gate"] == "failed"
        assert {tasks[task] for task in ("train", "compare", "deploy")} == {"upstream_failed"}
        models = {path.stem for path in (demo.folder / "airflow" / "models").glob("*.joblib")}
        assert models == {"2013-02-01", "2013-07-29"}

    def test_cancelled_flights_are_void(self, demo: Demo) -> None:
        labels = demo.weeks[BLIZZARD]["labels"]
        assert (labels["predictions"], labels["void"]) == (6104, 929)
        assert labels["coverage"] == labels["completeness"] == pytest.approx(5159 / 5175)

    def test_labels_reveal_the_summer_while_features_are_quiet(self, demo: Demo) -> None:
        week = demo.weeks[SUMMER]
        assert {task: week["verdicts"][task] for task in ("model_quality", "quality", "drift")} == {
            "model_quality": "fail",
            "quality": "pass",
            "drift": "pass",
        }
        assert week["late"] == pytest.approx(0.452, abs=0.001)
        assert week["said"] == pytest.approx(0.213, abs=0.005)
        assert {reason["check"] for reason in week["reasons"]} == {"log_loss", "calibration_in_the_large"}

    def test_the_limit_is_january_s_own_log_loss_and_the_margin(self, demo: Demo) -> None:
        limits = {reason["check"]: reason["limit"] for reason in demo.weeks[SUMMER]["reasons"]}
        assert limits["log_loss"] == pytest.approx(0.521 + 0.13, abs=0.005)

    def test_the_scheduler_starts_the_retraining_by_the_event(self, demo: Demo) -> None:
        week = demo.weeks[SUMMER]
        assert (week["event"], week["started_by"]) == (True, "scheduler")
        assert {name: demo.weeks[name]["started_by"] for name in (BLIZZARD, CHRISTMAS)} == {
            BLIZZARD: "hand",
            CHRISTMAS: "hand",
        }

    def test_the_sensor_was_deferred_until_the_labels_arrived(self, demo: Demo) -> None:
        logs = demo.folder / "airflow" / "logs"
        (before,) = logs.glob("**/task_id=labels/attempt=1.log")
        (meanwhile,) = logs.glob("**/task_id=labels/attempt=1.log.trigger.*.log")
        assert ": 0 of 6,701 mature predictions labelled" in before.read_text()
        assert "DEFERRED" in before.read_text()
        assert ": 6,131 of 6,181 mature predictions labelled" in meanwhile.read_text()
        assert "the labels are not there: the sensor waits in the triggerer" in demo.ran.stdout

    def test_the_challenger_is_proven_and_deployed(self, demo: Demo) -> None:
        week = demo.weeks[SUMMER]
        assert set(week["tasks"].values()) == {"success"}
        assert week["difference"] < -0.05
        assert week["deployed"] == "2013-07-29"

    def test_it_learnt_from_the_four_weeks_before_and_not_from_those_it_is_compared_on(self, demo: Demo) -> None:
        described = json.loads((demo.folder / "airflow" / "models" / "2013-07-29.json").read_text())
        learnt = [window["start"][:10] for window in described["trained_on"]]
        assert learnt == ["2013-05-27", "2013-06-03", "2013-06-10", "2013-06-17"]

    def test_christmas_is_blocked_by_drift_alone(self, demo: Demo) -> None:
        week = demo.weeks[CHRISTMAS]
        assert (week["verdicts"]["quality"], week["verdicts"]["drift"], week["verdicts"]["gate"]) == (
            "pass",
            "fail",
            "fail",
        )
        values = {reason["column"]: reason["value"] for reason in week["reasons"] if reason["task"] == "drift"}
        assert values["dest"] == pytest.approx(0.115, abs=0.002)
        assert values["distance"] == pytest.approx(0.142, abs=0.002)

    def test_the_table_says_what_airflow_and_the_store_say(self, demo: Demo) -> None:
        table = demo.ran.stdout.partition("week (New York)")[2]
        rows = [" ".join(line.split()) for line in table.splitlines() if line.startswith("2013-")]
        assert [row.split()[0] for row in rows] == list(demo.weeks)
        for row, week in zip(rows, demo.weeks.values(), strict=True):
            assert f"{week['labels']['completeness']:.1%}".replace("%", " %") in row
            assert ("open" if week["released"] else "closed") in row
            assert week["deployed"] is None or row.endswith(f"deployed {week['deployed']}")

    def test_the_readme_shows_the_same_weeks(self, demo: Demo) -> None:
        readme = " ".join((DAGS.parent / "README.md").read_text().split())
        table = demo.ran.stdout.partition("week (New York)")[2].partition("\n\n")[0]
        for week in (BLIZZARD, SUMMER):
            shown = table.partition(f"\n{week}")[2].partition("\n2013-")[0]
            assert " ".join(f"{week}{shown}".split()) in readme

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

    def test_predictions_are_of_the_version_in_use_when_the_week_began(self, demo: Demo) -> None:
        sql = (
            "SELECT DISTINCT model_version, min(predicted_at)::date FROM predictions "
            "WHERE predicted_at >= '2013-02-04 05:00Z' GROUP BY 1 ORDER BY 2"
        )
        asked = demo.run("--database", "warehouse", "--query", sql)
        assert [line.split()[0] for line in asked.stdout.splitlines() if line.startswith(" 2013")] == [
            "2013-02-01",
            "2013-07-29",
        ]


def page_of(airflow: Any) -> str:
    """What the page that says where all verdicts are has in it: the frame of the plugin's own page."""
    token = airflow._ask("GET", "/auth/token", None, {})["access_token"]
    request = urllib.request.Request(f"{airflow.url}/ml-monitor/", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return str(response.read().decode())


@pytest.fixture(scope="module")
def shown(demo: Demo) -> dict[str, Any]:
    """What Airflow's own API says while the demo is served, by DAG, and how the serving ended."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DAGS))
        from flight_delay.demo_airflow import Airflow, free_port

    port = free_port()
    command = [sys.executable, str(DEMO.with_name("demo_ui.py")), "--folder", str(demo.folder), "--port", str(port)]
    serving = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    answers: dict[str, Any] = {"started": []}
    try:
        assert serving.stdout is not None
        said = [serving.stdout.readline() for _ in range(5)]
        airflow = Airflow(port, serving)
        answers["page"] = page_of(airflow)
        for dag in ("flight_delay_label_evaluation", "flight_delay_retraining"):
            answers[dag] = airflow.call("GET", f"/dags/{dag}/dagRuns")["dag_runs"]
        answers["started"] = psutil.Process(serving.pid).children(recursive=True)
    finally:
        serving.send_signal(signal.SIGINT)
        time.sleep(1)
        serving.send_signal(signal.SIGINT)  # of one who does not want to wait
        rest, _ = serving.communicate(timeout=90)
    return {"said": "".join(said) + rest, "code": serving.returncode, "port": port, **answers}


@pytest.mark.integration
class TestInTheUi:
    def test_every_run_is_there_with_its_state(self, shown: dict[str, Any]) -> None:
        runs = shown["flight_delay_retraining"]
        assert sorted((run["run_type"], run["state"]) for run in runs) == [
            ("asset_triggered", "success"),
            ("manual", "failed"),
            ("manual", "failed"),
        ]
        assert [run["state"] for run in shown["flight_delay_label_evaluation"]] == ["success"] * 3

    def test_it_says_where_to_look_and_that_it_stopped(self, shown: dict[str, Any]) -> None:
        assert f"http://127.0.0.1:{shown['port']}/dags/flight_delay_retraining" in shown["said"]
        assert shown["said"].endswith("stopped\n")
        assert shown["code"] == 0

    def test_its_verdicts_are_on_the_page_that_it_names(self, shown: dict[str, Any]) -> None:
        assert f"http://127.0.0.1:{shown['port']}/plugin/ml-monitor-nav" in shown["said"]
        assert "flight_delay_retraining.gate" in shown["page"]

    def test_nothing_is_left_running(self, demo: Demo, shown: dict[str, Any]) -> None:
        from flight_delay.demo_airflow import require_free

        require_free(shown["port"])
        assert not (demo.folder / "postgres" / "postmaster.pid").exists()
        running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert str(demo.folder) not in running
        assert len(shown["started"]) > 4
        at_work = [one for one in shown["started"] if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        assert at_work == []

    def test_a_port_that_is_taken_is_named(self, demo: Demo, shown: dict[str, Any]) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            command = [sys.executable, str(DEMO.with_name("demo_ui.py")), "--folder", str(demo.folder), "--port", port]
            ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert ran.returncode == 1
        assert f"port {port} of 127.0.0.1 is taken" in ran.stderr


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

    def test_a_refused_challenger_is_not(self) -> None:
        tasks = PASSED | {"compare": "failed", "deploy": "upstream_failed"}
        verdicts = dict.fromkeys(("model_quality", "quality", "drift", "gate"), "pass") | {"compare": "insufficient"}
        assert make_week(tasks=tasks, verdicts=verdicts).unexpected == []

    def test_a_gate_that_failed_without_a_verdict_is(self) -> None:
        verdicts = {"model_quality": "pass", "quality": "fail", "drift": "pass"}
        assert "gate has no report" in make_week(verdicts=verdicts).unexpected

    def test_a_training_that_failed_is(self) -> None:
        tasks = PASSED | {"train": "failed"}
        verdicts = dict.fromkeys(("model_quality", "quality", "drift", "gate", "compare"), "pass")
        assert make_week(tasks=tasks, verdicts=verdicts).unexpected == ["task train is failed"]

    def test_a_training_behind_a_closed_gate_is(self) -> None:
        assert make_week(tasks=PASSED | {"gate": "failed"}).unexpected

    def test_a_report_that_is_an_error_is(self) -> None:
        verdicts = {"model_quality": "pass", "quality": "error", "drift": "pass", "gate": "fail"}
        assert "report of quality is an error" in make_week(verdicts=verdicts).unexpected


PASSED = dict.fromkeys(("labels", "model_quality", "quality", "drift", "gate", "train", "compare", "deploy"), "success")


def make_week(**given: Any) -> Week:
    """A week that data quality blocked, with these fields instead."""
    from flight_delay.demo_verdicts import BLOCKED, Week

    fields: dict[str, Any] = {
        "start": datetime(2013, 2, 4, 5, tzinfo=UTC),
        "end": datetime(2013, 2, 11, 5, tzinfo=UTC),
        "tasks": PASSED | BLOCKED,
        "verdicts": {"model_quality": "pass", "quality": "fail", "drift": "pass", "gate": "fail"},
        "event": False,
        "started_by": "hand",
        "labels": {},
        "late": None,
        "said": None,
        "difference": None,
        "deployed": None,
        "reasons": (),
    }
    return Week(**{**fields, **given})
