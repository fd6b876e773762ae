"""The decorators, as the provider info names them to Airflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.decorators.returned import decorated, task_decorator
from airflow_ml_monitor.operators.data_quality import DataQualityOperator
from airflow_ml_monitor.operators.drift import DriftOperator
from airflow_ml_monitor.operators.model_quality import ModelQualityOperator

if TYPE_CHECKING:
    from airflow.sdk.bases.decorator import TaskDecorator

_QUALITY = decorated(DataQualityOperator, name="ml_quality", returned="data")
_DRIFT = decorated(DriftOperator, name="ml_drift", returned="data")
_MODEL_QUALITY = decorated(ModelQualityOperator, name="ml_model_quality", returned="predictions")


def ml_quality_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Judge the data that a function returns: ``@task.ml_quality(model="churn", suite="churn.json")``.

    :param python_callable: the function; it returns a data frame, an Arrow table or a dataset.
    :param kwargs: parameters of ``DataQualityOperator``, but for ``data``; ``time_column``, ``timezone`` and
        ``arrived_at_column`` of a returned data frame.
    :raises ConfigurationError: ``multiple_outputs`` or ``data`` is given.
    """
    return task_decorator(_QUALITY, python_callable, kwargs)


def ml_drift_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Compare the data that a function returns with a reference: ``@task.ml_drift(model="churn", reference="may")``.

    :param python_callable: the function; it returns a data frame, an Arrow table or a dataset.
    :param kwargs: parameters of ``DriftOperator``, but for ``data``; ``time_column``, ``timezone`` and
        ``arrived_at_column`` of a returned data frame.
    :raises ConfigurationError: ``multiple_outputs`` or ``data`` is given.
    """
    return task_decorator(_DRIFT, python_callable, kwargs)


def ml_model_quality_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Judge a model by the predictions that a function returns and the labels known: ``@task.ml_model_quality(...)``.

    :param python_callable: the function; it returns a data frame, an Arrow table or a dataset of predictions.
    :param kwargs: parameters of ``ModelQualityOperator``, but for ``predictions``; ``time_column``, ``timezone`` and
        ``arrived_at_column`` of a returned data frame.
    :raises ConfigurationError: ``multiple_outputs`` or ``predictions`` is given.
    """
    return task_decorator(_MODEL_QUALITY, python_callable, kwargs)
