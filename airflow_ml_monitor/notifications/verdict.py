"""``VerdictNotifier``: one message per incident, through any notifier that Airflow has."""

from __future__ import annotations

import asyncio
import copy
import tempfile
from collections.abc import AsyncIterator, Collection, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from airflow.sdk import BaseNotifier

from airflow_ml_monitor.errors import ConfigurationError, MonitorError
from airflow_ml_monitor.hooks.connections import outages
from airflow_ml_monitor.hooks.store import MonitorStoreHook, store_behind
from airflow_ml_monitor.operators.gating import MonitoringFailed, known_statuses
from airflow_ml_monitor.operators.report_files import task_url
from airflow_ml_monitor.results import Report

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ml_monitor.store import Store, StoredReport
    from airflow_ml_monitor.store.messages import Event, Messages

Held = TypeVar("Held")

_NOT_THERE = object()
_FILLED = {"subject": "{{ verdict.subject }}", "html_content": "{{ verdict.html }}"}


class VerdictNotifier(BaseNotifier):
    """Tells people of a verdict when it is news: the first that fails, a change of what fails, the recovery.

    For ``on_verdict`` of monitoring operators, and for Airflow's own callbacks: as ``on_failure_callback`` it also
    tells of a task that ended without a verdict, once for each try. What was told is kept in the store, so a retry or a
    restart tells nothing twice, and what could not be sent is tried again with the next verdict.

    :param send: the notifier that sends, of any provider. Its templates find the message under ``verdict``:
        ``subject``, ``headline``, ``summary``, ``markdown``, ``slack``, ``html``, ``event`` (``first``, ``change``,
        ``recovery``), ``status``, ``model``, ``kind``, ``environment``, ``incident`` (one text for all messages that
        belong together), ``report_id``, ``report_url`` (its page in Airflow), ``report_path`` (the page as a file) and
        ``url`` (the task). A ``subject`` or ``html_content`` that it has and that is not given is filled in, and such a
        mail has the summary as a picture.
    :param alert_on: the statuses that are incidents.
    :param scope: which verdicts on a model belong together: by default those of one task.
    :param channel: name of the way messages take; each tells for itself. By default the name of the class of ``send``.
    :param store_conn_id: Airflow connection of the store; the ``[ml_monitor] store_conn_id`` option by default.
    :raises ConfigurationError: ``send`` is no notifier, or an unknown status.
    """

    template_fields: Sequence[str] = ("scope", "channel", "store_conn_id")

    def __init__(
        self,
        send: BaseNotifier,
        *,
        alert_on: Collection[str] = ("fail", "error"),
        scope: str = "{{ ti.dag_id }}.{{ ti.task_id }}",
        channel: str | None = None,
        store_conn_id: str | None = None,
        context: Context | None = None,
    ) -> None:
        super().__init__(context)
        if not isinstance(send, BaseNotifier):
            raise ConfigurationError(f"send={send!r} is no notifier; give one: SmtpNotifier(to='team@example.com')")
        self.send = send
        self.alert_on = known_statuses("alert_on", alert_on)
        self.scope = scope
        self.channel = channel or type(send).__name__
        self.store_conn_id = store_conn_id

    def __call__(self, *args: Any) -> None:
        """Notify, given a task context, or a report and a task context as ``on_verdict`` gives them."""
        context = args[1] if len(args) == 2 and isinstance(args[0], Report) else args[0]
        if self._says_which_task(context):
            # Airflow renders templates in place; the next task of this process has other values.
            super(VerdictNotifier, copy.copy(self)).__call__({**context})

    def __await__(self) -> Generator[Any, Any, None]:
        """Notify without holding up the event loop, given the context as an attribute."""
        if self._says_which_task(self.context):
            one = copy.copy(self)
            one.context = cast("Context", {**self.context})
            yield from super(VerdictNotifier, one).__await__()

    def notify(self, context: Context) -> None:
        found = summary_of(context)
        if found is None:
            self._tell_of_no_verdict(context)
            return
        store = MonitorStoreHook(self.store_conn_id).store
        stored = _read(store, found)
        with store.begin() as connection:
            messages, event = self._judge(connection, stored)
            if event is not None:
                with self._prepared(stored, event, found, context) as (sender, told):
                    sender(_with(context, told))
                messages.add(_message(stored, event))

    async def async_notify(self, context: Context) -> None:
        found = summary_of(context)
        if found is None:
            await asyncio.to_thread(self._tell_of_no_verdict, context)
            return
        store = await _store(self.store_conn_id)
        stored = await asyncio.to_thread(_read, store, found)
        async with _in_thread(store.begin()) as connection:
            messages, event = await asyncio.to_thread(self._judge, connection, stored)
            if event is not None:
                async with _in_thread(self._prepared(stored, event, found, context)) as (sender, told):
                    await _awaited(sender, _with(context, told))
                await asyncio.to_thread(messages.add, _message(stored, event))

    def _says_which_task(self, context: Any) -> bool:
        """Whether a context is of a task, and not of a callback or a deadline of a DAG."""
        of_task = "ti" in context and "reason" not in context
        if not of_task:
            self.log.warning("the callback of a DAG does not say which task failed; give the notifier to its tasks")
        return of_task

    def _judge(self, connection: Any, stored: StoredReport) -> tuple[Messages, Event | None]:
        """Return the messages about a verdict's subject, and what the verdict is to those who know them."""
        from airflow_ml_monitor.notifications.incidents import event_of
        from airflow_ml_monitor.store.messages import Messages

        report = stored.report
        messages = Messages(connection, self._subject(report))
        event = event_of(report, messages.last(report.window), self.alert_on)
        self.log.info("%s is %s by %s", report.headline, f"told ({event})" if event else "no news", self.channel)
        return messages, event

    def _subject(self, report: Report) -> Any:
        from airflow_ml_monitor.store.messages import Subject

        model, kind = report.model or "", report.kind
        return Subject(environment=report.environment, model=model, kind=kind, scope=self.scope, channel=self.channel)

    @contextmanager
    def _prepared(
        self, stored: StoredReport, event: Event, found: dict[str, Any], context: Context
    ) -> Iterator[tuple[BaseNotifier, dict[str, Any]]]:
        """Give the notifier that sends, its empty fields filled, and what its templates find under ``verdict``."""
        from airflow_ml_monitor.notifications.content import IMAGE, content

        sender = copy.copy(self.send)
        takes_picture = all(getattr(sender, name, _NOT_THERE) is None for name in ("html_content", "files"))
        picture = _picture(stored.report, self.log) if takes_picture else None
        _fill(sender)
        about = self._subject(stored.report)
        told = content(
            stored,
            event,
            about,
            page=found.get("report_path"),
            url=task_url(context),
            picture=picture is not None,
        )
        with tempfile.TemporaryDirectory() as folder:
            if picture is not None:
                image = Path(folder, IMAGE)
                image.write_bytes(picture)
                vars(sender).update(files=[str(image)], mime_subtype="related")
            yield sender, told

    def _tell_of_no_verdict(self, context: Context) -> None:
        """Tell of a task that failed before it had a verdict; say nothing of one that did not fail."""
        from airflow_ml_monitor.notifications.content import no_verdict

        error = _why_it_ended(context)
        if error is None:
            return
        sender = copy.copy(self.send)
        _fill(sender)
        told = no_verdict(context["ti"], error, url=task_url(context), scope=self.scope)
        with ExitStack() as stack:
            if _is_news(self, context["ti"], stack):
                sender(_with(context, told))


