"""Every snippet and command that README and docs show is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from airflow_ml_monitor.version_compat import AIRFLOW_V_3_2_PLUS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TAG = re.compile(r"\[START (\w+)\]\n(.*?)^\s*# \[END \1\]", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[Path, str]]:
    return [(page, code) for page in PAGES for kind, code in FENCE.findall(page.read_text()) if kind == language]


def name(value: object) -> str:
    return value.name if isinstance(value, Path) else ""


@pytest.mark.parametrize("page", [page for page in PAGES if "```python" in page.read_text()], ids=name)
def test_python_of_a_page_runs_from_top_to_bottom(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    space: dict[str, object] = {"__name__": page.stem}
    for code in [code for where, code in blocks("python") if where == page]:
        exec(compile(code, str(page), "exec"), space)


def test_the_dag_of_the_readme_is_the_one_in_dags() -> None:
    tagged = dict(TAG.findall((ROOT / "dags" / "howto_monitoring.py").read_text()))
    assert tagged["howto_ten_lines"].strip() in [
        code.strip() for page, code in blocks("python") if page.stem == "README"
    ]


@pytest.mark.integration
@pytest.mark.usefixtures("airflow_metadata")
def test_every_dag_file_parses_without_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    if AIRFLOW_V_3_2_PLUS:
        from airflow.dag_processing.dagbag import DagBag
    else:
        from airflow.models.dagbag import DagBag

    monkeypatch.syspath_prepend(str(ROOT / "dags"))  # as Airflow does with its DAG folder
    bag = DagBag(ROOT / "dags")
    assert bag.import_errors == {}
    assert {"flight_delay_reference", "flight_delay_retraining", "howto_monitoring"} <= set(bag.dags)


@pytest.mark.integration
@pytest.mark.parametrize(
    "query", [code for _, code in blocks("sql")], ids=lambda code: code.split("FROM ")[1].split()[0]
)
def test_sql_runs_on_a_store(query: str, engine: sa.Engine) -> None:
    from airflow_ml_monitor.store import Store

    Store(engine).migrate()
    with engine.connect() as connection:
        connection.execute(sa.text(query)).all()


def make_target(command: list[str], tmp_path: Path) -> None:
    """``make test`` runs this test and the demo has its own: here, that the target is there and what it would run."""
    done = subprocess.run(["make", "--dry-run", *command[1:]], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "python" in done.stdout


def pip_install(command: list[str], tmp_path: Path) -> None:
    """What ``pip install .`` installs: a wheel with every file of the package, templates and migrations too."""
    build = [str(Path(sys.executable).with_name("uv")), "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), "."]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    import zipfile

    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    kept = subprocess.run(
        ["git", "ls-files", "airflow_ml_monitor"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(kept.stdout.split()) - set(names) == set()
    assert any(name.endswith("entry_points.txt") for name in names)
    assert not any(name.startswith(("tests/", "dags/")) for name in names)


def as_shown(command: list[str], tmp_path: Path) -> None:
    """Run a command with the interpreter's own scripts; what it needs is in the environment."""
    if command[0] == "airflow":
        command = [str(Path(sys.executable).with_name("airflow")), *command[1:]]
    if command[0] == "python":
        command = [sys.executable, *command[1:]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ.copy(), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def show(command: list[str], tmp_path: Path) -> None:
    """The id in the docs is of no report: the command says so, and where it looked."""
    script = [str(Path(sys.executable).with_name("airflow")), *command[1:]]
    subprocess.run([*script[:2], "migrate"], check=True, capture_output=True)
    done = subprocess.run(script, capture_output=True, text=True, env=os.environ.copy(), check=False)
    assert done.returncode != 0
    assert command[-1] in done.stdout + done.stderr


def backtest(command: list[str], tmp_path: Path) -> None:
    """There is no such reference: the command says so; what it prints of one is tested with the command line."""
    script = [sys.executable, *command[1:]] if command[0] == "python" else command
    if command[0] == "airflow":
        script = [str(Path(sys.executable).with_name("airflow")), *command[1:]]
    subprocess.run([*script[: script.index("backtest")], "migrate"], check=True, capture_output=True)
    done = subprocess.run(script, capture_output=True, text=True, env=os.environ.copy(), check=False)
    assert done.returncode != 0
    assert "has no reference 'january'" in done.stdout + done.stderr


def on_a_store(command: list[str], tmp_path: Path) -> None:
    """Run a command where the model of the docs has two versions of its reference, and files."""
    import pandas as pd

    from airflow_ml_monitor.hooks.store import MonitorStoreHook
    from airflow_ml_monitor.profile import build_reference
    from airflow_ml_monitor.settings import environment
    from tests.store.factories import make_origin, make_report

    hours = pd.date_range("2013-01-01", periods=1000, freq="h")
    rows = pd.DataFrame({"scheduled_at": hours, "distance": range(1000)})
    rows.to_parquet(tmp_path / "flights.parquet")
    for version in (1, 2):
        report = make_report(environment=environment())
        profile = build_reference(rows[["distance"]] * version)
        origin = make_origin(run_id=f"manual__{version}")
        MonitorStoreHook().store.write(report, origin, profile=profile, reference_name="january")
    as_shown(command, tmp_path)


RUNNERS: dict[str, Callable[[list[str], Path], None]] = {
    "make": make_target,
    "pip install .": pip_install,
    "airflow connections add": as_shown,
    "airflow ml-monitor migrate": as_shown,
    "python -m airflow_ml_monitor migrate": as_shown,
    "airflow ml-monitor show": show,
    "airflow ml-monitor backtest": backtest,
    "python -m airflow_ml_monitor backtest": backtest,
    **{
        f"{program} {command}": on_a_store
        for program in ("airflow ml-monitor", "python -m airflow_ml_monitor")
        for command in ("history", "reference", "learn-suite", "prune", "erase")
    },
}


@pytest.mark.integration
@pytest.mark.usefixtures("airflow_metadata", "store_connection")
@pytest.mark.parametrize("command", sorted({line for _, code in blocks("bash") for line in code.splitlines() if line}))
def test_command_works(command: str, tmp_path: Path) -> None:
    if command.startswith("airflow ml-monitor") and not AIRFLOW_V_3_2_PLUS:
        pytest.skip("Airflow 3.1 has no commands of providers")
    (runner,) = {run for start, run in RUNNERS.items() if command == start or command.startswith(start + " ")}
    runner(shlex.split(command, comments=True), tmp_path)
