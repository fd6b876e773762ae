"""Rows to compare: of mixed columns without any change, and with a relation that broke where no column shows it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def mixed(rows: int, seed: int) -> pa.Table:
    """Return twelve independent columns of the kinds and shapes that tables have, some values missing."""
    random = np.random.default_rng(seed)
    made: dict[str, pa.Array] = {}
    for place in range(4):
        made[f"normal {place}"] = pa.array(random.normal(size=rows))
    made["skewed"] = pa.array(np.exp(1.5 * random.normal(size=rows)), mask=random.random(rows) < 0.05)
    made["tailed"] = pa.array(random.pareto(1.5, rows))
    made["counts"] = pa.array(random.poisson(3, rows))
    made["mostly zero"] = pa.array(np.where(random.random(rows) < 0.97, 0.0, random.gamma(2.0, 2.0, rows)))
    made["flag"] = pa.array(random.random(rows) < 0.3)
    made["few"] = pa.array(np.array(["a", "b", "c", "d"])[random.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05])])
    many = np.array([f"level {place}" for place in range(60)])
    made["many"] = pa.array(many[np.minimum(random.geometric(0.08, rows) - 1, 59)], mask=random.random(rows) < 0.02)
    made["bimodal"] = pa.array(random.normal(size=rows) + np.where(random.random(rows) < 0.5, -3.0, 3.0))
    return pa.table(made)


def split(rows: int, seed: int) -> tuple[pa.Table, pa.Table]:
    """Return two sides of ``mixed`` that differ by chance alone."""
    table = mixed(2 * rows, seed)
    return table.slice(0, rows), table.slice(rows)


def relation_turned(rows: int, seed: int, columns: int = 6) -> tuple[pa.Table, pa.Table]:
    """Return sides of the very same values in each column, of which two are related the other way round now."""
    random = np.random.default_rng(seed)
    reference = random.normal(size=(rows, columns))
    reference[:, 1] = 0.8 * reference[:, 0] + 0.6 * reference[:, 1]
    current = reference.copy()
    current[np.argsort(current[:, 0]), 1] = current[np.argsort(-current[:, 0]), 1]
    names = [f"x{place}" for place in range(columns)]
    return pa.table(list(reference.T), names), pa.table(list(random.permutation(current).T), names)


def moved(table: pa.Table, names: list[str], by: float) -> pa.Table:
    """Return a table with a number added to some columns."""
    columns = {name: table.column(name) for name in table.column_names}
    for name in names:
        columns[name] = pa.array(np.asarray(columns[name]) + by)
    return pa.table(columns)