def summary_of(context: Context) -> dict[str, Any] | None:
    """Return the summary that a monitoring task pushed in this try; ``None`` where it did not come to a verdict."""
    ti: Any = context.get("ti")
    error = _why_it_ended(context)  # of a lost worker the summary may be an earlier try's
    if ti is None or (error is not None and not isinstance(error, MonitoringFailed)):
        return None
    found = ti.xcom_pull(task_ids=ti.task_id, key="return_value", map_indexes=ti.map_index)
    return found if isinstance(found, dict) and "report_id" in found else None


def _why_it_ended(context: Context) -> object | None:
    """Return what ended a task that came to no verdict; ``None`` where it did not fail."""
    error = context.get("exception")
    if error is None and getattr(context.get("ti"), "start_date", None) is None:
        # The DAG processor calls back for a task whose worker is gone; unlike the worker itself it knows no start.
        return "the worker was lost or killed, or Airflow gave the task up; the log of the scheduler says which"
    return error


def _picture(report: Report, log: Any) -> bytes | None:
    try:
        return report.to_png()
    except Exception:  # the message matters, not its picture
        log.warning("the message has no picture; its text says the same", exc_info=True)
        return None


def _is_news(notifier: VerdictNotifier, ti: Any, stack: ExitStack) -> bool:
    """Whether nobody was told of the end of a task's try: of a worker that is lost Airflow tells twice.

    It is kept as told when the stack is left, unless by an error.
    """
    not_known: tuple[type[Exception], ...] = (MonitorError, *outages())
    try:
        store = MonitorStoreHook(notifier.store_conn_id).store
        telling = store.telling_once(attempt=str(ti.id), scope=notifier.scope, channel=notifier.channel)
        news = stack.enter_context(telling)
    except not_known as error:  # it may be why there is no verdict, and a message matters more
        notifier.log.warning("whether somebody was told already is not known, so it is told: %s", error)
        return True
    notifier.log.info("the end of this try is %s by %s", "told" if news else "told already", notifier.channel)
    return news


def _with(context: Context, told: dict[str, Any]) -> Context:
    """Return the context with what templates find under ``verdict``."""
    extended: Any = {**context, "verdict": told}
    return cast("Context", extended)


def _fill(sender: BaseNotifier) -> None:
    for name, template in _FILLED.items():
        if getattr(sender, name, _NOT_THERE) is None:
            setattr(sender, name, template)


def _read(store: Store, found: dict[str, Any]) -> StoredReport:
    (stored,) = store.reports([UUID(found["report_id"])])
    return stored


def _message(stored: StoredReport, event: Event) -> Any:
    from airflow_ml_monitor.notifications.incidents import reasons_of
    from airflow_ml_monitor.store.messages import Message

    report = stored.report
    return Message(
        event=event,
        status=report.status.value,
        reasons=reasons_of(report),
        window=report.window,
        report_id=stored.id,
    )


async def _store(conn_id: str | None) -> Store:
    """Return the store without holding up the event loop, as the triggerer asks for."""
    from airflow_ml_monitor import settings
    from airflow_ml_monitor.hooks.connections import triggerer_connections

    wanted = conn_id or settings.store_conn_id()
    return store_behind(wanted, (await triggerer_connections([wanted])).engine(wanted))


async def _awaited(sender: BaseNotifier, context: Context) -> None:
    """Send without holding up the event loop, also by a notifier that cannot be awaited."""
    if type(sender).async_notify is BaseNotifier.async_notify:
        await asyncio.to_thread(sender, context)
        return
    sender.context = context
    await sender


@asynccontextmanager
async def _in_thread(manager: AbstractContextManager[Held]) -> AsyncIterator[Held]:
    """Enter and leave a context in a thread: what it waits for is a database."""
    held = await asyncio.to_thread(manager.__enter__)
    try:
        yield held
    except BaseException as error:
        if not await asyncio.to_thread(manager.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        await asyncio.to_thread(manager.__exit__, None, None, None)
