from __future__ import annotations

import json

import fsspec
import pytest

from airflow_ml_monitor import save_suite, validate
from airflow_ml_monitor.errors import SuiteError
from airflow_ml_monitor.quality import load_suite

SUITE = {
    "name": "flights",
    "expectations": [
        {
            "type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": "späť", "mostly": 0.9},
            "severity": "critical",
            "meta": {"why": "A model learns from it."},
        }
    ],
    "meta": {"not_learnt": {"at": ["range"]}},
}


def test_what_was_saved_is_read_back(tmp_path):
    save_suite(SUITE, tmp_path / "deep" / "suite.json")
    assert json.loads((tmp_path / "deep" / "suite.json").read_text()) == SUITE


def test_a_url(tmp_path):
    save_suite(SUITE, "memory://learnt/suite.json")
    with fsspec.open("memory://learnt/suite.json") as file:
        assert json.load(file) == SUITE


def test_a_changed_limit_is_one_changed_line(tmp_path):
    edited = json.loads(json.dumps(SUITE))
    edited["expectations"][0]["kwargs"]["mostly"] = 0.8
    save_suite(SUITE, tmp_path / "one.json")
    save_suite(edited, tmp_path / "two.json")
    one, two = ((tmp_path / name).read_text().splitlines() for name in ("one.json", "two.json"))
    assert sum(before != after for before, after in zip(one, two, strict=True)) == 1


def test_an_edit_of_the_file_decides(tmp_path):
    path = tmp_path / "suite.json"
    save_suite(SUITE, path)
    rows = {"späť": [1.0] * 17 + [None] * 3}
    import pandas as pd

    before = validate(pd.DataFrame(rows), str(path)).status
    path.write_text(path.read_text().replace('"mostly": 0.9', '"mostly": 0.8'))
    assert (before, validate(pd.DataFrame(rows), str(path)).status) == ("fail", "pass")


def test_a_file_that_is_there_is_kept(tmp_path):
    path = tmp_path / "suite.json"
    path.write_text("edited")
    with pytest.raises(SuiteError, match="is there already"):
        save_suite(SUITE, path)
    assert path.read_text() == "edited"


def test_overwrite_replaces_it(tmp_path):
    path = tmp_path / "suite.json"
    path.write_text("edited")
    save_suite(SUITE, path, overwrite=True)
    assert len(load_suite(path).expectations) == 1


@pytest.mark.parametrize(
    ("suite", "name", "said"),
    [
        (SUITE, "suite.yaml", "does not end in .json"),
        ({"name": "x", "expectations": []}, "suite.json", "holds no expectation"),
        ({"name": "x", "expectations": [{"kwargs": {"min_value": float("nan")}}]}, "suite.json", "cannot be written"),
        ({"expectations": [{}]}, "suite.json", "cannot be written as JSON: 'name'"),
    ],
)
def test_what_cannot_be_saved(tmp_path, suite, name, said):
    with pytest.raises(SuiteError, match=said):
        save_suite(suite, tmp_path / name)
    assert not (tmp_path / name).exists()
