"""``learn-suite``: from files, and from a stored reference."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airflow_ml_monitor.profile import build_reference
from airflow_ml_monitor.quality import load_suite
from airflow_ml_monitor.store import Store
from tests.store.factories import make_origin, make_report

Printed = Callable[..., str]


def rows() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame({"x": random.uniform(0, 1, 300), "carrier": random.choice(["AA", "UA"], 300)})


def columns(path: Path) -> set[str]:
    suite = load_suite(str(path))
    return {one["kwargs"]["column"] for one in json.loads(path.read_text())["expectations"]} if suite else set()


def test_from_files(printed: Printed, tmp_path: Path) -> None:
    rows().to_parquet(tmp_path / "rows.parquet")
    said = printed("learn-suite", "--data", str(tmp_path / "rows.parquet"), "--out", str(tmp_path / "flights.json"))
    assert "expectations learnt into" in said
    assert columns(tmp_path / "flights.json") == {"x", "carrier"}


def test_from_a_reference(printed: Printed, store: Store, tmp_path: Path) -> None:
    store.write(make_report(), make_origin(), profile=build_reference(rows()), reference_name="january")
    of_model = ("--model", "flight_delay", "--environment", "prod")
    printed("learn-suite", "--reference", "january", *of_model, "--columns", "x", "--out", str(tmp_path / "a.json"))
    assert columns(tmp_path / "a.json") == {"x"}


def test_an_edited_file_is_not_lost(printed: Printed, tmp_path: Path) -> None:
    rows().to_parquet(tmp_path / "rows.parquet")
    (tmp_path / "a.json").write_text("edited")
    with pytest.raises(SystemExit, match="is there already, .*--overwrite"):
        printed("learn-suite", "--data", str(tmp_path / "rows.parquet"), "--out", str(tmp_path / "a.json"))
    assert (tmp_path / "a.json").read_text() == "edited"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [((), "give one of them"), (("--reference", "january"), "give --model")],
)
def test_what_it_cannot_learn_from(printed: Printed, options: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(SystemExit, match=sentence):
        printed("learn-suite", "--out", "a.json", *options)
