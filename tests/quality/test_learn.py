from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa

from airflow_ml_monitor import Profile, build_reference, learn_suite, validate
from airflow_ml_monitor.data import Connections, Frame, Table
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.quality import load_suite
from airflow_ml_monitor.results import Status

TYPES = "expect_column_values_to_be_in_type_list"
NOT_NULL = "expect_column_values_to_not_be_null"
UNIQUE = "expect_column_values_to_be_unique"
BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
ROWS = 2_000


def flights(seed: int, rows: int = ROWS) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "id": random.permutation(rows) + 1,
            "tail": [f"N{number}" for number in random.permutation(rows)],
            "distance": random.normal(1000.0, 100.0, rows),
            "price": np.exp(random.normal(0.0, 2.0, rows)),
            "legs": random.integers(1, 5, rows),
            "carrier": random.choice(["AA", "B6", "DL", "UA"], rows, p=[0.4, 0.3, 0.2, 0.1]),
            "cancelled": random.random(rows) < 0.05,
            "at": pd.Timestamp("2013-01-01") + pd.to_timedelta(random.integers(0, 10**6, rows), unit="s"),
        }
    )
    frame.loc[random.random(rows) < 0.05, "distance"] = np.nan
    return frame


@pytest.fixture(scope="module")
def learnt() -> dict:
    return learn_suite(flights(1))


def found(suite: dict, column: str, check: str) -> dict:
    return next(e for e in suite["expectations"] if e["kwargs"]["column"] == column and e["type"] == check)


def checks(suite: dict, column: str) -> set[str]:
    return {e["type"] for e in suite["expectations"] if e["kwargs"]["column"] == column}


def failing(frame, suite) -> set[tuple[str, str]]:
    return {(r.column, r.check) for r in validate(frame, suite).results if r.status is not Status.PASS}


class TestWhatIsLearnt:
    def test_missing_values_may_be_three_points_more(self, learnt):
        missing = int(flights(1)["distance"].isna().sum())
        mostly = found(learnt, "distance", NOT_NULL)["kwargs"]["mostly"]
        assert 0.03 <= round(1 - mostly - missing / ROWS, 6) < 0.04

    def test_the_reason_has_the_figures(self, learnt):
        missing = int(flights(1)["distance"].isna().sum())
        assert f"Missing in {missing:,} of 2,000 rows" in found(learnt, "distance", NOT_NULL)["meta"]["why"]

    @pytest.mark.parametrize("key", ["id", "tail"])
    def test_a_key_is_unique_and_never_missing(self, learnt, key):
        assert checks(learnt, key) == {TYPES, NOT_NULL, UNIQUE}
        assert "mostly" not in found(learnt, key, NOT_NULL)["kwargs"]

    def test_a_range_covers_the_reference_with_room(self, learnt):
        kwargs = found(learnt, "distance", BETWEEN)["kwargs"]
        distance = flights(1)["distance"]
        assert kwargs["min_value"] < distance.min() - 40
        assert kwargs["max_value"] > distance.max() + 40

    def test_what_is_never_negative_has_zero_as_its_bound(self, learnt):
        assert found(learnt, "price", BETWEEN)["kwargs"]["min_value"] == 0

    def test_a_heavy_tail_is_cut_and_counted(self, learnt):
        expectation, price = found(learnt, "price", BETWEEN), flights(1)["price"]
        bound = expectation["kwargs"]["max_value"]
        assert bound < price.max()
        assert (price > bound).mean() < 1 - expectation["kwargs"]["mostly"] < 0.02

    def test_few_numbers_are_not_widened(self, learnt):
        assert {key: found(learnt, "legs", BETWEEN)["kwargs"][key] for key in ("min_value", "max_value")} == {
            "min_value": 1,
            "max_value": 4,
        }

    def test_levels_are_listed(self, learnt):
        assert found(learnt, "carrier", IN_SET)["kwargs"]["value_set"] == ["AA", "B6", "DL", "UA"]

    def test_a_boolean_with_both_values_has_no_list(self, learnt):
        assert checks(learnt, "cancelled") == {TYPES, NOT_NULL}

    def test_times_have_no_range_and_the_suite_says_so(self, learnt):
        assert BETWEEN not in checks(learnt, "at")
        assert "times of later windows" in learnt["meta"]["not_learnt"]["at"][0]

    def test_what_breaks_training_is_critical_and_the_rest_warns(self, learnt):
        severities = {e["type"]: e["severity"] for e in learnt["expectations"]}
        assert severities == {
            TYPES: "critical", NOT_NULL: "critical", UNIQUE: "critical", BETWEEN: "warning", IN_SET: "warning"
        }  # fmt: skip

    def test_it_is_plain_json_that_load_suite_takes(self, learnt):
        assert len(load_suite(json.loads(json.dumps(learnt))).expectations) == len(learnt["expectations"])

    def test_the_same_rows_teach_the_same(self, learnt):
        assert learn_suite(flights(1)) == learnt


