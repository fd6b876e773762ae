"""Which kinds of datasets a process loads."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
from airflow_ml_monitor.data import dataset_from_dict
described = {described}
assert dataset_from_dict(described).kind == described["kind"]
print(json.dumps([kind for kind in ("files", "frame", "table") if f"airflow_ml_monitor.data.{{kind}}" in sys.modules]))
"""


@pytest.mark.parametrize(
    "described",
    [
        {"kind": "files", "path": "flights.parquet"},
        {"kind": "frame", "load": "package.module:function"},
        {"kind": "table", "table": "flights", "conn_id": "warehouse"},
    ],
    ids=lambda described: described["kind"],
)
def test_a_description_loads_its_own_kind_only(described: dict[str, str]) -> None:
    code = SCRIPT.format(described=described)
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(process.stdout) == [described["kind"]]
