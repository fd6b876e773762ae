"""Where the files of a path, a folder or a glob are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.data.connections import Connections
from airflow_ml_monitor.errors import MissingDataError

if TYPE_CHECKING:
    import pyarrow.fs as pafs


_PASSWORD_OF_URL = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)")


def without_passwords(text: str) -> str:
    """Return a text with ``***`` for the password of each URL in it."""
    return _PASSWORD_OF_URL.sub(r"\1***", text)


@dataclass(frozen=True)
class Location:
    """Files of one file system, in the order in which they are read.

    :param filesystem: as Arrow knows it.
    :param base: the folder below which folders name columns.
    :param paths: the files, at least one.
    :param remote: whether a request costs more than the bytes it brings.
    """

    filesystem: pafs.FileSystem
    base: str
    paths: tuple[str, ...]
    remote: bool


def locate(url: str, conn_id: str | None, connections: Connections) -> Location:
    """Return where the files of a path or URL are, which may name a folder or be a glob.

    :raises MissingDataError: there is none.
    """
    filesystem, inner = connections.filesystem(url, conn_id)
    plain = re.split(r"[*?\[]", inner, maxsplit=1)[0]
    base = plain.rpartition("/")[0]
    if plain != inner:
        paths = _matching(filesystem, inner)
    elif filesystem.isdir(inner):
        base, paths = inner, _data_files(filesystem, inner)
    else:
        paths = [inner] if filesystem.exists(inner) else []
    if not paths:
        raise MissingDataError(
            f"no file is at {without_passwords(url)!r}; check the path, and that what writes it has run"
        )
    arrow, remote = _arrow_filesystem(filesystem)
    return Location(arrow, base, tuple(sorted(paths)), remote)


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


def _arrow_filesystem(filesystem: Any) -> tuple[pafs.FileSystem, bool]:
    import pyarrow.fs as pafs
    from fsspec.implementations.local import LocalFileSystem

    if isinstance(filesystem, LocalFileSystem):
        return pafs.LocalFileSystem(), False
    return pafs.PyFileSystem(pafs.FSSpecHandler(filesystem)), True
