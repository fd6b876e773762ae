"""Messages about verdicts, sent by real Airflow runs to a real SMTP server on loopback."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from email import message_from_bytes
from email.message import Message
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import DAG, BaseNotifier, BaseOperator
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from airflow_ml_monitor import CheckResult, Report
from airflow_ml_monitor.errors import ConfigurationError, DataError
from airflow_ml_monitor.notifications.verdict import VerdictNotifier
from airflow_ml_monitor.operators._base import Inputs, MonitoringOperator, Outcome
from tests.airflow_runs import Run, clear, run_dag
from tests.store.factories import make_check, make_window

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_metadata", "store_connection")]


class Measured(MonitoringOperator):
    """Reports what a function returns: a list of checks."""

    kind = "drift"

    def __init__(self, *, checks: Callable[[], list[CheckResult]], **kwargs: Any) -> None:
        super().__init__(model="m", **kwargs)
        self.checks = checks

    def compute(self, inputs: Inputs) -> Outcome:
        return Outcome(report=Report(kind=self.kind, results=tuple(self.checks())))


class Inbox:
    """What arrived, and the server it arrives at."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.server = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the name aiosmtpd calls
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    found = Inbox()
    found.server.start()
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "monitor@example.com", "retry_limit": 0}
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": found.port, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
    yield found
    found.server.stop()


def mail(**kwargs: Any) -> VerdictNotifier:
    return VerdictNotifier(SmtpNotifier(to="team@example.com"), **kwargs)


def failing(column: str = "distance", **changes: Any) -> list[CheckResult]:
    return [make_check(column=column, **changes)]


def judge(dag_id: str, checks: Callable[[], list[CheckResult]], *, week: int = 0, **kwargs: Any) -> Run:
    with DAG(dag_id, schedule=None) as dag:
        Measured(task_id="drift", checks=checks, **kwargs)
    return run_dag(dag, conf={"window": make_window(week).to_dict()})


def part(found: Message, kind: str) -> Message:
    (one,) = [each for each in found.walk() if each.get_content_type() == kind]
    return one


def text(found: Message) -> str:
    payload = part(found, "text/html").get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8")


class OnlyInStep(BaseNotifier):
    """A notifier that cannot be awaited, as many are."""

    template_fields = ("text",)

    def __init__(self, told: list[str]) -> None:
        super().__init__()
        self.text = "{{ verdict.subject }}"
        self.told = told

    def notify(self, context: Any) -> None:
        self.told.append(self.text)


class RefusingOnce(OnlyInStep):
    """Its server refuses the first message."""

    def notify(self, context: Any) -> None:
        self.told.append(self.text if self.told else "refused")
        if len(self.told) == 1:
            raise OSError("refused")


def as_the_dag_processor_has_it(context: Any) -> Any:
    """Return the context of a task whose worker is lost: with neither error nor start."""
    ti, names = context["ti"], ("id", "dag_id", "run_id", "task_id", "try_number", "map_index")
    known = {name: getattr(ti, name) for name in (*names, "task", "_ti_context_from_server")}
    return RuntimeTaskInstance.model_construct(**known).get_template_context()


def lose(dag_id: str, *notifiers: VerdictNotifier, times: int) -> tuple[DAG, Run]:
    """Run a task and tell the notifiers that its worker is lost."""

    class Lost(BaseOperator):
        def execute(self, context: Any) -> None:
            for notifier in notifiers * times:
                with suppress(OSError):  # Airflow logs it
                    notifier(as_the_dag_processor_has_it(context))

    with DAG(dag_id, schedule=None) as dag:
        Lost(task_id="lost")
    return dag, run_dag(dag)


