"""``reference``: list, freeze, promote, diff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor.profile import build_reference
from airflow_ml_monitor.store import Store
from tests.store.factories import make_origin, make_report

OF_MODEL = ("--model", "flight_delay", "--environment", "prod")
NAMED = (*OF_MODEL, "--name", "january")


def frame(seed: int, mean: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    start = datetime(2013, 1, 1, tzinfo=UTC)
    return pd.DataFrame(
        {
            "at": [start + timedelta(hours=hour) for hour in range(400)],
            "x": random.normal(mean, 1, 400),
            "carrier": random.choice(["AA", "UA"], 400),
        }
    )


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    def write(name: str, rows: pd.DataFrame) -> str:
        rows.to_parquet(tmp_path / name)
        return str(tmp_path / name)

    return write


@pytest.fixture
def frozen(printed: Callable[..., str], file: Callable[..., str]) -> None:
    for seed in (1, 2):
        printed(
            "reference", "freeze", *NAMED, "--data", file(f"{seed}.parquet", frame(seed, seed)), "--time-column", "at"
        )


class TestFreeze:
    def test_files_become_the_version_in_force(
        self, printed: Callable[..., str], store: Store, file: Callable[..., str]
    ) -> None:
        said = printed("reference", "freeze", *NAMED, "--data", file("1.parquet", frame(1)))
        reference = store.reference(model="flight_delay", environment="prod", name="january")
        assert said.startswith(f"{reference.label} is in force for model flight_delay in environment prod")
        assert reference.profile.rows == 400

    def test_a_window_of_them_only(self, printed: Callable[..., str], store: Store, file: Callable[..., str]) -> None:
        window = ("--time-column", "at", "--since", "2013-01-02T00:00:00Z", "--until", "2013-01-03T00:00:00Z")
        printed("reference", "freeze", *NAMED, "--data", file("1.parquet", frame(1)), *window)
        assert store.reference(model="flight_delay", environment="prod", name="january").profile.rows == 24

    def test_a_judged_window_becomes_one(self, printed: Callable[..., str], store: Store) -> None:
        profile = build_reference(frame(3))
        written = store.write(make_report(), make_origin(), profile=profile)
        printed("reference", "freeze", *NAMED, "--report", str(written.id))
        found = store.reference(model="flight_delay", environment="prod", name="january")
        assert found.digest == profile.digest

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ((), "give one of them"),
            (("--data", "x.parquet", "--report", "y"), "give one of them"),
            (("--report", "0f8fad5b-d9cb-569f-a165-70867728950e"), "holds no profile of report 0f8fad5b"),
            (("--report", "drift"), "'drift' is not a report id"),
            (("--data", "x.parquet", "--since", "2013-01-02T00:00:00Z"), "give --time-column"),
        ],
    )
    def test_what_cannot_be_frozen(self, printed: Callable[..., str], options: tuple[str, ...], sentence: str) -> None:
        with pytest.raises(SystemExit, match=sentence):
            printed("reference", "freeze", *NAMED, *options)

    def test_not_the_window_of_another_model(self, printed: Callable[..., str], store: Store) -> None:
        written = store.write(make_report(model="other"), make_origin(), profile=build_reference(frame(3)))
        with pytest.raises(SystemExit, match="is of model 'other'"):
            printed("reference", "freeze", *NAMED, "--report", str(written.id))


@pytest.mark.usefixtures("frozen")
class TestVersions:
    def test_the_list_says_which_is_in_force(self, rows: Callable[..., Any]) -> None:
        found = rows("reference", "list", *OF_MODEL)
        assert [(row["name"], row["version"], row["in_force"], row["rows"]) for row in found] == [
            ("january", 2, True, 400),
            ("january", 1, False, 400),
        ]
        assert found[0]["saved_by"] == "command line.reference freeze"

    def test_a_promoted_version_is_a_new_one(
        self, printed: Callable[..., str], rows: Callable[..., Any], store: Store
    ) -> None:
        first = store.reference(model="flight_delay", environment="prod", name="january", version=1)
        said = printed("reference", "promote", *NAMED, "--version", "1")
        assert "january v3" in said
        assert "with the content of v1" in said
        assert store.reference(model="flight_delay", environment="prod", name="january").digest == first.digest
        assert [row["in_force"] for row in rows("reference", "list")] == [True, False, False]

    def test_what_is_in_force_stays_as_it_is(self, printed: Callable[..., str]) -> None:
        assert "january v2" in printed("reference", "promote", *NAMED, "--version", "2")

    def test_a_version_that_is_not_there(self, printed: Callable[..., str]) -> None:
        with pytest.raises(SystemExit, match="has no version 7; it has the versions 1 to 2"):
            printed("reference", "promote", *NAMED, "--version", "7")

    def test_the_difference_names_columns_and_values(self, rows: Callable[..., Any]) -> None:
        found = {(row["column"], row["what"]): row for row in rows("reference", "diff", *NAMED, "1")}
        mean = found[("x", "mean")]
        assert (mean["v1"], mean["v2"]) == (pytest.approx(1, abs=0.2), pytest.approx(2, abs=0.2))
        assert not [key for key in found if key[0] == "at"]

    def test_of_columns_that_came_and_went(
        self, printed: Callable[..., str], rows: Callable[..., Any], file: Callable[..., str]
    ) -> None:
        other = frame(2, 2).rename(columns={"carrier": "airline"})
        printed("reference", "freeze", *NAMED, "--data", file("3.parquet", other), "--time-column", "at")
        found = [tuple(row.values()) for row in rows("reference", "diff", *NAMED, "2", "3")]
        assert found == [
            ("airline", "column", "absent", "categorical"),
            ("carrier", "column", "categorical", "absent"),
        ]

    def test_of_equal_versions_is_nothing(self, printed: Callable[..., str]) -> None:
        assert printed("reference", "diff", *NAMED, "2").endswith(" do not differ\n")
