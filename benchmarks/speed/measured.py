"""The figures of one tool over all its processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from speed.processes import Run
from speed.tools import Tool


@dataclass(frozen=True)
class Measured:
    """What the processes of one tool took.

    The first computation of a process is kept apart from those after it: an Airflow task makes only a first one.
    """

    tool: Tool
    runs: tuple[Run, ...]
    problem: str = ""

    @classmethod
    def of(cls, tool: Tool, runs: Sequence[Run]) -> Measured:
        problem = next((run.problem for run in runs if run.problem), "" if runs else "not run")
        return cls(tool, tuple(run for run in runs if not run.problem), problem)

    @property
    def answer(self) -> Mapping[str, Any]:
        """What the first process said."""
        return self.runs[0].answer if self.runs else {}

    @property
    def inner(self) -> list[float]:
        """Seconds of every computation, of all processes."""
        return [seconds for run in self.runs for seconds in run.answer["inner"]]

    @property
    def first(self) -> list[float]:
        """Seconds of the first computation of each process."""
        return [run.answer["inner"][0] for run in self.runs]

    @property
    def fitted(self) -> list[float]:
        """Seconds of each process to prepare the reference and compute once."""
        return [run.answer.get("prepare", 0.0) + run.answer["inner"][0] for run in self.runs]

    @property
    def wall(self) -> list[float]:
        """Seconds of each whole process."""
        return [run.wall for run in self.runs]

    @property
    def prepare(self) -> float | None:
        """Median seconds to prepare the reference; none where there is nothing to prepare."""
        found = [run.answer["prepare"] for run in self.runs if run.answer.get("prepare")]
        return median(found) if found else None

    @property
    def peak_mb(self) -> float:
        return max(run.peak_mb for run in self.runs)


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """Return how many times longer the first takes, by medians."""
    return median(slow) / median(fast)
