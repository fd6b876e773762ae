from __future__ import annotations

import great_expectations.expectations as gxe
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_ml_monitor.quality.assertion import assertion_of
from airflow_ml_monitor.quality.sentences import number, percent, range_of, share_sentence, statement_sentence


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"min_value": 0, "max_value": 10}, "at least 0 and at most 10"),
        ({"min_value": 0.5, "strict_min": True}, "more than 0.5"),
        ({"max_value": 1234567, "strict_max": True}, "less than 1,234,567"),
        ({}, ""),
    ],
)
def test_a_range_in_words(kwargs, words):
    assert range_of(kwargs) == words


def test_one_or_the_other_word_of_a_statement():
    said = assertion_of(gxe.ExpectColumnToExist(column="late"))
    assert statement_sentence(said, success=True) == "the dataset has the column late"
    assert statement_sentence(said, success=False) == "the dataset does not have the column late"


def test_an_expectation_of_the_author_s_own_reads_as_its_name():
    class ExpectColumnValuesToBeOnTime(gxe.ExpectColumnValuesToNotBeNull):
        pass

    said = assertion_of(ExpectColumnValuesToBeOnTime(column="late"))
    sentence = share_sentence(said, 0.25, 8, allowed=0, whole=True)
    assert sentence == "column values to be on time [late] does not hold in 25 % of 8 rows; none allowed"


@pytest.mark.parametrize(
    ("expectation", "sentence"),
    [
        (gxe.ExpectColumnValuesToNotBeNull(column="late"), "late is present in all 8 rows"),
        (
            gxe.ExpectColumnValuesToBeInTypeList(column="c", type_list=["int64", "str"]),
            "c is of one of the types int64, str in all 8 rows",
        ),
        (gxe.ExpectColumnValuesToNotMatchRegex(column="c", regex="^x"), "c does not match ^x in all 8 rows"),
    ],
)
def test_where_nothing_is_broken_it_says_what_holds(expectation, sentence):
    assert share_sentence(assertion_of(expectation), 0.0, 8, allowed=0, whole=True) == sentence


def test_an_expectation_of_the_author_s_own_holds_by_its_name():
    class ExpectColumnValuesToBeEarly(gxe.ExpectColumnValuesToNotBeNull):
        pass

    said = assertion_of(ExpectColumnValuesToBeEarly(column="late"))
    sentence = share_sentence(said, 0.0, 8, allowed=0.1, whole=False)
    assert sentence == "column values to be early [late] holds in all 8 rows with a value"


@pytest.mark.parametrize(
    ("parser", "condition", "shown"),
    [
        ("pandas", "legs==1", "legs==1"),
        ("great_expectations", 'col("legs") > 1', "legs > 1"),
    ],
)
def test_a_condition_reads_as_its_author_wrote_it(parser, condition, shown):
    expectation = gxe.ExpectColumnValuesToNotBeNull(column="late", row_condition=condition, condition_parser=parser)
    assert assertion_of(expectation).condition == shown


def test_a_long_list_is_cut():
    said = assertion_of(gxe.ExpectTableColumnsToMatchSet(column_set=[f"column_{n}" for n in range(100)]))
    assert len(statement_sentence(said, success=False)) < 200


@given(st.floats(0, 1))
def test_less_than_all_never_reads_as_all(share):
    assert (percent(share) == "100 %") == (share == 1)


@given(st.integers(-(10**14), 10**14))
def test_whole_numbers_are_shown_whole(value):
    assert int(number(float(value)).replace(",", "")) == value
