"""The Markdown of the speed benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from peers.environments import PEERS
from speed.machine import machine
from speed.measured import Measured, ratio

_HEAD = (
    "| tool | prepare reference, s | compute, s: first | median | best | whole process, s | peak MB | columns drifted |"
)
_MEMORY, _FILES, _WHOLE = "computing, frame in memory", "reading and computing, from Parquet", "whole process"
_TARGETS = (
    (f"{_MEMORY} (pandas)", "pandas", "inner", "evidently", "inner", "500"),
    (f"{_MEMORY} (Arrow)", "arrow", "inner", "evidently", "inner", "500"),
    (f"{_MEMORY} (pandas), beside fit and computing", "pandas", "inner", "nannyml", "fitted", "70"),
    (f"{_MEMORY} (pandas), beside computing alone", "pandas", "inner", "nannyml", "inner", ""),
    (_FILES, "parquet", "inner", "evidently", "inner", "300"),
    (f"{_FILES}, beside fit and computing", "parquet", "inner", "nannyml", "fitted", "50"),
    (f"{_FILES}, beside computing alone", "parquet", "inner", "nannyml", "inner", ""),
    (f"{_WHOLE}, reference built in it", "both", "wall", "evidently", "wall", "60"),
    (f"{_WHOLE}, reference built in it", "both", "wall", "nannyml_fastest", "wall", "9"),
    (f"{_WHOLE}, reference stored", "parquet", "wall", "evidently", "wall", ""),
    (f"{_WHOLE}, reference stored", "parquet", "wall", "nannyml_fastest", "wall", ""),
)
"""What is compared: this package's row and figure, the peer's, and the ratio wanted where one is."""
_METRICS = ("clipped ks", "clipped wasserstein_normed", "ks", "wasserstein_normed")


def speed_table(found: Sequence[Measured], missing: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of the table: a tool each, those that could not run with the reason."""
    yield _HEAD
    yield "|---|---|---|---|---|---|---|---|"
    for one in found:
        yield _row(one)
    for name, reason in missing.items():
        yield f"| {name} | not installed: {reason} | | | | | | |"


def _row(one: Measured) -> str:
    if not one.runs:
        return f"| {one.tool.label} | did not run: {one.problem} | | | | | | |"
    cells = [
        "" if one.prepare is None else seconds(one.prepare),
        seconds(median(one.first)),
        seconds(median(one.inner)),
        seconds(min(one.inner)),
        seconds(median(one.wall)),
        f"{one.peak_mb:,.0f}",
        str(one.answer.get("drifted", "")),
    ]
    return f"| {one.tool.label} | {' | '.join(cells)} |"


def ratio_table(found: Sequence[Measured]) -> Iterator[str]:
    """Yield how many times faster this package is, by medians of the same run, beside what is wanted."""
    by_key = {one.tool.key: one for one in found if one.runs}
    yield "| compared | beside | times faster | wanted |"
    yield "|---|---|---|---|"
    for label, ours, our_figure, theirs, their_figure, wanted in _TARGETS:
        if ours in by_key and theirs in by_key:
            times = ratio(getattr(by_key[theirs], their_figure), getattr(by_key[ours], our_figure))
            yield f"| {label} | {by_key[theirs].tool.label} | {times:,.0f} | {wanted} |"
    if {"parquet", "decode"} <= by_key.keys():
        times = ratio(by_key["parquet"].inner, by_key["decode"].inner)
        yield f"| from Parquet, over decoding alone | Arrow | {times:.2f} times slower | 2.5 |"
    if "import" in by_key:
        took = median(by_key["import"].inner)
        yield f"| importing what files need | | {took:.2f} s | 0.4 s |"


def quality_table(columns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield how far each statistic is off at most, and on which column."""
    yield f"| statistic | greatest error of {len(columns)} columns | on | exact value there | wanted |"
    yield "|---|---|---|---|---|"
    for metric in _METRICS:
        worst = max(columns, key=lambda column: column[metric]["error"])
        error, exact = worst[metric]["error"], worst[metric]["exact"]
        yield f"| {metric} | {error:.2g} | {worst['column']} | {exact:.4g} | 0.001 |"


def notes(found: Sequence[Measured]) -> Iterator[str]:
    """Yield machine, heavy packages loaded, and the versions of everything."""
    yield f"Machine: {machine()}."
    for one in found:
        if "heavy" in one.answer:
            heavy = ", ".join(one.answer["heavy"]) or "none of them"
            yield f"{one.tool.label} loads of pandas, SciPy, scikit-learn and the like: {heavy}."
    for name, one in {one.tool.peer or "this package": one for one in found if one.runs}.items():
        versions = ", ".join(f"{package} {version}" for package, version in one.answer["versions"].items())
        because = f" (pinned: {PEERS[name].because})" if name in PEERS and PEERS[name].because else ""
        yield f"{name}: {versions}{because}."


def seconds(value: float) -> str:
    """Return seconds by three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
