from __future__ import annotations

import json

import fsspec
import great_expectations.expectations as gxe
import pytest
from great_expectations.core import ExpectationSuite

from airflow_ml_monitor.errors import SuiteError
from airflow_ml_monitor.quality import load_suite, validate
from airflow_ml_monitor.quality.suite import suite_to_list, with_parameters

NOT_NULL = {
    "type": "expect_column_values_to_not_be_null",
    "kwargs": {"column": "late", "mostly": 0.9},
    "severity": "warning",
    "meta": {"owner": "ops"},
}
BETWEEN = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "late", "min_value": 0}}
YAML = """
name: flights
expectations:
  - type: expect_column_values_to_not_be_null
    severity: warning
    meta: {owner: ops}
    kwargs: {column: late, mostly: 0.9}
"""


def written(path, text: str) -> str:
    path.write_text(text)
    return str(path)


class TestForms:
    def test_expectation_objects(self):
        suite = load_suite([gxe.ExpectColumnValuesToNotBeNull(column="late", mostly=0.9)])
        assert suite.expectations[0].mostly == 0.9

    def test_a_suite_object_is_taken_as_it_is(self):
        suite = ExpectationSuite(name="flights", expectations=[gxe.ExpectColumnToExist(column="late")])
        assert load_suite(suite) is suite

    @pytest.mark.parametrize("form", [NOT_NULL, [NOT_NULL], {"name": "flights", "expectations": [NOT_NULL]}])
    def test_mappings_keep_severity_and_meta(self, form):
        assert suite_to_list(load_suite(form).expectations) == [NOT_NULL]

    def test_the_key_of_older_releases(self):
        older = {"expectation_type": NOT_NULL["type"], "kwargs": NOT_NULL["kwargs"]}
        assert load_suite([older]).expectations[0].column == "late"

    def test_a_json_file(self, tmp_path):
        path = written(tmp_path / "suite.json", json.dumps({"expectations": [NOT_NULL]}))
        assert suite_to_list(load_suite(path).expectations) == [NOT_NULL]

    def test_a_yaml_file(self, tmp_path):
        assert suite_to_list(load_suite(tmp_path / written(tmp_path / "s.yml", YAML)).expectations) == [NOT_NULL]

    def test_a_file_behind_a_url(self):
        with fsspec.open("memory://suites/flights.json", "w") as file:
            json.dump([NOT_NULL], file)
        assert suite_to_list(load_suite("memory://suites/flights.json").expectations) == [NOT_NULL]

    def test_what_a_suite_is_written_as_is_read_back(self):
        plain = suite_to_list(load_suite([NOT_NULL, BETWEEN]).expectations)
        assert suite_to_list(load_suite(plain).expectations) == plain


class TestComplaints:
    """Every complaint names the place and the value, and what to do."""

    @pytest.mark.parametrize(
        ("suite", "said"),
        [
            ([], "the suite holds no expectation"),
            ({"expectations": {}}, "'expectations' of the suite is {}; it must be a list"),
            ({"expectation": []}, "has the keys ['expectation']; it needs 'expectations'"),
            (7, "is a int (7); give a list"),
            ([NOT_NULL, "late"], "expectation 2 of the suite is a str ('late')"),
            ([{"kwargs": {}}], "expectation 1 of the suite has no 'type'"),
            (
                [{"type": BETWEEN["type"], "column": "late"}],
                "has the key 'column'; arguments of the expectation belong",
            ),
            ([{"type": "expect_column_value_to_not_be_null"}], "did you mean 'expect_column_values_to_not_be_null'?"),
            ([{"type": "xyz"}], "has the type 'xyz', which does not exist; see"),
            ([{"type": BETWEEN["type"], "kwargs": {"colum": "late"}}], "no argument 'colum'; did you mean 'column'?"),
            ([{"type": BETWEEN["type"], "kwargs": {"min_value": 0}}], "needs the argument 'column'"),
            ([{**NOT_NULL, "kwargs": {"column": "late", "mostly": 1.5}}], "has mostly=1.5: ensure this value is less"),
            ([{**NOT_NULL, "severity": "fatal"}], "has severity='fatal': value is not a valid"),
            ([{"type": BETWEEN["type"], "kwargs": {"column": "late"}}], "cannot be made"),
        ],
    )
    def test_a_wrong_suite(self, suite, said):
        with pytest.raises(SuiteError) as error:
            load_suite(suite)
        assert said in str(error.value)

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("suite.json", '[\n  {"type": }\n]', "at line 2, column 12"),
            ("suite.yaml", "expectations:\n  - type: [a\n", "line"),
            ("suite.json", "[]", "holds no expectation"),
            ("suite.yaml", "", "is a NoneType"),
        ],
    )
    def test_a_wrong_file_is_named_with_the_place(self, tmp_path, name, text, said):
        path = written(tmp_path / name, text)
        with pytest.raises(SuiteError) as error:
            load_suite(path)
        assert path in str(error.value)
        assert said in str(error.value)

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(SuiteError, match=r"none\.json' does not exist"):
            load_suite(tmp_path / "none.json")

    def test_a_file_that_is_no_text(self, tmp_path):
        (tmp_path / "suite.json").write_bytes(b"PAR1\xff\xfe")
        with pytest.raises(SuiteError, match="is not UTF-8 text"):
            load_suite(tmp_path / "suite.json")

    def test_a_wrong_suite_is_told_before_the_data_is_read(self):
        def load() -> None:
            raise AssertionError("the data was read")

        with pytest.raises(SuiteError):
            validate(load, [{"type": "xyz"}])


class TestParameters:
    suite = ({"type": NOT_NULL["type"], "kwargs": {"column": "late", "mostly": {"$PARAMETER": "mostly"}}},)

    def test_a_value_given_at_run_time_is_filled_in(self):
        assert with_parameters(load_suite(list(self.suite)), {"mostly": 0.7})[0].mostly == 0.7

    def test_a_parameter_may_be_an_expression(self):
        between = {**BETWEEN, "kwargs": {"column": "late", "max_value": {"$PARAMETER": "limit * 2"}}}
        assert with_parameters(load_suite([between]), {"limit": 5})[0].max_value == 10

    def test_the_suite_itself_is_not_changed(self):
        suite = load_suite(list(self.suite))
        with_parameters(suite, {"mostly": 0.7})
        assert suite.expectations[0].mostly == {"$PARAMETER": "mostly"}

    def test_a_missing_parameter_is_named(self):
        with pytest.raises(SuiteError, match=r"needs the runtime parameter 'mostly' \(given: limit\)"):
            with_parameters(load_suite(list(self.suite)), {"limit": 5})

    def test_a_value_that_does_not_fit_is_named(self):
        with pytest.raises(SuiteError, match=r"has mostly=7"):
            with_parameters(load_suite(list(self.suite)), {"mostly": 7})