class TestMail:
    def test_tells_status_reasons_and_the_run_with_the_summary_as_an_inline_picture(
        self, inbox: Inbox, tmp_path: Path
    ) -> None:
        run = judge("vn_mail", failing, on_verdict=mail(), reports_path=f"file://{tmp_path}")
        (found,) = inbox.mails
        assert (found["Subject"], found["To"]) == ("FAIL: m drift", "team@example.com")
        html = text(found)
        for said in (
            *("distribution[distance]", "ks 0.14, upper limit 0.1 - moved to the right", "/dags/vn_mail/runs/"),
            run.xcom("drift")["report_path"],
            f'<a href="http://localhost:8080/ml-monitor/reports/{run.xcom("drift")["report_id"]}">',
        ):
            assert said in html
        assert found.get_content_type() == "multipart/related"
        picture = part(found, "application/octet-stream")
        assert picture["Content-ID"] == "<summary.png>"
        assert 'src="cid:summary.png"' in html
        png = picture.get_payload(decode=True)
        assert isinstance(png, bytes)
        assert png.startswith(b"\x89PNG\r\n\x1a\n")

    def test_names_from_data_are_text_and_no_template(self, inbox: Inbox) -> None:
        name = "{{ 7 * 7 }}<script>{% raw %}\r\nBcc: x@example.com"
        judge("vn_names", lambda: failing(name), on_verdict=mail())
        html = text(inbox.mails[0])
        assert "<script" not in html
        assert "{{ 7 * 7 }}<script>{% raw %} Bcc: x@example.com" in unescape(html)
        assert inbox.mails[0]["Bcc"] is None

    def test_a_long_message_is_cut_and_stays_a_line(self, inbox: Inbox) -> None:
        send = SmtpNotifier(to="team@example.com", subject="s", html_content="{{ verdict.summary }}")
        long = "moved\nReport: http://example.com\n" + "x" * 5_000
        judge("vn_long", lambda: failing(message=long), on_verdict=[mail(), VerdictNotifier(send, channel="plain")])
        assert max(len(text(each)) for each in inbox.mails) < 3_000
        assert "\nReport: http://example.com" not in text(inbox.mails[1])
        assert "upper limit 0.1, adjusted p 3e-12 - moved Report: http" in text(inbox.mails[1])

    def test_fields_that_are_given_are_rendered_with_the_verdict(self, inbox: Inbox) -> None:
        send = SmtpNotifier(
            to="team@example.com",
            subject="{{ verdict.event }} {{ verdict.status }} {{ verdict.incident }}",
            html_content="<pre>{{ verdict.summary }}</pre>",
        )
        judge("vn_given", failing, on_verdict=VerdictNotifier(send))
        assert inbox.subjects == ["first fail prod/m/drift/vn_given.drift"]
        assert text(inbox.mails[0]).startswith("<pre>m drift for ")


