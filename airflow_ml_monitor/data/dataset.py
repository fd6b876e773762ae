"""What every dataset has: columns, a time column, a time zone; and ``Rows``, a dataset opened for one window."""

from __future__ import annotations

import importlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.times import Condition, conditions_for, zone
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.window import Window, as_utc

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_HOMES = {"files": "files", "frame": "frame", "table": "table"}
"""The package's own kinds -> the module that has them, imported when the kind is first asked for."""
_KINDS: dict[str, type[Dataset]] = {}


@dataclass(frozen=True, kw_only=True)
class Dataset(ABC):
    """Where rows are. Frozen, cheap, reads nothing until ``open``.

    :param columns: the columns to look at; all of them by default.
    :param time_column: column of event time that windows are cut by. Without one, a window is taken to be *all* rows
        of the dataset, as for a file or query whose own template names the day.
    :param timezone: IANA zone of naive times (``"America/New_York"``). A wall time that occurs twice is the first one.
    :param arrived_at_column: column of the time at which a row became known; rows after ``as_of`` do not exist.
    :raises ConfigurationError: an unknown time zone.
    """

    kind: ClassVar[str]

    columns: tuple[str, ...] | None = None
    time_column: str | None = None
    timezone: str | None = None
    arrived_at_column: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("kind"):
            if cls.kind in _KINDS and _KINDS[cls.kind].__qualname__ != cls.__qualname__:
                raise ConfigurationError(f"a dataset of kind {cls.kind!r} exists already")
            _KINDS[cls.kind] = cls

    def __post_init__(self) -> None:
        if isinstance(self.columns, str):
            raise ConfigurationError(f"columns={self.columns!r} is one text; give a list of names")
        if self.columns is not None:
            object.__setattr__(self, "columns", tuple(self.columns))
        if self.timezone is not None and not _is_template(self.timezone):
            zone(self.timezone)

    @property
    @abstractmethod
    def label(self) -> str:
        """The dataset in words, for messages."""

    @abstractmethod
    def open(
        self,
        window: Window | None = None,
        *,
        as_of: datetime | None = None,
        connections: Connections | None = None,
    ) -> Rows:
        """Return the rows of a window (all rows without one) as known at ``as_of``, ready to be read.

        :raises MissingDataError: nothing is there.
        """

    def resolve(self, context: Mapping[str, Any]) -> Self:
        """Return a copy with every Jinja template in its texts rendered from an Airflow task context."""
        render = _renderer(context)
        return replace(self, **{f.name: _rendered(getattr(self, f.name), render) for f in fields(self) if f.init})

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; ``dataset_from_dict`` gives an equal dataset back."""
        plain = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        return {"kind": self.kind} | {key: value for key, value in plain.items() if value is not None}

    def __str__(self) -> str:
        # Airflow stores this text with the DAG: it must be the same in every process, so no repr of a callable.
        return json.dumps(self.to_dict(), default=str)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in plain.items() if key in known})


def dataset_from_dict(plain: Mapping[str, Any]) -> Dataset:
    """Return the dataset that ``Dataset.to_dict`` described.

    :raises ConfigurationError: no dataset of that kind exists.
    """
    kind = plain.get("kind")
    if kind in _HOMES:
        importlib.import_module(f"airflow_ml_monitor.data.{_HOMES[kind]}")
    if kind not in _KINDS:
        known = ", ".join(sorted({*_HOMES, *_KINDS}))
        raise ConfigurationError(f"no dataset of kind {kind!r}; known: {known}")
    return _KINDS[kind].from_dict(plain)


def as_dataset(data: Any) -> Dataset:
    """Return a dataset as it is, its ``to_dict`` form read, and a data frame or Arrow table wrapped into a ``Frame``.

    :raises ConfigurationError: the value is none of these.
    """
    if isinstance(data, Dataset):
        return data
    if isinstance(data, Mapping) and "kind" in data:
        return dataset_from_dict(data)
    from airflow_ml_monitor.data.frame import Frame, InMemory, is_frame

    if is_frame(data):
        return Frame(InMemory(data))
    if callable(data):
        return Frame(data)
    raise ConfigurationError(
        f"{type(data).__name__} is not a dataset; give Files, Table, Frame or a pandas, polars or Arrow data frame"
    )


FEWEST_AT_ONCE = 20_000
"""Rows from which on threads are worth what they cost."""


class Rows(ABC):
    """A dataset opened for one window: its schema, and its rows as a stream of Arrow record batches."""

    def __init__(self, dataset: Dataset, window: Window | None, as_of: datetime | None) -> None:
        self.dataset = dataset
        self.window = window
        self.as_of = None if as_of is None else as_utc(as_of, what="as_of")

    @property
    @abstractmethod
    def full_schema(self) -> pa.Schema:
        """Names and types of all columns there are."""

    @abstractmethod
    def scan(
        self, columns: Sequence[str], conditions: Sequence[Condition], *, encoded: bool = False, threads: bool = True
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows that meet all conditions, these columns only; the rest as for ``batches``."""

    @property
    def by_column(self) -> bool:
        """Whether to read some columns costs no more than their share of reading all, so that wide data can be read
        a few columns at a time."""
        return False

    @property
    def at_once(self) -> bool:
        """Whether threads that each read some of the columns are done sooner than one that reads them all."""
        return False

    @property
    def label(self) -> str:
        return self.dataset.label

    def without_repeated(self) -> tuple[str, ...]:
        """Leave out the columns whose name occurs more than once from now on, and return these names.

        Without it they are an error: nobody could say which one is meant.
        """
        return ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What a row must meet to be in the window and known at ``as_of``.

        :raises DataError: a time column that is unknown, not of times, or naive without a ``timezone``.
        """
        for name in (self.dataset.time_column, self.dataset.arrived_at_column):
            if name is not None:
                self.require([name])
        return conditions_for(self.dataset, self.full_schema, self.window, self.as_of)

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the dataset's own ``columns``; of all columns where it names none.

        :raises DataError: a column that is named and not there.
        """
        import pyarrow as pa

        full = self.full_schema
        if self.dataset.columns is None:
            return full
        self.require(self.dataset.columns)
        return pa.schema([full.field(name) for name in self.dataset.columns])

    def batches(
        self, columns: Sequence[str] | None = None, *, encoded: bool = False, threads: bool = True
    ) -> Iterator[pa.RecordBatch]:
        """Yield the window's rows in Arrow record batches, the columns in the order asked for.

        :param encoded: texts may come as dictionary arrays, where the source has them so: for who counts values.
            A batch may have the dictionary of the batch before, at the same address.
        :param threads: other threads may be used to read; not where several already read ``at_once``.
        :raises DataError: an unknown column, or rows that cannot be read.
        """
        wanted = list(self.schema.names if columns is None else columns)
        self.require(wanted)
        return self.scan(wanted, self.conditions, encoded=encoded, threads=threads)

    def to_arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the window's rows as one table."""
        import pyarrow as pa

        wanted = list(self.schema.names if columns is None else columns)
        fields = [self.full_schema.field(name) for name in wanted if name in self.full_schema.names]
        return pa.Table.from_batches(self.batches(wanted), schema=pa.schema(fields))

    def to_pandas(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the window's rows as one data frame of its own: changing it changes nothing else."""
        frame: pd.DataFrame = self.to_arrow(columns).to_pandas()
        return frame

    def require(self, names: Sequence[str]) -> None:
        """Refuse columns that are not there.

        :raises DataError: there is one.
        """
        import difflib

        there = self.full_schema.names
        for name in names:
            if name not in there:
                near = difflib.get_close_matches(name, there, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(there[:20])}"
                raise DataError(f"column {name!r} is not in {self.label}; {hint}")


def _is_template(text: str) -> bool:
    return "{{" in text or "{%" in text


def _renderer(context: Mapping[str, Any]) -> Callable[[str], Any]:
    task = context.get("task")
    if task is not None:
        return lambda text: task.render_template(text, context)
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    return lambda text: environment.from_string(text).render(**context)


def _rendered(value: Any, render: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return render(value) if _is_template(value) else value
    if isinstance(value, (tuple, list)):
        return type(value)(_rendered(item, render) for item in value)
    if isinstance(value, dict):
        return {key: _rendered(item, render) for key, item in value.items()}
    return value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
