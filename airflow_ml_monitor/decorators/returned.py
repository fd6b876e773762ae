"""One mechanism for all decorators: a monitoring operator whose dataset is what a function returns."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.bases.decorator import DecoratedOperator, task_decorator_factory

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator, Outcome, given

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.bases.decorator import TaskDecorator

    from airflow_ml_monitor.data import Dataset
    from airflow_ml_monitor.store import Store

_TOLD = ("model", "model_version", "environment", "window", "as_of")


class ReturnedData(DecoratedOperator, MonitoringOperator):
    """Base of the decorated operators: calls the function inside the task, and judges what it returns.

    The function may return a pandas or polars data frame, an Arrow table, or a dataset. Rows never go to XCom: the task
    returns the summary of its report, as its operator does.

    :param time_column: column of event time of a returned data frame; without one the window is all of its rows.
    :param timezone: zone of a returned data frame's naive times.
    :param arrived_at_column: column of the time at which a row of a returned data frame became known.
    """

    custom_operator_name: ClassVar[str]
    returned: ClassVar[str]
    """The operator's parameter that the function's result is given to."""

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        model: str | None = None,
        time_column: str | None = None,
        timezone: str | None = None,
        arrived_at_column: str | None = None,
        **kwargs: Any,
    ) -> None:
        if self.returned in kwargs:
            raise ConfigurationError(f"{self.returned}= is what the decorated function returns; leave it out")
        # Airflow asks for every argument when the DAG is parsed; these are known when the task runs.
        later = dict.fromkeys(name for name in _TOLD if name in _open_parameters(python_callable, op_args or ()))
        kwargs |= {self.returned: None, "model": model}
        super().__init__(
            python_callable=python_callable, op_args=op_args, op_kwargs=later | dict(op_kwargs or {}), **kwargs
        )
        columns: dict[str, Any] = {
            "time_column": time_column,
            "timezone": timezone,
            "arrived_at_column": arrived_at_column,
        }
        self.frame_columns = {name: value for name, value in columns.items() if value is not None}

    def inputs(self, context: Context, store: Store) -> Inputs:
        positional = inspect.signature(self.python_callable).bind_partial(*self.op_args).arguments
        called_with = {**positional, **self.op_kwargs}
        for name in _TOLD:
            if given(called_with.get(name)) is not None:
                setattr(self, name, called_with[name])
        return super().inputs(context, store)

    def compute(self, inputs: Inputs) -> Outcome:
        setattr(self, self.returned, self._dataset(self._called(inputs)))
        return super().compute(inputs)  # type: ignore[safe-super]

    def _called(self, inputs: Inputs) -> Any:
        """Return what the function returns, told of the run what its parameters ask for."""
        told = {name: getattr(inputs, name) for name in _TOLD}
        parameters = inspect.signature(self.python_callable).parameters
        positional = list(parameters)[: len(self.op_args)]
        args = [
            told.get(positional[place], value) if place < len(positional) else value
            for place, value in enumerate(self.op_args)
        ]
        takes_all = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        offered = {**inputs.context, **self.op_kwargs, **told}
        keywords = (name for name in offered if (takes_all or name in parameters) and name not in positional)
        returned = self.python_callable(*args, **{name: offered[name] for name in keywords})
        return asyncio.run(returned) if inspect.iscoroutine(returned) else returned

    def _dataset(self, returned: Any) -> Dataset:
        from airflow_ml_monitor.data import Dataset, Frame, as_dataset
        from airflow_ml_monitor.data.frame import is_frame

        function = self.python_callable
        if is_frame(returned):
            return Frame(_loader(function, returned), **self.frame_columns)
        if not isinstance(returned, Dataset) and not (isinstance(returned, Mapping) and "kind" in returned):
            raise ConfigurationError(
                f"{function.__qualname__} of task {self.task_id!r} returned a {type(returned).__name__}; "
                "return a pandas or polars data frame, an Arrow table, or a dataset (Files, Table, Frame)"
            )
        return replace(as_dataset(returned), **self.frame_columns)


def decorated(operator: type[MonitoringOperator], *, name: str, returned: str) -> type[ReturnedData]:
    """Return the operator of a decorator: ``operator`` with what a function returns as its parameter ``returned``."""
    fields = (field for field in operator.template_fields if field != returned)
    return type(
        f"_Decorated{operator.__name__}",
        (ReturnedData, operator),
        {
            "__module__": __name__,
            "__doc__": f"``{operator.__name__}`` that judges what a function returns.",
            "custom_operator_name": f"@task.{name}",
            "returned": returned,
            "template_fields": (*DecoratedOperator.template_fields, *fields),
        },
    )


def task_decorator(
    operator: type[ReturnedData], python_callable: Callable[..., Any] | None, kwargs: dict[str, Any]
) -> TaskDecorator:
    """Return a function's task decorator.

    :raises ConfigurationError: ``multiple_outputs`` is asked for.
    """
    if kwargs.pop("multiple_outputs", None):
        raise ConfigurationError(
            f"{operator.custom_operator_name} has one output, the summary of its report; leave multiple_outputs out"
        )
    return task_decorator_factory(
        python_callable=python_callable, multiple_outputs=False, decorated_operator_class=operator, **kwargs
    )


def _open_parameters(function: Callable[..., Any], op_args: Collection[Any]) -> list[str]:
    """Return the names of the parameters that the positional arguments leave open."""
    return list(inspect.signature(function).parameters)[len(op_args) :]


def _loader(function: Callable[..., Any], data: Any) -> Callable[[], Any]:
    """Return a loader of the data that is named as the function is: reports and messages tell where rows came from."""

    def load() -> Any:
        return data

    load.__module__, load.__qualname__ = function.__module__, function.__qualname__
    return load
