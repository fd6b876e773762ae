"""``Files``: Parquet or CSV, local or behind any fsspec URL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.data.dataset import Dataset, Rows
from airflow_ml_monitor.data.filtering import expression
from airflow_ml_monitor.data.times import Condition
from airflow_ml_monitor.errors import ConfigurationError, DataError, MissingDataError
from airflow_ml_monitor.window import Window

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

_SUFFIXES = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".csv.gz": "csv", ".tsv": "csv"}
_BATCH_ROWS = 1 << 17


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
        return f"files {self.path}"

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
    """The rows of ``Files``: streamed by Arrow, row groups outside the window skipped, only the columns asked for."""

    dataset: Files

    def __init__(self, dataset: Files, window: Window | None, as_of: datetime | None, connections: Connections) -> None:
        super().__init__(dataset, window, as_of)
        self._connections = connections

    @cached_property
    def source(self) -> ds.Dataset:
        """The files as one Arrow dataset.

        :raises MissingDataError: no file is there.
        :raises DataError: a file is not what its format says, or files disagree about a column's type.
        """
        import pyarrow as pa
        import pyarrow.dataset as ds

        from airflow_ml_monitor.data.schemas import unified_schema

        try:
            source = self._opened(ds.HivePartitioning.discover())
            of_files = [(fragment.path, fragment.physical_schema) for fragment in source.get_fragments()]
            files = unified_schema(of_files, self.label, textual=self.dataset.file_format == "csv")
            of_folders = pa.schema([field for field in source.schema if field.name not in files.names])
            if len(of_folders) < len(source.schema):  # where both name a column, the file's own values count
                source = self._opened(ds.HivePartitioning(of_folders))
            return source.replace_schema(pa.schema([*files, *of_folders]))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise DataError(self._unreadable(error)) from error

    @property
    def full_schema(self) -> pa.Schema:
        return self.source.schema

    def scan(self, columns: Sequence[str], conditions: Sequence[Condition]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        where = expression(conditions, self.full_schema) if conditions else None
        try:
            for batch in self.source.scanner(
                columns=list(columns), filter=where, batch_size=_BATCH_ROWS, batch_readahead=2, fragment_readahead=1
            ).to_batches():
                if batch.num_rows:
                    yield batch
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise DataError(self._unreadable(error)) from error

    def _opened(self, partitioning: Any) -> ds.Dataset:
        """Return the files as an Arrow dataset whose schema has but the columns that their folders name."""
        import pyarrow.dataset as ds

        filesystem, base, paths = self._found
        options = ds.FileSystemFactoryOptions(base, partitioning=partitioning)
        factory = ds.FileSystemDatasetFactory(_arrow_filesystem(filesystem), paths, self._arrow_format(), options)
        return factory.finish(factory.inspect_schemas()[-1])

    @cached_property
    def _found(self) -> tuple[Any, str, list[str]]:
        """Return the file system, the folder below which folders name columns, and the paths of the files."""
        path = self.dataset.path
        filesystem, inner = self._connections.filesystem(path, self.dataset.conn_id)
        plain = re.split(r"[*?\[]", inner, maxsplit=1)[0]
        base = plain.rpartition("/")[0]
        if plain != inner:
            paths = _matching(filesystem, inner)
        elif filesystem.isdir(inner):
            base, paths = inner, _data_files(filesystem, inner)
        else:
            paths = [inner] if filesystem.exists(inner) else []
        if not paths:
            raise MissingDataError(f"no file is at {path!r}; check the path, and that what writes it has run")
        return filesystem, base, sorted(paths)

    def _arrow_format(self) -> Any:
        import pyarrow.csv
        import pyarrow.dataset as ds

        if self.dataset.file_format == "parquet":
            return ds.ParquetFileFormat()
        separator = "\t" if self.dataset.path.lower().endswith(".tsv") else ","
        return ds.CsvFileFormat(
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            # An empty cell is a missing value in a column of texts, too; one in quotes is a text.
            convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
        )

    def _unreadable(self, error: Exception) -> str:
        reason = str(error).splitlines()[0].rstrip(".")
        return f"{self.label} cannot be read as {self.dataset.file_format}: {reason}; check the file or give format="


def _matching(filesystem: Any, pattern: str) -> list[str]:
    found: list[str] = []
    for path, about in filesystem.glob(pattern, detail=True).items():
        found += _data_files(filesystem, path) if about["type"] == "directory" else [path]
    return found


def _data_files(filesystem: Any, folder: str) -> list[str]:
    return [
        path
        for path in filesystem.find(folder)
        if not any(part.startswith(("_", ".")) for part in path.removeprefix(folder).split("/") if part)
    ]


def _arrow_filesystem(filesystem: Any) -> Any:
    import pyarrow.fs as pafs
    from fsspec.implementations.local import LocalFileSystem

    if isinstance(filesystem, LocalFileSystem):
        return pafs.LocalFileSystem()
    return pafs.PyFileSystem(pafs.FSSpecHandler(filesystem))
