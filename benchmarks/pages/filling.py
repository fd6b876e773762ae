"""A store as full as years of monitoring make it: written by SQL, since 180,000 tasks would take days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import sqlalchemy as sa
from airflow_ml_monitor.drift import detect_drift
from airflow_ml_monitor.profile import build_reference, profile_like
from airflow_ml_monitor.results import Origin
from airflow_ml_monitor.store import Store
from airflow_ml_monitor.window import Window

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHECKS = 11
WIDE, LONG = "wide", "long"
RARE = "barometer"
"""A column that few checks are about."""


@dataclass(frozen=True)
class Size:
    """How much there is.

    :param models: each with as many days of three kinds of verdicts, of ``CHECKS`` checks each.
    :param columns: of one further model, in each of its 60 windows.
    :param hours: windows of one further model.
    """

    models: int = 200
    days: int = 300
    columns: int = 200
    hours: int = 20_000

    @property
    def dags(self) -> list[str]:
        return [f"dag_{place}" for place in range(50)]


# One verdict in fifty fails, and one in twenty warns.
_REPORTS = """
INSERT INTO ml_monitor.report
SELECT gen_random_uuid(), 'prod', model, 'v' || day / 100, kind, start, start + step, start + step + interval '3 hours',
    dag, 'scheduled__' || start, kind || '_task', -1, 1, NULL,
    CASE WHEN fails THEN 'fail' WHEN warns THEN 'warn' ELSE 'pass' END,
    (CASE WHEN fails THEN '{"pass": 10, "fail": 1}' WHEN warns THEN '{"pass": 10, "warn": 1}' ELSE '{"pass": 11}'
        END)::jsonb,
    'january v' || 1 + day / 150 || ' (sha256 1a2b3c4d)', 27004, 6103, 0.25,
    '{"policy": {"alpha": 0.05, "methods": ["ks", "tvd"]}}', 'abc', '0.1.0',
    model || ' ' || kind || E': PASS (11 pass)\n  - distribution[distance]: fail, ks 0.14, upper limit 0.1',
    NULL, NULL, NULL, NULL, start + step + interval '3 hours' + random() * interval '1 hour'
FROM (
    SELECT *, hashtext(model || kind || start) % 50 = 0 AS fails, hashtext(kind || model || start) % 20 = 0 AS warns
    FROM ({source}) places
) drawn"""

_DAILY = """
SELECT 'model_' || lpad(m::text, 3, '0') AS model, 'dag_' || m % 50 AS dag, kind, day, interval '1 day' AS step,
    CAST(:now AS timestamptz) - (day + 1) * interval '1 day' AS start
FROM generate_series(0, :models - 1) m, generate_series(0, :days - 1) day,
    unnest(ARRAY['data_quality', 'drift', 'model_quality']) kind"""

_HOURLY = """
SELECT :long AS model, 'dag_1' AS dag, 'drift' AS kind, hour / 24 AS day, interval '1 hour' AS step,
    CAST(:now AS timestamptz) - (hour + 1) * interval '1 hour' AS start FROM generate_series(0, :hours - 1) hour"""

_NAMES = "ARRAY['distance','carrier','dep_delay','arr_delay','origin','dest','air_time','hour','tailnum','temp','wind']"

_METRICS = (
    "ARRAY['roc_auc','log_loss','coverage','completeness','brier','accuracy','recall','f1','precision','mcc','ece']"
)

_CHECKS = f"""
INSERT INTO ml_monitor.check_result
SELECT r.id, p, CASE WHEN r.kind = 'model_quality' THEN metrics[1 + p] ELSE 'distribution' END,
    CASE WHEN r.kind = 'model_quality' THEN metrics[1 + p] ELSE 'ks' END,
    CASE WHEN p = 0 AND r.status IN ('fail', 'warn') THEN r.status ELSE 'pass' END, 'critical', false,
    CASE WHEN r.kind = 'model_quality' THEN NULL WHEN p = 10 AND hashtext(r.id::text) % 2000 = 0 THEN '{RARE}'
        ELSE names[1 + p] END,
    NULL, v, NULL, 0.1, v - 0.02, v + 0.02, 0.3, 0.5, 27004, 6103,
    'mean ' || round(v::numeric * 1000, 1) || ' -> ' || round(v::numeric * 1100, 1) || ', median ' ||
        round(v::numeric * 900, 1) || ' -> ' || round(v::numeric * 905, 1) || ', 5th percentile 312.9 -> 764.3', '{{}}'
FROM (SELECT *, {_NAMES} AS names, {_METRICS} AS metrics FROM ml_monitor.report) r,
    LATERAL (SELECT p, ((hashtext(r.id::text || p) & 1023) / 10240.0)::float8 AS v
        FROM generate_series(0, {CHECKS - 1}) p) c"""


def fill(store: Store, size: Size) -> None:
    """Fill an empty store."""
    known = {"now": NOW, "models": size.models, "days": size.days, "hours": size.hours, "long": LONG}
    with store.begin() as connection:
        for source in (_DAILY, _HOURLY):
            used = {name: value for name, value in known.items() if f":{name}" in source}
            connection.execute(sa.text(_REPORTS.replace("{source}", source)), used)
        connection.execute(sa.text(_CHECKS))
    _write_wide(store, size.columns)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))


def _write_wide(store: Store, columns: int) -> None:
    """Write windows of very many columns as drift reports are written, with their profiles."""
    rng = np.random.default_rng(5)
    names = [f"feature_{place:03}" for place in range(columns)]
    reference = build_reference(pd.DataFrame(rng.normal(size=(2_000, columns)), columns=names))
    for week in range(60):
        moved = np.where(np.arange(columns) % 40 == week % 40, 0.5, 0.0)
        window = Window(NOW - timedelta(weeks=week + 1), NOW - timedelta(weeks=week))
        batch = pd.DataFrame(rng.normal(size=(500, columns)) + moved, columns=names)
        current = profile_like(reference, batch, window=window)
        report = replace(detect_drift(reference, current, window=window, as_of=window.end), model=WIDE)
        origin = Origin(dag_id="dag_2", run_id=f"week_{week}", task_id="drift")
        store.write(report, origin, profile=current)
    made = replace(report, kind="reference", results=())
    store.write(made, replace(origin, task_id="reference"), profile=reference, reference_name="january")
