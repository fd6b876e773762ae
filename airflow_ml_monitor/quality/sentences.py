"""What an expectation found, as one sentence for a person who was woken up by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_ml_monitor.quality.assertion import Assertion

# What a row that is counted as unexpected does, and what one does that is not.
_ROWS = {
    "expect_column_values_to_not_be_null": ("{column} is missing", "{column} is present"),
    "expect_column_values_to_be_null": ("{column} is not missing", "{column} is missing"),
    "expect_column_values_to_be_unique": ("{column} is repeated", "{column} is unique"),
    "expect_column_values_to_be_in_set": ("{column} is not one of {value_set}", "{column} is one of {value_set}"),
    "expect_column_values_to_not_be_in_set": ("{column} is one of {value_set}", "{column} is not one of {value_set}"),
    "expect_column_values_to_be_between": ("{column} is not {range}", "{column} is {range}"),
    "expect_column_value_lengths_to_be_between": (
        "the length of {column} is not {range}",
        "the length of {column} is {range}",
    ),
    "expect_column_value_lengths_to_equal": (
        "the length of {column} is not {value}",
        "the length of {column} is {value}",
    ),
    "expect_column_values_to_match_regex": ("{column} does not match {regex}", "{column} matches {regex}"),
    "expect_column_values_to_not_match_regex": ("{column} matches {regex}", "{column} does not match {regex}"),
    "expect_column_values_to_match_like_pattern": (
        "{column} is not like {like_pattern}",
        "{column} is like {like_pattern}",
    ),
    "expect_column_values_to_not_match_like_pattern": (
        "{column} is like {like_pattern}",
        "{column} is not like {like_pattern}",
    ),
    "expect_column_values_to_match_strftime_format": (
        "{column} is not in the format {strftime_format}",
        "{column} is in the format {strftime_format}",
    ),
    "expect_column_values_to_be_dateutil_parseable": ("{column} is not a date", "{column} is a date"),
    "expect_column_values_to_be_json_parseable": ("{column} is not JSON", "{column} is JSON"),
    "expect_column_values_to_be_of_type": ("{column} is not of type {type_}", "{column} is of type {type_}"),
    "expect_column_values_to_be_in_type_list": (
        "{column} is of none of the types {type_list}",
        "{column} is of one of the types {type_list}",
    ),
    "expect_column_values_to_be_increasing": ("{column} does not increase", "{column} increases"),
    "expect_column_values_to_be_decreasing": ("{column} does not decrease", "{column} decreases"),
    "expect_column_value_z_scores_to_be_less_than": (
        "the z-score of {column} is not below {threshold}",
        "the z-score of {column} is below {threshold}",
    ),
    "expect_column_pair_values_to_be_equal": (
        "{column_A} is not equal to {column_B}",
        "{column_A} is equal to {column_B}",
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        "{column_A} is not greater than {column_B}",
        "{column_A} is greater than {column_B}",
    ),
    "expect_column_pair_values_to_be_in_set": (
        "the pair {columns} is outside its allowed set",
        "the pair {columns} is in its allowed set",
    ),
    "expect_compound_columns_to_be_unique": (
        "the combination of {columns} is repeated",
        "the combination of {columns} is unique",
    ),
    "expect_select_column_values_to_be_unique_within_record": (
        "a value occurs twice among {columns}",
        "no value occurs twice among {columns}",
    ),
    "expect_multicolumn_sum_to_equal": (
        "the sum of {columns} is not {sum_total}",
        "the sum of {columns} is {sum_total}",
    ),
    "expect_multicolumn_values_to_be_equal": ("{columns} are not equal", "{columns} are equal"),
}
_BROKEN = {check: broken for check, (broken, _) in _ROWS.items()}
_KEPT = {check: kept for check, (_, kept) in _ROWS.items()}
# What the observed number is.
_MEASURED = {
    "expect_column_mean_to_be_between": "the mean of {column}",
    "expect_column_median_to_be_between": "the median of {column}",
    "expect_column_min_to_be_between": "the smallest {column}",
    "expect_column_max_to_be_between": "the largest {column}",
    "expect_column_sum_to_be_between": "the sum of {column}",
    "expect_column_stdev_to_be_between": "the standard deviation of {column}",
    "expect_column_unique_value_count_to_be_between": "the number of distinct values of {column}",
    "expect_column_proportion_of_unique_values_to_be_between": "the share of distinct values of {column}",
    "expect_column_proportion_of_non_null_values_to_be_between": "the share of values present in {column}",
    "expect_column_kl_divergence_to_be_less_than": "the Kullback-Leibler divergence of {column}",
    "expect_table_row_count_to_be_between": "the number of rows",
    "expect_table_row_count_to_equal": "the number of rows",
    "expect_table_column_count_to_be_between": "the number of columns",
    "expect_table_column_count_to_equal": "the number of columns",
    "unexpected_rows_expectation": "the number of rows its query finds",
}
# Where neither a share nor a number is observed: what is so, or, with the other of its two words, what is not.
_STATED = {
    "expect_column_to_exist": "the dataset {has} the column {column}",
    "expect_table_columns_to_match_ordered_list": "the columns {are}, in this order, {column_list}",
    "expect_table_columns_to_match_set": "the columns {are} {column_set}",
    "expect_column_values_to_be_of_type": "{column} {is} of type {type_}",
    "expect_column_values_to_be_in_type_list": "{column} {is} of one of the types {type_list}",
    "expect_column_type_to_be": "{column} {is} of type {type_}",
    "expect_column_distinct_values_to_be_in_set": "the values of {column} {are} all in the allowed set",
    "expect_column_distinct_values_to_contain_set": "the required values {do} all occur in {column}",
    "expect_column_distinct_values_to_equal_set": "the values of {column} {are} exactly those of the given set",
    "expect_column_most_common_value_to_be_in_set": "the most common value of {column} {is} in the allowed set",
    "expect_column_quantile_values_to_be_between": "the quantiles of {column} {are} in their ranges",
}
_VERBS = {
    True: {"is": "is", "are": "are", "has": "has", "do": "do"},
    False: {"is": "is not", "are": "are not", "has": "does not have", "do": "do not"},
}


def share_sentence(assertion: Assertion, share: float, considered: int, *, allowed: float, whole: bool) -> str:
    """Say in what share of the rows an expectation is broken: "late is missing in 15.2 % of 6,012 rows; ...".

    Where it is broken in none, what holds: "late is present in all 6,012 rows".

    :param considered: rows it could be decided for; ``whole`` when these are all rows.
    :param allowed: the largest share allowed.
    """
    broken, kept = (_filled(phrases, assertion) for phrases in (_BROKEN, _KEPT))
    rows = f"{considered:,} rows{'' if whole else ' with a value'}{_where(assertion)}"
    if share == 0:
        return f"{kept or f'{in_words(assertion)} holds'} in all {rows}"
    digits = 6 if share > allowed and percent(share) == percent(allowed) else 3
    limit = f"at most {percent(allowed, digits)} allowed" if allowed else "none allowed"
    return f"{broken or f'{in_words(assertion)} does not hold'} in {percent(share, digits)} of {rows}; {limit}"


def measure_sentence(assertion: Assertion, value: Any, limits: str) -> str:
    """Say what was measured and what is allowed: "the mean of late is 12.3; allowed: at most 10"."""
    measured = _filled(_MEASURED, assertion) or f"the value observed for {in_words(assertion)}"
    return f"{measured}{_where(assertion)} is {number(value)}" + (f"; allowed: {limits}" if limits else "")


def statement_sentence(assertion: Assertion, *, success: bool, because: str = "") -> str:
    """Say whether what an expectation states is so: "the dataset does not have the column late"."""
    verbs = _VERBS[success]
    stated = _filled(_STATED, assertion, verbs)
    if stated is None:
        measured = _filled(_MEASURED, assertion)
        within = f"{measured} {verbs['is']} {range_of(assertion.kwargs)}"
        stated = within if measured else f"{in_words(assertion)} {'holds' if success else 'does not hold'}"
    return stated + _where(assertion) + (f" ({because})" if because else "")


def range_of(kwargs: Mapping[str, Any]) -> str:
    """Return ``min_value`` and ``max_value`` in words; empty where there are none."""
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    above = "more than" if kwargs.get("strict_min") else "at least"
    below = "less than" if kwargs.get("strict_max") else "at most"
    parts = [f"{above} {number(low)}"] if low is not None else []
    return " and ".join([*parts, f"{below} {number(high)}"] if high is not None else parts)


def in_words(assertion: Assertion) -> str:
    """Return an expectation's type in words, with the column it is about."""
    words = assertion.check.removeprefix("expect_").replace("_", " ")
    return f"{words} [{assertion.column}]" if assertion.column else words


def number(value: Any) -> str:
    """Return a number with at most four digits after which nothing is lost that matters; other values as they are."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.1f}"


def percent(share: float, digits: int = 3) -> str:
    """Return a share in percent; less than all never reads as all."""
    text = f"{100 * share:.{digits}g}"
    if share < 1 and float(text) >= 100:
        text = "over 99.9"
    return f"{text} %"


def _where(assertion: Assertion) -> str:
    return f" where {assertion.condition}" if assertion.condition else ""


def _filled(phrases: Mapping[str, str], assertion: Assertion, verbs: Mapping[str, str] | None = None) -> str | None:
    phrase = phrases.get(assertion.check)
    if phrase is None:
        return None
    values = {key: _text(value) for key, value in assertion.kwargs.items()}
    values |= {"columns": ", ".join(assertion.columns), "range": range_of(assertion.kwargs), **(verbs or {})}
    return phrase.format_map(_Placeholders(values))


def _text(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else number(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


class _Placeholders(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"
