"""Reading an expectation suite from what an author gives, and saying plainly what is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data import Connections
from airflow_ml_monitor.errors import SuiteError
from airflow_ml_monitor.quality.suite_file import read_suite_file

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation

_EXPECTATION_KEYS = {"type", "kwargs", "severity", "meta", "notes", "description", "id", "rendered_content"}


def load_suite(suite: Any, *, connections: Connections | None = None) -> ExpectationSuite:
    """Return the Great Expectations suite that ``suite`` describes, every expectation of it checked.

    :param suite: a list of expectation objects (``gxe.ExpectColumnValuesToNotBeNull(column="late")``) or of mappings
        ``{"type", "kwargs", "severity", "meta"}``; a mapping ``{"name", "expectations"}``; an ``ExpectationSuite``; or
        the path or URL of a JSON or YAML file that holds one of the mappings.
    :param connections: where a URL's file system comes from.
    :raises SuiteError: it cannot be read, is empty, or an expectation in it is unknown or has a wrong argument.
    """
    from airflow_ml_monitor.quality import gx

    if isinstance(suite, gx.ExpectationSuite):
        _refuse_empty(suite.expectations, f"suite {suite.name!r}")
        return suite
    label = "the suite"
    if isinstance(suite, (str, PathLike)):
        label = f"suite file {str(suite)!r}"
        suite = read_suite_file(str(suite), connections or Connections())
    name, items = _items(suite, label)
    _refuse_empty(items, label)
    expectations = [_expectation(item, f"expectation {n} of {label}") for n, item in enumerate(items, start=1)]
    return gx.ExpectationSuite(name=name, expectations=expectations)


def with_parameters(suite: ExpectationSuite, parameters: Mapping[str, Any] | None) -> list[Expectation]:
    """Return the suite's expectations with every ``{"$PARAMETER": expression}`` replaced by its value.

    :raises SuiteError: a parameter was not given, or its value does not fit the argument.
    """
    given = dict(suite.suite_parameters or {}) | dict(parameters or {})
    return [
        _filled(expectation, given, f"expectation {n} of suite {suite.name!r}")
        for n, expectation in enumerate(suite.expectations, start=1)
    ]


def suite_to_list(expectations: Iterable[Expectation]) -> list[dict[str, Any]]:
    """Return expectations as plain JSON types; ``load_suite`` reads them back."""
    return [expectation.configuration.to_json_dict() for expectation in expectations]


def _items(suite: Any, label: str) -> tuple[str, Sequence[Any]]:
    if isinstance(suite, Mapping):
        if "expectations" in suite:
            items = suite["expectations"]
            if not isinstance(items, (list, tuple)):
                raise SuiteError(f"'expectations' of {label} is {items!r}; it must be a list")
            return str(suite.get("name") or "suite"), items
        if "type" in suite or "expectation_type" in suite:
            return "suite", [suite]
        raise SuiteError(f"{label} has the keys {sorted(map(str, suite))}; it needs 'expectations', a list")
    if isinstance(suite, (list, tuple)):
        return "suite", suite
    raise SuiteError(
        f"{label} is a {type(suite).__name__} ({suite!r:.80}); give a list of expectations, an ExpectationSuite, "
        "a mapping with 'expectations', or the path of a JSON or YAML file"
    )


def _refuse_empty(items: Sequence[Any], label: str) -> None:
    if not items:
        raise SuiteError(f"{label} holds no expectation, so nothing would be checked; add one, or leave suite out")


def _expectation(item: Any, label: str) -> Expectation:
    from airflow_ml_monitor.quality import gx

    if isinstance(item, gx.Expectation):
        return item
    if not isinstance(item, Mapping):
        raise SuiteError(
            f"{label} is a {type(item).__name__} ({item!r:.80}); give an expectation object or a mapping with 'type'"
        )
    kind = item.get("type", item.get("expectation_type"))
    kwargs = item.get("kwargs") or {}
    if not isinstance(kind, str) or not kind:
        raise SuiteError(f"{label} has no 'type'; write one such as 'expect_column_values_to_not_be_null'")
    unknown = sorted(set(map(str, item)) - _EXPECTATION_KEYS - {"expectation_type", "expectation_context"})
    if unknown or not isinstance(kwargs, Mapping):
        wrong = f"the key {unknown[0]!r}" if unknown else f"kwargs={kwargs!r:.80}, which is no mapping"
        raise SuiteError(f"{label} ({kind}) has {wrong}; arguments of the expectation belong under 'kwargs'")
    about = {key: item[key] for key in ("severity", "meta", "notes", "description") if item.get(key) is not None}
    return _built(kind, {**kwargs, **about}, label)


def _built(kind: str, arguments: Mapping[str, Any], label: str) -> Expectation:
    from airflow_ml_monitor.quality import gx

    try:
        implementation = gx.get_expectation_impl(kind)
    except gx.ExpectationNotFoundError:
        near = difflib.get_close_matches(kind, gx.list_registered_expectation_implementations(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "see Great Expectations' gallery for the types there are"
        raise SuiteError(f"{label} has the type {kind!r}, which does not exist; {hint}") from None
    try:
        return implementation(**arguments)
    except (ValueError, TypeError) as error:
        raise SuiteError(f"{label} ({kind}) {_complaint(error, arguments, implementation)}") from None


def _complaint(error: Exception, arguments: Mapping[str, Any], implementation: Any) -> str:
    """Say what Great Expectations' argument check found first; it lists every alternative of a type."""
    errors = error.errors() if hasattr(error, "errors") else []
    unknown = [str(found["loc"][0]) for found in errors if found["type"] == "value_error.extra"]
    if unknown:
        near = difflib.get_close_matches(unknown[0], implementation.__fields__, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "remove it"
        return f"has no argument {unknown[0]!r}; {hint}"
    if not errors or errors[0]["loc"] == ("__root__",):
        reason = errors[0]["msg"] if errors else str(error).splitlines()[0]
        return f"cannot be made: {reason}; correct its arguments"
    name = str(errors[0]["loc"][0])
    if name not in arguments:
        return f"needs the argument {name!r}"
    return f"has {name}={arguments[name]!r:.80}: {errors[0]['msg']}; correct it"


def _filled(expectation: Expectation, given: Mapping[str, Any], label: str) -> Expectation:
    configuration = expectation.configuration
    wanted = {
        name: value["$PARAMETER"]
        for name, value in configuration.kwargs.items()
        if isinstance(value, Mapping) and "$PARAMETER" in value
    }
    if not wanted:
        return expectation
    values = {name: _value(expression, given, label) for name, expression in wanted.items()}
    configuration.kwargs.update(values)
    try:
        return configuration.to_domain_obj()
    except (ValueError, TypeError) as error:
        arguments = dict(configuration.kwargs)
        raise SuiteError(f"{label} ({configuration.type}) {_complaint(error, arguments, type(expectation))}") from None


def _value(expression: str, given: Mapping[str, Any], label: str) -> Any:
    from airflow_ml_monitor.quality import gx

    if expression in given:
        return given[expression]
    try:
        return gx.parse_suite_parameter(expression, dict(given))
    except gx.SuiteParameterError:
        known = ", ".join(sorted(given)) or "none"
        raise SuiteError(
            f"{label} needs the runtime parameter {expression!r} (given: {known}); pass it in parameters="
        ) from None
