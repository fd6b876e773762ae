"""What can go wrong, by name. Every message names the thing, its value and what to do about it."""

from __future__ import annotations


class MonitorError(Exception):
    """Base of all errors this package raises on purpose."""


class ConfigurationError(MonitorError, ValueError):
    """The task, suite, policy or dataset is described wrongly; running it again changes nothing."""


class WindowError(ConfigurationError):
    """A window that is impossible (start after end, naive times) or that no rule could find."""


class DataError(MonitorError):
    """The data is there and cannot be used as described: an unknown column, naive times, an unreadable file."""


class MissingDataError(DataError):
    """The place named by a dataset holds nothing: no file matches, or the table does not exist."""


class NoRowsError(DataError):
    """The dataset has no rows where some are needed."""


class SourceError(MonitorError):
    """The database or the file of a dataset cannot be reached or gave up; a later try may succeed."""


class SuiteError(ConfigurationError):
    """An expectation suite that cannot be read."""


class ReferenceNotFoundError(ConfigurationError):
    """No reference profile of that name is stored for the model."""


class StoreError(MonitorError):
    """The store cannot be reached, or does not hold what it should."""


class TrackingError(MonitorError):
    """MLflow cannot be reached, does not answer in time, or refuses."""