class TestOddColumns:
    def learn(self, values, **kwargs) -> dict:
        return learn_suite(pa.table({"anchor": pa.array(["a"] * len(values)), "x": values}), **kwargs)

    def test_a_constant_number_is_its_own_range(self):
        kwargs = found(self.learn([7] * 100), "x", BETWEEN)["kwargs"]
        assert (kwargs["min_value"], kwargs["max_value"]) == (7, 7)

    def test_a_constant_boolean_is_a_list_of_one(self):
        assert found(self.learn([False] * 100), "x", IN_SET)["kwargs"]["value_set"] == [False]

    @pytest.mark.parametrize("values", [[None] * 100, [1.0] * 5 + [None] * 95], ids=["no value", "few values"])
    def test_too_few_values_teach_nothing(self, values):
        suite = self.learn(values)
        assert checks(suite, "x") == set()
        assert "fewer than the 30" in suite["meta"]["not_learnt"]["x"][0]

    def test_infinite_values_are_allowed_for(self):
        random = np.random.default_rng(0)
        values = np.where(np.arange(1000) % 50 == 0, np.inf, random.normal(size=1000))
        kwargs = found(self.learn(values), "x", BETWEEN)["kwargs"]
        assert np.isfinite(kwargs["max_value"])
        assert 1 - kwargs["mostly"] >= 0.02

    def test_infinite_values_alone_have_no_range(self):
        assert checks(self.learn([np.inf] * 100), "x") == {TYPES, NOT_NULL}

    def test_bounds_of_small_negative_integers_hold_them(self):
        values = np.random.default_rng(0).integers(-9, 3, 500)
        kwargs = found(self.learn(values), "x", BETWEEN)["kwargs"]
        assert kwargs["min_value"] <= -9
        assert kwargs["max_value"] >= 2

    def test_text_of_many_levels_has_no_list(self):
        suite = self.learn([f"name {n % 150}" for n in range(3000)])
        assert IN_SET not in checks(suite, "x")
        assert "150 differ" in suite["meta"]["not_learnt"]["x"][0]

    def test_a_level_of_fewer_than_ten_rows_is_not_named(self):
        suite = self.learn(["common"] * 991 + ["Jane Roe"] * 9)
        assert found(suite, "x", IN_SET)["kwargs"]["value_set"] == ["common"]
        assert "Jane" not in json.dumps(suite)

    def test_unique_names_are_no_key(self):
        suite = self.learn([f"{chr(97 + n % 26)}{'x' * (n // 26)} doe" for n in range(600)])
        assert UNIQUE not in checks(suite, "x")

    def test_unique_integers_that_may_be_so_by_chance_are_no_key(self):
        assert UNIQUE not in checks(self.learn(np.random.default_rng(0).permutation(100_000)[:300]), "x")

    def test_lists_have_a_missing_share_only(self):
        assert checks(self.learn(pa.array([[1, 2]] * 100)), "x") == {NOT_NULL}

    def test_a_column_that_is_mostly_missing_may_be_missing_in_all_rows(self):
        suite = self.learn([None] * 980 + [1.0] * 30)
        assert NOT_NULL not in checks(suite, "x")


class TestRefusals:
    @pytest.mark.parametrize("rows", [0, 1, 29])
    def test_too_few_rows(self, rows):
        with pytest.raises(DataError, match="no rows|is too small to learn from"):
            learn_suite(pa.table({"x": pa.array(range(rows), pa.int64())}))

    def test_an_unknown_column(self):
        with pytest.raises(DataError, match="column 'carier' is not in the pandas data frame"):
            learn_suite(flights(1), columns=["carier"])

    @pytest.mark.parametrize("name", ["window_rows", "most_levels"])
    def test_a_number_that_cannot_be(self, name):
        with pytest.raises(ConfigurationError, match=f"{name}=0 is below 1"):
            learn_suite(flights(1), **{name: 0})

    def test_nothing_to_learn(self):
        with pytest.raises(DataError, match="nothing could be learnt"):
            learn_suite(pa.table({"x": pa.nulls(100)}))


