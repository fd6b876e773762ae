"""``save_suite``: a suite as a JSON file that reads well in a review."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from airflow_ml_monitor.errors import SuiteError

if TYPE_CHECKING:
    from airflow_ml_monitor.data import Connections


def save_suite(
    suite: Mapping[str, Any],
    path: str | PathLike[str],
    *,
    overwrite: bool = False,
    connections: Connections | None = None,
) -> None:
    """Write a suite as JSON: the expectations in their order, each argument on a line, the same bytes every time.

    :param suite: a mapping ``{"name", "expectations"}``, as ``learn_suite`` returns it.
    :param path: a local path or an fsspec URL that ends in ``.json``.
    :param overwrite: replace a file that is there. Somebody may have edited it, so the default refuses.
    :raises SuiteError: the file is there, its name does not end in ``.json``, or the suite is no plain JSON.
    """
    from airflow_ml_monitor.data import Connections

    target = str(path)
    if not target.lower().endswith(".json"):
        raise SuiteError(f"suite file {target!r} does not end in .json and would be read as YAML; name it .json")
    text = suite_text(suite)
    filesystem, inner = (connections or Connections()).filesystem(target)
    if not overwrite and filesystem.exists(inner):
        raise SuiteError(
            f"suite file {target!r} is there already, perhaps with edits of a review; "
            "choose another path, or let it be replaced (overwrite=True, --overwrite)"
        )
    filesystem.makedirs(filesystem._parent(inner), exist_ok=True)
    filesystem.pipe_file(inner, text.encode())


def suite_text(suite: Mapping[str, Any]) -> str:
    """Return the text of a suite's file.

    :raises SuiteError: a value that is no plain JSON, ``nan`` and infinity included.
    """
    if not suite.get("expectations"):
        raise SuiteError("the suite holds no expectation, so nothing would be checked; add one before it is saved")
    try:
        head, *entries = [json.dumps(suite["name"]), *map(_entry, suite["expectations"])]
        meta = json.dumps(suite.get("meta", {}), indent=2, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, KeyError) as error:
        raise SuiteError(f"the suite cannot be written as JSON: {error}; use plain values only") from None
    indented = meta.replace("\n", "\n  ")
    body = ",\n".join(entries)
    return f'{{\n  "name": {head},\n  "expectations": [\n{body}\n  ],\n  "meta": {indented}\n}}\n'


def _entry(expectation: Mapping[str, Any]) -> str:
    """Return one expectation, a key to a line, so that a changed limit is one changed line of a diff."""
    lines = [
        f"      {json.dumps(key)}: {json.dumps(value, allow_nan=False, ensure_ascii=False)}"
        for key, value in expectation.items()
    ]
    return "    {\n" + ",\n".join(lines) + "\n    }"
