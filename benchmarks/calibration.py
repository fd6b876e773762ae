"""How often the default drift policy is wrong: closed gates on unchanged data, and planted faults that it finds.

    python benchmarks/calibration.py --repeats 200

Null batches are random splits, so nothing differs but chance; each planted fault changes one column (two for a swap)
of such a batch. Counted is what closes a gate: a report that fails. The reference has 20,000 rows where not said
otherwise.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from airflow_ml_monitor.drift import detect_drift
from airflow_ml_monitor.profile import Profile, build_reference
from airflow_ml_monitor.results import Report, Severity, Status

SEED = 20_130_204
SIZES = (500, 2_000, 20_000)
NULL_SIZES = ((200, 200), (2_000, 200), (2_000, 2_000), (20_000, 200), (20_000, 2_000), (20_000, 20_000))
FLIGHTS = Path(__file__).parent.parent / "dags" / "data" / "flights_2013.parquet"

Random = np.random.Generator
Fault = Callable[[pd.DataFrame, Random], tuple[pd.DataFrame, set[str]]]


def synthetic(rows: int, columns: int, random: Random) -> pd.DataFrame:
    """Return columns of the shapes that tables have, taken in turn, every fourth with 2 % missing."""
    made = {}
    for place in range(columns):
        name, make = list(_SHAPES.items())[place % len(_SHAPES)]
        values = pd.Series(make(rows, random))
        if place % 4 == 0:
            values = values.mask(random.random(rows) < 0.02)
        made[f"{name}_{place}"] = values
    return pd.DataFrame(made)


def _levels(rows: int, random: Random, count: int) -> np.ndarray:
    share = 1.0 / np.arange(1, count + 1) ** 1.2
    return np.array([f"level {i}" for i in range(count)])[random.choice(count, rows, p=share / share.sum())]


_SHAPES: dict[str, Callable[[int, Random], np.ndarray]] = {
    "normal": lambda n, r: r.normal(size=n),
    "lognormal": lambda n, r: np.exp(1.5 * r.normal(size=n)),
    "poisson": lambda n, r: r.poisson(6, n).astype(float),
    "few_levels": lambda n, r: _levels(n, r, 5),
    "uniform": lambda n, r: r.random(n),
    "pareto": lambda n, r: r.pareto(1.5, n) + 1,
    "many_levels": lambda n, r: _levels(n, r, 50),
    "zero_inflated": lambda n, r: np.where(r.random(n) < 0.4, 0.0, r.gamma(2.0, 2.0, n)),
    "rare": lambda n, r: np.where(r.random(n) < 0.985, 0.0, r.gamma(2.0, 2.0, n)),
    "flag": lambda n, r: r.random(n) < 0.3,
    "small_integer": lambda n, r: r.integers(0, 4, n),
    "bimodal": lambda n, r: np.where(r.random(n) < 0.5, -3.0, 3.0) + r.normal(size=n),
}


def _numeric(batch: pd.DataFrame, random: Random, least: int = 6) -> str:
    wanted = [name for name in batch if batch[name].dtype.kind == "f" and batch[name].nunique() >= least]
    varied = [name for name in wanted if not name.startswith("rare")]
    return str(random.choice(varied))


def _text(batch: pd.DataFrame, random: Random) -> str:
    return str(random.choice([name for name in batch if batch[name].dtype.kind not in "fiubM"]))


def _changed(batch: pd.DataFrame, name: str, values: pd.Series) -> tuple[pd.DataFrame, set[str]]:
    return batch.assign(**{name: values}), {name}


def shift(by: float) -> Fault:
    def plant(batch: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, set[str]]:
        name = _numeric(batch, random)
        return _changed(batch, name, batch[name] + by * batch[name].std())

    return plant


def scale(batch: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, set[str]]:
    name = _numeric(batch, random)
    mean = batch[name].mean()
    return _changed(batch, name, mean + 1.5 * (batch[name] - mean))


def new_level(batch: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, set[str]]:
    name = _text(batch, random)
    return _changed(batch, name, batch[name].mask(_some(batch, 0.05, random), "never seen"))


def missing(batch: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, set[str]]:
    have = [name for name in batch if 0.01 < batch[name].isna().mean() < 0.04] or list(batch)
    name = str(random.choice(have))
    return _changed(batch, name, batch[name].mask(_some(batch, 0.08 - batch[name].isna().mean(), random)))


def unit(share: float) -> Fault:
    def plant(batch: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, set[str]]:
        wide = [name for name in batch if batch[name].dtype.kind == "f" and (batch[name] == 0).mean() < 0.01]
        name = str(random.choice(wide))
        return _changed(batch, name, batch[name].mask(_some(batch, share, random), batch[name] * 1000))

    return plant


def swapped(batch: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, set[str]]:
    shapes: dict[str, str] = {}
    for name in batch:
        if batch[name].dtype.kind == "f" and not name.startswith("rare"):
            shapes.setdefault(name.rsplit("_", 1)[0], name)
    one, other = random.choice(list(shapes.values()), 2, replace=False)
    return batch.assign(**{one: batch[other], other: batch[one]}), {str(one), str(other)}


def stuck(batch: pd.DataFrame, random: Random) -> tuple[pd.DataFrame, set[str]]:
    name = _numeric(batch, random)
    value = batch[name].dropna().iloc[int(random.integers(batch[name].count()))]
    return _changed(batch, name, batch[name].mask(_some(batch, 0.2, random), value))


def _some(batch: pd.DataFrame, share: float, random: Random) -> np.ndarray:
    chosen = np.zeros(len(batch), bool)
    chosen[random.choice(len(batch), round(share * len(batch)), replace=False)] = True
    return chosen


FAULTS: dict[str, Fault] = {
    "mean + 0.2 sd": shift(0.2),
    "mean + 0.5 sd": shift(0.5),
    "scale x 1.5": scale,
    "new level in 5 %": new_level,
    "missing 2 -> 8 %": missing,
    "x 1000 in 1 %": unit(0.01),
    "x 1000 in all": unit(1.0),
    "two columns swapped": swapped,
    "stuck in 20 %": stuck,
}


@dataclass
class Tally:
    """What came of batches of one kind."""

    batches: int = 0
    closed: int = 0
    found: int = 0
    found_alone: int = 0
    clean_columns: int = 0
    clean_flagged: int = 0
    by_check: dict[str, int] = field(default_factory=dict)

    def add(self, report: Report, clean: set[str], faulty: set[str]) -> None:
        failed = {
            result.column
            for result in report.results
            if result.status is Status.FAIL and result.severity is Severity.CRITICAL
        }
        for result in report.results:
            if result.status is Status.FAIL and result.column in clean:
                self.by_check[result.metric] = self.by_check.get(result.metric, 0) + 1
        self.batches += 1
        self.closed += report.status is Status.FAIL
        self.found += bool(failed & faulty)
        self.found_alone += bool(failed & faulty) and not failed & clean
        self.clean_columns += len(clean)
        self.clean_flagged += len(failed & clean)


Source = Callable[[int, Random], pd.DataFrame]


def pairs(
    source: Source, reference_rows: int, rows: int, repeats: int, random: Random
) -> Iterator[tuple[Profile, pd.DataFrame]]:
    """Yield references with batches that were drawn with them, ten batches a reference."""
    reference: Profile | None = None
    rest = pd.DataFrame()
    for repeat in range(repeats):
        if repeat % 10 == 0:
            whole = source(reference_rows + 10 * rows, random)
            reference, rest = build_reference(whole.iloc[:reference_rows]), whole.iloc[reference_rows:]
        assert reference is not None
        yield reference, rest.iloc[(repeat % 10) * rows :][:rows].reset_index(drop=True)


def null_tally(source: Source, reference_rows: int, rows: int, repeats: int, random: Random) -> Tally:
    """Return how often unchanged batches close the gate."""
    tally = Tally()
    for reference, batch in pairs(source, reference_rows, rows, repeats, random):
        tally.add(detect_drift(reference, batch), set(batch), set())
    return tally


def fault_tally(source: Source, fault: Fault, reference_rows: int, rows: int, repeats: int, random: Random) -> Tally:
    """Return how often a planted fault is found, alone or with others."""
    tally = Tally()
    for reference, batch in pairs(source, reference_rows, rows, repeats, random):
        broken, faulty = fault(batch, random)
        tally.add(detect_drift(reference, broken), set(batch) - faulty, faulty)
    return tally


def flights(rows: int, random: Random) -> pd.DataFrame:
    """Return flights drawn without repetition from the year, the columns known before departure."""
    whole = _flights()
    return whole.iloc[random.choice(len(whole), rows, replace=False)].reset_index(drop=True)


_KEPT: dict[str, pd.DataFrame] = {}


def _flights() -> pd.DataFrame:
    if not _KEPT:
        whole = pd.read_parquet(FLIGHTS)
        features = [name for name in whole if whole[name].dtype.kind != "M" and name != "flight_id"]
        numbers = [name for name in features if whole[name].dtype.kind in "iu"]
        _KEPT["flights"] = whole[features].astype(dict.fromkeys(numbers, "float64"))
    return _KEPT["flights"]


def print_nulls(repeats: int, random: Random) -> None:
    print("| data | columns | reference | rows | gates closed | columns flagged | by |\n|---|---|---|---|---|---|---|")
    sources: list[tuple[str, Source]] = [
        (f"synthetic {columns}", lambda n, r, columns=columns: synthetic(n, columns, r)) for columns in (5, 12, 50)
    ]
    if FLIGHTS.exists():
        sources.append(("flights", flights))
    for name, source in sources:
        for reference_rows, rows in NULL_SIZES:
            times = repeats if rows * (50 if name.endswith("50") else 12) < 200_000 else max(20, repeats // 5)
            tally = null_tally(source, reference_rows, rows, times, random)
            flagged = tally.clean_flagged / tally.clean_columns
            print(
                f"| {name} | {tally.clean_columns // tally.batches} | {reference_rows:,} | {rows:,} "
                f"| {tally.closed / tally.batches:.1%} of {tally.batches} | {flagged:.3%} | {tally.by_check} |",
                flush=True,
            )


def print_faults(repeats: int, random: Random) -> None:
    print("| data | fault | rows | found | and nothing else | clean columns flagged |\n|---|---|---|---|---|---|")
    sources: list[tuple[str, Source]] = [("synthetic", lambda n, r: synthetic(n, 12, r))]
    if FLIGHTS.exists():
        sources.append(("flights", flights))
    for name, source in sources:
        for label, fault in FAULTS.items():
            for rows in SIZES:
                times = repeats if rows < 20_000 else max(20, repeats // 5)
                tally = fault_tally(source, fault, 20_000, rows, times, random)
                print(
                    f"| {name} | {label} | {rows:,} | {tally.found / tally.batches:.1%} of {tally.batches} "
                    f"| {tally.found_alone / tally.batches:.1%} | {tally.clean_flagged / tally.clean_columns:.2%} |",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--part", choices=("null", "faults"))
    options = parser.parse_args()
    random = np.random.default_rng(SEED)
    started = time.perf_counter()
    if options.part != "faults":
        print_nulls(options.repeats, random)
    if options.part != "null":
        print_faults(options.repeats, random)
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