class TestProfiles:
    def test_a_profile_teaches_the_same_but_for_keys(self, learnt):
        stored = Profile.from_bytes(build_reference(flights(1)).to_bytes())
        suite = learn_suite(stored)
        assert checks(suite, "distance") == checks(learnt, "distance")
        assert UNIQUE not in checks(suite, "id")

    def test_a_window_of_a_profile_is_refused(self):
        with pytest.raises(ConfigurationError, match="a profile has a window already"):
            learn_suite(build_reference(flights(1)), window=("2013-01-01", "2013-02-01"))


FAULTS = {
    "missing in 6 % more rows": lambda f, r: f.assign(distance=f["distance"].mask(r < 0.06)),
    "a new level in 5 % of rows": lambda f, r: f.assign(carrier=f["carrier"].mask(r < 0.05, "XX")),
    "another unit": lambda f, r: f.assign(distance=f["distance"] * 1000),
    "rows twice": lambda f, r: pd.concat([f, f.iloc[:10]], ignore_index=True),
}
BROKEN = {
    "missing in 6 % more rows": {("distance", NOT_NULL)},
    "a new level in 5 % of rows": {("carrier", IN_SET)},
    "another unit": {("distance", BETWEEN)},
    "rows twice": {("id", UNIQUE), ("tail", UNIQUE)},
}


class TestFreshWindows:
    @pytest.mark.parametrize("seed", range(2, 12))
    def test_rows_of_the_same_process_pass(self, learnt, seed):
        assert failing(flights(seed), learnt) == set()

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_breaks_what_it_is_a_fault_of(self, learnt, fault):
        fresh, draws = flights(3), np.random.default_rng(3).random(ROWS)
        assert failing(FAULTS[fault](fresh, draws), learnt) == BROKEN[fault]

    def test_text_in_a_column_of_numbers_is_of_another_type(self, learnt):
        fresh = flights(3).assign(distance=lambda f: f["distance"].astype(str))
        assert ("distance", TYPES) in failing(fresh, learnt)


class TestEngines:
    @pytest.fixture
    def warehouse(self, engine: sa.Engine) -> Connections:
        flights(2).to_sql("flights", engine, index=False)
        faulty = FAULTS["missing in 6 % more rows"](flights(3), np.random.default_rng(3).random(ROWS))
        faulty.to_sql("faulty", engine, index=False)
        return Connections({"warehouse": engine})

    def verdicts(self, report) -> list[tuple]:
        # Types are judged by value where pandas has objects, so only there they have a share.
        return [(r.column, r.check, r.status, None if r.check == TYPES else r.value) for r in report.results]

    @pytest.mark.parametrize("name", ["flights", "faulty"])
    def test_a_suite_learnt_from_a_frame_judges_a_table_alike(self, learnt, warehouse, engine, name):
        table = validate(Table(name, conn_id="warehouse"), learnt, connections=warehouse)
        frame = validate(pd.read_sql_table(name, engine), learnt)
        assert self.verdicts(table) == self.verdicts(frame)

    def test_a_table_teaches_what_its_rows_in_a_frame_do(self, warehouse, engine):
        of_table = learn_suite(Table("flights", conn_id="warehouse"), connections=warehouse)
        of_frame = learn_suite(Frame(lambda: pd.read_sql_table("flights", engine)))
        assert of_table == of_frame

    def test_types_with_a_size_are_named_as_the_database_does(self, engine):
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "CREATE TABLE sized AS SELECT 1.5::numeric(10, 2) x, 'a'::varchar(7) y FROM generate_series(1, 50)"
                )
            )
        table, connections = Table("sized", conn_id="w"), Connections({"w": engine})
        suite = learn_suite(table, connections=connections)
        report = validate(table, suite, connections=connections)
        assert {"NUMERIC(10, 2)"} < set(found(suite, "x", TYPES)["kwargs"]["type_list"])
        assert report.status == "pass"


def test_great_expectations_is_not_loaded_to_learn():
    code = (
        "import sys, pyarrow as pa; from airflow_ml_monitor import learn_suite; "
        "learn_suite(pa.table({'x': list(range(100))})); print('great_expectations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
