"""What the package imports is declared, by the name of the distribution that has it, and nothing else is."""

from __future__ import annotations

import ast
import functools
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import airflow_ml_monitor

PACKAGE = Path(airflow_ml_monitor.__file__).parent
PROJECT = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
PROVIDERS = "airflow.providers."
EVERYBODY_HAS = {"airflow": "apache-airflow"}
"""Imports that several distributions share, and the one that brings the others."""


@functools.cache
def imported() -> dict[str, set[str]]:
    """Return what is imported, by package or provider, and by which modules."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in _modules(ast.parse(path.read_text())):
            if name.partition(".")[0] not in {*sys.stdlib_module_names, "airflow_ml_monitor"}:
                found.setdefault(_home(name), set()).add(str(path.relative_to(PACKAGE)))
    return found


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _home(module: str) -> str:
    """Return the package a module is of; of Airflow's providers, the provider's."""
    if not module.startswith(PROVIDERS):
        return module.partition(".")[0]
    first, second, *_ = module.removeprefix(PROVIDERS).split(".")
    return f"{PROVIDERS}{first}.{second}" if first in ("common", "apache") else f"{PROVIDERS}{first}"


def distributions(package: str) -> set[str]:
    """Return the names of the distributions that have a package."""
    if package.startswith(PROVIDERS):
        return {"apache-airflow-providers-" + package.removeprefix(PROVIDERS).replace(".", "-")}
    found = [EVERYBODY_HAS[package]] if package in EVERYBODY_HAS else _installed().get(package, [])
    return {_plain(name) for name in found}


@functools.cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def declared(*extras: str) -> dict[str, str]:
    """Return the distributions declared, and as what."""
    optional = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in optional[extra])]
    return {_plain(re.match(r"[\w.-]+", line)[0]): line for line in lines}  # type: ignore[index]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


EXTRAS = [extra for extra in PROJECT["optional-dependencies"] if extra not in ("demo", "dev", "docs")]


@pytest.mark.parametrize("package", imported())
def test_what_is_imported_is_declared(package: str) -> None:
    found = distributions(package) & declared(*EXTRAS).keys()
    assert found, f"{package} is imported by {sorted(imported()[package])[:3]} and declared nowhere"


def test_nothing_is_required_that_is_not_imported() -> None:
    needed = {name for package in imported() for name in distributions(package)}
    assert declared().keys() - needed == set()


@pytest.mark.parametrize("line", declared(*EXTRAS).values())
def test_every_requirement_has_a_lower_bound(line: str) -> None:
    assert ">=" in line or "~=" in line
