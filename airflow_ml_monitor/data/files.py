"""``Files``: Parquet or CSV, local or behind any fsspec URL."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import FEWEST_AT_ONCE, Dataset, Rows
from airflow_ml_monitor.data.failures import file_errors
from airflow_ml_monitor.data.filtering import rows_that_meet
from airflow_ml_monitor.data.folders import folder_fields, folder_values, with_folders
from airflow_ml_monitor.data.locations import Location, locate, without_passwords
from airflow_ml_monitor.data.reading import Dictionaries, FileReader, Request, fitted, read_ahead
from airflow_ml_monitor.data.schemas import unified_schema
from airflow_ml_monitor.data.times import Condition
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    import pyarrow as pa

_SUFFIXES = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".csv.gz": "csv", ".tsv": "csv"}


@dataclass(frozen=True)
class Files(Dataset):
    """Parquet or CSV files: one file, a folder, or a glob.

    Their columns are those of all the files; a file without one of them has no value there. Folders named
    ``carrier=UA`` below the path, or below a glob's first wildcard, give their rows a column ``carrier``.

    :param path: local path or fsspec URL; may be a template (``"s3://lake/flights/{{ ds }}.parquet"``).
    :param format: ``"parquet"`` or ``"csv"``; read off the suffix by default, Parquet where that says nothing.
    :param conn_id: Airflow connection for the URL's file system, where it needs one.
    :raises ConfigurationError: an unknown format.
    """

    kind: ClassVar[str] = "files"

    path: str = ""
    format: str | None = None
    conn_id: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "path", str(self.path))
        if not self.path:
            raise ConfigurationError("Files needs a path or URL")
        if self.format not in (None, "parquet", "csv"):
            raise ConfigurationError(f"Files(format={self.format!r}) is not known; use 'parquet' or 'csv'")

    @property
    def label(self) -> str:
        return f"files {without_passwords(self.path)}"

    @property
    def file_format(self) -> str:
        """The format given, or the one the suffix says."""
        if self.format is not None:
            return self.format
        suffixes = [known for known in _SUFFIXES if self.path.lower().endswith(known)]
        return _SUFFIXES[suffixes[0]] if suffixes else "parquet"

    def open(
        self,
        window: Window | None = None,
        *,
        as_of: datetime | None = None,
        connections: Connections | None = None,
    ) -> Rows:
        return FileRows(self, window, as_of, connections or Connections())


class FileRows(Rows):
    """The rows of ``Files``, file by file: row groups outside the window are skipped, only columns wanted are read."""

    dataset: Files

    def __init__(self, dataset: Files, window: Window | None, as_of: datetime | None, connections: Connections) -> None:
        super().__init__(dataset, window, as_of)
        self._connections = connections
        self._left_out: frozenset[str] = frozenset()

    def without_repeated(self) -> tuple[str, ...]:
        names = [schema.names for _, schema in self._schemas]
        repeated = dict.fromkeys(name for each in names for name in each if each.count(name) > 1)
        self._left_out = frozenset(repeated)
        return tuple(repeated)

    @cached_property
    def full_schema(self) -> pa.Schema:
        """Names and types of all columns of the files and of their folders; where both name one, the files' counts.

        :raises MissingDataError: no file is there.
        :raises DataError: a file is not what its format says, or files disagree about a column's type.
        :raises SourceError: a file cannot be reached, or is damaged.
        """
        import pyarrow as pa

        of_folders = [field for field in self._folder_fields if field.name not in self._file_schema.names]
        return pa.schema([*self._file_schema, *of_folders])

    @property
    def by_column(self) -> bool:
        return self.dataset.file_format == "parquet"

    @property
    def at_once(self) -> bool:
        if self._location.remote or self.conditions:
            return False
        rows = [self._reader.rows(path) for path in self._location.paths]
        return all(each is not None and each >= FEWEST_AT_ONCE for each in rows)

    def scan(
        self, columns: Sequence[str], conditions: Sequence[Condition], *, encoded: bool = False, threads: bool = True
    ) -> Iterator[pa.RecordBatch]:
        batches = self._batches(columns, conditions, encoded=encoded, threads=threads)
        yield from read_ahead(batches) if threads else batches

    def _batches(
        self, columns: Sequence[str], conditions: Sequence[Condition], *, encoded: bool, threads: bool
    ) -> Generator[pa.RecordBatch]:
        import pyarrow as pa

        needed = dict.fromkeys([*columns, *(condition.column for condition in conditions)])
        fields = [self._file_schema.field(name) for name in needed if name in self._file_schema.names]
        request = Request(pa.schema(fields), tuple(conditions), encoded, threads)
        dictionaries = Dictionaries()
        for path in self._location.paths:
            with self._naming(path):
                for batch in self._reader.batches(path, request):
                    found = rows_that_meet(conditions, dictionaries.shared(fitted(batch, request)))
                    if found.num_rows:
                        yield with_folders(found, columns, self._folder_fields, self._folders[path])

    @cached_property
    def _file_schema(self) -> pa.Schema:
        import pyarrow as pa

        known = [
            (
                path,
                pa.schema([field for field in schema if field.name not in self._left_out])
                if self._left_out
                else schema,
            )
            for path, schema in self._schemas
        ]
        return unified_schema(known, self.label, textual=self.dataset.file_format == "csv")

    @cached_property
    def _schemas(self) -> list[tuple[str, pa.Schema]]:
        found = []
        for path in self._location.paths:
            with self._naming(path):
                found.append((path, self._reader.schema(path)))
        return found

    @cached_property
    def _folders(self) -> Mapping[str, Mapping[str, str | None]]:
        return {path: folder_values(self._location.base, path) for path in self._location.paths}

    @cached_property
    def _folder_fields(self) -> pa.Schema:
        return folder_fields(self._folders.values())

    @cached_property
    def _location(self) -> Location:
        with file_errors(self.label, self.dataset.file_format):
            return locate(self.dataset.path, self.dataset.conn_id, self._connections)

    @cached_property
    def _reader(self) -> FileReader:
        if self.dataset.file_format == "parquet":
            from airflow_ml_monitor.data.parquet_files import ParquetFiles

            return ParquetFiles(self._location.filesystem, remote=self._location.remote)
        from airflow_ml_monitor.data.csv_files import CsvFiles

        separator = "\t" if self.dataset.path.lower().endswith(".tsv") else ","
        return CsvFiles(self._location.filesystem, separator=separator)

    def _naming(self, path: str) -> AbstractContextManager[None]:
        """Make of a complaint about a file one that names it."""
        what = self.label if self._location.paths == (path,) else f"{path} of {self.label}"
        return file_errors(what, self.dataset.file_format)