class TestIncidents:
    def test_one_message_for_the_first_failure_each_change_and_the_recovery(self, inbox: Inbox) -> None:
        def well() -> list[CheckResult]:
            return failing(status="pass")

        weeks = [
            *(well, failing, failing, lambda: failing("carrier"), lambda: failing(status="insufficient")),
            *(well, well, failing),
        ]
        for week, checks in enumerate(weeks):
            judge("vn_weeks", checks, week=week, on_verdict=mail())
        assert inbox.subjects == [
            *("FAIL: m drift", "FAIL (changed): m drift", "PASS (recovered): m drift", "FAIL: m drift")
        ]

    def test_a_task_that_runs_again_tells_nothing_twice(self, inbox: Inbox) -> None:
        with DAG("vn_again", schedule=None) as dag:
            Measured(task_id="drift", checks=failing, on_verdict=mail())
        run = run_dag(dag, conf={"window": make_window().to_dict()})
        clear(dag, run, ["drift"])
        assert inbox.subjects == ["FAIL: m drift"]

    def test_windows_that_are_judged_by_mapped_tasks_are_one_incident(self, inbox: Inbox) -> None:
        with DAG("vn_mapped", schedule=None) as dag:
            windows = [make_window(week).to_dict() for week in (0, 1, 2)]
            Measured.partial(task_id="drift", checks=failing, on_verdict=mail()).expand(window=windows)
        run = run_dag(dag)
        assert set(run.states.values()) == {"failed"}
        assert inbox.subjects == ["FAIL: m drift"]

    def test_what_could_not_be_sent_is_told_with_the_next_verdict(
        self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as down:
            nowhere = {"conn_type": "smtp", "host": "127.0.0.1", "port": 1, "extra": {"disable_ssl": True}}
            down.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(nowhere))
            run = judge("vn_down", failing, on_verdict=mail())
        assert run.xcom("drift")["status"] == "fail", "the verdict stands"
        judge("vn_down", failing, week=1, on_verdict=mail())
        assert inbox.subjects == ["FAIL: m drift"]

    def test_each_channel_tells_for_itself(self, inbox: Inbox) -> None:
        judge("vn_channels", failing, on_verdict=[mail(), mail(channel="on call")])
        judge("vn_channels", failing, week=1, on_verdict=[mail(), mail(channel="on call")])
        assert len(inbox.mails) == 2

    def test_statuses_are_chosen(self, inbox: Inbox) -> None:
        judge("vn_warn", lambda: failing(severity="warning"), on_verdict=mail(alert_on=["warn", "fail", "error"]))
        assert inbox.subjects == ["WARN: m drift"]


