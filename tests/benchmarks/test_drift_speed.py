"""The speed and scaling benchmarks run at a tiny size, beside SciPy alone and without installing anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from peers.environments import install_command
from scipy import stats
from speed.columns import NUMBERS, Column
from speed.data import write
from speed.processes import run
from speed.quality import exact_ks, exact_wasserstein

from tests.benchmarks.conftest import BENCHMARKS


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("speed")
    command = [
        sys.executable,
        BENCHMARKS / "drift_speed.py",
        "--rows",
        "2000",
        "--peers",
        "scipy",
        "--own",
        "scipy",
        "--rounds",
        "1",
    ]
    done = subprocess.run(
        [*map(str, command), "--out", str(folder / "report.md")], capture_output=True, text=True, check=True, cwd=folder
    )
    assert (folder / "report.md").read_text() == done.stdout
    return done.stdout


def row(report: str, label: str) -> list[str]:
    lines = [line for line in report.splitlines() if line.startswith(f"| {label} |")]
    return [cell.strip() for cell in lines[0].strip("|").split("|")]


@pytest.mark.parametrize(
    "label",
    [
        "Arrow table, reference stored",
        "pandas frame, reference stored",
        "Parquet file, reference stored",
        "Parquet files, reference built first",
    ],
)
def test_every_way_in_finds_the_four_columns_that_drift(report: str, label: str) -> None:
    assert row(report, label)[-1] == "4"


def test_the_loop_in_scipy_is_measured_beside_it(report: str) -> None:
    _, _, *seconds, _, drifted = row(report, "SciPy loop")
    assert all(float(each) > 0 for each in seconds)
    assert int(drifted) >= 4


def test_statistics_are_as_near_the_exact_ones_as_wanted(report: str) -> None:
    names = "ks", "clipped ks", "wasserstein_normed", "clipped wasserstein_normed"
    assert max(float(row(report, name)[1]) for name in names) < 1e-3


def test_a_peer_is_installed_into_its_own_environment_alone() -> None:
    command = install_command(Path("somewhere/bin/python"), ("scipy",))
    assert command[command.index("--python") + 1] == "somewhere/bin/python"


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    assert "No such file" in run(sys.executable, "speed.decoding", [tmp_path]).problem


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    found = run(sys.executable, "speed.data", [tmp_path, 10**9, 25], seconds=0.5)
    assert "ended after" in found.problem
    assert found.wall < 10


def test_data_is_the_same_for_the_same_size_and_drifts_in_the_current_side(tmp_path: Path) -> None:
    one, again = (write(folder, 2_000, 25, "current") for folder in (tmp_path, _made(tmp_path / "again")))
    reference = pq.ParquetFile(write(tmp_path, 2_000, 25, "reference")).read()
    current = pq.ParquetFile(one).read()
    assert current.equals(pq.ParquetFile(again).read())
    moved = pc.mean(current["normal_0"]).as_py() - pc.mean(reference["normal_0"]).as_py()
    assert moved == pytest.approx(0.3, abs=0.1)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_twenty_columns_of_numbers_and_five_of_texts_miss_two_percent() -> None:
    made = [Column(place).values(20_000, np.random.default_rng(place), current=False) for place in range(25)]
    assert [str(array.type) == "string" for array in made] == [False] * len(NUMBERS) + [True] * 5
    assert [array.null_count / len(array) for array in made] == pytest.approx([0.02] * 25, abs=0.005)


def test_exact_values_are_those_of_scipy() -> None:
    random = np.random.default_rng(0)
    one, other = np.sort(random.poisson(3, 500).astype(float)), np.sort(random.poisson(4, 700).astype(float))
    assert exact_ks(one, other) == pytest.approx(stats.ks_2samp(one, other).statistic)
    assert exact_wasserstein(one, other) == pytest.approx(stats.wasserstein_distance(one, other))


def test_scaling_measures_each_step_of_each_size(tmp_path: Path) -> None:
    command = [sys.executable, BENCHMARKS / "drift_scaling.py", "--sizes", "2000x25,1000x30", "--data", tmp_path]
    printed = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True).stdout
    steps = [line for line in printed.splitlines() if line.startswith(("| 2,000 | 25 |", "| 1,000 | 30 |"))]
    assert len(steps) == 6
    assert "did not run" not in printed
    assert sorted(each.name for each in tmp_path.iterdir()) == ["1000x30", "2000x25"]
