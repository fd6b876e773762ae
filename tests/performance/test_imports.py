"""What judging a model loads: neither pandas nor SciPy, which would be half of what a task takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

SCRIPT = """
import json, sys
from datetime import timedelta
from airflow_ml_monitor import AtLeast, AtMost, BetterThanDummy, NoWorseThanReference, compare_models, evaluate_model
from airflow_ml_monitor.data import Connections, Files, Table

place, problem = sys.argv[1:]
connections = None
if place.startswith("postgresql"):
    import sqlalchemy as sa
    connections = Connections({"warehouse": sa.create_engine(place)})
    made = Table("made", conn_id="warehouse", time_column="at", timezone="America/New_York")
    known = Table("known", conn_id="warehouse", arrived_at_column="arrived", timezone="UTC")
else:
    made = Files(place + "/made.parquet", time_column="at", timezone="America/New_York")
    known = Files(place + "/known.parquet", arrived_at_column="arrived", timezone="UTC")
asked = {
    "binary": {"label": "right", "expect": [AtLeast("roc_auc", 0.6), NoWorseThanReference("log_loss", 0.5)]},
    "multiclass": {"label": "class", "prediction": "said", "expect": BetterThanDummy("accuracy")},
    "regression": {"label": "target", "prediction": "score", "expect": AtMost("rmse", 9.0), "label_range": (-9, 9)},
}
report = evaluate_model(
    made, known, on=["id", "name"], problem=problem, segments=["name"], void={"void": True}, delay=timedelta(days=1),
    reference=("2026-01-01T00:00Z", "2026-01-02T00:00Z"), window=("2026-01-02T00:00Z", "2026-01-03T00:00Z"),
    weight="weight" if problem == "binary" else None, connections=connections, **asked[problem],
)
assert any(result.segment and result.value is not None for result in report.results), report.summary()
if problem == "regression":
    keys, how = {"on": ["id", "name"], "delay": timedelta(days=1)}, asked[problem]
    how = {"label": how["label"], "prediction": how["prediction"], "label_range": how["label_range"]}
    compare_models(made, made, known, problem=problem, metric="mae", connections=connections, **keys, **how)
heavy = ("pandas", "scipy", "sklearn", "pyarrow.dataset", "pyarrow.acero")
print(json.dumps([name for name in heavy if name in sys.modules]))
"""


def rows() -> dict[str, pd.DataFrame]:
    """Return predictions of two days, and labels of most of them."""
    random, count = np.random.default_rng(1), 2000
    at = pd.date_range("2026-01-01", periods=count, freq="90s")
    score, name = random.random(count), random.choice(["a", "b"], count)
    said = {"said": random.choice(["x", "y", "z"], count), "weight": random.random(count)}
    made = pd.DataFrame({"at": at, "id": np.arange(count), "name": name, "score": score, **said})
    known = {"right": random.random(count) < score, "class": random.choice(["x", "y", "z"], count)}
    known |= {"target": score + random.normal(size=count), "void": random.random(count) < 0.01, "arrived": at}
    return {"made": made, "known": made[["id", "name"]].assign(**known)[: count - 100]}


def loaded(place: str, problem: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, place, problem], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_judging_a_model_by_files_loads_neither_pandas_nor_scipy(tmp_path: Path, problem: str) -> None:
    for name, frame in rows().items():
        frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
    assert loaded(str(tmp_path), problem) == []


def test_judging_a_model_by_tables_loads_neither_pandas_nor_scipy(engine: sa.Engine) -> None:
    for name, frame in rows().items():
        frame.to_sql(name, engine, index=False)
    assert loaded(engine.url.render_as_string(hide_password=False), "binary") == []
