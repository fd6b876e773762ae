"""Reading the file of an expectation suite: JSON or YAML, local or behind any fsspec URL."""

from __future__ import annotations

import json
from typing import Any

from airflow_ml_monitor.data import Connections
from airflow_ml_monitor.errors import SuiteError


def read_suite_file(path: str, connections: Connections) -> Any:
    """Return what a JSON (``.json``) or YAML (any other suffix) file holds, parsed and otherwise unchecked.

    :raises SuiteError: no file is there, or it does not parse; the message has the line where it stops making sense.
    """
    filesystem, inner = connections.filesystem(path)
    try:
        text = filesystem.cat_file(inner).decode("utf-8-sig")
    except FileNotFoundError:
        raise SuiteError(f"suite file {path!r} does not exist; check the path, or write the suite there") from None
    except IsADirectoryError:
        raise SuiteError(f"suite file {path!r} is a folder; name the file in it") from None
    except UnicodeDecodeError as error:
        raise SuiteError(f"suite file {path!r} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    return _from_json(text, path) if path.lower().endswith(".json") else _from_yaml(text, path)


def _from_json(text: str, path: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SuiteError(
            f"suite file {path!r} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}; "
            "correct it there"
        ) from None


def _from_yaml(text: str, path: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise SuiteError(f"suite file {path!r} is not YAML: {problem}{where}; correct it there") from None
