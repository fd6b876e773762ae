"""``Frame``: rows that a Python callable returns, run inside the monitoring task."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import FEWEST_AT_ONCE, Dataset, Rows
from airflow_ml_monitor.data.filtering import rows_that_meet
from airflow_ml_monitor.data.times import Condition
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.window import Window

# Airflow names the module of a DAG file so; people know it by the file's name.
_MANGLED = re.compile(r"^unusual_prefix_[0-9a-f]{40}_")

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class InMemory:
    """A loader that returns a data frame it already has; a stream of Arrow batches, which reads once, is read here."""

    data: Any = field(repr=False)

    def __post_init__(self) -> None:
        if is_frame(self.data) and hasattr(self.data, "read_all"):
            object.__setattr__(self, "data", self.data.read_all())

    def __call__(self) -> Any:
        return self.data


@dataclass(frozen=True)
class Frame(Dataset):
    """A callable that returns a pandas or polars data frame or an Arrow table.

    It is called inside the monitoring task, once per task. Where its signature has parameters named ``window``
    (a ``Window``) or ``as_of`` (a ``datetime``) it is given them, so that it can read no more than it must.

    :param load: the callable, or its import path ``"package.module:function"``.
    :param kwargs: keyword arguments for it; texts may be templates.
    """

    kind: ClassVar[str] = "frame"

    load: Callable[..., Any] | str = ""
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.load) and ":" not in str(self.load):
            raise ConfigurationError(f"Frame needs a callable or 'package.module:function', not {self.load!r}")

    @property
    def label(self) -> str:
        if isinstance(self.load, InMemory):
            return f"the {type(self.load.data).__module__.split('.', maxsplit=1)[0]} data frame"
        return f"the frame of {_MANGLED.sub('', _import_path(self.load))}"

    def open(
        self,
        window: Window | None = None,
        *,
        as_of: datetime | None = None,
        connections: Connections | None = None,
    ) -> Rows:
        return FrameRows(self, window, as_of)

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.load, InMemory):
            return super().to_dict() | {"load": "in memory"}
        return super().to_dict() | {"load": _import_path(self.load)}


class FrameRows(Rows):
    """The rows of a ``Frame``: loaded once, kept as one Arrow table."""

    dataset: Frame

    @cached_property
    def table(self) -> pa.Table:
        """The loaded frame in Arrow.

        :raises DataError: the callable returned something else, or two columns of one name.
        """
        return to_arrow(self._loaded, self.label)

    def without_repeated(self) -> tuple[str, ...]:
        names = column_names(self._loaded)
        repeated = tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
        if repeated:
            self._loaded = _unrepeated(self._loaded, [names.count(name) == 1 for name in names])
        return repeated

    @cached_property
    def _loaded(self) -> Any:
        load = self.dataset.load
        function = load if callable(load) else _imported(load)
        return function(**self.dataset.kwargs, **self._extra(function))

    @property
    def by_column(self) -> bool:
        return True

    @property
    def at_once(self) -> bool:
        return self.table.num_rows >= FEWEST_AT_ONCE and not self.conditions

    @property
    def full_schema(self) -> pa.Schema:
        return self.table.schema

    def scan(
        self, columns: Sequence[str], conditions: Sequence[Condition], *, encoded: bool = False, threads: bool = True
    ) -> Iterator[pa.RecordBatch]:
        needed = dict.fromkeys([*columns, *(condition.column for condition in conditions)])
        wanted = rows_that_meet(conditions, self.table.select(list(needed))).select(list(columns))
        for start in range(0, wanted.num_rows, _BATCH):
            # A column in many small pieces would cut all others with it.
            yield from wanted.slice(start, _BATCH).combine_chunks().to_batches()

    def _extra(self, function: Callable[..., Any]) -> dict[str, Any]:
        accepted = inspect.signature(function).parameters
        offered = {"window": self.window, "as_of": self.as_of}
        return {name: offered[name] for name in offered if name in accepted and name not in self.dataset.kwargs}


def is_frame(data: Any) -> bool:
    """Whether ``data`` is a pandas or polars data frame or an Arrow table, judged without importing any of them."""
    package = type(data).__module__.split(".", maxsplit=1)[0]
    return package in ("pandas", "polars", "pyarrow") and (hasattr(data, "columns") or hasattr(data, "schema"))


def to_arrow(data: Any, label: str) -> pa.Table:
    """Return a data frame as an Arrow table; the frame itself stays as it is.

    Columns that mix types, and those of types of pandas' own, become text, so that they can still be counted.

    :raises DataError: it is no data frame, or has two columns of one name.
    """
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    elif isinstance(data, pa.RecordBatchReader):
        data = data.read_all()
    elif is_frame(data) and type(data).__module__.startswith("polars"):
        data = (data.collect() if hasattr(data, "collect") else data).to_arrow()
    elif is_frame(data) and type(data).__module__.startswith("pandas"):
        data = _from_pandas(data, label)
    if not isinstance(data, pa.Table):
        raise DataError(f"{label} is a {type(data).__name__}, not a pandas or polars data frame or an Arrow table")
    _refuse_duplicates(data.column_names, label)
    return data


def _from_pandas(frame: Any, label: str) -> pa.Table:
    import pyarrow as pa

    names = [str(name) for name in frame.columns]
    _refuse_duplicates(names, label)
    arrays = [_column(frame.iloc[:, position]) for position in range(len(names))]
    return pa.Table.from_arrays(arrays, names=names) if names else pa.table({})


def _column(series: Any) -> pa.Array:
    import pyarrow as pa

    if series.dtype == "float64":
        return _numbers(series.to_numpy())
    try:
        array = pa.Array.from_pandas(series)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError):
        return _texts(series)
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if isinstance(kind, pa.BaseExtensionType):  # pandas' own, such as periods and the intervals that ``cut`` makes
        return _texts(series)
    valueless = len(array) > 0 and array.null_count == len(array) and pa.types.is_floating(array.type)
    return pa.nulls(len(array)) if valueless else array


def _texts(series: Any) -> pa.Array:
    """Return values as texts; a surrogate without its other half, which no file can hold, is a question mark."""
    import pyarrow as pa

    texts = (str(value).encode(errors="replace").decode() for value in series)
    return pa.array([text if here else None for text, here in zip(texts, series.notna(), strict=True)])


_BATCH = 1 << 20


def _numbers(values: np.ndarray[Any, Any]) -> pa.Array:
    """Return numbers without a copy. NaN stays what it is: whoever counts rows takes it for missing, as null."""
    import numpy as np
    import pyarrow as pa

    values = np.ascontiguousarray(values)
    if len(values) and np.isnan(values[0]) and np.isnan(values).all():
        # pandas makes a column without any value a float one, whatever it was meant to hold: its type says nothing.
        return pa.nulls(len(values))
    return pa.Array.from_buffers(pa.float64(), len(values), [None, pa.py_buffer(values)])


def column_names(data: Any) -> list[str]:
    """Return the names of the columns of a data frame or Arrow table as texts; of anything else none."""
    names = getattr(data, "column_names", None)
    if names is None:
        names = data.columns if is_frame(data) and hasattr(data, "columns") else []
    return [str(name) for name in names]


def _unrepeated(data: Any, wanted: Sequence[bool]) -> Any:
    places = [place for place, here in enumerate(wanted) if here]
    return data.iloc[:, places] if hasattr(data, "iloc") else data.select(places)


def _refuse_duplicates(names: Sequence[str], label: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{label} has more than one column named {', '.join(map(repr, twice))}; rename or drop them")


def _import_path(load: Callable[..., Any] | str) -> str:
    if isinstance(load, str):
        return load
    return f"{getattr(load, '__module__', '?')}:{getattr(load, '__qualname__', type(load).__qualname__)}"


def _imported(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    try:
        target: Any = importlib.import_module(module)
        for part in name.split("."):
            target = getattr(target, part)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"Frame cannot load {path!r}: {error}") from error
    if not callable(target):
        raise ConfigurationError(f"Frame cannot load {path!r}: it is a {type(target).__name__}, not a callable")
    return target  # type: ignore[no-any-return]
