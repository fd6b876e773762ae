"""What a monitoring task found: ``Status``, ``CheckResult`` and ``Report``, and how a report gets its status."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from airflow_ml_monitor import numerals
from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.version import __version__
from airflow_ml_monitor.window import Window, as_utc

if TYPE_CHECKING:
    import pandas as pd


class Status(StrEnum):
    """The verdict of a check or of a report."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    INSUFFICIENT = "insufficient"
    """Too little evidence to say."""
    ERROR = "error"
    """Our code or the engine failed: nothing is known."""


class Severity(StrEnum):
    """How much a failing check matters, in Great Expectations' words."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Limits(NamedTuple):
    """The range a value should stay in; ``None`` is no limit on that side.

    Which side the limit itself belongs to is the check's: an effect exactly at its limit fails a drift check, a
    metric exactly at its floor passes.
    """

    lower: float | None = None
    upper: float | None = None

    def __str__(self) -> str:
        return self.written(numerals.number(self.lower), numerals.number(self.upper))

    def written(self, lower: str, upper: str) -> str:
        """Return the limits in words, these texts standing for the two numbers."""
        if self.lower is not None and self.upper is not None:
            return f"limits {lower} to {upper}"
        if self.lower is not None:
            return f"lower limit {lower}"
        return f"upper limit {upper}" if self.upper is not None else "no limit"


class Interval(NamedTuple):
    """A confidence interval."""

    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One assertion about one metric of one column, segment or model, and what came of it.

    :param check: name of the assertion (``"distribution"``, ``"missing_share"``, ``"rows"``).
    :param metric: what ``value`` measures (``"ks"``, ``"unexpected_share"``, ``"rows"``).
    :param status: the verdict of this check alone.
    :param severity: ``critical`` checks decide the report, ``warning`` ones can at most make it ``warn``, ``info``
        never matters.
    :param required: the report is ``insufficient`` when this check could not be decided.
    :param column: the column it is about; ``None`` for the whole dataset.
    :param segment: the part of the rows it is about; ``None`` for all of them.
    :param value: the measured value; finite, or ``None`` when there is none.
    :param limits: the range the value should stay in.
    :param interval: confidence interval of ``value``.
    :param p_value: raw p-value; ``p_adjusted`` the one after correction for all tests of the report.
    :param n_reference: rows of the reference behind ``value``; ``n_current`` those of the batch under test.
    :param message: one sentence for a person.
    :param detail: bounded JSON with further evidence; no raw values of the data unless asked for.
    :raises ConfigurationError: a number is NaN or infinite.
    """

    check: str
    metric: str
    status: Status
    severity: Severity = Severity.CRITICAL
    required: bool = False
    column: str | None = None
    segment: str | None = None
    value: float | None = None
    limits: Limits = Limits()
    interval: Interval | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    n_reference: int | None = None
    n_current: int | None = None
    message: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", Status(self.status))
        object.__setattr__(self, "severity", Severity(self.severity))
        object.__setattr__(self, "limits", Limits(*self.limits))
        if self.interval is not None:
            object.__setattr__(self, "interval", Interval(*self.interval))
        numbers = (self.value, self.p_value, self.p_adjusted, *self.limits, *(self.interval or ()))
        if not all(number is None or math.isfinite(number) for number in numbers):
            raise ConfigurationError(f"{self.label} has a number that is not finite: {numbers}")

    @property
    def label(self) -> str:
        """The check with what it is about: ``distribution[distance]``, ``rows``."""
        about = ", ".join(part for part in (self.column, self.segment) if part is not None)
        return f"{self.check}[{about}]" if about else self.check

    @property
    def effective_status(self) -> Status:
        """What this check may do to its report, its severity considered."""
        if self.severity is Severity.INFO:
            return Status.PASS
        if self.severity is Severity.WARNING and self.status in (Status.FAIL, Status.ERROR):
            return Status.WARN
        return self.status

    def __str__(self) -> str:
        parts = [f"{self.label}: {self.status}"]
        value, *bounds = numerals.beside(self.value, *self.limits)
        if self.value is not None:
            parts.append(f"{self.metric} {value}")
        if any(limit is not None for limit in self.limits):
            parts.append(self.limits.written(*bounds))
        if self.p_adjusted is not None:
            parts.append(f"adjusted p {numerals.p_value(self.p_adjusted)}")
        return ", ".join(parts) + (f" - {self.message}" if self.message else "")

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; ``from_dict`` gives the same result back."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain |= {"status": self.status.value, "severity": self.severity.value, "detail": dict(self.detail)}
        plain["limits"] = list(self.limits)
        plain["interval"] = None if self.interval is None else list(self.interval)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> CheckResult:
        return cls(**_known(cls, plain))


