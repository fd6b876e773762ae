"""What the page of a timeline shows: read from the store, bounded in windows, verdicts and charts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ml_monitor import numerals
from airflow_ml_monitor.pages.metric_chart import MetricChart, Strip
from airflow_ml_monitor.pages.timeline import MOST_CHARTS, Timeline
from airflow_ml_monitor.store import timelines
from airflow_ml_monitor.store.decisions import last_decisions

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from airflow_ml_monitor.store.timelines import Measured, WindowVerdict

_KINDS = ("model_quality", "estimated_performance", "drift", "data_quality")
_MOST_REFERENCES = 20
_LATEST = 20


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a person asked for; empty texts ask for nothing in particular.

    :param before: only windows that end before; in UTC where it says nothing else.
    """

    # Where the FastAPI of Airflow 3.1 looks for the types that annotations name; of a class it finds them nowhere else.
    __globals__: ClassVar[dict[str, Any]] = globals()

    environment: str
    model: str
    kind: str = ""
    column: str = ""
    segment: str = ""
    check: str = ""
    before: datetime | None = None

    def __post_init__(self) -> None:
        if self.before is not None and self.before.tzinfo is None:
            object.__setattr__(self, "before", self.before.replace(tzinfo=UTC))


def read_timeline(connection: Connection, dags: Collection[str], choice: Choice) -> dict[str, Any]:
    """Return what the template of the page needs."""
    kinds = timelines.kinds_of(connection, dags, environment=choice.environment, model=choice.model)
    kind = choice.kind or next((each for each in _KINDS if each in kinds), kinds[0] if kinds else "")
    subject = timelines.Subject(dags=dags, environment=choice.environment, model=choice.model, kind=kind)
    ends = timelines.moments(connection, subject, before=choice.before, most=timelines.WINDOWS + 1)
    verdicts = timelines.window_verdicts(connection, subject, first=ends[-1], last=ends[0]) if ends else []
    whole = _whole(verdicts, ends)
    shown = [one.id for one in whole]
    found = timelines.measured(connection, shown, column=choice.column or None, segment=choice.segment or None)
    columns, segments = timelines.parts(connection, shown[-_LATEST:])
    timeline = Timeline.of(verdicts, found, last_decisions(connection, shown), shown=whole)
    older = len(ends) > timelines.WINDOWS or len(verdicts) == timelines.MOST_VERDICTS
    references = timelines.references_of(connection, subject)
    return {
        "kinds": kinds,
        "timeline": timeline,
        "columns": _with(columns, choice.column),
        "segments": _with(segments, choice.segment),
        "labels": _labels(found),
        "older": whole[0].end if older and whole else None,
        "references": references[:_MOST_REFERENCES],
        "references_left_out": len(references[_MOST_REFERENCES:]),
        **_charts(timeline, choice.check),
        **{name: getattr(choice, name) for name in ("environment", "model", "column", "segment", "check")},
        "kind": kind,
    }


def _whole(verdicts: Sequence[WindowVerdict], ends: Sequence[datetime]) -> list[WindowVerdict]:
    """Return the verdicts on the windows of the page: without the one window more that says what was before, and
    without a window of which there are more verdicts than were read."""
    shown = [one for one in verdicts if one.end >= ends[: timelines.WINDOWS][-1]]
    if len(verdicts) < timelines.MOST_VERDICTS:
        return shown
    return [one for one in shown if one.end > verdicts[0].end] or shown


def _charts(timeline: Timeline, check: str) -> dict[str, Any]:
    if not timeline.verdicts:
        return {"drawn": [], "left_out": [], "strip": None}
    series = [one for one in timeline.series if check in ("", one.check)]
    drawn = [MetricChart(one, timeline) for one in series[:MOST_CHARTS]]
    return {"drawn": drawn, "left_out": series[MOST_CHARTS:], "strip": Strip(timeline)}


def _labels(found: Sequence[Measured]) -> dict[Any, str]:
    shares = {one.report_id: one.value for one in found if one.check == "completeness"}
    return {key: numerals.percent(share) for key, share in shares.items() if share is not None}


def _with(names: list[str], chosen: str) -> list[str]:
    return names if not chosen or chosen in names else [*names, chosen]