class TestCallbacksOfAirflow:
    def test_a_failed_verdict_is_told_once_by_both(self, inbox: Inbox) -> None:
        notifier = mail()
        judge("vn_both", failing, on_verdict=notifier, on_failure_callback=notifier)
        assert inbox.subjects == ["FAIL: m drift"]

    def test_on_failure_callback_alone_tells_the_verdict(self, inbox: Inbox) -> None:
        judge("vn_callback", failing, on_failure_callback=mail())
        assert inbox.subjects == ["FAIL: m drift"]

    def test_a_task_that_ends_without_a_verdict_is_told(self, inbox: Inbox) -> None:
        def broken() -> list[CheckResult]:
            raise DataError("column <b>'x'</b> is not in postgresql://ann:s3cret@db/flights")

        judge("vn_broken", broken, on_verdict=mail(), on_failure_callback=mail())
        assert inbox.subjects == ["ERROR: vn_broken.drift ended without a verdict"]
        assert "DataError: column &lt;b&gt;" in text(inbox.mails[0])
        assert "postgresql://ann:***@db/flights" in text(inbox.mails[0])

    def test_a_task_whose_worker_is_lost_is_told_once_though_airflow_calls_back_twice(self, inbox: Inbox) -> None:
        dag, run = lose("vn_lost", mail(), times=2)
        assert inbox.subjects == ["ERROR: vn_lost.lost ended without a verdict"]
        assert "the worker was lost or killed" in text(inbox.mails[0])
        clear(dag, run, ["lost"])
        assert len(inbox.mails) == 2, "another try is told of"

    def test_a_verdict_of_an_earlier_try_hides_no_lost_worker(self, inbox: Inbox) -> None:
        def lost(context: Any) -> None:
            mail()(as_the_dag_processor_has_it(context))

        judge("vn_lost_later", lambda: failing(status="pass"), on_success_callback=lost)
        assert inbox.subjects == ["ERROR: vn_lost_later.drift ended without a verdict"]

    def test_each_channel_tells_of_a_lost_worker(self, inbox: Inbox) -> None:
        lose("vn_lost_channels", mail(), mail(channel="on call"), times=2)
        assert len(inbox.mails) == 2

    def test_what_could_not_be_sent_of_a_lost_worker_is_told_by_the_second_call(
        self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []
        lose("vn_lost_refused", VerdictNotifier(RefusingOnce(told)), times=2)
        assert told == ["refused", "ERROR: vn_lost_refused.lost ended without a verdict"]

    def test_a_store_that_is_down_keeps_no_message_back(
        self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        down = {"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "login": "ann", "password": "s3cret"}
        monkeypatch.setenv("AIRFLOW_CONN_ML_MONITOR_DEFAULT", json.dumps(down))
        judge("vn_no_store", failing, on_verdict=mail(), on_failure_callback=mail())
        assert inbox.subjects == ["ERROR: vn_no_store.drift ended without a verdict"]
        assert "the store behind connection &#39;ml_monitor_default&#39;" in text(inbox.mails[0])
        assert (
            "whether somebody was told already is not known, so it is told: the store behind" in capsys.readouterr().out
        )

    @pytest.mark.parametrize(
        "context",
        [{"dag": None, "run_id": "manual__1", "reason": "task_failure"}, {"dag_run": None, "deadline": None}],
        ids=["callback", "deadline"],
    )
    @pytest.mark.parametrize("awaits", [False, True], ids=["called", "awaited"])
    def test_what_is_told_of_a_dag_is_refused_in_its_log(
        self, inbox: Inbox, capsys: pytest.CaptureFixture[str], context: Any, awaits: bool
    ) -> None:
        if awaits:
            asyncio.run(wait_for(mail(context=context)))
        else:
            mail()(context)
        assert inbox.mails == []
        assert "give the notifier to its tasks" in capsys.readouterr().out

    def test_a_task_that_judges_nothing_and_succeeds_is_no_news(self, inbox: Inbox) -> None:
        class Plain(BaseOperator):
            def execute(self, context: Any) -> str:
                return "done"

        with DAG("vn_plain", schedule=None) as dag:
            Plain(task_id="plain", on_execute_callback=mail(), on_success_callback=mail())
        run_dag(dag)
        assert inbox.mails == []


async def wait_for(notifier: VerdictNotifier) -> None:
    await notifier


class TestAwaited:
    def tell(self, notifier: VerdictNotifier) -> Callable[..., None]:
        def awaited(*args: Any) -> None:
            notifier.context = args[-1]
            asyncio.run(wait_for(notifier))

        return awaited

    def test_tells_the_same(self, inbox: Inbox) -> None:
        for week in (0, 1):
            judge("vn_async", failing, week=week, on_verdict=self.tell(mail()))
        assert inbox.subjects == ["FAIL: m drift"]
        assert 'src="cid:summary.png"' in text(inbox.mails[0])

    def test_one_notifier_tells_of_many_tasks(self, inbox: Inbox) -> None:
        tell = self.tell(mail())
        for dag_id in ("vn_async_one", "vn_async_other"):
            judge(dag_id, failing, on_verdict=tell)
        assert inbox.subjects == ["FAIL: m drift"] * 2

    def test_tells_of_a_task_that_ends_without_a_verdict(self, inbox: Inbox) -> None:
        def broken() -> list[CheckResult]:
            raise DataError("no rows")

        judge("vn_async_broken", broken, on_failure_callback=self.tell(mail()))
        assert inbox.subjects == ["ERROR: vn_async_broken.drift ended without a verdict"]

    def test_tells_by_a_notifier_that_cannot_be_awaited(self) -> None:
        told: list[str] = []
        judge("vn_in_step", failing, on_verdict=self.tell(VerdictNotifier(OnlyInStep(told))))
        assert told == ["FAIL: m drift"]


class TestConstruction:
    def test_what_is_no_notifier_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="send='team@example.com' is no notifier"):
            VerdictNotifier("team@example.com")  # type: ignore[arg-type]

    def test_unknown_statuses_are_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="alert_on has unknown statuses bad"):
            mail(alert_on=["bad"])

    def test_importing_it_loads_nothing_heavy(self) -> None:
        heavy = ("pandas", "numpy", "altair", "vl_convert", "airflow_ml_monitor.store")
        code = f"import sys, airflow_ml_monitor.notifications.verdict; print([n for n in {heavy} if n in sys.modules])"
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ran.stdout.strip().endswith("[]")
