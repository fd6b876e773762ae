"""``Place``: where a page of a list ends; the next one is found there by an index, and not by counting from the top."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from airflow_ml_monitor.errors import ConfigurationError
from airflow_ml_monitor.window import as_utc


@dataclass(frozen=True)
class Place:
    """Where a page of results ends: the next one goes on behind it.

    :param moment: by which the list is ordered, then by the id of the report.
    :param position: in a list of checks, the check of the report that was the last; ``None`` where all were seen.
    """

    moment: datetime
    report_id: UUID
    position: int | None = None

    def __str__(self) -> str:
        position = "" if self.position is None else self.position
        return f"{self.moment.isoformat()},{self.report_id},{position}"

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the place that a text tells.

        :raises ConfigurationError: it tells none.
        """
        try:
            moment, report_id, position = text.split(",")
            return cls(as_utc(datetime.fromisoformat(moment)), UUID(report_id), int(position) if position else None)
        except ValueError as error:
            raise ConfigurationError(f"{text!r} is no place in a list; start with its first page") from error
