from __future__ import annotations

import importlib
import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import airflow
import jsonschema
import pytest

from airflow_ml_monitor import settings
from airflow_ml_monitor.provider_info import get_provider_info


@pytest.fixture
def info() -> dict[str, Any]:
    return get_provider_info()


def test_is_what_airflow_asks_for(info: dict[str, Any]) -> None:
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())
    jsonschema.validate(info, schema)


def test_options_are_what_airflow_asks_for(info: dict[str, Any]) -> None:
    # The schema means to forbid other keys and misspells it, so they are counted here.
    known = {"description", "version_added", "type", "example", "default", "sensitive"}
    for option in info["config"]["ml_monitor"]["options"].values():
        assert known - {"sensitive"} <= option.keys() <= known


def test_every_module_it_names_can_be_imported(info: dict[str, Any]) -> None:
    for kind in ("operators", "sensors", "triggers", "hooks"):
        for entry in info[kind]:
            for module in entry["python-modules"]:
                importlib.import_module(module)


def test_every_notifier_it_names_can_be_imported(info: dict[str, Any]) -> None:
    for path in info["notifications"]:
        module, _, name = path.rpartition(".")
        assert hasattr(importlib.import_module(module), name)


def test_every_option_is_read(info: dict[str, Any]) -> None:
    for option in info["config"]["ml_monitor"]["options"]:
        assert callable(getattr(settings, option))


def test_is_the_entry_point_that_airflow_looks_for(info: dict[str, Any]) -> None:
    found = [
        point for point in entry_points(group="apache_airflow_provider") if point.dist.name == info["package-name"]
    ]
    assert [point.load() for point in found] == [get_provider_info]


def test_registers_no_connection_type(info: dict[str, Any]) -> None:
    assert "connection-types" not in info


def test_costs_the_standard_library_only() -> None:
    code = """
import sys
import airflow_ml_monitor.provider_info as told
told.get_provider_info()
print({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names) - {"airflow_ml_monitor"})
"""
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", _path() + code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() in ("set()", "{'__main__'}")


def _path() -> str:
    import airflow_ml_monitor

    root = Path(str(airflow_ml_monitor.__file__)).parent.parent
    return f"import sys; sys.path.insert(0, {str(root)!r})\n"