def overall_status(results: Iterable[CheckResult]) -> Status:
    """Return the status of a report from its checks.

    The worst of error > fail > warn > pass over the critical checks; a failing or erring ``warning`` check makes it
    ``warn``; ``info`` never matters. ``insufficient`` when no critical check could be decided (where none is
    critical: no ``warning`` one), or when one marked ``required`` could not; no checks at all decide nothing either.
    A failure stands even so.
    """
    counted = [result for result in results if result.severity is not Severity.INFO]
    effective = {result.effective_status for result in counted}
    for worst in (Status.ERROR, Status.FAIL):
        if worst in effective:
            return worst
    deciding = [result for result in counted if result.severity is Severity.CRITICAL] or counted
    undecided = all(result.status is Status.INSUFFICIENT for result in deciding)
    if undecided or any(result.required and result.status is Status.INSUFFICIENT for result in counted):
        return Status.INSUFFICIENT
    return Status.WARN if Status.WARN in effective else Status.PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one monitoring task found: its check results, its status, what it read.

    :param kind: the family of checks: ``data_quality``, ``drift``, ``reference``, ...
    :param results: every check made.
    :param model: the name under which predictions, labels, references and reports belong together.
    :param window: event time judged; ``None`` when all rows of the dataset were.
    :param as_of: the moment whose knowledge the verdict uses.
    :param reference: name, version and hash of the reference compared with, as one text; ``None`` without one.
    :param rows_reference: rows of the reference; ``rows_current`` those of the batch under test.
    :param duration: seconds of computing.
    :param config: the resolved configuration: datasets, suite, policy, limits. Plain JSON.
    """

    kind: str
    results: tuple[CheckResult, ...]
    model: str | None = None
    model_version: str | None = None
    environment: str = "prod"
    window: Window | None = None
    as_of: datetime = field(default_factory=lambda: datetime.now(UTC))
    reference: str | None = None
    rows_reference: int | None = None
    rows_current: int | None = None
    duration: float = 0.0
    config: Mapping[str, Any] = field(default_factory=dict)
    package_version: str = __version__

    def __post_init__(self) -> None:
        object.__setattr__(self, "results", tuple(self.results))
        object.__setattr__(self, "as_of", as_utc(self.as_of, what="as_of"))

    @property
    def status(self) -> Status:
        return overall_status(self.results)

    @property
    def counts(self) -> dict[str, int]:
        """How many checks have which status."""
        counted = Counter(result.status.value for result in self.results)
        return {status.value: counted[status.value] for status in Status if counted[status.value]}

    @property
    def config_hash(self) -> str:
        """SHA-256 of the resolved configuration: equal for equal configurations."""
        return hashlib.sha256(json.dumps(self.config, sort_keys=True, default=str).encode()).hexdigest()

    def with_status(self, *statuses: Status) -> tuple[CheckResult, ...]:
        """Return the checks that have one of these statuses, the most severe first."""
        order = list(Severity)
        found = [result for result in self.results if result.status in statuses]
        return tuple(sorted(found, key=lambda result: order.index(result.severity)))

    @property
    def about(self) -> str:
        """The model and the kind, in words."""
        return " ".join(part for part in (self.model, self.kind.replace("_", " ")) if part)

    @property
    def headline(self) -> str:
        """One line: what was judged, and how it came out."""
        when = f" for {self.window}" if self.window else ""
        counts = ", ".join(f"{count} {status}" for status, count in self.counts.items()) or "no checks"
        return f"{self.about}{when}: {self.status.value.upper()} ({counts})"

    @property
    def reasons(self) -> tuple[CheckResult, ...]:
        """The checks that gave the report its status; all that are worth a look when it passed or is undecided."""
        status = self.status
        if status in (Status.ERROR, Status.FAIL):
            return tuple(r for r in self.with_status(Status.ERROR, Status.FAIL) if r.severity is Severity.CRITICAL)
        found = self.with_status(Status.ERROR, Status.FAIL, Status.WARN)
        worth_a_look = tuple(result for result in found if result.severity is not Severity.INFO)
        all_open = self.with_status(Status.INSUFFICIENT)
        open_ones = tuple(r for r in all_open if r.severity is Severity.CRITICAL or r.required)
        return (open_ones or all_open) + worth_a_look if status is Status.INSUFFICIENT else worth_a_look + open_ones

    def summary(self, *, most: int = 20) -> str:
        """Return the headline and, a line each, the checks behind the status (``most`` of them)."""
        reasons = self.reasons
        lines = [self.headline, *(f"  - {result}" for result in reasons[:most])]
        if len(reasons) > most:
            lines.append(f"  - and {len(reasons) - most} more")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; ``from_dict`` gives the same report back."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain["results"] = [result.to_dict() for result in self.results]
        plain["window"] = None if self.window is None else self.window.to_dict()
        plain["as_of"] = self.as_of.isoformat()
        plain["config"] = dict(self.config)
        return plain | {"status": self.status.value}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Report:
        known = _known(cls, plain)
        known["results"] = tuple(CheckResult.from_dict(result) for result in plain["results"])
        known["window"] = None if plain.get("window") is None else Window.of(plain["window"])
        return cls(**known)

    def to_markdown(
        self,
        *,
        most: int = 10,
        dialect: Literal["commonmark", "slack"] = "commonmark",
        links: Mapping[str, str] | None = None,
    ) -> str:
        """Return the status, what the report is about and the checks behind it; see ``rendering.to_markdown``."""
        from airflow_ml_monitor.rendering import to_markdown

        return to_markdown(self, most=most, dialect=dialect, links=links)

    def to_html(self, path: str | PathLike[str] | None = None, *, ids: Mapping[str, str] | None = None) -> str:
        """Return the report as one page that needs nothing else, written to ``path`` too; see ``rendering.to_html``."""
        from airflow_ml_monitor.rendering import to_html

        page = to_html(self, ids=ids)
        if path is not None:
            Path(path).write_text(page, "utf-8")
        return page

    def to_png(self, *, most: int = 6, scale: float = 2.0) -> bytes:
        """Return the summary as a small picture; see ``rendering.to_png``."""
        from airflow_ml_monitor.rendering import to_png

        return to_png(self, most=most, scale=scale)

    def to_svg(self, *, most: int = 6) -> str:
        """Return the summary as a small picture; see ``rendering.to_svg``."""
        from airflow_ml_monitor.rendering import to_svg

        return to_svg(self, most=most)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per check, in the order they were made."""
        import pandas as pd

        names = [f.name for f in fields(CheckResult)]
        return pd.DataFrame([result.to_dict() for result in self.results], columns=names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The task try that made a report, its key in the store; ``attempt`` tells tries with equal numbers apart."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 1
    attempt: str | None = None

    @property
    def task(self) -> str:
        """The task's id, with its place where it is mapped: ``drift``, ``drift[2]``."""
        return task_name(self.task_id, self.map_index)

    @property
    def ids(self) -> dict[str, str]:
        """The task try by the names of its parts, for people."""
        return {"DAG": self.dag_id, "Run": self.run_id, "Task": self.task, "Try": str(self.try_number)}


def task_name(task_id: str, map_index: int) -> str:
    """Return the id of a task, with its place where it is mapped (where that is not -1)."""
    return task_id if map_index < 0 else f"{task_id}[{map_index}]"


def _known(cls: type[Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    return {f.name: plain[f.name] for f in fields(cls) if f.name in plain}
