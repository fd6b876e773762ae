"""What people were told of verdicts: so that an incident is one message, after restarts and retries too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from airflow_ml_monitor.store import tables
from airflow_ml_monitor.store.plain import plain_text
from airflow_ml_monitor.store.rows import window_columns, window_of
from airflow_ml_monitor.window import Window

Event = Literal["first", "change", "recovery"]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What messages are about, and where they go: verdicts of one kind on one model, from one scope, by one channel.

    :param scope: which verdicts belong together: a task, by its DAG and its name.
    :param channel: the way messages take; each has its own history.
    """

    environment: str
    model: str
    kind: str
    scope: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message that was sent.

    :param event: the ``first`` failing verdict of an incident, a ``change`` of what fails, or the ``recovery``.
    :param reasons: the checks behind the status, sorted.
    """

    event: Event
    status: str
    reasons: tuple[str, ...]
    window: Window | None
    report_id: UUID

    def is_after(self, window: Window | None) -> bool:
        """Whether it is about a later window than this one."""
        return self.window is not None and window is not None and self.window.end > window.end


class Messages:
    """The messages about one subject; nobody else reads or adds any until the transaction ends."""

    def __init__(self, connection: sa.Connection, subject: Subject) -> None:
        names = (subject.environment, subject.model, subject.kind, subject.scope, subject.channel)
        self._values = dict(zip(Subject.__dataclass_fields__, map(plain_text, names), strict=True))
        self._connection = connection
        key = "\x1f".join(self._values.values())
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0))))

    def last(self, window: Window | None) -> Message | None:
        """Return the last message about this window; where there is none, the last one about the latest window."""
        table = tables.message
        start, end = window_columns(window).values()
        same = sa.and_(table.c.window_start.is_not_distinct_from(start), table.c.window_end.is_not_distinct_from(end))
        mine = [table.c[name] == value for name, value in self._values.items()]
        order = (sa.desc(same), sa.desc(table.c.window_end).nulls_last(), sa.desc(table.c.id))
        row = self._connection.execute(sa.select(table).where(*mine).order_by(*order).limit(1)).one_or_none()
        if row is None:
            return None
        about = window_of(row.window_start, row.window_end)
        reasons = tuple(row.reasons)
        return Message(event=row.event, status=row.status, reasons=reasons, window=about, report_id=row.report_id)

    def add(self, message: Message) -> None:
        """Keep that a message was sent."""
        row = {
            **self._values,
            **window_columns(message.window),
            "event": message.event,
            "status": message.status,
            "reasons": [plain_text(reason) for reason in message.reasons],
            "report_id": message.report_id,
        }
        self._connection.execute(sa.insert(tables.message).values(row))


def is_first_to_tell(connection: sa.Connection, *, attempt: str, scope: str, channel: str) -> bool:
    """Keep that people are told of a task try that ended without a verdict; whether nobody told them before.

    Whoever asks for the same meanwhile waits until the transaction ends.

    :param attempt: the id of the try.
    """
    values = {"attempt": attempt, "scope": plain_text(scope), "channel": plain_text(channel)}
    table = tables.ended_try
    query = insert(table).values(values).on_conflict_do_nothing().returning(table.c.attempt)
    return connection.execute(query).one_or_none() is not None
