"""Great Expectations, imported quietly.

Only functions import this module, never another module's top: Great Expectations takes seconds to import.
"""

# ruff: noqa: E402 - what is set below must be set before Great Expectations is imported

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# The releases this package allows send nothing, but releases that do read this when they are imported.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
_showwarning = warnings.showwarning
# It tells at each import of each function that it does not document: two hundred lines before a task's verdict.
_logger = logging.getLogger("great_expectations")
_level = _logger.level
_logger.setLevel(logging.WARNING)

from great_expectations.core import ExpectationSuite
from great_expectations.core.batch import Batch
from great_expectations.core.suite_parameters import parse_suite_parameter
from great_expectations.exceptions import ExpectationNotFoundError, SuiteParameterError
from great_expectations.execution_engine import PandasExecutionEngine, SqlAlchemyExecutionEngine
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.expectations import core as _core  # noqa: F401 - fills the registry
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.registry import (
    get_expectation_impl,
    list_registered_expectation_implementations,
)
from great_expectations.validator.validator import Validator

__all__ = [
    "Batch",
    "Expectation",
    "ExpectationNotFoundError",
    "ExpectationSuite",
    "PandasExecutionEngine",
    "SqlAlchemyBatchData",
    "SqlAlchemyExecutionEngine",
    "SuiteParameterError",
    "Validator",
    "get_expectation_impl",
    "list_registered_expectation_implementations",
    "parse_suite_parameter",
    "quiet",
]

_logger.setLevel(_level)
# Its validator sends every Python warning of the process to logging; that is for the process to decide.
if warnings.showwarning is not _showwarning:
    logging.captureWarnings(False)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Great Expectations' own log lines out: whole SQL statements and tracebacks of what is reported anyway."""
    level = _logger.level
    _logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        _logger.setLevel(level)
