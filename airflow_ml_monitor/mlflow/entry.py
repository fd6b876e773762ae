"""What of a report goes to MLflow: its figures by legal names, and what it is about as tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from airflow_ml_monitor.errors import ConfigurationError, WindowError
from airflow_ml_monitor.mlflow.names import joined
from airflow_ml_monitor.results import CheckResult, Origin, Report, Status
from airflow_ml_monitor.window import as_utc

ROOT = "ml_monitor"
"""What the keys of all tags begin with."""
_LONGEST_VALUE = 5_000
_LONGEST_PREFIX = 100
_SEGMENTS = "segments"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A report as MLflow has it.

    :param prefix: the first part of the metrics' names; the report's kind by default. Two tasks of a kind on one run
        need one each.
    :param report_id: the report's id in the store; ``origin`` the task try that made it; ``link`` the task's address.
    :raises ConfigurationError: the prefix has more than 100 characters.
    """

    report: Report
    prefix: str | None = None
    report_id: str | None = None
    origin: Origin | None = None
    link: str | None = None

    def __post_init__(self) -> None:
        if len(self.name) > _LONGEST_PREFIX:
            raise ConfigurationError(
                f"prefix={self.name!r} has {len(self.name)} characters; give {_LONGEST_PREFIX} at most"
            )

    @property
    def name(self) -> str:
        """The prefix, or the kind."""
        return self.prefix or self.report.kind

    @property
    def moment(self) -> datetime:
        """The end of the window; ``as_of`` where all rows were judged."""
        return self.report.as_of if self.report.window is None else self.report.window.end

    @property
    def step(self) -> int:
        """The step of the metrics: ``moment`` in seconds since 1970, so that a chart over steps is one over windows."""
        return int(self.moment.timestamp())

    @property
    def timestamp(self) -> int:
        """``as_of`` in milliseconds since 1970: of two verdicts on a window the one that knew more is the newer."""
        return int(self.report.as_of.timestamp() * 1000)

    @property
    def file(self) -> str:
        """The path of the report's files in a run, without the ending: the same however often it is written."""
        stem = f"{self.moment:%Y%m%dT%H%M%SZ}_{self.report_id or self.timestamp}"
        return "/".join((ROOT, joined(self.name), stem))

    def metrics(self) -> dict[str, float]:
        """Return the values of all checks and, for the whole, how many checks have which status and the rows.

        A check is ``<prefix>/<check>.<metric>``, ``<prefix>/<column>/...`` on a column and
        ``<prefix>/segments/<segment>/...`` on a segment; further checks of one name have ``.2``, ``.3``, ....
        """
        report = self.report
        found = dict(self._values())
        for status in Status:
            found[joined(self.name, f"checks_{status.value}")] = report.counts.get(status.value, 0)
        found[joined(self.name, "duration_seconds")] = report.duration
        if report.rows_current is not None:
            found[joined(self.name, "rows_judged")] = report.rows_current
        return found

    def _values(self) -> Iterator[tuple[str, float]]:
        seen: Counter[tuple[str, ...]] = Counter()
        for result in self.report.results:
            parts = _parts(result)
            seen[parts] += 1
            *about, last = parts
            again = f".{seen[parts]}" if seen[parts] > 1 else ""
            if result.value is not None:
                yield joined(self.name, *about, last + again), result.value

    def tags(self) -> dict[str, str]:
        """Return the latest verdict of this prefix as tags, ``ml_monitor.<prefix>.status`` and others."""
        report = self.report
        window = None if report.window is None else "/".join(report.window.to_dict().values())
        found: dict[str, str | None] = {
            "status": report.status.value,
            "kind": report.kind,
            "model": report.model,
            "model_version": report.model_version,
            "environment": report.environment,
            "window": window or "all",
            "as_of": report.as_of.isoformat(),
            "report_id": self.report_id,
            "link": self.link,
            "summary": report.summary(),
            **self._task(),
        }
        return {self.tag(key): value[:_LONGEST_VALUE] for key, value in found.items() if value is not None}

    def tag(self, key: str) -> str:
        """Return the full key of one of the tags."""
        return f"{ROOT}.{joined(self.name)}.{key}"

    def is_as_new_as(self, tags: Mapping[str, str]) -> bool:
        """Whether no verdict of these tags is on a later window, or on the same one with later knowledge."""
        told = _order(tags.get(self.tag("window"), ""), tags.get(self.tag("as_of"), ""))
        return told is None or (self.moment, self.report.as_of) >= told

    def _task(self) -> dict[str, str]:
        if self.origin is None:
            return {}
        origin = self.origin
        return {
            "dag_id": origin.dag_id,
            "dag_run": origin.run_id,
            "task": origin.task,
            "try_number": str(origin.try_number),
        }


def _parts(result: CheckResult) -> tuple[str, ...]:
    """Return the parts of a check's name; how many there are tells columns and segments apart."""
    last = result.check if result.check == result.metric else f"{result.check}.{result.metric}"
    column = () if result.column is None else (result.column,)
    segment = () if result.segment is None else (_SEGMENTS, result.segment)
    return (*column, *segment, last)


def _order(window: str, as_of: str) -> tuple[datetime, datetime] | None:
    """Return the order of the verdict in tags; ``None`` where there is none, or a person wrote something else."""
    try:
        known = as_utc(as_of)
        return (known if window == "all" else as_utc(window.rpartition("/")[2])), known
    except WindowError:
        return None
